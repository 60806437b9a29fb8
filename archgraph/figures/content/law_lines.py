"""Laws as lines of a figure. An equals sign stands before what is the whole law and nothing else.

What is left out, or rounded, stands behind ``≈``, and is what `archgraph.figures.content.terms` allows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sympy import Expr

from archgraph.figures.content.cut_laws import cut_law
from archgraph.figures.content.fixed_positions import at_positions, times_positions
from archgraph.figures.content.mathtext import line_of, math, number, variable, words
from archgraph.figures.content.terms import forms
from archgraph.figures.drawing.diagram import Claim, Line, Live, Run, Shows, line_width
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts

LETTERS = {"params": "theta", "macs": "MACs"}
"""What stands for a metric in formulas: M alone would be a million as well."""

_FULL_ROOM, _GAP = 190.0, 0.16


def law_lines(
    facts: Facts,
    metric: str,
    expression: Expr,
    room: float,
    size: float = SIZES.body,
    *,
    more: float | None = None,
    lengths: Sequence[int] = (),
) -> list[Line]:
    """The law on one line, or on several before it becomes a number; see `law`.

    Args:
        facts: as for `law`, and so are the others.
        metric: of what.
        expression: the whole law.
        room: of the line.
        size: of the letters.
        more: room at most.
        lengths: those of the positions at which it works, where they are numbers.
    """
    name = variable(LETTERS[metric], size)
    rooms = (room,) if more is None else (room, more)
    law_of = _Sides(facts, expression, size, tuple(lengths))
    side = law_of.on_one_line([one - line_width(name) for one in rooms])
    cut = () if side or facts.options.values else law_of.on_several_lines(name, rooms)
    lines = cut or (line_of(name, side or value_side(facts, expression, size), gap=_GAP * size),)
    return [claimed(lines[0], metric, expression), *lines[1:]]


def law(
    facts: Facts, metric: str, expression: Expr, room: float, size: float = SIZES.body, *, more: float | None = None
) -> Line:
    """``θ = law``; what is shorter than the whole, and numbers where no law has room, stand behind ``≈``.

    Args:
        facts: the network, with its sizes and options.
        metric: ``"params"`` or ``"macs"``.
        expression: the whole law in the user's symbols.
        room: how wide the line may be, in points.
        size: of the letters, in points.
        more: how wide it may be at most, rather than be a number.
    """
    name = variable(LETTERS[metric], size)
    rooms = (room,) if more is None else (room, more)
    found = _Sides(facts, expression, size).on_one_line([one - line_width(name) for one in rooms])
    side = found or value_side(facts, expression, size)
    return claimed(line_of(name, side, gap=_GAP * size), metric, expression)


def tells_value(line: Line) -> bool:
    """Whether a line has a number where a law had no room."""
    return any(run.live is not None and run.live.shows == "number" for run in line)


def law_side(facts: Facts, expression: Expr, room: float, size: float) -> Line:
    """The sign and the longest form that has room; nothing where none has, or values are asked for."""
    return _Sides(facts, expression, size).on_one_line([room])


@dataclass(frozen=True)
class _Sides:
    """What may stand behind the name of a law."""

    facts: Facts
    expression: Expr
    size: float
    lengths: tuple[int, ...] = ()

    def on_one_line(self, rooms: Sequence[float]) -> Line:
        """The longest form that has the least room; nothing where none has."""
        return next(filter(None, map(self._within, rooms)), ())

    def _within(self, room: float) -> Line:
        room = max(room, _FULL_ROOM) if self.facts.options.terms == "full" else room
        for line, width in () if self.facts.options.values else self._all():
            if width <= room:
                return line
        return ()

    def on_several_lines(self, name: Line, rooms: Sequence[float]) -> tuple[Line, ...]:
        """The form that takes the fewest lines, continued below its right side; nothing where none has room."""
        wholes = [line_of(name, side, gap=_GAP * self.size) for side, _ in self._all()]
        for room in rooms:
            cuts = [cut for whole in wholes if (cut := cut_law(whole, len(name) + 1, room))]
            if cuts:
                return min(cuts, key=len)
        return ()

    def _all(self) -> Iterator[tuple[Line, float]]:
        """The sign and every form with its width, from the longest to the shortest; each is made once."""
        kept: list[tuple[Line, float]]
        key = ("sides", self.expression, self.size, self.lengths)
        kept, more = self.facts.known(key, lambda: ([], self._measured()))
        yield from kept
        for side in more:
            kept.append(side)
            yield side

    def _measured(self) -> Iterator[tuple[Line, float]]:
        for sign, form in self._forms():
            line = line_of(_sign(sign, self.size), form, gap=_GAP * self.size)
            line = line if sign == "=" else _shortened(self.facts, line, self.expression)
            yield line, line_width(line) + _GAP * self.size

    def _forms(self) -> Iterator[tuple[str, Line]]:
        values, size = self.facts.values, self.size
        each = at_positions(self.expression, self.lengths)
        for sign, form in () if each is None else forms(each, values):
            yield sign, times_positions(form, self.lengths, size)
        for sign, form in forms(self.expression, values):
            yield sign, math(form, size)


def value_side(facts: Facts, expression: Expr, size: float) -> Line:
    """The value at the drawn sizes, rounded to three digits."""
    value = facts.value(expression)
    exact = abs(value) < 1000 and value == int(value)
    sign, said = _sign("=" if exact else "≈", size), words(number(value), size, "serif")
    if not expression.free_symbols:
        return line_of(sign, said, gap=_GAP * size)
    return line_of(alive(sign, facts, "sign", expression), alive(said, facts, "number", expression), gap=_GAP * size)


def alive(line: Line, facts: Facts, shows: Shows, *of: Expr) -> Line:
    """The line, whose first run follows the sizes in interactive pages."""
    first, *rest = line
    return (replace(first, live=Live(shows, of, facts.place)), *rest)


def _shortened(facts: Facts, line: Line, expression: Expr) -> Line:
    """A part of a law holds at the drawn sizes; at others it gives way to the number."""
    sign, first, *rest = line
    shown = replace(first, live=Live("form", (expression,), facts.place))
    gone = (replace(run, live=Live("nothing", (), facts.place)) for run in rest)
    return (replace(sign, live=Live("sign", (expression,), facts.place)), shown, *gone)


def claimed(line: Line, metric: str, expression: Expr) -> Line:
    """The line, which remembers the whole law that it stands for."""
    first, *rest = line
    return (replace(first, claim=Claim(metric, expression)), *rest)


def _sign(sign: str, size: float) -> Line:
    return (Run(sign, "serif", size),)
