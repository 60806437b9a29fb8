// Draws every shipped network with the Python of the playground: node draw.mjs PYODIDE PLAYGROUND, JSON on standard output.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";

const [distribution, playground] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(resolve(distribution, "pyodide.mjs")).href);
const pyodide = await loadPyodide({ indexURL: resolve(distribution) + "/" });
const read = (name) => readFileSync(resolve(playground, name));
pyodide.globals.set("packed", [new Uint8Array(gunzipSync(read("first.data"))), new Uint8Array(read("archgraph.zip"))]);
pyodide.runPython(read("first.py").toString());
pyodide.runPython("install('/lib/bundle', packed[0].to_bytes(), packed[1].to_bytes)");
process.stdout.write(pyodide.runPython(`
import json, sys
import archgraph as ag
from archgraph.spec.shipped import shipped_names
drawn = {name: ag.load(name).draw().svg for name in shipped_names()}
drawn["unet-vs-dit"] = ag.contrast(ag.load("unet:padded-512"), ag.load("dit")).svg
json.dumps({"python": sys.version.split()[0], "drawn": drawn})
`));
