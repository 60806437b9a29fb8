"""Reads the laws of a figure back from what is printed, without the code that wrote them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import cast

from sympy import Integer, Rational

from archgraph.figures.content.terms import SHARE
from archgraph.figures.drawing.diagram import Claim, Diagram, Run
from archgraph.figures.facts.facts import Facts
from archgraph.figures.figure import Figure
from archgraph.graph.network import Network

UNITS = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
ROUNDINGS = {"(": Fraction, "floor": floor, "ceil": ceil}


@dataclass(frozen=True)
class Printed:
    """A side of an equation as it stands in a figure, with what it claims to say."""

    text: str
    sign: str
    right: str
    claim: Claim


def printed_laws(diagram: Diagram) -> Iterator[Printed]:
    """Every side behind a sign, in every line that claims a law, with the lines that continue it."""
    for line in _lines(diagram):
        for claim, runs in _claims(line):
            string = "".join(_characters(runs))
            sides = re.split(r"([=≈])", string)
            for sign, right in zip(sides[1::2], sides[2::2], strict=True):
                yield Printed(string, sign, right, claim)


def _lines(diagram: Diagram) -> list[tuple[Run, ...]]:
    lines: list[tuple[Run, ...]] = []
    for text in diagram.texts():
        if text.runs and text.runs[0].continues:
            lines[-1] = (*lines[-1], *text.runs)
        else:
            lines.append(text.runs)
    return lines


def _claims(runs: tuple[Run, ...]) -> Iterator[tuple[Claim, list[Run]]]:
    starts = [index for index, run in enumerate(runs) if run.claim is not None]
    for start, end in itertools.pairwise([*starts, len(runs)]):
        claim = runs[start].claim
        assert claim is not None
        yield claim, list(runs[start:end])


def _characters(runs: list[Run]) -> Iterator[str]:
    """Powers in braces behind ^, indices behind _, a gap before a unit."""
    raised = False
    for run in runs:
        high = run.rise > 1.0
        if high != raised:
            yield "^{" if high else "}"
            raised = high
        low = run.rise < -0.5 or (high and run.rise < 2.0)
        yield ("_" if low else " ") + run.text
    yield "}" if raised else ""


def value(right: str, values: Mapping[str, int]) -> Fraction:
    """The value of a printed side."""
    rounded = re.fullmatch(r"\s*([\d.]+)\s*([kMGTPE]?)\s*", right)
    if rounded:
        return Fraction(rounded[1]) * UNITS.get(rounded[2], 1)
    return _Reader(right, values).whole()


class _Reader:
    """Sums of products; a letter or bracket behind another multiplies."""

    def __init__(self, text: str, values: Mapping[str, int]) -> None:
        self.values = {name.replace("_", ""): number for name, number in values.items()}
        self.rest = re.findall(r"\d+(?:\.\d+)?|[^\W\d_]+(?:\s*_\s*\w+)?|\S", text.replace("−", "-").replace("·", " "))

    def whole(self) -> Fraction:
        found = self.sum()
        assert not self.rest, self.rest
        return found

    def next_is(self, *signs: str) -> bool:
        return bool(self.rest) and self.rest[0] in signs

    def sum(self) -> Fraction:
        total, sign = Fraction(0), 1
        if self.next_is("-"):
            sign, _ = -1, self.rest.pop(0)
        total += sign * self.product()
        while self.next_is("+", "-"):
            sign = 1 if self.rest.pop(0) == "+" else -1
            total += sign * self.product()
        return total

    def product(self) -> Fraction:
        found = self.power()
        while self.rest and not self.next_is("+", "-", ")", "}", ","):
            if self.next_is("/"):
                self.rest.pop(0)
                found /= self.power()
            else:
                found *= self.power()
        return found

    def power(self) -> Fraction:
        base = self.atom()
        if not self.next_is("^"):
            return base
        assert self.rest[:2] == ["^", "{"]
        del self.rest[:2]
        exponent = self.sum()
        assert self.rest.pop(0) == "}" and exponent.denominator == 1
        return base ** int(exponent)

    def atom(self) -> Fraction:
        first = self.rest.pop(0)
        if first in ROUNDINGS:
            assert first == "(" or self.rest.pop(0) == "("
            inner = self.sum()
            assert self.rest.pop(0) == ")"
            return Fraction(ROUNDINGS[first](inner))
        if first[0].isdigit():
            return Fraction(first)
        return Fraction(self.values[re.sub(r"[\s_]", "", first)])


SIGNED = re.compile(r"\s*(θ|MACs|M|params)\s*[=≈]")


def false_laws(figure: Figure, *networks: Network) -> list[str]:
    """What a figure prints that is not true of its graphs: an = before what is not exact, an ≈ before what is far off.

    A line that looks like a law without a claim is listed too: it would never be read back.
    """
    every = [Facts(network) for network in networks]
    found = [printed for printed in printed_laws(figure.diagram) if not any(is_true(facts, printed) for facts in every)]
    lines = [text for text in figure.diagram.texts() if SIGNED.match(text.string)]
    return [one.text for one in found] + [
        line.string for line in lines if not any(run.claim is not None for run in line.runs)
    ]


def is_true(facts: Facts, printed: Printed) -> bool:
    """Whether it is true of this network, whose symbols the law has."""
    law = printed.claim.law
    if not law.free_symbols <= set(facts.values):
        return False
    values = {symbol: Integer(number) for symbol, number in facts.values.items() if symbol in law.free_symbols}
    true = cast(Rational, law.xreplace(values))
    assert true.is_Rational, law
    exact = Fraction(int(true.p), int(true.q))
    shown = value(printed.right, {str(symbol): int(number) for symbol, number in values.items()})
    return shown == exact if printed.sign == "=" else abs(shown - exact) <= SHARE * abs(exact)
