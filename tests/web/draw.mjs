// Draws every shipped network, and every picture of an option, with the Python of the playground:
// node draw.mjs PYODIDE PLAYGROUND OPTIONS, JSON on standard output.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";

const [distribution, playground, options] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(resolve(distribution, "pyodide.mjs")).href);
const pyodide = await loadPyodide({ indexURL: resolve(distribution) + "/" });
const read = (name) => readFileSync(resolve(playground, name));
pyodide.globals.set("packed", [new Uint8Array(gunzipSync(read("first.data"))), new Uint8Array(read("archgraph.zip"))]);
pyodide.runPython(read("first.py").toString());
pyodide.runPython("install('/lib/bundle', packed[0].to_bytes(), packed[1].to_bytes)");
const { Graphviz } = await import(pathToFileURL(resolve(playground, "graphviz", "index.js")).href);
const graphviz = await Graphviz.load();
pyodide.globals.set("lay_out", (dot) => graphviz.layout(dot, "json", "dot"));
pyodide.globals.set("options", readFileSync(options).toString());
process.stdout.write(pyodide.runPython(`
import json, sys
import archgraph as ag
from archgraph.figures.layout.graphviz import hand_in
from archgraph.spec.shipped import shipped_names
drawn = {name: ag.load(name).draw().svg for name in shipped_names()}
hand_in(lambda sources: [lay_out(source) for source in sources])
pictures = {"__name__": "figure_options"}
exec(options, pictures)
drawn |= {f"options/{name}": figure.svg for name, figure in pictures["option_figures"]()}
drawn["unet-vs-dit"] = ag.contrast(ag.load("unet:padded-512"), ag.load("dit")).svg
json.dumps({"python": sys.version.split()[0], "drawn": drawn})
`));
