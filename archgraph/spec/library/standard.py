"""The standard blocks: spec files that hold blocks only, in scope of every spec."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from archgraph.spec.definitions import BlockSpec, Spec
from archgraph.spec.operations import operations as operations
from archgraph.spec.shipped import yaml_names
from archgraph.spec.spec import read_file

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


@cache
def library_folder() -> Traversable:
    """Return where the standard blocks are; a function, since looking for it takes longer than many an import."""
    return files("archgraph.spec.library")


@cache
def library_names() -> frozenset[str]:
    """Return the names of all standard blocks: one file per block."""
    return frozenset(yaml_names(library_folder()))


@cache
def library_file(name: str) -> Spec:
    """Return the file of a standard block; other blocks in it are its own helpers.

    >>> library_file("double_conv").blocks["double_conv"].inputs
    ('x',)
    """
    return read_file(library_folder() / f"{name}.yaml", f"library/{name}.yaml")


def find_block(spec: Spec, kind: str) -> tuple[Spec, BlockSpec] | None:
    """Return a block and its file: of the spec itself, of a file beside it, of the library; None if there is none."""
    if kind in spec.blocks:
        return spec, spec.blocks[kind]
    if kind in spec.imported:
        return spec.imported[kind], spec.imported[kind].blocks[kind]
    if kind in library_names():
        file = library_file(kind)
        return file, file.blocks[kind]
    return None
