// Compiles a folder of Python to bytecode with the Python that will run it: node bundle.mjs PYODIDE SOURCE.zip FOLDER
// FOLDER/first.data is what the first answer imports, with all files that are no Python; FOLDER/archgraph.zip the rest.
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

const [distribution, source, folder] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(resolve(distribution, "pyodide.mjs")).href);
const pyodide = await loadPyodide({ indexURL: resolve(distribution) + "/" });
pyodide.unpackArchive(new Uint8Array(readFileSync(source)), "zip", { extractDir: "/source" });
pyodide.globals.set("begun", readFileSync(resolve(import.meta.dirname, "start.yaml"), "utf8"));
pyodide.runPython(`
import compileall, marshal, pathlib, sys, warnings, zipfile
warnings.simplefilter("ignore")
root = pathlib.Path("/source")
# Without docstrings and with paths of no machine; beside the other files, as an import without sources wants it.
compileall.compile_dir("/source", quiet=2, legacy=True, optimize=2, stripdir="/source")
sys.path.insert(0, "/source")
class Asked(set): # also those that fail, as yaml.cyaml does without its C
    def find_spec(self, name, path=None, target=None):
        self.add(name)
asked = Asked()
sys.meta_path.insert(0, asked)
from archgraph.web import answer
assert "error" not in answer(begun, {"tab": "laws"})
homes = {name: root.joinpath(*name.split(".")) for name in asked}
kept = {name: file for name, home in homes.items() for file in (home.with_suffix(".pyc"), home / "__init__.pyc") if file.is_file()}
modules = {name: (str(file.relative_to(root)), file.read_bytes()[16:]) for name, file in sorted(kept.items())}
files, rest = {}, []
for path in sorted(root.rglob("*")):
    if path.is_dir() or "__pycache__" in path.parts or path.suffix == ".py" and path.with_suffix(".pyc").exists():
        continue
    if path.suffix == ".pyc":
        rest += [path] if path not in kept.values() else []
    else:
        files[str(path.relative_to(root))] = path.read_bytes()
names = frozenset(".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__") for path in rest)
pathlib.Path("/first.data").write_bytes(marshal.dumps({"modules": modules, "files": files, "rest": names}))
with zipfile.ZipFile("/archgraph.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    for path in rest:
        archive.write(path, path.relative_to(root))
`);
writeFileSync(resolve(folder, "first.data"), gzipSync(pyodide.FS.readFile("/first.data"), { level: 9 }));
writeFileSync(resolve(folder, "archgraph.zip"), pyodide.FS.readFile("/archgraph.zip"));
