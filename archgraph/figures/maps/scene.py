"""From a network to the scene of its maps: rows of a U where there is one, else a row."""

from __future__ import annotations

from archgraph.errors import counted
from archgraph.figures.facts.facts import Facts
from archgraph.figures.maps.feature_map import FeatureMap, MapElement, MapRow, MapScene, MapSkip, maps_of
from archgraph.figures.maps.tree_of_maps import TreeOfMaps
from archgraph.graph.ir import Value
from archgraph.outline.forms.form import Grid, Leaf, OutlinePart, Row, Series, U, leaves_of
from archgraph.outline.forms.network_outline import NetworkOutline


class _Scene:
    """Collects stretches of elements, and copies between them."""

    def __init__(self, tree: TreeOfMaps, outline: NetworkOutline) -> None:
        self.tree = tree
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
        rows, bottom = split_bottom(self.tree.facts, form)
        ends = [self.add(first + index, row.encoder) for index, row in enumerate(rows)]
        depth = first + len(rows)
        if isinstance(bottom, U) and changes_level(self.tree.facts, bottom):
            self.add_u(bottom, depth)
        else:
            self.add(depth, bottom)
        for index, row in reversed(list(enumerate(rows))):
            target = self.add(first + index, row.decoder)
            values = tuple(value for one in range(len(row.skips)) if (value := _carried(row, one)) is not None)
            if values and target != ends[index]:
                self.skips.append(MapSkip(ends[index], target, values))
        if isinstance(form, Grid):
            self.tree.notes.append("values of the grid that return more than once")


def _joined(tree: TreeOfMaps, before: tuple[MapElement, ...], after: tuple[MapElement, ...]) -> tuple[MapElement, ...]:
    found = list(before)
    for element in after:
        tree.append(found, element)
    return tuple(found)


def _carried(row: Row, index: int) -> Value | None:
    """What a skip hands past: the result of what it comes from."""
    leaf = next(iter(row.sources[index]), None)
    if leaf is None:
        return None
    return leaf.value if leaf.item is None else leaf.item.outputs[0]


def _key_of(facts: Facts, form: OutlinePart) -> object:
    """The resolution that a form ends in."""
    *_, last = leaves_of(form)
    value = last.value if last.item is None else last.item.outputs[0]
    return None if value is None else level_key(facts, value)


def split_bottom(facts: Facts, form: U) -> tuple[tuple[Row, ...], OutlinePart]:
    """Rows of several resolutions, and what lies below them: the last row too if its bottom is as fine as itself."""
    last = form.rows[-1]
    if len(form.rows) < 2 or isinstance(form.bottom, U):
        return form.rows, form.bottom
    if _key_of(facts, last.encoder) != _key_of(facts, form.bottom):
        return form.rows, form.bottom
    return form.rows[:-1], U((last,), form.bottom)


def rows_of_leaves(facts: Facts, tree: OutlinePart) -> dict[Leaf, int]:
    """The row of every leaf, where there is a U of several resolutions; nothing else."""
    steps = tree.steps if isinstance(tree, Series) else (tree,)
    found: dict[Leaf, int] = {}
    if any(isinstance(step, U) and changes_level(facts, step) for step in steps):
        for step in steps:
            _number(facts, step, 0, found)
    return found


def _number(facts: Facts, form: OutlinePart, first: int, found: dict[Leaf, int]) -> None:
    if not isinstance(form, U) or not changes_level(facts, form):
        found.update(dict.fromkeys(leaves_of(form), first))
        return
    rows, bottom = split_bottom(facts, form)
    for index, row in enumerate(rows):
        for part in (row.encoder, *row.skips, row.decoder):
            found.update(dict.fromkeys(leaves_of(part), first + index))
    _number(facts, bottom, first + len(rows), found)


def changes_level(facts: Facts, form: U) -> bool:
    """Whether what lies below the first row has another resolution."""
    return len(form.rows) > 1 or _key_of(facts, next(iter(form.rows)).encoder) != _key_of(facts, form.bottom)


def level_key(facts: Facts, value: Value) -> object:
    """What two values of one resolution share."""
    return facts.number(value.type.area) if value.type.positions else 0


def scene_of(maps: TreeOfMaps, outline: NetworkOutline, *, right: bool = False) -> MapScene:
    """Return the scene of a network.

    Args:
        maps: what makes maps of its parts.
        outline: the network from afar.
        right: everything in one row.
    """
    scene, facts = _Scene(maps, outline), maps.facts
    tree = outline.tree
    for step in tree.steps if isinstance(tree, Series) else (tree,):
        if isinstance(step, U) and not right and changes_level(facts, step):
            scene.add_u(step, 0)
        else:
            scene.add(0, step)
    if outline.exits:
        scene.tree.notes.append(f"{counted(len(outline.exits), 'further output')}")
    return MapScene(tuple(scene.rows), tuple(scene.skips), tuple(scene.tree.notes))


def drawn_maps(scene: MapScene) -> list[FeatureMap]:
    """Every map of a scene."""
    return [one for row in scene.rows for one in maps_of(row.inner)]
