"""Texts in as many lines as fit: broken between words, and names of classes before capitals."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from archgraph.figures.drawing.diagram import Line, Run, line_width
from archgraph.figures.drawing.metrics import text_width
from archgraph.outline.wording import shortened

#: Between words, but not before the geometry or after the count of one: ``conv 3×3``, ``conv k=1``, ``2× linear``.
_BREAK = re.compile(r"(?<![×]) (?!(?:k=|\w+×\w|\d+(?:[\s,)]|$)|×|norm\b))")
#: Where a name of a class may be broken: not within an acronym or behind a digit.
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def wrapped(text: str, fits: Callable[[str], bool], most: int) -> list[str]:
    """Break a text between words into at most so many lines; the last one is cut short where it must be.

    >>> wrapped("timestep embedding, class embedding", lambda text: len(text) < 22, 2)
    ['timestep embedding,', 'class embedding']
    >>> wrapped("PixArtAlphaTextProjection", lambda text: len(text) < 18, 2)
    ['PixArtAlphaText', 'Projection']
    >>> wrapped("conv 1×1, conv 3×3 stride 2", lambda text: len(text) < 16, 2)
    ['conv 1×1,', 'conv 3×3…']
    """
    parts = [part for piece in _BREAK.split(" ".join(text.split())) for part in _pieces(piece, fits)]
    halves = _halves(parts, fits) if most > 1 and not fits(text) else []
    if halves:
        return halves
    lines, current = [], ""
    for word in parts:
        longer = f"{current} {word}".strip()
        if current and not fits(longer) and len(lines) < most - 1:
            lines.append(current)
            current = word
        else:
            current = longer
    return [*lines, shortened(current, fits)]


def fitted(line: Line, room: float) -> Line:
    """The line, its last run cut short where it is wider than the room."""
    if line_width(line) <= room or not line:
        return line
    *head, last = line
    used = line_width(head) + last.gap
    text = wrapped(last.text, lambda shown: text_width(shown, last.face, last.size) <= room - used, 1)[0]
    return (*head, Run(text, last.face, last.size, last.rise, last.gap))


def _pieces(piece: str, fits: Callable[[str], bool]) -> list[str]:
    """What stays on one line where that has room for it, else its words."""
    return [piece] if fits(piece) else [part for word in piece.split() for part in _humps(word, fits)]


def _humps(word: str, fits: Callable[[str], bool]) -> list[str]:
    """A word in as few parts as fit: names of classes are broken before capitals where they are wider than a line."""
    if fits(word):
        return [word]
    parts = [""]
    for hump in _HUMP.split(word):
        parts = [*parts[:-1], parts[-1] + hump] if fits(parts[-1] + hump) or not parts[-1] else [*parts, hump]
    return parts


def _halves(parts: Sequence[str], fits: Callable[[str], bool]) -> list[str]:
    """Two lines that both fit, broken after a comma if possible, of nearly equal length."""
    pairs = [(" ".join(parts[:index]), " ".join(parts[index:])) for index in range(1, len(parts))]
    fitting = [pair for pair in pairs if fits(pair[0]) and fits(pair[1])]
    best = min(fitting, key=lambda pair: (not pair[0].endswith(","), abs(len(pair[0]) - len(pair[1]))), default=())
    return list(best)
