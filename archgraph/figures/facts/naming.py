"""Names by which an author speaks of parts of a network: paths, patterns of paths, kinds of blocks and operations."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TypeVar

from archgraph.errors import QueryError, did_you_mean, quoted, some
from archgraph.graph.ir import Graph
from archgraph.outline.items import Item

Said = TypeVar("Said")
_MOST_COMPARED = 2000


def means(name: str, item: Item) -> bool:
    """Whether a name means an item: its kind, its path, or one that it lies under; ``*`` stands for any letters."""
    return name == item.label or _covers(name, item.path)


@lru_cache(maxsize=65536)
def _covers(name: str, path: str) -> bool:
    if path == name or path.startswith((f"{name}.", f"{name}(")):
        return True
    pattern = name.replace("[", "[[]")
    return "*" in name and any(fnmatchcase(part, pattern) for part in _ancestors(path))


def _ancestors(path: str) -> list[str]:
    """A path and all that it lies under."""
    parts = path.split(".")
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]


def said_of(said: Mapping[str, Said], items: Sequence[Item], framed: Collection[str]) -> list[tuple[str, Said]]:
    """What is said of a box, what is closest last: of the kind, of a path above, of its own path.

    A name means a box if it means all of its items, or one of those that are not light. The path of what is framed
    means the frame, and not what is inside.
    """
    paths = {item.path for item in items}
    outside = [name for name in said if name not in framed or name in paths]
    found = [(name, said[name]) for name in outside if _means_box(name, items)]
    return sorted(found, key=lambda pair: (pair[0] in paths, not any(pair[0] == item.label for item in items)))


def _means_box(name: str, items: Sequence[Item]) -> bool:
    heavy = [item for item in items if not item.light] or items
    return any(means(name, item) for item in heavy) or all(means(name, item) for item in items)


def check_names(graph: Graph, names: Iterable[str], what: str) -> None:
    """Fail at a name that means nothing in the whole network.

    Raises:
        QueryError: with the nearest name that means something.
    """
    names = list(names)
    if not names:
        return
    members = list(graph.walk())
    kinds = {member.label for _, member in members}
    inputs = {value.name for value in graph.inputs}
    for name in names:
        if name in kinds or name in inputs or any(_covers(name, path) for path, _ in members):
            continue
        known = list(dict.fromkeys([*(path for path, _ in members), *sorted(kinds), *inputs]))[:_MOST_COMPARED]
        tops = [member.name for member in graph.nodes]
        raise QueryError(
            f"{what}: nothing is called {quoted(name)}.{did_you_mean(name, known)}",
            hint=f"paths such as {some(tops, 6)}; kinds: {some(sorted(kinds), 12)}",
        )
