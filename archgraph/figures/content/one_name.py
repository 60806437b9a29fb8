"""One name for one thing: a norm that one box had to abbreviate is abbreviated in every box of the figure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from archgraph.figures.drawing.diagram import Box, BoxPart, Diagram, Text
from archgraph.outline.wording import ABBREVIATIONS


def one_name(drawn: Diagram, kept: Collection[str]) -> Diagram:
    """The drawing with one name for each norm; what is ``kept`` are an author's words, which stay as they are.

    The short name is narrower than what it takes the place of, so that nothing has to move.
    """
    written = " ".join(text.string for box in drawn.boxes if not _own(box, kept) for text in box.texts())
    mixed = {
        long: short
        for long, short in ABBREVIATIONS.items()
        if re.search(rf"\b{short}\b", written) and _names(long, written)
    }
    if not mixed:
        return drawn
    return replace(drawn, boxes=tuple(box if _own(box, kept) else _renamed(box, mixed) for box in drawn.boxes))


def _own(box: Box, kept: Collection[str]) -> bool:
    """Whether an author wrote the name of a norm into the heading of a box."""
    named = any(_names(name, box.label) for pair in ABBREVIATIONS.items() for name in pair)
    return box.kind != "node" or named or any(text.string in kept for text in box.texts())


def _names(name: str, text: str) -> bool:
    return bool(re.search(rf"\b{name}\b", text, re.IGNORECASE))


def _renamed(box: Box, mixed: dict[str, str]) -> Box:
    return replace(box, parts=tuple(_part(part, mixed) for part in box.parts))


def _part(part: BoxPart, mixed: dict[str, str]) -> BoxPart:
    if not isinstance(part, Text):
        return part
    return replace(part, runs=tuple(replace(run, text=_short(run.text, mixed)) for run in part.runs))


def _short(text: str, mixed: dict[str, str]) -> str:
    for long, short in mixed.items():
        text = re.sub(rf"\b{long}\b", short, text, flags=re.IGNORECASE)
    return text
