"""Builds the playground: `python docs/generators/build_playground.py [FOLDER]`, by default into build/site/playground.

It needs npm and node: Pyodide and Graphviz come from npm's registry, what archgraph imports from the environment that
runs this.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from archgraph.web import answer

ROOT = Path(__file__).parents[2]
PYODIDE = "pyodide@314.0.7"
GRAPHVIZ = "@hpcc-js/wasm-graphviz@1.29.2"
SERVED = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
"""What the page loads of Pyodide's distribution."""
LIBRARIES = ("sympy", "mpmath", "yaml")
"""Pure Python that archgraph imports at once; networkx is imported late, and no page asks for it."""


LEFT_OUT = {
    "archgraph": ("cli", "pytorch/lower", "pytorch/measure", "pytorch/trace", "pytorch/verify"),
    "sympy": ("categories", "crypto", "diffgeom", "holonomic", "liealgebras", "physics", "stats", "testing", "vector"),
}
"""Folders that no question of the page reaches: unpacking takes most of what a start takes beyond Pyodide's own."""


class NotHereError(Exception):
    """Something that the build needs is not on this machine, or cannot be fetched."""


def build(folder: Path) -> None:
    """Write the page with all that it loads into a folder.

    Raises:
        NotHereError: npm or node is missing, or Pyodide cannot be had.
    """
    folder.mkdir(parents=True, exist_ok=True)
    distribution = package(PYODIDE)
    (folder / "graphviz").mkdir(exist_ok=True)
    shutil.copy(package(GRAPHVIZ) / "dist" / "index.js", folder / "graphviz" / "index.js")
    (folder / "pyodide").mkdir(exist_ok=True)
    bundles = [folder / "first.data", folder / "archgraph.zip"]
    for name in SERVED:
        shutil.copy(distribution / name, folder / "pyodide" / name)
    for file in ("index.html", "page.css", "page.js", "worker.js", "first.py"):
        shutil.copy(ROOT / "docs" / "playground" / file, folder / file)
    begun = (ROOT / "docs" / "playground" / "start.yaml").read_text(encoding="utf-8")
    # What the page shows before Python runs.
    first = {"spec": begun, "laws": answer(begun, {"tab": "laws"})}
    (folder / "start.json").write_text(json.dumps(first), encoding="utf-8")
    packer = ROOT / "docs" / "playground" / "bundle.mjs"
    newest = max(path.stat().st_mtime for path in (Path(__file__), packer, *(path for path, _ in sources())))
    if all(bundle.is_file() and bundle.stat().st_mtime > newest for bundle in bundles):
        return  # compiled from these sources
    with tempfile.TemporaryDirectory() as work:
        source = Path(work) / "source.zip"
        with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, name in sources():
                archive.write(path, name)
        run("node", packer, distribution, source, folder)


def package(name: str) -> Path:
    """Return the folder of a package of npm, fetched once per version.

    What is unpacked gets its name once it is whole: whoever looks meanwhile, or after a break, fetches it himself.

    Raises:
        NotHereError: npm is missing, or has no such package.
    """
    fetched = ROOT / "build" / "npm"
    found = fetched / name.replace("/", "+")
    if not found.is_dir():
        fetched.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=fetched) as work:
            run("npm", "pack", "--silent", name, "--pack-destination", work)
            with tarfile.open(next(Path(work).glob("*.tgz"))) as archive:
                archive.extractall(work, filter="data")
            with contextlib.suppress(OSError):  # another was faster
                (Path(work) / "package").rename(found)
    return found


def run(program: str, *words: object) -> None:
    """Run a program.

    Raises:
        NotHereError: it is missing, or fails.
    """
    if shutil.which(program) is None:
        raise NotHereError(f"{program} is not installed")
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise NotHereError(f"{program} failed: {done.stderr.strip()[-500:]}")


def sources() -> Iterator[tuple[Path, str]]:
    """Yield the files of the bundle and their names in it: no tests, nothing compiled, nothing of PyTorch."""
    homes = {name: _home(name) for name in LIBRARIES} | {"archgraph": ROOT / "archgraph"}
    for name, home in homes.items():
        for path in sorted(home.rglob("*")):
            inside = path.relative_to(home)
            kept = path.suffix not in (".pyc", ".so", ".pyd") and not {"tests", "__pycache__", "benchmarks"} & set(
                inside.parts
            )
            left_out = any(inside.is_relative_to(folder) for folder in LEFT_OUT.get(name, ()))
            if path.is_file() and kept and not left_out:
                yield path, f"{name}/{inside}"
    for path in sorted((ROOT / "specs").glob("*.yaml")):
        yield path, f"archgraph/specs/{path.name}"


def _home(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise NotHereError(f"{name} is not installed in this environment")
    return Path(found.origin).parent


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build" / "site" / "playground")
    build(parser.parse_args().folder)
