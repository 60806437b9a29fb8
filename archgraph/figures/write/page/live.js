// What of a drawing follows the sizes: numbers, shapes, fields, bars and colours. Python writes them alike.
function rounded(x) {
  const exact = Number(x[0]) / Number(x[1]), big = Math.abs(exact);
  if (big < 1000) return String(Number(exact.toPrecision(3)));
  let value = exact;
  for (const unit of "kMGTP") {
    value /= 1000;
    if (Math.abs(value) < 999.5) return value.toFixed(Math.max(0, 3 - String(Math.trunc(Math.abs(value))).length)) + " " + unit;
  }
  return String(Number((value / 1000).toPrecision(3))) + " E";
}
const whole = (x) => (x[1] === 1n ? x[0].toString() : "–");
const ratio = (part, all) => (all[0] === 0n ? 0 : Number(part[0] * all[1]) / Number(part[1] * all[0]));
const percents = {
  percent: (share) => (share >= 9.5 ? share.toFixed(0) + " %" : share >= 0.1 ? share.toFixed(1) + " %" : "< 0.1 %"),
  part: (share) => (share >= 9.95 || share === 0 ? share.toFixed(0) + " %" : share >= 0.01 ? String(Number(share.toPrecision(2))) + " %" : "< 0.01 %"),
};

// A field at some values: its words, and what share of the side it covers.
function fieldAt([axes, everything, causal], evaluate) {
  const sizes = axes.map((axis) => axis.map((law) => Number(evaluate(law)[0])));
  const widest = sizes.reduce((a, b) => (b[1] / b[2] > a[1] / a[2] ? b : a));
  const words = sizes.map(([low, high]) => (causal ? "up to " + high : low === high ? String(high) : low + "–" + high));
  const label = everything ? "all " + widest[2] : new Set(words).size === 1 ? words[0] : words.join(" × ");
  const shares = sizes.map(([low, high, all]) => [Math.min(1, low / all), Math.min(1, high / all)]);
  return { label, extent: widest[2], shares: shares.slice(-2), share: Math.min(1, widest[1] / widest[2]), size: widest[1] };
}

class LiveDrawing {
  constructor(svg, data, fields, evaluate) {
    Object.assign(this, { svg, data, fields, evaluate });
    this.parts = [...svg.querySelectorAll("[data-live]")].map((part) => ({
      part, shows: part.dataset.live, of: part.dataset.of === "" ? [] : part.dataset.of.split(" ").map(Number),
      place: Number(part.dataset.place), full: Number(part.dataset.full || 0), text: part.textContent,
      box: ["x", "y", "width", "height", "fill"].map((name) => part.getAttribute(name)) }));
    this.texts = new Set(this.parts.filter(({ part }) => part.localName === "tspan").map(({ part }) => part.parentNode));
    this.measured = false;
  }
  // Where every run begins and ends as it was drawn; a hidden drawing has no lengths.
  measure() {
    if (this.measured || !this.svg.getBoundingClientRect().width) return;
    for (const text of this.texts) text.runs = [...text.children].map((run) => ({ run, x: Number(run.getAttribute("x")), wide: run.getComputedTextLength() }));
    this.measured = true;
  }
  update(changed, wrong) {
    this.measure();
    let unknown = false;
    for (const one of this.parts) {
      const stale = (changed[one.place] && !this.show(one)) || wrong;
      if (!changed[one.place] && !wrong) this.restore(one);
      else if (stale) { this.forget(one); unknown = unknown || !wrong; }
    }
    if (this.measured) for (const text of this.texts) this.flow(text);
    return unknown;
  }
  restore({ part, text, box }) {
    if (part.localName === "tspan") part.textContent = text;
    else ["x", "y", "width", "height", "fill"].forEach((name, index) => { if (box[index] !== null) part.setAttribute(name, box[index]); });
    part.removeAttribute("visibility");
  }
  forget({ part, shows }) {
    if (part.localName === "tspan") part.textContent = shows === "nothing" ? "" : "–";
    else if (shows.startsWith("tint")) part.setAttribute("fill", this.data.unknown);
    else part.setAttribute("visibility", "hidden");
  }
  // Whether what a part shows is known at the values that are set.
  show(one) {
    const { part, shows, of, place, full, box } = one;
    this.restore(one);
    if (shows === "nothing") { part.textContent = ""; return true; }
    if (["field", "high", "low", "tint-path"].includes(shows)) {
      if (!of.length) return false;
      const field = fieldAt(this.fields[of[0]], (law) => this.evaluate(law, place));
      if (shows === "field") part.textContent = field.label;
      else if (shows === "tint-path") this.tint(part, field.size > 1 ? field.share : 0);
      else this.square(part, box, full, field, shows === "high" ? 1 : 0);
      return true;
    }
    const values = of.map((law) => this.evaluate(law, place)), share = () => ratio(values[0], values[1]);
    const exact = (x) => x[1] === 1n && x[0] < 1000n;
    if (shows === "sign") part.textContent = exact(values[0]) ? "=" : "≈";
    else if (shows === "number" || shows === "form") part.textContent = rounded(values[0]);
    else if (shows === "size") part.textContent = whole(values[0]);
    else if (shows === "equal") part.textContent = [...new Set(values.map(whole))].join(" / ");
    else if (shows === "length") part.setAttribute("width", Math.max(0.5, Math.min(1, share()) * full).toFixed(2));
    else if (shows === "tint") this.tint(part, share());
    else part.textContent = percents[shows](100 * share());
    return true;
  }
  tint(part, share) {
    const steps = this.data.scale.length - 1;
    part.setAttribute("fill", this.data.scale[Math.round(steps * Math.sqrt(Math.min(1, share)))]);
  }
  // The square of a field in the input, about the middle that it had.
  square(part, [x, y, width, height], full, field, which) {
    const shares = field.shares.map((pair) => pair[which]), [high, wide] = shares.length === 2 ? shares : [0.3, shares[0]];
    const w = Math.max(1.3, wide * full), h = Math.max(1.3, high * full);
    const cx = Number(x) + Number(width) / 2, cy = Number(y) + Number(height) / 2;
    for (const [name, value] of [["x", cx - w / 2], ["y", cy - h / 2], ["width", w], ["height", h]]) part.setAttribute(name, value.toFixed(2));
    if (which) this.tint(part, field.share);
  }
  // What stands behind a run that became longer moves on; what no longer fits is set narrower.
  flow(text) {
    let moved = 0;
    const last = text.runs[text.runs.length - 1], start = text.runs[0].x;
    for (const { run, x, wide } of text.runs) {
      run.setAttribute("x", (x + moved).toFixed(2));
      moved += run.textContent ? run.getComputedTextLength() - wide : -wide;
    }
    text.removeAttribute("transform");
    const shows = text.runs[0].run.dataset.live, shift = shows === "field" ? -moved / 2 : shows === "part" ? -moved : 0;
    if (shift) text.setAttribute("transform", `translate(${shift.toFixed(2)} 0)`);
    const room = this.right(text) - start, long = last.x + last.wide + moved - start;
    if (!shift && moved > 0 && long > room) text.setAttribute("transform", `matrix(${(room / long).toFixed(4)} 0 0 1 ${(start * (1 - room / long)).toFixed(2)} 0)`);
  }
  right(text) {
    const frame = text.closest("[data-box]")?.querySelector("rect"), last = text.runs[text.runs.length - 1];
    const edge = frame ? Number(frame.getAttribute("x")) + Number(frame.getAttribute("width")) - 2 : this.svg.viewBox.baseVal.width;
    return Math.max(edge, last.x + last.wide);
  }
}

