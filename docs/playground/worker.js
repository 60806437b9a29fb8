// Python in a worker: it answers questions about the text of a spec, one after the other, until the page stops it.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const times = { begin: performance.now() };
const python = (async () => {
  const bundle = fetch("./archgraph.zip").then((answer) => answer.arrayBuffer()); // while Python starts
  const pyodide = await loadPyodide({ indexURL: new URL("./pyodide/", import.meta.url).href });
  times.started = performance.now();
  pyodide.unpackArchive(await bundle, "zip", { extractDir: "/lib/bundle" });
  pyodide.runPython("import sys; sys.path.insert(0, '/lib/bundle'); import json; from archgraph.web import answer");
  return pyodide.runPython("lambda text, ask: json.dumps(answer(text, json.loads(ask)))");
})();

python.then(() => postMessage({ ready: true }), (error) => postMessage({ failed: String(error) }));

onmessage = async ({ data: { id, text, ask } }) => {
  try {
    const answer = await python;
    const result = JSON.parse(answer(text, JSON.stringify(ask)));
    times.answered ??= performance.now();
    postMessage({ id, result, times });
  } catch (error) {
    postMessage({ id, result: { error: { message: `this page failed: ${String(error).slice(-300)}`, text: String(error).slice(-300), line: 0 } } });
  }
};
