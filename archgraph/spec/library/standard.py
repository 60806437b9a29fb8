"""The standard blocks: spec files that hold blocks only, in scope of every spec."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from archgraph.spec.definitions import BlockSpec, Spec
from archgraph.spec.operations import operations as operations
from archgraph.spec.spec import read_file

FOLDER = Path(__file__).parent


@cache
def library_names() -> frozenset[str]:
    """Return the names of all standard blocks: one file per block."""
    return frozenset(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def library_file(name: str) -> Spec:
    """Return the file of a standard block; other blocks in it are its own helpers.

    >>> library_file("double_conv").blocks["double_conv"].inputs
    ('x',)
    """
    return read_file(FOLDER / f"{name}.yaml", f"library/{name}.yaml")


def find_block(spec: Spec, kind: str) -> tuple[Spec, BlockSpec] | None:
    """Return a block and its file: of the spec itself, else of the library; None if there is none."""
    if kind in spec.blocks:
        return spec, spec.blocks[kind]
    if kind in library_names():
        file = library_file(kind)
        return file, file.blocks[kind]
    return None
