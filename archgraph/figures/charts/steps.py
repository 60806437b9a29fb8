"""The rows of a network from input to output: its stages, or its blocks with the first and last iterations."""

from collections.abc import Sequence

from archgraph.errors import ArchgraphError
from archgraph.figures.charts.ladder import LadderStep, effective_share, iteration
from archgraph.figures.content.mathtext import line_of, math, words
from archgraph.figures.drawing.diagram import Line
from archgraph.figures.drawing.outlines import outline
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.graph.ir import Repeat
from archgraph.graph.locate import find_member
from archgraph.outline.groups import Group
from archgraph.outline.items import Item
from archgraph.outline.stages import stages
from archgraph.outline.u_parts import UPart
from archgraph.outline.wording import called, capitalized, phrase, phrase_in_full

_MOST_ROWS, _MOST_PARTS = 11, 13


def steps(facts: Facts, *, effective: bool = True) -> list[LadderStep]:
    """The rows of a network: its stages, or the groups of its main line with repeats shown from first to last.

    Effective fields take as long as all the rest together: a figure that does not show them leaves them out.
    """
    found = facts.structure
    if parts := u_rows(facts):
        roles = _roles(facts)
        return [_step(facts, part.line, roles[part], effective=effective) for part in parts]
    rows = _rows(facts, found.chain, effective=effective)
    if len(rows) > _MOST_ROWS:
        rows = [_step(facts, stage.line, effective=effective) for stage in stages(found)]
    if len(rows) > _MOST_ROWS:
        half = _MOST_ROWS // 2
        rows = [*rows[:half], LadderStep((), None, None, gap=True), *rows[-half:]]
    return rows


def u_rows(facts: Facts) -> list[UPart]:
    """The parts of the Us that a network is, if they are few enough for a row each."""
    parts = [part for u in facts.us for part in u.parts if part.line]
    return parts if len(parts) <= _MOST_PARTS else []


def _roles(facts: Facts) -> dict[UPart, str]:
    """What the parts of a U are: its levels have the same number on both sides; of several Us each has a letter."""
    roles: dict[UPart, str] = {}
    for u, letter in zip(facts.us, "ABCDEFGH" if len(facts.us) > 1 else ("",), strict=False):
        named = {part: f"Encoder {level}" for level, part in enumerate(u.encoder, 1)}
        named |= {part: f"Decoder {level}" for level, part in enumerate(reversed(u.decoder), 1)}
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
            rows.append(_step(facts, (*group.absorbed, *group.items), effective=effective))
    return rows


def _step(facts: Facts, items: Sequence[Item], role: str = "", *, effective: bool) -> LadderStep:
    title = words(_given(facts, items) or role or _name(facts, items), SIZES.title, "bold")
    path = items[-1].path
    reach = facts.reach(path)
    return LadderStep(
        title,
        items[-1].outputs[0],
        reach,
        path=path,
        effective=effective_share(facts, path) if effective else None,
        outline=outline(facts.attends(items), reach),
        within=tuple(item.path for item in items),
    )


def _given(facts: Facts, items: Sequence[Item]) -> str:
    """What an author calls the items, or the scope that all the heavy ones are in; nothing where nobody does."""
    named = facts.author.label(items)
    if named:
        return named
    heavy = _heavy(items)
    scopes = [item.path.split(".")[:-1] for item in heavy]
    common = [parts[0] for parts in zip(*scopes, strict=False) if len(set(parts)) == 1]
    if common and (title := _scope_title(facts, ".".join(common))):
        return title
    if not heavy[0].member.title:
        return ""
    return capitalized(" … ".join(dict.fromkeys(called(item.member, facts.brief) for item in (heavy[0], heavy[-1]))))


def _name(facts: Facts, items: Sequence[Item]) -> str:
    """What the items are called in the other figures, without what multiplies no matrices."""
    return capitalized(phrase_in_full(_heavy(items), facts.brief))


def _heavy(items: Sequence[Item]) -> Sequence[Item]:
    return [item for item in items if not item.light] or items


def _scope_title(facts: Facts, path: str) -> str:
    """What a spec says a block is called, nothing where it does not."""
    try:
        return find_member(facts.network.graph, path)[0].title
    except ArchgraphError:
        return ""


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
    heavy = [item for item in part.items if not item.light]
    inner = phrase(heavy if width > 1 else part.items, facts.brief)[0]
    return line_of(line_of(name, index, gap=2.2), words(f": {inner}", size))
