"""Reads back the numbers of a contrast that are no laws: MACs per parameter, and what the next value of a knob buys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archgraph.architecture.architecture import Architecture
from archgraph.figures.figure import Figure
from tests.figures.law_reader import UNITS

NUMBER = r"([\d.]+)(?: ?([kMGTPE]))?"
RATIO = re.compile(rf"{NUMBER} / {NUMBER} ([=≈]) ([\d,.]+)")
KNOB = re.compile(r"([\w, ]+) ([×+]) (\d+): ≈?θ × ([\d.e+]+), MACs × ([\d.e+]+)")


def told_numbers(figure: Figure) -> Iterator[str]:
    """The lines that tell such numbers."""
    for text in figure.diagram.texts():
        line = text.string.replace("≈ θ", "≈θ")
        if RATIO.fullmatch(line) or KNOB.fullmatch(line):
            yield line


def false_numbers(figure: Figure, *networks: Architecture) -> list[str]:
    """The lines that are true of none of the networks."""
    return [line for line in told_numbers(figure) if not any(_true(line, g) for g in networks)]


def _true(line: str, g: Architecture) -> bool:
    point = g.at()
    params, macs = int(point.params), int(point.macs)
    if ratio := RATIO.fullmatch(line):
        told = _value(ratio[1], ratio[2]), _value(ratio[3], ratio[4]), float(ratio[6].replace(",", ""))
        if ratio[5] == "=":
            return told == (macs, params, macs / params)
        return all(_near(one, other) for one, other in zip(told, (macs, params, macs / params), strict=True))
    knob = KNOB.fullmatch(line)
    assert knob is not None
    names = re.findall(r"\w+", knob[1])
    if not set(names) <= set(g.defaults):
        return False
    by = int(knob[3])
    other = g.at(**{name: g.defaults[name] * by if knob[2] == "×" else g.defaults[name] + by for name in names})
    return _near(float(knob[4]), int(other.params) / params) and _near(float(knob[5]), int(other.macs) / macs)


def _value(digits: str, unit: str | None) -> float:
    return float(digits) * UNITS.get(unit or "", 1)


def _near(told: float, true: float) -> bool:
    """Three digits are told."""
    return abs(told - true) <= 0.006 * abs(true)
