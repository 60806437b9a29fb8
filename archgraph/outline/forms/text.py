"""A tree of forms as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archgraph.outline.forms.form import (
    NO_STEPS,
    Bypass,
    Chain,
    Collect,
    Dense,
    Gate,
    Grid,
    Lanes,
    Leaf,
    Nest,
    OutlinePart,
    Parallel,
    Prime,
    Rereads,
    Residual,
    Row,
    Series,
    Times,
    U,
    leaves_of,
)

_WIDE, _DEEP = 100, 12
_WORDS: dict[type[OutlinePart], str] = {
    Parallel: "parallel",
    Residual: "residual",
    Gate: "gate",
    Bypass: "skip",
    Collect: "collect",
    Rereads: "rereads",
    Dense: "dense",
    Chain: "chain with jumps",
}


def told(form: OutlinePart, deep: int = 0) -> list[str]:
    """Return a form in words: on one line where that is short, else its parts below it."""
    if deep >= _DEEP:
        return [f"… {sum(1 for _ in leaves_of(form))} parts"]
    if isinstance(form, Leaf):
        return [_named(form)]
    if isinstance(form, Series):
        return _series(form.steps, deep)
    if isinstance(form, U):
        return _u(form, deep)
    if isinstance(form, Times):
        each = told(form.each[0], deep + 1)
        return [f"{form.count} × {each[0]}"] if isinstance(form.each[0], Leaf) else _headed(f"{form.count} ×", [each])
    return _of_parts(form, deep)


def _of_parts(form: OutlinePart, deep: int) -> list[str]:
    if isinstance(form, Nest):
        pairs = zip(form.stages, form.ways, strict=True)
        blocks = [told(stage, deep + 1) + _by(way, deep) for stage, way in pairs]
        return _headed(_WORDS[type(form)], blocks) + _joined(form.join)
    if isinstance(form, Parallel):
        return _headed(_WORDS[type(form)], [told(part, deep + 1) for part in form.branches]) + _joined(form.join)
    if isinstance(form, Lanes):
        return _headed(f"{len(form.lanes)} lanes, {form.across} across", [told(lane, deep + 1) for lane in form.lanes])
    assert isinstance(form, Prime)
    word = _WORDS.get(type(form), f"irregular, {len(form.links)} links")
    return _headed(word, [told(part, deep + 1) for part in form.inside])


def _by(way: OutlinePart, deep: int) -> list[str]:
    return [] if way is NO_STEPS else _headed("by", [told(way, deep + 1)])


def _joined(join: Leaf | None) -> list[str]:
    return [] if join is None else [f"→ {_named(join)}"]


def _named(leaf: Leaf) -> str:
    return leaf.name if leaf.count is None else f"{leaf.name} × {leaf.count}"


def _series(steps: Sequence[OutlinePart], deep: int) -> list[str]:
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


def _u(form: U, deep: int) -> list[str]:
    word = "grid" if isinstance(form, Grid) else "U"
    lines = [f"{word} of {len(form.rows)} row{'s' if len(form.rows) > 1 else ''}"]
    for row in form.rows:
        ends = [told(row.encoder, deep + 1), told(row.decoder, deep + 1)]
        arrow = f"{_skips(row)}"
        whole = f"{ends[0][0]} {arrow} {ends[1][0]}"
        if all(len(end) == 1 for end in ends) and len(whole) <= _WIDE:
            lines += _marked([[f"{_level(row)}{whole}"]])
        else:
            lines += _marked([[f"{_level(row)}{ends[0][0]}", *ends[0][1:], arrow, *ends[1]]])
    return [*lines, *_marked([_headed("bottom", [told(form.bottom, deep + 1)])])]


def _level(row: Row) -> str:
    """How much of the resolution is left, along a side if that is a whole number on all."""
    if row.level == 1:
        return ""
    made = [value for leaf in leaves_of(row.encoder) for value in (leaf.item.outputs if leaf.item else (leaf.value,))]
    sides = max((len(value.type.positions) for value in made if value is not None), default=1) or 1
    side = round(float(row.level) ** (1 / sides))
    return f"1/{side}: " if side**sides == row.level else f"1/{row.level} of the positions: "


def _skips(row: Row) -> str:
    """How many there are, what is on the way of the first that has something, and how many values return."""
    way = next((way for way in row.skips if way is not NO_STEPS), None)
    via = "" if way is None else f" via {told(way, _DEEP - 2)[0]}"
    returns = f", {row.returns} return" if row.returns > 1 else ""
    return f"={len(row.skips)}{via}{returns}=>"
