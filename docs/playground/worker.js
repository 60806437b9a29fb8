// Python in a worker: it answers questions about the text of a spec, one after the other, until the page stops it.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const times = { begin: performance.now() };
const python = (async () => {
  // While Python starts. What the first answer imports is decompressed by the browser, which is faster at it than Python.
  const first = fetch("./first.data").then((answer) => new Response(answer.body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
  const rest = fetch("./archgraph.zip").then((answer) => answer.arrayBuffer());
  const imports = fetch("./first.py").then((answer) => answer.text());
  const pyodide = await loadPyodide({ indexURL: new URL("./pyodide/", import.meta.url).href });
  times.started = performance.now();
  pyodide.globals.set("packed", await Promise.all([first, rest]));
  pyodide.runPython(await imports);
  pyodide.runPython("rest = install('/lib/bundle', packed[0].to_bytes(), packed[1].to_bytes)");
  pyodide.runPython("import json; from archgraph.web import answer, hand_in");
  return pyodide;
})();
let graphviz; // fetched when a figure needs it

async function answered(text, ask) {
  const pyodide = await python;
  pyodide.globals.set("question", [text, JSON.stringify(ask)]);
  const result = JSON.parse(pyodide.runPython("json.dumps(answer(question[0], json.loads(question[1])))"));
  if (!result.error?.missing || graphviz) return result;
  const { Graphviz } = await import("./graphviz/index.js");
  graphviz = await Graphviz.load();
  pyodide.globals.set("lay_out", (dot) => graphviz.layout(dot, "json", "dot"));
  pyodide.runPython("hand_in(lambda sources: [lay_out(source) for source in sources])");
  return answered(text, ask);
}

python.then(() => postMessage({ ready: true }), (error) => postMessage({ failed: String(error) }));

onmessage = async ({ data: { id, text, ask } }) => {
  try {
    const result = await answered(text, ask);
    times.answered ??= performance.now();
    postMessage({ id, result, times });
    setTimeout(async () => (await python).runPython("rest.write()")); // once: what later answers import
  } catch (error) {
    postMessage({ id, result: { error: { message: `this page failed: ${String(error).slice(-300)}`, text: String(error).slice(-300), line: 0 } } });
  }
};
