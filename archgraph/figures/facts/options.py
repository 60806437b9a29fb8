"""What a figure shows, annotates and leaves out, and how it writes laws."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from archgraph.data.figure_words import ANNOTATIONS, DIRECTIONS, NODE_STYLE, STYLES, TERMS
from archgraph.errors import QueryError, not_among
from archgraph.figures.drawing.box_look import BoxLook
from archgraph.figures.drawing.look import checked_color
from archgraph.figures.drawing.style import page_height

_DEEPEST = 100
_LONGEST_TEXT = 300


@dataclass(frozen=True)
class Options:
    """How a figure is drawn, but for its size, its page and its letters.

    Attributes:
        show: which of `ANNOTATIONS`.
        terms: the full law where it fits a box of usual width, else its large terms; or boxes widened for full laws.
        values: numbers at the bound symbols instead of laws.
        labels: headings of boxes by path or kind.
        hide: paths, kinds and inputs that are not drawn.
        depth: how many levels of blocks are opened; as many as tell something where nothing is said.
        focus: the path of the block whose inside is drawn, empty for the whole.
        looks: how boxes look, by path or kind.
        direction: one of `DIRECTIONS`.
        style: one of `STYLES`.
        height: the most that the drawing shall be high, in points.
        title: a heading above the drawing.
        legend: whether scale, signs and totals stand below it.
    """

    show: tuple[str, ...] = ANNOTATIONS
    terms: str = "leading"
    values: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    hide: tuple[str, ...] = ()
    depth: int | None = None
    focus: str = ""
    looks: Mapping[str, BoxLook] = field(default_factory=dict)
    direction: str = "auto"
    height: float | None = None
    title: str = ""
    legend: bool = True
    style: str = "boxes"


def options(
    show: Iterable[str] | None = None,
    terms: str = "leading",
    *,
    values: bool = False,
    labels: Mapping[str, str] | None = None,
    hide: Iterable[str] | None = None,
    depth: int | None = None,
    focus: str = "",
    node_style: Mapping[str, Mapping[str, object]] | None = None,
    direction: str = "auto",
    height: str | None = None,
    title: str = "",
    legend: bool = True,
    style: str = "boxes",
) -> Options:
    """Check and collect the options of a figure.

    Raises:
        QueryError: an unknown word, a depth, height, colour or look that cannot be drawn.

    >>> options(["params"]).show, options(height="1in").height
    Traceback (most recent call last):
        ...
    archgraph.errors.QueryError: the height '1in' cannot be drawn: it must be between 1.39in and 41.7in
    >>> options(["params"], depth=2).depth
    2
    """
    chosen = ANNOTATIONS if show is None else _several(show)
    for name in chosen:
        if name not in ANNOTATIONS:
            raise not_among("annotation", name, ANNOTATIONS)
    if terms not in TERMS:
        raise not_among("kind of terms", terms, TERMS)
    if direction not in DIRECTIONS:
        raise not_among("direction", direction, DIRECTIONS)
    if style not in STYLES:
        raise not_among("style", style, STYLES)
    if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int) or not 0 <= depth <= _DEEPEST):
        raise QueryError(f"depth must be a whole number from 0 to {_DEEPEST}, and is {depth!r:.40}")
    texts = {"title": title, **{f"the label of {name}": text for name, text in (labels or {}).items()}}
    for what, text in texts.items():
        if len(text) > _LONGEST_TEXT:
            raise QueryError(f"{what:.60} has {len(text)} characters, and at most {_LONGEST_TEXT} can be drawn")
    return Options(
        chosen,
        terms,
        values,
        dict(labels or {}),
        _several(hide or ()),
        depth,
        focus,
        {name: _look(name, said) for name, said in (node_style or {}).items()},
        direction,
        None if height is None else page_height(height),
        title,
        legend,
        style,
    )


def _several(names: Iterable[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _look(name: str, said: Mapping[str, object]) -> BoxLook:
    """How the boxes of a path or kind look.

    Raises:
        QueryError: an unknown key, a colour that cannot be read, or a width that does not print.
    """
    for key in said:
        if key not in NODE_STYLE:
            raise not_among(f"style of {name}", key, NODE_STYLE)
    colors = {key: checked_color(said[key]) for key in ("fill", "line", "text") if key in said}
    width, dashed = said.get("width"), said.get("dashed", False)
    if width is not None and (isinstance(width, bool) or not isinstance(width, int | float) or not 0.5 <= width <= 10):
        raise QueryError(f"the width of the line of {name} is 0.5 to 10 points, and not {width!r:.40}")
    if not isinstance(dashed, bool):
        raise QueryError(f"dashed of {name} is true or false, and not {dashed!r:.40}")
    return BoxLook(**colors, width=width, dashed=dashed)
