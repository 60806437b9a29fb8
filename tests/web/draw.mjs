// Draws every shipped network with the Python of the playground: node draw.mjs PYODIDE BUNDLE.zip, JSON on standard output.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [distribution, bundle] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(resolve(distribution, "pyodide.mjs")).href);
const pyodide = await loadPyodide({ indexURL: resolve(distribution) + "/" });
pyodide.unpackArchive(new Uint8Array(readFileSync(bundle)), "zip", { extractDir: "/lib/bundle" });
process.stdout.write(pyodide.runPython(`
import json, sys
sys.path.insert(0, "/lib/bundle")
import archgraph as ag
from archgraph.spec.shipped import shipped_names
drawn = {name: ag.load(name).draw().svg for name in shipped_names()}
drawn["unet-vs-dit"] = ag.contrast(ag.load("unet:padded-512"), ag.load("dit")).svg
json.dumps({"python": sys.version.split()[0], "drawn": drawn})
`));
