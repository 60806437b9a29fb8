// Compiles a folder of Python to bytecode with the Python that will run it: node bundle.mjs PYODIDE SOURCE.zip TARGET.zip
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [distribution, source, target] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(resolve(distribution, "pyodide.mjs")).href);
const pyodide = await loadPyodide({ indexURL: resolve(distribution) + "/" });
pyodide.unpackArchive(new Uint8Array(readFileSync(source)), "zip", { extractDir: "/source" });
pyodide.runPython(`
import compileall, pathlib, warnings, zipfile
warnings.simplefilter("ignore")
# Without docstrings and with paths of no machine; beside the other files, as an import without sources wants it.
compileall.compile_dir("/source", quiet=2, legacy=True, optimize=2, stripdir="/source")
with zipfile.ZipFile("/target.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    for path in sorted(pathlib.Path("/source").rglob("*")):
        if path.is_file() and not (path.suffix == ".py" and path.with_suffix(".pyc").exists()):
            archive.write(path, path.relative_to("/source"))
`);
writeFileSync(target, pyodide.FS.readFile("/target.zip"));
