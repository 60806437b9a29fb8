"""Rows of a network with many blocks in a row: whole blocks, the first and the last of those that are alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from sympy import Expr

from archgraph.figures.charts.ladder import LadderStep, iteration
from archgraph.figures.charts.one_step import one_step
from archgraph.figures.content.mathtext import line_of, math, words
from archgraph.figures.drawing.diagram import Line
from archgraph.figures.drawing.outlines import outline
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.graph.ir import Repeat
from archgraph.outline.groups import Group
from archgraph.outline.wording import block_name, capitalized


def whole_blocks(facts: Facts, chain: Sequence[Group], leading: int, *, effective: bool) -> list[LadderStep]:
    """A row per group; of a repeat, and of equal blocks in a row, so many leading ones and the last.

    Blocks of one name are counted through, in however many repeats they are.
    """
    groups = [group for group in chain if not group.circle and not all(item.light for item in group.items)]
    found: list[LadderStep] = []
    before: dict[str, int] = {}
    for _, alike in groupby(groups, key=lambda group: _kind(facts, group)):
        run = _Run(facts, tuple(alike), effective)
        found += run.rows(leading, before.get(run.name, 0))
        before[run.name] = before.get(run.name, 0) + run.count
    return found


def _kind(facts: Facts, group: Group) -> object:
    """Blocks that are called the same are alike; a repeat stands for itself."""
    return id(group) if _repeat(group) else _title(facts, group)


@dataclass(frozen=True)
class _Run:
    """A repeat, or equal blocks in a row."""

    facts: Facts
    groups: tuple[Group, ...]
    effective: bool

    @property
    def name(self) -> str:
        repeat = _repeat(self.groups[0])
        if repeat is None:
            return _title(self.facts, self.groups[0])
        return self.facts.author.label(self.groups[0].items) or capitalized(block_name(repeat))

    @property
    def count(self) -> int:
        repeat = _repeat(self.groups[0])
        return len(self.groups) if repeat is None else self.facts.number(repeat.count)

    def rows(self, leading: int, before: int) -> Iterator[LadderStep]:
        """Rows of the leading ones and of the last, numbered from those ``before`` on."""
        ends = self.count > leading + 2
        shown = [*range(1, leading + 1), self.count] if ends else range(1, self.count + 1)
        for place, number in enumerate(shown):
            if place and number > shown[place - 1] + 1:
                yield LadderStep((), None, None, gap=True, depth=float(number - shown[place - 1] - 1))
            repeat = _repeat(self.groups[0])
            law = self.facts.shown(repeat.count) if repeat and ends and number == self.count and not before else None
            row = self._block(number) if repeat is None else self._iteration(number)
            alone = repeat is None and self.count == 1
            yield row if alone else replace(row, title=_numbered(self.name, before + number, law))

    def _block(self, number: int) -> LadderStep:
        group = self.groups[number - 1]
        return one_step(self.facts, (*group.absorbed, *group.items), effective=self.effective)

    def _iteration(self, number: int) -> LadderStep:
        """A whole iteration of a repeat, which gives and reads what its last part does."""
        parts = iteration(self.facts, self.groups[0], number, effective=self.effective)
        items = [item for part, _, _ in parts for item in part.items]
        last, reach, share = parts[-1]
        path = last.items[-1].path if number == self.count else ""
        border, within = outline(self.facts.attends(items), reach), tuple(item.path for item in items)
        return LadderStep((), last.output, reach, False, 1.0, path, share, border, within)


def _repeat(group: Group) -> Repeat | None:
    member = group.items[0].member
    return member if isinstance(member, Repeat) and not member.once else None


def _title(facts: Facts, group: Group) -> str:
    step = one_step(facts, (*group.absorbed, *group.items), effective=False)
    return " ".join(run.text for run in step.title)


def _numbered(name: str, number: int, law: Expr | None = None) -> Line:
    """A name and which one it is, as a law if its symbols are letters: a word behind a name reads as a part of it."""
    symbols = [] if law is None else [str(symbol) for symbol in law.free_symbols]
    index = words(str(number), SIZES.title, "bold")
    if law is not None and symbols and all(len(one) == 1 for one in symbols):
        index = math(law, SIZES.title)
    return line_of(words(name, SIZES.title, "bold"), index, gap=2.2)
