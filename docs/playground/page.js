// The page: an editor, a worker with Python, and tabs. Nothing leaves the browser; the address holds the spec.
const PATIENCE = Number(new URLSearchParams(location.search).get("patience") ?? 10_000); // of a silent worker, in ms
const TABS = { laws: "Laws", fields: "Fields", figure: "Figure", contrast: "Contrast", what_if: "What if", fits: "What fits", export: "Export" };
const VIEWS = ["overview", "blocks", "ladder", "matrix", "hops", "levels", "laws", "full", "maps", "perspective"];
const SLIDING = ["what_if", "fits"];
const NUMBERS = { batch: 32, gpus: 1, zero: 0 }; // of a training run, beside words
const FORMATS = ["csv", "json", "markdown", "latex"];
const $ = (id) => document.getElementById(id);
const spec = $("spec");
const state = { tab: "laws", view: "overview", other: "dit", format: "csv", at: {}, run: { device: "h100", ...NUMBERS } };
const asked = new URLSearchParams(location.hash.slice(1)).get("gallery"); // the name of a shipped spec
let worker, waiting, words, newest = 0, known = {}, rest, ready = false, shown = {};

function start() {
  ready = false;
  worker = new Worker("worker.js", { type: "module" });
  worker.onmessage = ({ data }) => {
    if (data.failed) return say(`Python did not start: ${data.failed}`);
    if (data.ready) { ready = true; say("Ready"); ask(); return words || post("words", { tab: "words" }); }
    if (data.id === "words") return gallery(data.result);
    if (data.id !== newest) return; // of an older text
    clearTimeout(waiting);
    window.times ??= data.times; // of the start, for whoever measures it
    show(data.result);
  };
}

function post(id, what) { worker.postMessage({ id, text: spec.value, ask: what }); }

function ask() {
  keep();
  if (!ready) return;
  const tab = state.tab === "what_if" ? "laws" : state.tab;
  newest += 1;
  post(newest, { ...state, tab });
  say("Working …");
  clearTimeout(waiting);
  waiting = setTimeout(stop, PATIENCE);
}

function stop() {
  worker.terminate();
  show({ error: { message: "", text: `This spec took longer than ${PATIENCE / 1000} s and was stopped. Make it smaller, or run it with the command line.`, line: 0 } });
  say("Stopped; starting Python again …");
  const text = spec.value;
  start();
  const run = worker.onmessage;
  worker.onmessage = (event) => { // what was stopped is not asked again by itself
    if (!event.data.ready) return run(event);
    ready = true;
    say("Stopped");
    worker.onmessage = run;
    if (spec.value !== text) ask();
  };
}

function say(text) { $("status").textContent = text; }

function mark(error) {
  const lines = spec.value.split("\n");
  $("marks").replaceChildren();
  if (!error?.line) return;
  const before = lines.slice(0, error.line - 1).map((line) => line + "\n").join("");
  const at = before.length + error.column - 1;
  const marked = document.createElement("mark");
  marked.textContent = spec.value.slice(at, before.length + error.end - 1);
  $("marks").append(spec.value.slice(0, at), marked, spec.value.slice(at + marked.textContent.length));
  $("marks").scrollTop = spec.scrollTop;
}

function show(result) {
  const error = result.error;
  mark(error);
  $("error").hidden = !error;
  $("error").textContent = error ? error.text : "";
  spec.setAttribute("aria-invalid", String(Boolean(error)));
  say(error ? "The spec has a mistake" : "Ready");
  if (error) return;
  shown = result;
  const paper = result.svg && Object.assign(document.createElement("div"), { className: "paper", innerHTML: result.svg });
  const parts = result.svg ? [paper] : result.text !== undefined ? [pre(result.text)] : [];
  for (const note of result.notes ?? []) parts.push(Object.assign(document.createElement("p"), { textContent: note }));
  if (result.metrics) parts.push(metrics(result));
  if (result.table) parts.push(html(result.table));
  $("answer").replaceChildren(...parts);
  if (result.symbols) sliders(result);
  $("save").hidden = !(result.svg || result.text !== undefined);
}

function pre(text) { return Object.assign(document.createElement("pre"), { textContent: text }); }
function html(text) { return Object.assign(document.createElement("div"), { innerHTML: text }); }

function metrics(result) {
  const table = document.createElement("table");
  for (const { metric, law, value } of result.metrics) {
    const row = table.insertRow();
    row.dataset.metric = metric;
    row.insertCell().textContent = metric;
    row.insertCell().append(Object.assign(document.createElement("code"), { textContent: law }));
    row.insertCell().textContent = value.toLocaleString("en-US");
  }
  return table;
}

function sliders(result) {
  const names = Object.keys(result.symbols);
  if (!SLIDING.includes(state.tab) || names.join() === [...$("sliders").children].map((each) => each.dataset.name).join()) return;
  $("sliders").replaceChildren(...names.map((name) => {
    const [multiple, offset] = result.rules[name];
    const label = Object.assign(document.createElement("label"), { textContent: name });
    label.dataset.name = name;
    const first = offset > 0 ? offset : multiple, now = result.symbols[name];
    const input = Object.assign(document.createElement("input"), { type: "range", step: multiple, min: first, max: first + multiple * Math.ceil((4 * now) / multiple) });
    input.value = now;
    const number = Object.assign(document.createElement("output"), { textContent: now });
    input.oninput = () => { number.textContent = input.value; state.at[name] = Number(input.value); later(); };
    label.append(input, number);
    return label;
  }));
}

function choose(tab) {
  state.tab = tab;
  for (const each of $("tabs").children) each.setAttribute("aria-selected", String(each.dataset.tab === tab));
  $("view-label").hidden = tab !== "figure";
  $("other-label").hidden = tab !== "contrast";
  $("format-label").hidden = tab !== "export";
  $("sliders").hidden = !SLIDING.includes(tab);
  $("run").hidden = tab !== "fits";
  ask();
}

function later() { clearTimeout(rest); rest = setTimeout(ask, 250); }

function training(choices) {
  const set = (name) => (event) => { state.run[name] = name in NUMBERS ? Number(event.target.value) : event.target.value; later(); };
  const words = Object.entries(choices).map(([name, known]) => {
    const select = Object.assign(document.createElement("select"), { onchange: set(name) });
    select.append(...known.map((word) => new Option(word)));
    state.run[name] ??= known[0];
    select.value = state.run[name];
    return [name, select];
  });
  const numbers = Object.keys(NUMBERS).map((name) => [name, Object.assign(document.createElement("input"), { type: "number", min: name === "zero" ? 0 : 1, value: state.run[name], oninput: set(name) })]);
  $("run").replaceChildren(...[...words, ...numbers].map(([name, control]) => {
    const label = Object.assign(document.createElement("label"), { textContent: `${name} ` });
    control.dataset.run = name;
    label.append(control);
    return label;
  }));
}

function gallery(result) {
  training(result.run);
  words = [...result.operations, ...result.keywords];
  known = result.gallery;
  options("gallery", ["", ...Object.keys(known)]);
  options("other", Object.keys(known));
  $("other").value = state.other;
  if (!(asked in known)) return;
  $("gallery").value = asked;
  spec.value = known[asked];
  edited();
}

function options(id, names) { $(id).replaceChildren(...names.map((name) => new Option(name || "a gallery spec …", name))); }

// Completion: operations behind `- `, keywords elsewhere.
function complete() {
  const before = spec.value.slice(0, spec.selectionStart);
  const typed = /[\w]+$/.exec(before)?.[0] ?? "";
  const found = typed && words ? words.filter((word) => word.startsWith(typed) && word !== typed).slice(0, 20) : [];
  $("words").hidden = found.length === 0;
  $("words").replaceChildren(...found.map((word, index) => {
    const item = Object.assign(document.createElement("li"), { textContent: word });
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", String(index === 0));
    item.onmousedown = (event) => { event.preventDefault(); take(word, typed); };
    return item;
  }));
  const line = before.split("\n").length;
  $("words").style.top = `${line * 1.19 + 0.6 - spec.scrollTop / 16}rem`;
  $("words").style.left = `${(before.length - before.lastIndexOf("\n")) * 0.5}rem`;
}

function take(word, typed) {
  spec.setRangeText(word.slice(typed.length), spec.selectionStart, spec.selectionStart, "end");
  $("words").hidden = true;
  edited();
}

function edited() { $("marks").replaceChildren(); state.at = {}; $("sliders").replaceChildren(); later(); }

spec.oninput = () => { complete(); edited(); };
spec.onblur = () => { $("words").hidden = true; };
spec.onscroll = () => { $("marks").scrollTop = spec.scrollTop; $("marks").scrollLeft = spec.scrollLeft; };
spec.onkeydown = (event) => {
  const items = [...$("words").children];
  if ($("words").hidden || !items.length) return;
  const at = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
  if (event.key === "Escape") { $("words").hidden = true; return; }
  if (event.key === "Tab") { event.preventDefault(); items[at].onmousedown(event); return; }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  items[at].setAttribute("aria-selected", "false");
  const next = items[(at + step + items.length) % items.length];
  next.setAttribute("aria-selected", "true");
  next.scrollIntoView({ block: "nearest" });
};

// The link: tab, view and the spec, compressed, behind the `#`, which no server sees.
async function squeezed(bytes, stream) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}
async function link() {
  const packed = await squeezed(new TextEncoder().encode(spec.value), new CompressionStream("deflate-raw"));
  const base64 = btoa(String.fromCharCode(...packed)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return `#tab=${state.tab}&view=${state.view}&other=${state.other}&spec=${base64}`;
}
async function keep() { history.replaceState(null, "", await link()); }
async function opened() {
  const given = new URLSearchParams(location.hash.slice(1));
  if (given.get("tab") in TABS) state.tab = given.get("tab");
  if (VIEWS.includes(given.get("view"))) state.view = given.get("view");
  if (given.get("other")) state.other = given.get("other");
  try {
    const bytes = Uint8Array.from(atob(given.get("spec").replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
    return new TextDecoder().decode(await squeezed(bytes, new DecompressionStream("deflate-raw")));
  } catch { return null; } // no spec, or a damaged one
}

$("link").onclick = async () => { await keep(); await navigator.clipboard?.writeText(location.href); say("The link is in the address and copied"); };
$("save").onclick = () => {
  const [body, name] = shown.svg ? [shown.svg, "figure.svg"] : [shown.text, `costs.${state.format}`];
  const anchor = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([body])), download: name });
  anchor.click();
};
$("gallery").onchange = (event) => { if (event.target.value) { spec.value = known[event.target.value]; edited(); } };
for (const id of ["view", "other", "format"]) $(id).onchange = (event) => { state[id] = event.target.value; ask(); };
for (const [tab, name] of Object.entries(TABS)) {
  const button = Object.assign(document.createElement("button"), { textContent: name, onclick: () => choose(tab) });
  button.setAttribute("role", "tab");
  button.dataset.tab = tab;
  $("tabs").append(button);
}
options("view", VIEWS);
options("format", FORMATS);
start();
const [linked, first] = await Promise.all([opened(), fetch("start.json").then((answer) => answer.json())]);
spec.value = linked ?? first.spec;
$("view").value = state.view;
if (linked === null && state.tab === "laws" && !ready) { show(first.laws); say("Loading Python …"); } // as the page was built with
choose(state.tab);
