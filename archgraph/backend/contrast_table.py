"""The table of laws of two networks, their ladder, and which pairs of positions they connect."""

from collections.abc import Sequence
from dataclasses import replace

from sympy import Expr

from archgraph.backend.boxes import wrapped
from archgraph.backend.contrast_panel import mixing_words
from archgraph.backend.diagram import INK, MUTED, Box, Diagram, Part, Path, Run, Text
from archgraph.backend.facts import Facts
from archgraph.backend.ladder import Step, chart, curve, key
from archgraph.backend.mathtext import leading, math, number, words
from archgraph.backend.matrix import matrix
from archgraph.backend.metrics import text_width
from archgraph.backend.numeric import value_at
from archgraph.backend.style import FRAME, SIZES
from archgraph.backend.wording import shortened

Line = tuple[Run, ...]
_ROW, _TIGHT, _LABEL = 11.5, 9.5, 118.0
_COLORS = ("#2590bf", "#081d58")


def comparison(first: Facts, second: Facts, a: Sequence[Step], b: Sequence[Step], width: float) -> Diagram:
    """Rows of quantity, first network, second network."""
    size = SIZES.body
    rows = [(words("", size), *(words(facts.subject.name, size, "bold") for facts in (first, second)))]
    rows += [(words(name, size), left, right) for name, left, right in _rows(first, second, a, b)]
    column = (width - _LABEL) / 2
    parts: list[Part] = []
    y = 8.5
    for index, row in enumerate(rows):
        cells = [_broken(line, column - 6 if place else _LABEL) for place, line in enumerate(row)]
        for place, lines in enumerate(cells):
            x = 0.5 if place == 0 else _LABEL + column * (place - 1)
            color = MUTED if place == 0 else INK
            parts += [Text(line, x, y + _TIGHT * number, color) for number, line in enumerate(lines) if line]
        y += _TIGHT * (max(map(len, cells)) - 1)
        if index == 0:
            parts.append(Path(((0, y + 3.5), (width, y + 3.5)), FRAME, 0.6))
            y += 2.5
        y += _ROW
    height = y - _ROW + 5.5
    parts += [Path(((0, 0.5), (width, 0.5)), FRAME, 0.9), Path(((0, height), (width, height)), FRAME, 0.9)]
    return Diagram((Box("laws", width, height + 0.5, tuple(parts), kind="panel"),), width=width, height=height + 1)


def _broken(line: Line, room: float) -> list[Line]:
    """Words on two lines where one is too long; laws are made to fit when they are written."""
    if sum(run.width for run in line) <= room or len(line) != 1:
        return [line]
    (run,) = line
    texts = wrapped(run.text, lambda shown: text_width(shown, run.face, run.size) <= room, 2)
    return [(replace(run, text=text),) for text in texts]


def _rows(first: Facts, second: Facts, a: Sequence[Step], b: Sequence[Step]) -> list[tuple[str, Line, Line]]:
    makers = (
        ("parameters (leading terms)", lambda facts, steps: _law(facts, "params")),
        ("MACs (leading terms)", lambda facts, steps: _law(facts, "macs")),
        ("at the default sizes", lambda facts, steps: _defaults(facts)),
        ("side of the input doubled", lambda facts, steps: _growth(facts)),
        ("most parameters in", lambda facts, steps: _home(facts)),
        ("positions are mixed by", lambda facts, steps: words(mixing_words(facts), SIZES.body)),
        ("receptive field at the end", lambda facts, steps: _field(facts, steps)),
        ("global since", lambda facts, steps: _since(facts, steps)),
    )
    return [(name, maker(first, a), maker(second, b)) for name, maker in makers]


def _law(facts: Facts, metric: str) -> Line:
    full = facts.total(metric)
    for terms in (3, 2, 1):
        short = leading(full, facts.values, terms)
        runs = math(short, SIZES.body)
        if sum(run.width for run in runs) < 128:
            return runs
    return words(number(facts.value(full)), SIZES.body)


def _defaults(facts: Facts) -> Line:
    params, macs = (number(facts.value(facts.total(metric))) for metric in ("params", "macs"))
    return words(f"{params} parameters, {macs} MACs", SIZES.body)


def _growth(facts: Facts) -> Line:
    """Factors of both laws when every side of the input doubles."""
    params, macs = (_factor(facts, facts.total(metric)) for metric in ("params", "macs"))
    return words(f"parameters × {params:.4g}, MACs × {macs:.3g}", SIZES.body)


def _factor(facts: Facts, law: Expr) -> float:
    sides = facts.side_symbols()
    doubled = {symbol: 2 * value if symbol in sides else value for symbol, value in facts.values.items()}
    before = facts.value(law)
    return value_at(law, doubled) / before if before else 1.0


def _home(facts: Facts) -> Line:
    name, share = facts.heaviest()
    return words(f"{name}: {100 * share:.0f} %", SIZES.body)


def _field(facts: Facts, steps: Sequence[Step]) -> Line:
    last = next((step.reach for step in reversed(steps) if step.reach is not None), None)
    if last is None:
        return words("none", SIZES.body)
    if last.everything:
        return words(f"all {last.extent}{_unit(facts)}", SIZES.body)
    return words(f"{last.label} of {last.extent}{_unit(facts)}", SIZES.body)


def _unit(facts: Facts) -> str:
    pixels = facts.pixels
    return f" × {pixels} px" if pixels > 1 else f" {facts.unit}"


def _since(facts: Facts, steps: Sequence[Step]) -> Line:
    size = SIZES.body
    known = [(step.title, step.reach) for step in steps if step.reach is not None]
    for heading, reach in known:
        if reach.everything or reach.causal:
            return tuple(replace(run, face="sans" if run.face == "bold" else run.face, size=size) for run in heading)
    for heading, reach in known:
        if reach.sizes[0] >= reach.extent:
            name = "".join(run.text for run in heading)
            return words(f"never; the field exceeds the input since {name}", size)
    if any(reach.statistics for _, reach in known):
        return words("never; its norm statistics are", size)
    return words("never", size)


def charts(sides: Sequence[tuple[Facts, Sequence[Step]]], width: float) -> Diagram:
    """The ladder of both, and a matrix of connected positions for each."""
    side = 74.0
    curves = [
        curve(facts, steps, color, dash)
        for (facts, steps), color, dash in zip(sides, _COLORS, ((), (4.0, 2.0)), strict=True)
    ]
    ladder_width = width - 2 * (side + 14) - 60
    heading = words("Receptive field over depth (share of the side, log scale)", SIZES.small, "bold")
    parts: list[Part] = [Text(heading, 0.5, 7.0)]
    parts += chart(curves, 30.0, 13.0, ladder_width, side)
    parts += key(curves, 30.0 + ladder_width - 3, 13.0 + side - 2)
    left = width - 2 * (side + 14) + 12
    found = [(facts, facts.last_located) for facts, _ in sides]
    pooled = any(path and path != facts.structure.chain[-1].items[-1].path for facts, path in found)
    for index, (facts, path) in enumerate(found):
        x = left + (side + 14) * index
        parts += matrix(facts, path, x, 13.0, side) if path else []
        text = shortened(_under(facts, path), lambda shown: text_width(shown, "sans", SIZES.small) <= side + 2)
        parts.append(Text(words(text, SIZES.small), color=MUTED).centered(x + side / 2).moved(0, side + 31.0))
    heading = "Last positions × input positions" if pooled else "Output × input positions"
    parts.append(Text(words(heading, SIZES.small, "bold"), left, 7.0))
    return Diagram((Box("charts", width, side + 34, tuple(parts), kind="panel"),), width=width, height=side + 34)


def _under(facts: Facts, path: str) -> str:
    """What a matrix is of: the network, and the node where its output has no positions."""
    if not path:
        return f"{facts.subject.name}: no positions"
    ends = path == facts.structure.chain[-1].items[-1].path
    return facts.subject.name if ends else f"{facts.subject.name}: {path.split('.')[0]}"
