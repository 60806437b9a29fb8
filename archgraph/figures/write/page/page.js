function start(data, fields, laws) {
  const page = (id) => document.getElementById(id);
  const values = data.networks.map(() => ({})), symbols = data.networks.flatMap((one, place) => one.symbols.map((it) => ({ ...it, place })));
  const alone = data.networks.length === 1, keyOf = (one) => (alone ? one.name : one.place + 1 + "." + one.name);
  const evaluate = (law, place) => laws[law](values[place]);
  let lit = null, dragged = false;
  const drawings = data.drawings.map((one, index) => {
    const holder = document.querySelectorAll("#figure .drawing")[index], svg = holder.querySelector("svg");
    const whole = svg.getAttribute("viewBox").split(" ").map(Number);
    const all = (name) => [...svg.querySelectorAll("[data-" + name + "]")];
    const live = new LiveDrawing(svg, data, fields, evaluate);
    return { ...one, holder, live, svg, whole, view: [...whole], elements: all("box"), lines: all("edge"), frames: all("frame"),
      rows: document.querySelectorAll("tbody[data-rows]")[index] };
  });
  const drawn = (key) => drawings.find((one) => one.key === key);
  let now = drawings[0];

  // numbers
  const written = (x) => (x[1] === 1n ? x[0].toString().replace(/\B(?=(\d{3})+$)/g, ",") : "not a whole number");
  const value = (index, place) => { try { return written(evaluate(index, place)); } catch (error) { return "undefined"; } };
  const broken = () => data.rules.find(([, law, place]) => { const x = evaluate(law, place); return x[1] !== 1n || x[0] < 1n; });
  const changes = () => data.networks.map((one, place) => one.symbols.some((it) => values[place][it.name][0] !== BigInt(it.value)));
  function recompute() {
    const wrong = broken();
    page("wrong").hidden = !wrong;
    page("wrong").textContent = wrong ? "No network has these sizes: " + wrong[0] + "." : "";
    for (const cell of document.querySelectorAll("[data-law]")) cell.textContent = wrong ? "–" : value(Number(cell.dataset.law), Number(cell.dataset.place));
    redraw();
  }

  function redraw() {
    const changed = changes(), wrong = Boolean(broken());
    page("unknown").hidden = !now.live.update(changed, wrong);
    page("fixed").hidden = !(data.fixed && changed.some(Boolean));
    page("reads").textContent = lit === null ? (clickable(now) ? "Click a box to see what leads into it." : "") : reads(now.boxes[lit]);
  }
  const clickable = (drawing) => drawing.boxes.some((box) => box.laws.length || box.reads);
  // The field of a box at the values that are set; nothing where it is not known.
  function reads(box) {
    if (!box.reads || !changes()[box.place]) return box.reads;
    if (box.field === null || broken()) return "receptive field –";
    const field = fieldAt(fields[box.field], (law) => evaluate(law, box.place));
    return "receptive field " + field.label + " of " + field.extent;
  }

  // symbols
  function put(one, number) {
    if (!/^\d{1,15}$/.test(number)) return;
    values[one.place][one.name] = q(BigInt(number));
    one.slider.value = String((BigInt(number) - BigInt(one.offset)) / BigInt(one.step));
    one.input.value = number;
    // The slider counts steps; what is read aloud is the number.
    one.slider.setAttribute("aria-valuetext", number);
  }
  // What the whole costs now, for those who hear the page.
  function announce() {
    const rows = [...page("symbols").parentElement.querySelector("tbody").rows];
    const said = (cell) => (cell.dataset.metric ? cell.dataset.metric + " " : "") + cell.textContent;
    page("told").textContent = rows.map((row) => [...row.cells].map(said).join(", ")).join("; ");
  }
  // Symbols of several networks stand under the name of each.
  function group(place) {
    if (alone) return page("symbols");
    const known = document.getElementById("network-" + place);
    if (known) return known;
    const set = page("symbols").appendChild(document.createElement("fieldset"));
    set.id = "network-" + place;
    set.appendChild(document.createElement("legend")).textContent = data.networks[place].name;
    return set;
  }
  function control(one) {
    const row = group(one.place).appendChild(document.createElement("label"));
    const name = row.appendChild(document.createElement("i"));
    name.textContent = one.name;
    row.title = one.doc;
    one.slider = row.appendChild(document.createElement("input"));
    Object.assign(one.slider, { type: "range", min: String(one.first), max: String(one.last), step: "1" });
    one.slider.setAttribute("aria-label", one.name + " " + one.doc);
    one.input = row.appendChild(document.createElement("input"));
    Object.assign(one.input, { type: "number", min: String(one.offset || one.step), step: String(one.step) });
    one.input.setAttribute("aria-label", one.name);
    const moved = (number) => { put(one, number); recompute(); announce(); remember(); };
    one.slider.addEventListener("input", () => moved(String(BigInt(one.slider.value) * BigInt(one.step) + BigInt(one.offset))));
    one.input.addEventListener("input", () => moved(one.input.value));
    put(one, String(one.value));
  }

  // the address says what is set, so that it can be shared
  function remember() {
    const parts = symbols.filter((one) => values[one.place][one.name][0] !== BigInt(one.value))
      .map((one) => encodeURIComponent(keyOf(one)) + "=" + values[one.place][one.name][0]);
    if (now.key) parts.push("open=" + encodeURIComponent(now.key));
    if (lit !== null) parts.push("light=" + encodeURIComponent(now.boxes[lit].name));
    try { history.replaceState(null, "", "#" + parts.join("&")); } catch (error) { /* a sandboxed page has no address */ }
  }
  function recall() {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const one of symbols) if (given.has(keyOf(one))) put(one, given.get(keyOf(one)));
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
    redraw();
    buttons();
    if (keep) remember();
  }

  // the law under the pointer
  const hint = page("hint");
  function tell(index, x, y) {
    const box = now.boxes[index];
    hint.textContent = [box.told, ...box.laws.map(([name, text, law]) => name + " = " + text + " = " + value(law, box.place)), reads(box)].filter(Boolean).join("\n");
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
  figure.addEventListener("pointerdown", (event) => { if (event.pointerType === "touch") return; held = place(event); dragged = false; });
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
  page("reset").addEventListener("click", () => { symbols.forEach((one) => put(one, String(one.value))); light(null); recompute(); remember(); });

  symbols.forEach(control);
  addEventListener("hashchange", recall);
  recall();
}
