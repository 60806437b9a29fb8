"""From a network to the scene of its maps: rows of a U where there is one, else a row."""

from __future__ import annotations

from archgraph.figures.facts.facts import Facts
from archgraph.figures.maps.feature_map import MapElement, MapRow, MapScene, MapSkip, maps_of
from archgraph.figures.maps.tree_of_maps import TreeOfMaps
from archgraph.graph.ir import Value
from archgraph.outline.forms.form import Grid, OutlinePart, Row, Series, U
from archgraph.outline.forms.network_outline import NetworkOutline


class _Scene:
    """Collects stretches of elements, and copies between them."""

    def __init__(self, facts: Facts, outline: NetworkOutline, depth: int) -> None:
        self.tree = TreeOfMaps(facts, depth)
        self.outline = outline
        self.rows: list[MapRow] = []
        self.skips: list[MapSkip] = []

    def add(self, row: int, form: OutlinePart) -> int:
        """Add a form to a row, and return the number of its stretch; what stands in the same row goes on there."""
        inner = self.tree.elements(self.outline, form)
        if self.rows and self.rows[-1].row == row:
            inner = _joined(self.tree, (*self.rows[-1].inner,), inner)
            self.rows[-1] = MapRow(row, inner)
        elif inner:
            self.rows.append(MapRow(row, inner))
        return len(self.rows) - 1

    def add_u(self, form: U, first: int) -> None:
        """Add the rows of a U from the first downwards and up again."""
        ends = [self.add(first + index, row.encoder) for index, row in enumerate(form.rows)]
        depth = first + len(form.rows)
        if isinstance(form.bottom, U):
            self.add_u(form.bottom, depth)
        else:
            self.add(depth, form.bottom)
        for index, row in reversed(list(enumerate(form.rows))):
            target = self.add(first + index, row.decoder)
            values = tuple(value for one in range(len(row.skips)) if (value := _carried(row, one)) is not None)
            if values and target != ends[index]:
                self.skips.append(MapSkip(ends[index], target, values))
        if isinstance(form, Grid):
            self.tree.notes.append("a grid: values that return more than once are not drawn")


def _joined(tree: TreeOfMaps, before: tuple[MapElement, ...], after: tuple[MapElement, ...]) -> tuple[MapElement, ...]:
    found = list(before)
    for element in after:
        tree._append(found, element)  # noqa: SLF001
    return tuple(found)


def _carried(row: Row, index: int) -> Value | None:
    """What a skip hands past: the result of what it comes from."""
    leaf = next(iter(row.sources[index]), None)
    if leaf is None:
        return None
    return leaf.value if leaf.item is None else leaf.item.outputs[0]


def changes_level(form: U) -> bool:
    """Whether the rows of a U have different resolutions."""
    return len({row.level for row in form.rows}) > 1 or len(form.rows) > 1


def scene_of(facts: Facts, outline: NetworkOutline, depth: int, *, right: bool = False) -> MapScene:
    """Return the scene of a network with so many levels of blocks opened.

    Args:
        right: everything in one row.
    """
    scene = _Scene(facts, outline, depth)
    tree = outline.tree
    for step in tree.steps if isinstance(tree, Series) else (tree,):
        if isinstance(step, U) and not right and changes_level(step):
            scene.add_u(step, 0)
        else:
            scene.add(0, step)
    return MapScene(tuple(scene.rows), tuple(scene.skips), tuple(scene.tree.notes))


def drawn_maps(scene: MapScene) -> list:
    """Every map of a scene."""
    return [one for row in scene.rows for one in maps_of(row.inner)]
