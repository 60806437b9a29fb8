"""The rows of a network from input to output: its stages, or its blocks with the first and last iterations."""

from collections.abc import Sequence

from archgraph.figures.charts.ladder import LadderStep, iteration
from archgraph.figures.charts.one_step import heavy_items, one_step
from archgraph.figures.charts.whole_blocks import whole_blocks
from archgraph.figures.content.mathtext import line_of, math, words
from archgraph.figures.drawing.diagram import Line
from archgraph.figures.drawing.outlines import outline
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.graph.ir import Repeat
from archgraph.outline.groups import Group
from archgraph.outline.stages import stages
from archgraph.outline.structure import Structure
from archgraph.outline.u_parts import UPart
from archgraph.outline.wording import phrase

_MOST_ROWS, _MOST_PARTS, _STAGES = 11, 13, 3


def steps(facts: Facts, *, effective: bool = True) -> list[LadderStep]:
    """The rows of a network: its stages, or the groups of its main line with repeats shown from first to last.

    Effective fields take as long as all the rest together: a figure that does not show them leaves them out.
    """
    found = facts.structure
    if parts := u_rows(facts):
        roles = _roles(facts)
        return [one_step(facts, part.line, roles[part], effective=effective) for part in parts]
    rows = _rows(facts, found.chain, effective=effective)
    if len(rows) > _MOST_ROWS:
        rows = _fewer(facts, found, effective=effective)
    if len(rows) > _MOST_ROWS:
        half = _MOST_ROWS // 2
        rows = [*rows[:half], LadderStep((), None, None, gap=True), *rows[-half:]]
    return rows


def _fewer(facts: Facts, found: Structure, *, effective: bool) -> list[LadderStep]:
    """Stages; of a network on one resolution, which is one stage, whole blocks from first to last."""
    parts = stages(found)
    if len(parts) < _STAGES:
        for leading in (2, 1):
            rows = whole_blocks(facts, found.chain, leading, effective=effective)
            if len(rows) <= _MOST_ROWS:
                return rows
    return [one_step(facts, stage.line, effective=effective) for stage in parts]


def u_rows(facts: Facts) -> list[UPart]:
    """The parts of the Us that a network is, if they are few enough for a row each."""
    parts = [part for u in facts.us for part in u.parts if part.line]
    return parts if len(parts) <= _MOST_PARTS else []


def _roles(facts: Facts) -> dict[UPart, str]:
    """What the parts of a U are: parts across from each other have one number; of several Us each has a letter."""
    roles: dict[UPart, str] = {}
    for u, letter in zip(facts.us, "ABCDEFGH" if len(facts.us) > 1 else ("",), strict=False):
        # Counted from the bottom, where both sides meet: one may begin or end with a level that the other lacks.
        depth = max(sum(bool(part.line) for part in side) for side in (u.encoder, u.decoder))
        named = {part: f"Encoder {depth - above}" for above, part in enumerate(reversed(u.encoder))}
        named |= {part: f"Decoder {depth - above}" for above, part in enumerate(u.decoder)}
        roles |= {part: f"{letter} {role}".strip() for part, role in {**named, u.bottom: "Bottom"}.items()}
    return roles


def _rows(facts: Facts, chain: Sequence[Group], *, effective: bool) -> list[LadderStep]:
    rows: list[LadderStep] = []
    for group in chain:
        if group.circle or (all(item.light for item in group.items) and len(chain) > 1):
            continue
        if isinstance(group.items[0].member, Repeat) and not group.items[0].member.once:
            rows += _iterations(facts, group, effective=effective)
        else:
            rows.append(one_step(facts, (*group.absorbed, *group.items), effective=effective))
    return rows


def _iterations(facts: Facts, group: Group, *, effective: bool) -> list[LadderStep]:
    """The first two iterations and the last one."""
    repeat = group.items[0].member
    assert isinstance(repeat, Repeat)
    count = facts.number(repeat.count)
    width = len(iteration(facts, group, 1, effective=False)) if count else 0
    first = [1, 2, 3, 4] if width == 1 and count > 5 else [1, 2]
    shown = [*first, count] if count > len(first) + 1 else list(range(1, count + 1))
    rows: list[LadderStep] = []
    for place, number in enumerate(shown):
        if place and number > shown[place - 1] + 1:
            left_out = number - shown[place - 1] - 1
            rows.append(LadderStep((), None, None, True, float(left_out * max(1, width))))
        last = number == count and count > len(first) + 1
        for part, reach, share in iteration(facts, group, number, effective=effective):
            index = math(facts.shown(repeat.count), SIZES.title) if last else words(str(number), SIZES.title, "bold")
            path = part.items[-1].path if number == count else ""
            title = _iteration_title(facts, part, index, repeat.title or ("Block" if width > 1 else "Layer"), width)
            border = outline(facts.attends(part.items), reach)
            rows.append(LadderStep(title, part.output, reach, False, 1.0, path, share, border, _paths(part)))
    return rows


def _paths(part: Group) -> tuple[str, ...]:
    return tuple(item.path for item in part.items)


def _iteration_title(facts: Facts, part: Group, index: Line, one: str, width: int) -> Line:
    size = SIZES.title
    name = words(one, size, "bold")
    inner = phrase(heavy_items(part.items) if width > 1 else part.items, facts.brief)[0]
    return line_of(line_of(name, index, gap=2.2), words(f": {inner}", size))
