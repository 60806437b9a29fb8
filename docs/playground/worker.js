// Python in a worker: it answers questions about the text of a spec, one after the other, until the page stops it.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const python = (async () => {
  const pyodide = await loadPyodide({ indexURL: new URL("./pyodide/", import.meta.url).href });
  const bundle = await (await fetch("./archgraph.zip")).arrayBuffer();
  pyodide.unpackArchive(bundle, "zip", { extractDir: "/lib/bundle" });
  pyodide.runPython("import sys; sys.path.insert(0, '/lib/bundle'); import json; from archgraph.web import answer");
  return pyodide.runPython("lambda text, ask: json.dumps(answer(text, json.loads(ask)))");
})();

python.then(() => postMessage({ ready: true }), (error) => postMessage({ failed: String(error) }));

onmessage = async ({ data: { id, text, ask } }) => {
  try {
    const answer = await python;
    postMessage({ id, result: JSON.parse(answer(text, JSON.stringify(ask))) });
  } catch (error) {
    postMessage({ id, result: { error: { message: `this page failed: ${String(error).slice(-300)}`, text: String(error).slice(-300), line: 0 } } });
  }
};
