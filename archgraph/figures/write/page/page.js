"use strict";
// Exact rational numbers: pairs of BigInts.
const gcd = (a, b) => { a = a < 0n ? -a : a; while (b) [a, b] = [b < 0n ? -b : b, a % (b < 0n ? -b : b)]; return a; };
const q = (n, d = 1n) => {
  if (d === 0n) throw new RangeError("division by zero");
  if (d < 0n) [n, d] = [-n, -d];
  const g = gcd(n, d) || 1n;
  return [n / g, d / g];
};
const add = (...xs) => xs.reduce((a, b) => q(a[0] * b[1] + b[0] * a[1], a[1] * b[1]), q(0n));
const mul = (...xs) => xs.reduce((a, b) => q(a[0] * b[0], a[1] * b[1]), q(1n));
const pow = (x, k) => (k < 0n ? q(x[1] ** -k, x[0] ** -k) : q(x[0] ** k, x[1] ** k));
const floor = ([n, d]) => q(n >= 0n || n % d === 0n ? n / d : n / d - 1n);
const ceil = (x) => mul(q(-1n), floor(mul(q(-1n), x)));
const mod = (x, y) => add(x, mul(q(-1n), y, floor(mul(x, pow(y, -1n)))));
const less = (a, b) => a[0] * b[1] < b[0] * a[1];
const max = (...xs) => xs.reduce((a, b) => (less(a, b) ? b : a));
const min = (...xs) => xs.reduce((a, b) => (less(b, a) ? b : a));

function start(data, laws) {
  const page = (id) => document.getElementById(id);
  const values = {};
  let lit = null, dragged = false;
  const drawings = data.drawings.map((one, index) => {
    const holder = document.querySelectorAll("#figure .drawing")[index], svg = holder.querySelector("svg");
    const whole = svg.getAttribute("viewBox").split(" ").map(Number);
    const all = (name) => [...svg.querySelectorAll("[data-" + name + "]")];
    return { ...one, holder, svg, whole, view: [...whole], elements: all("box"), lines: all("edge"), frames: all("frame"),
      rows: document.querySelectorAll("tbody[data-rows]")[index] };
  });
  const drawn = (key) => drawings.find((one) => one.key === key);
  let now = drawings[0];

  // numbers
  const written = (x) => (x[1] === 1n ? x[0].toString().replace(/\B(?=(\d{3})+$)/g, ",") : "not a whole number");
  const value = (index) => {
    if (index === null) return "";
    try { return written(laws[index](values)); } catch (error) { return "undefined"; }
  };
  const broken = () => data.rules.find(([, law]) => { const x = laws[law](values); return x[1] !== 1n || x[0] < 1n; });
  function recompute() {
    const wrong = broken();
    page("wrong").hidden = !wrong;
    page("wrong").textContent = wrong ? "No network has these sizes: " + wrong[0] + "." : "";
    for (const cell of document.querySelectorAll("[data-law]")) cell.textContent = wrong ? "–" : value(Number(cell.dataset.law));
    const changed = data.symbols.some((one) => values[one.name][0] !== BigInt(one.value));
    page("fixed").hidden = !changed;
  }

  // symbols
  function put(one, number) {
    if (!/^\d{1,15}$/.test(number)) return;
    values[one.name] = q(BigInt(number));
    one.slider.value = String((BigInt(number) - BigInt(one.offset)) / BigInt(one.step));
    one.input.value = number;
  }
  function control(one) {
    const row = page("symbols").appendChild(document.createElement("label"));
    const name = row.appendChild(document.createElement("i"));
    name.textContent = one.name;
    row.title = one.doc;
    one.slider = row.appendChild(document.createElement("input"));
    Object.assign(one.slider, { type: "range", min: String(one.first), max: String(one.last), step: "1" });
    one.slider.setAttribute("aria-label", one.name + " " + one.doc);
    one.input = row.appendChild(document.createElement("input"));
    Object.assign(one.input, { type: "number", min: String(one.offset || one.step), step: String(one.step) });
    one.input.setAttribute("aria-label", one.name);
    const moved = (number) => { put(one, number); recompute(); remember(); };
    one.slider.addEventListener("input", () => moved(String(BigInt(one.slider.value) * BigInt(one.step) + BigInt(one.offset))));
    one.input.addEventListener("input", () => moved(one.input.value));
    put(one, String(one.value));
  }

  // the address says what is set, so that it can be shared
  function remember() {
    const parts = data.symbols.filter((one) => values[one.name][0] !== BigInt(one.value))
      .map((one) => encodeURIComponent(one.name) + "=" + values[one.name][0]);
    if (now.key) parts.push("open=" + encodeURIComponent(now.key));
    if (lit !== null) parts.push("light=" + encodeURIComponent(now.boxes[lit].name));
    try { history.replaceState(null, "", "#" + parts.join("&")); } catch (error) { /* a sandboxed page has no address */ }
  }
  function recall() {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const one of data.symbols) if (given.has(one.name)) put(one, given.get(one.name));
    open(drawn(given.get("open") || "") || drawings[0], false);
    const index = now.boxes.findIndex((box) => box.name === given.get("light"));
    light(index < 0 ? null : index, false);
    recompute();
  }

  // folding: one drawing is shown at a time
  function open(drawing, keep = true) {
    now = drawing;
    for (const one of drawings) one.holder.hidden = one.rows.hidden = one !== now;
    page("where").textContent = now.key ? "Shown: " + now.title : "";
    light(null, keep);
  }
  const folded = (drawing) => (drawing.key ? drawn(drawing.outer) : drawn("folded"));
  const inside = (name) => drawings.find((one) => one.key === name) ||
    (now.key === "folded" && drawings[0].frames.some((frame) => frame.dataset.frame === name) ? drawings[0] : undefined);
  function buttons() {
    const out = folded(now), into = lit === null ? undefined : inside(now.boxes[lit].name);
    page("fold").hidden = !out || now.key === "folded";
    page("fold").textContent = now.key ? "Fold" : "Fold blocks";
    page("unfold").hidden = !into || into === now;
    page("unfold").textContent = into ? "Unfold " + now.boxes[lit].name : "";
  }
  page("fold").addEventListener("click", () => open(folded(now)));
  page("unfold").addEventListener("click", () => open(inside(now.boxes[lit].name)));

  // what a box reads
  function ancestors(index) {
    const found = new Set([index]), open = [index];
    while (open.length) {
      const to = open.shift();
      for (const [from, end] of now.edges) if (end === to && !found.has(from)) { found.add(from); open.push(from); }
    }
    return found;
  }
  function light(index, keep = true) {
    lit = index;
    const path = index === null ? null : ancestors(index);
    for (const box of now.elements) {
      const number = Number(box.dataset.box);
      if (now.boxes[number].panel) continue;
      box.classList.toggle("dim", path !== null && !path.has(number));
      box.classList.toggle("lit", path !== null && number === index);
    }
    for (const line of now.lines) {
      const [from, to] = line.dataset.edge.split(" ").map(Number);
      const leads = to < 0 ? from !== index && path?.has(from) : (from < 0 || path?.has(from)) && path?.has(to);
      line.classList.toggle("dim", path !== null && !leads);
    }
    page("reads").textContent = index === null ? "Click a box to see what leads into it." : now.boxes[index].reads;
    buttons();
    if (keep) remember();
  }

  // the law under the pointer
  const hint = page("hint");
  function tell(index, x, y) {
    const box = now.boxes[index];
    hint.textContent = [box.told, ...box.laws.map(([name, text, law]) => name + " = " + text + " = " + value(law)), box.reads].filter(Boolean).join("\n");
    hint.hidden = false;
    hint.style.left = Math.max(4, Math.min(x + 14, innerWidth - hint.offsetWidth - 8)) + "px";
    hint.style.top = Math.max(4, Math.min(y + 14, innerHeight - hint.offsetHeight - 8)) + "px";
  }
  function wire(drawing, element) {
    const index = Number(element.dataset.box), box = drawing.boxes[index];
    if (!box.laws.length && !box.reads) return;
    element.querySelector(":scope > title")?.remove();
    element.setAttribute("tabindex", "0");
    element.setAttribute("role", "button");
    element.setAttribute("aria-label", box.told);
    element.addEventListener("pointermove", (event) => tell(index, event.clientX, event.clientY));
    element.addEventListener("pointerleave", () => { hint.hidden = true; });
    element.addEventListener("focus", () => { const at = element.getBoundingClientRect(); tell(index, at.right, at.top); });
    element.addEventListener("blur", () => { hint.hidden = true; });
    element.addEventListener("click", () => { if (!dragged) light(lit === index ? null : index); });
    element.addEventListener("dblclick", () => { const into = inside(box.name); hint.hidden = true; if (into) open(into); });
    element.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); light(lit === index ? null : index); } });
  }
  for (const drawing of drawings) drawing.elements.forEach((element) => wire(drawing, element));

  // pan and zoom
  let held = null;
  const show = () => now.svg.setAttribute("viewBox", now.view.join(" "));
  function zoom(factor, x = 0.5, y = 0.5) {
    const whole = now.whole, view = now.view;
    const size = Math.min(8 * whole[2], Math.max(whole[2] / 40, view[2] * factor)), scale = size / view[2];
    now.view = [view[0] + view[2] * (1 - scale) * x, view[1] + view[3] * (1 - scale) * y, view[2] * scale, view[3] * scale];
    show();
  }
  function pan(x, y) { now.view[0] += x * now.view[2]; now.view[1] += y * now.view[3]; show(); }
  const place = (event) => { const r = now.svg.getBoundingClientRect(); return [(event.clientX - r.left) / r.width, (event.clientY - r.top) / r.height]; };
  const figure = page("figure");
  figure.addEventListener("wheel", (event) => { event.preventDefault(); zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, ...place(event)); }, { passive: false });
  figure.addEventListener("pointerdown", (event) => { held = place(event); dragged = false; });
  figure.addEventListener("pointermove", (event) => {
    if (!held) return;
    const at = place(event);
    if (Math.hypot(at[0] - held[0], at[1] - held[1]) < 0.005 && !dragged) return;
    dragged = true;
    pan(held[0] - at[0], held[1] - at[1]);
    held = at;
  });
  addEventListener("pointerup", () => { held = null; });
  const keys = { "+": () => zoom(0.8), "=": () => zoom(0.8), "-": () => zoom(1.25), 0: () => { now.view = [...now.whole]; show(); },
    ArrowLeft: () => pan(-0.1, 0), ArrowRight: () => pan(0.1, 0), ArrowUp: () => pan(0, -0.1), ArrowDown: () => pan(0, 0.1), Escape: () => (lit === null && now.key ? open(folded(now)) : light(null)),
    f: () => (folded(now) && now.key !== "folded" ? open(folded(now)) : now.key === "folded" && open(drawings[0])) };
  addEventListener("keydown", (event) => {
    if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  page("reset").addEventListener("click", () => { data.symbols.forEach((one) => put(one, String(one.value))); light(null); recompute(); remember(); });

  data.symbols.forEach(control);
  addEventListener("hashchange", recall);
  recall();
}
