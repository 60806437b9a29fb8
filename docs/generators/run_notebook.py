"""Runs the tutorial and writes it with its outputs: `python docs/generators/run_notebook.py [FILE]`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

TUTORIAL = Path(__file__).parents[1] / "tutorial.ipynb"
ADDRESS = re.compile(r" at 0x[0-9a-f]+")
"""Of an object in memory: another one at every run."""


def run(source: Path, target: Path) -> None:
    """Run a notebook in the folder of its file, and write what does not differ from run to run."""
    notebook: Any = nbformat.read(source, as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(source.parent)}}).execute()
    for cell in notebook.cells:
        cell.metadata = {}
    notebook.metadata = {"kernelspec": notebook.metadata.kernelspec, "language_info": {"name": "python"}}
    text = nbformat.writes(notebook, indent=1)
    if found := ADDRESS.search(text):
        raise ValueError(f"the notebook prints an address in memory: {text[found.start() - 60 : found.end()]}")
    target.write_text(text.rstrip("\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    run(TUTORIAL, Path(sys.argv[1]) if len(sys.argv) > 1 else TUTORIAL)
