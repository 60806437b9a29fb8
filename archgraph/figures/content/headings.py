"""The heading of a box: what it stands for, as far as there is room, and how often."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sympy import Add

from archgraph.figures.content.mathtext import line_of, math, words
from archgraph.figures.content.wrapping import wrapped
from archgraph.figures.drawing.diagram import Line, line_width
from archgraph.figures.drawing.metrics import text_width
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.outline.items import Item
from archgraph.outline.wording import abbreviated, bracketed, capitalized, phrase, phrase_in_full


def heading_of(
    facts: Facts,
    items: Sequence[Item],
    room: float,
    most: int,
    *,
    times: int,
    strides: bool,
    terse: bool,
    joins: bool,
) -> list[Line]:
    """The lines of a heading; what has no room in it is first of all what carries no cost."""
    text, tail = _called(facts, items, times, strides=strides, terse=terse, joins=joins)
    heavy = [item for item in items if not item.light]
    whole = title(text, tail, room, most, light=not heavy)
    if not whole[-1][0].text.endswith("…") or len(heavy) in (0, len(items)) or facts.author.label(items):
        return whole
    brief = capitalized(phrase_in_full(heavy, facts.brief, strides=strides, terse=terse))
    # What begins with what costs names as many others as there is room for.
    return whole if text.startswith(brief) else title(f"{brief}, …", (), room, most)


def _called(
    facts: Facts, items: Sequence[Item], times: int, *, strides: bool, terse: bool, joins: bool
) -> tuple[str, Line]:
    key = ("called", tuple(items), times, strides, terse, joins)
    return facts.known(key, lambda: _named(facts, items, times, strides=strides, terse=terse, joins=joins))


def _named(
    facts: Facts, items: Sequence[Item], times: int, *, strides: bool, terse: bool, joins: bool
) -> tuple[str, Line]:
    named = facts.author.label(items)
    if named:
        return named, words(f"×{times}", SIZES.title) if times > 1 else ()
    each = max(1, len(items) // times)
    phrases = [
        phrase(items[start : start + each], facts.brief, strides=strides, terse=terse, joins=joins)
        for start in range(0, each * times, each)
    ]
    text, count = phrases[0][0], facts.shown(Add(*(inner for _, inner in phrases)))
    size = SIZES.title
    shown = words(f"×{count}", size) if count.is_Integer else line_of(words("×", size), math(count, size), gap=0.4)
    return (capitalized(text), ()) if count == 1 else (bracketed(capitalized(text)), shown)


def title(text: str, tail: Line, room: float, most: int = 2, *, light: bool = False) -> list[Line]:
    """The heading, on more lines where one is too long, with ``×n`` for what is repeated."""
    size, face = (SIZES.body, "sans") if light else (SIZES.title, "bold")
    left = room - line_width(tail)

    def fits(shown: str) -> bool:
        return text_width(shown, face, size) <= left

    *before, last = [words(line, size, face) for line in _headed(text, fits, most)]
    return [*before, line_of(last, tail, gap=2.2)]


def _headed(text: str, fits: Callable[[str], bool], most: int) -> list[str]:
    """A heading in one line if it can be, abbreviated if it must be, and in more lines rather than cut short."""
    short = abbreviated(text)
    forms = ((text, 1), (short, 1), (text, most), (short, most))
    drawn = (wrapped(one, fits, lines) for one, lines in forms)
    return next((lines for lines in drawn if not lines[-1].endswith("…")), wrapped(short, fits, most))
