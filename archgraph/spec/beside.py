"""Files beside a spec: a base that it builds on, and blocks; below its own folder only, bounded in size and number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NoReturn

from archgraph.errors import SpecError, did_you_mean, quoted
from archgraph.spec.language.tree import Tree
from archgraph.spec.shipped import shipped_folder, shipped_names
from archgraph.spec.text_files import YAML_SUFFIXES

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

MAX_BASES = 8


@dataclass(frozen=True)
class Reader:
    """Where a file stands that is being read, and which files led to it.

    Attributes:
        folder: the folder that relative paths start from; None for text, beside which there is nothing.
        chain: the files that led here, itself last.
        text: reads a file; the caller's, which bounds its size.
    """

    folder: Path | None
    chain: tuple[str, ...]
    text: Callable[[Traversable], str]

    def named(self, tree: Tree, *, shipped: bool) -> tuple[Traversable, Reader]:
        """Return the file that a path, or the name of a shipped spec, means, and the reader of what is beside it.

        Raises:
            SpecError: there is none, it lies outside of the folder, or the files lead in a circle.
        """
        name = tree.text("a file")
        if shipped and name in shipped_names():
            path: Traversable = shipped_folder() / f"{name}.yaml"
            return path, self._step(tree, name, path if isinstance(path, Path) else None)
        found = self._below(tree, name, shipped=shipped)
        return found, self._step(tree, str(found), found)

    def _step(self, tree: Tree, key: str, path: Path | None) -> Reader:
        key = str(path.resolve()) if path is not None else key
        if key in self.chain:
            told = " -> ".join(Path(item).name for item in (*self.chain[self.chain.index(key) :], key))
            tree.fail(f"specs build on each other in a circle: {told}")
        if len(self.chain) >= MAX_BASES:
            tree.fail(f"a spec builds on more than {MAX_BASES} others, one after another")
        return replace(self, folder=path and path.parent, chain=(*self.chain, key))

    def _below(self, tree: Tree, name: str, *, shipped: bool) -> Path:
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts:
            self._leads_out(tree, name)
        if pure.suffix not in YAML_SUFFIXES:
            known = shipped_names() if shipped else []
            path = "a path below the folder of this spec that ends in .yaml"
            hint = f"a shipped spec by its name, or {path}" if shipped else path
            tree.fail(f"no spec is named {quoted(name)}.{did_you_mean(name, known)}", hint)
        if self.folder is None:
            tree.fail(f"{quoted(name)} cannot be read: text stands in no folder", hint="load the spec from a file")
        root = self.folder.resolve()
        try:
            found = (root / name).resolve()
        except (OSError, ValueError, RuntimeError):
            tree.fail(f"{quoted(name)} is no path")
        if root not in found.parents:
            self._leads_out(tree, name)
        return found

    @staticmethod
    def _leads_out(tree: Tree, name: str) -> NoReturn:
        hint = "a relative path, without .. and without links that lead out"
        tree.fail(f"{quoted(name)} is not below the folder of this spec", hint)

    def read(self, path: Traversable, tree: Tree) -> str:
        """Return the text of a file; that it cannot be read is told where it is asked for."""
        try:
            return self.text(path)
        except SpecError as error:
            error.place = error.place or tree.place
            raise
