"""A tree of shapes as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archgraph.outline.shapes.shape import (
    EMPTY,
    Chain,
    Collect,
    Dense,
    Gate,
    Grid,
    Lanes,
    Leaf,
    Nest,
    Parallel,
    Prime,
    Rereads,
    Residual,
    Row,
    Series,
    Shape,
    Skip,
    Times,
    U,
    leaves,
)

_WIDE, _DEEP = 100, 12
_WORDS: dict[type[Shape], str] = {
    Parallel: "parallel",
    Residual: "residual",
    Gate: "gate",
    Skip: "skip",
    Collect: "collect",
    Rereads: "rereads",
    Dense: "dense",
    Chain: "chain with jumps",
}


def told(shape: Shape, deep: int = 0) -> list[str]:
    """Return a shape in words: on one line where that is short, else its parts below it."""
    if deep >= _DEEP:
        return [f"… {sum(1 for _ in leaves(shape))} parts"]
    if isinstance(shape, Leaf):
        return [_named(shape)]
    if isinstance(shape, Series):
        return _series(shape.steps, deep)
    if isinstance(shape, U):
        return _u(shape, deep)
    if isinstance(shape, Times):
        each = told(shape.each[0], deep + 1)
        return (
            [f"{shape.count} × {each[0]}"] if isinstance(shape.each[0], Leaf) else _headed(f"{shape.count} ×", [each])
        )
    return _of_parts(shape, deep)


def _of_parts(shape: Shape, deep: int) -> list[str]:
    if isinstance(shape, Nest):
        pairs = zip(shape.stages, shape.ways, strict=True)
        blocks = [told(stage, deep + 1) + _by(way, deep) for stage, way in pairs]
        return _headed(_WORDS[type(shape)], blocks) + _joined(shape.join)
    if isinstance(shape, Parallel):
        return _headed(_WORDS[type(shape)], [told(part, deep + 1) for part in shape.branches]) + _joined(shape.join)
    if isinstance(shape, Lanes):
        return _headed(
            f"{len(shape.lanes)} lanes, {shape.across} across", [told(lane, deep + 1) for lane in shape.lanes]
        )
    assert isinstance(shape, Prime)
    word = _WORDS.get(type(shape), f"irregular, {len(shape.links)} links")
    return _headed(word, [told(part, deep + 1) for part in shape.inside])


def _by(way: Shape, deep: int) -> list[str]:
    return [] if way is EMPTY else _headed("by", [told(way, deep + 1)])


def _joined(join: Leaf | None) -> list[str]:
    return [] if join is None else [f"→ {_named(join)}"]


def _named(leaf: Leaf) -> str:
    return leaf.name if leaf.count is None else f"{leaf.name} × {leaf.count}"


def _series(steps: Sequence[Shape], deep: int) -> list[str]:
    """Leaves that follow each other on one line, everything else on lines of its own."""
    lines: list[str] = []
    free = False
    for step in steps:
        own = told(step, deep + 1)
        fits = free and len(own) == 1 and len(lines[-1]) + len(own[0]) < _WIDE
        if fits:
            lines[-1] += f", {own[0]}"
        else:
            lines += own
        free = len(own) == 1
    return lines or ["∅"]


def _headed(head: str, blocks: Sequence[Sequence[str]]) -> list[str]:
    """Blocks behind a word in brackets where that is short, else below it, each with a mark."""
    if all(len(block) == 1 for block in blocks):
        line = f"{head} ({' | '.join(block[0] for block in blocks)})"
        if len(line) <= _WIDE:
            return [line]
    return [head, *_marked(blocks)]


def _marked(blocks: Sequence[Sequence[str]]) -> Iterator[str]:
    for block in blocks:
        for index, line in enumerate(block):
            yield ("| " if index == 0 else "  ") + line


def _u(shape: U, deep: int) -> list[str]:
    word = "grid" if isinstance(shape, Grid) else "U"
    lines = [f"{word} of {len(shape.rows)} row{'s' if len(shape.rows) > 1 else ''}"]
    for row in shape.rows:
        ends = [told(row.encoder, deep + 1), told(row.decoder, deep + 1)]
        arrow = f"{_skips(row)}"
        whole = f"{ends[0][0]} {arrow} {ends[1][0]}"
        if all(len(end) == 1 for end in ends) and len(whole) <= _WIDE:
            lines += _marked([[f"{_level(row)}{whole}"]])
        else:
            lines += _marked([[f"{_level(row)}{ends[0][0]}", *ends[0][1:], arrow, *ends[1]]])
    return [*lines, *_marked([_headed("bottom", [told(shape.bottom, deep + 1)])])]


def _level(row: Row) -> str:
    """How much of the resolution is left, along a side if that is a whole number on all."""
    if row.level == 1:
        return ""
    made = [value for leaf in leaves(row.encoder) for value in (leaf.item.outputs if leaf.item else (leaf.value,))]
    sides = max((len(value.type.positions) for value in made if value is not None), default=1) or 1
    side = round(float(row.level) ** (1 / sides))
    return f"1/{side}: " if side**sides == row.level else f"1/{row.level} of the positions: "


def _skips(row: Row) -> str:
    """How many there are, what is on the way of the first that has something, and how many values return."""
    way = next((way for way in row.skips if way is not EMPTY), None)
    via = "" if way is None else f" via {told(way, _DEEP - 2)[0]}"
    returns = f", {row.returns} return" if row.returns > 1 else ""
    return f"={len(row.skips)}{via}{returns}=>"
