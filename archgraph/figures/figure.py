"""Figures: made from an architecture, shown in notebooks, saved whole or not at all."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from archgraph.errors import QueryError, printable, quoted
from archgraph.figures.drawing.diagram import Diagram
from archgraph.figures.drawing.look import Look, checked_look, width_before_scaling
from archgraph.figures.drawing.themes import themed
from archgraph.figures.facts.facts import Facts
from archgraph.graph.network import Network
from archgraph.keywords import strict_methods
from archgraph.report.files import write_bytes

SUFFIXES = (".svg", ".pdf", ".png", ".dot", ".tex", ".html")


@strict_methods
class Figure:
    """A finished drawing.

    In a notebook it shows itself. `svg` and `dot` are its text, `save` writes a file.
    """

    def __init__(
        self, diagram: Diagram, kind: str = "figure", facts: Sequence[Facts] = (), look: Look | None = None
    ) -> None:
        self.look = look or Look()
        self.diagram = themed(diagram, self.look)
        self.kind = kind
        self._plain = diagram
        self._facts = tuple(facts)

    @cached_property
    def svg(self) -> str:
        """The drawing as a stand-alone SVG document of its true size.

        >>> import archgraph
        >>> archgraph.load("dit").draw().svg.lstrip().startswith("<svg")
        True
        """
        from archgraph.figures.write.svg import to_svg

        return to_svg(self.diagram, fonts=self.look.fonts)

    @cached_property
    def dot(self) -> str:
        """The drawing in the DOT language with pinned positions (``neato -n2`` keeps them).

        >>> import archgraph
        >>> archgraph.load("dit").draw().dot.startswith("digraph")
        True
        """
        from archgraph.figures.layout.graphviz import dot_source

        return dot_source(self.diagram, pinned=True)

    @cached_property
    def tikz(self) -> str:
        """The drawing as a LaTeX document of its true size, whose TikZ picture can be copied into a paper.

        >>> import archgraph
        >>> "tikzpicture" in archgraph.load("dit").draw().tikz
        True
        """
        from archgraph.figures.write.tikz import to_tikz

        return to_tikz(self.diagram)

    @cached_property
    def html(self) -> str:
        """The drawing as an interactive page on its own; sliders where it is of one network.

        >>> import archgraph
        >>> "<svg" in archgraph.load("dit").draw().html
        True
        """
        from archgraph.figures.overview.unfolding import Drawing, unfolded
        from archgraph.figures.write.interactive import page
        from archgraph.figures.write.sliders import rules, sliders

        facts = self._facts[0] if len(self._facts) == 1 else None
        if facts is None:
            return page([Drawing("", "", "", self.diagram)], look=self.look)
        drawings = [replace(one, diagram=themed(one.diagram, self.look)) for one in unfolded(facts, self._plain)]
        totals = [(name, facts.total(name)) for name in ("params", "macs")]
        return page(drawings, sliders(facts), totals, rules(facts), look=self.look)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader should know, such as a drawing that is wider than the page.

        >>> import archgraph
        >>> archgraph.load("dit").draw().notes
        ()
        """
        return self.diagram.notes

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the drawing; the suffix says how: .svg, .pdf, .png, .dot, .tex or .html.

        The file is written whole or not at all.

        Raises:
            QueryError: another suffix, or the file cannot be written.
            MissingToolError: .pdf and .png need the package typst.

        >>> import tempfile
        >>> import archgraph
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     archgraph.load("dit").draw().save(f"{folder}/dit.svg").name
        'dit.svg'
        """
        target = Path(path)
        suffix = target.suffix.lower()
        if suffix not in SUFFIXES:
            hint = f"it must end in one of {', '.join(SUFFIXES)}"
            raise QueryError(f"cannot save a figure as {quoted(printable(str(path)))}", hint=hint)
        write_bytes(target, self._bytes(suffix))
        return target

    def _bytes(self, suffix: str) -> bytes:
        if suffix == ".svg":
            return self.svg.encode()
        if suffix == ".dot":
            return self.dot.encode()
        if suffix == ".tex":
            return self.tikz.encode()
        if suffix == ".html":
            return self.html.encode()
        from archgraph.figures.write.typeset import typeset

        return typeset(self.svg, self.diagram, suffix, self.look.dpi)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": repr(self)}

    def __repr__(self) -> str:
        width, height = self.diagram.width / 72, self.diagram.height / 72
        return f"<{self.kind} of {printable(self.diagram.title)}: {width:.2f} x {height:.2f} in>"


def draw(
    network: Network,
    view: str = "overview",
    *,
    width: str = "auto",
    venue: str = "icml",
    color: str = "locality",
    engine: str = "auto",
    show: Iterable[str] | None = None,
    terms: str = "leading",
    values: bool = False,
    theme: str = "paper",
    background: str | None = None,
    fonts: str = "embed",
    dpi: int = 300,
) -> Figure:
    """Draw an architecture.

    Args:
        network: what is drawn.
        view: ``"overview"`` (stages as a U or a spine), ``"blocks"`` (inside the repeated block), ``"full"`` (every
            operation, repeats collapsed), ``"unrolled"``, ``"ladder"`` (receptive field over depth), ``"matrix"``
            (connected positions), ``"hops"`` (moves over distance), ``"levels"`` (costs by resolution) or ``"laws"``
            (costs against each symbol).
        width: ``"auto"``, ``"column"``, ``"text"`` or a length such as ``"3.25in"``.
        venue: ``"icml"``, ``"neurips"``, ``"iclr"``, ``"acl"`` or ``"nature"``.
        color: ``"locality"``, ``"params"`` and ``"macs"`` (share of the whole), ``"level"`` (resolution) or ``"op"``.
        engine: the Graphviz engine for graphs that have no layout of their own.
        show: which of ``"shape"``, ``"params"``, ``"macs"`` and ``"field"`` boxes are annotated with; all by default.
        terms: ``"leading"``: whole laws behind ``=`` where they fit into boxes of usual width, else their large
            terms behind ``≈``; or ``"full"``, which widens boxes for whole laws.
        values: numbers at the bound symbols instead of laws.
        theme: ``"paper"``; ``"slides"``, twice as large; or ``"dark"``, light on dark.
        background: ``"white"``, ``"paper"`` (a warm white) or ``"transparent"``; by default the page of the theme.
        fonts: ``"embed"`` (the letters that are used come with the drawing), ``"outlines"`` (letters are shapes, for
            programs that read no embedded fonts) or ``"system"`` (fonts of the machine that shows it).
        dpi: dots per inch of a .png.

    Raises:
        QueryError: an unknown view, colouring, venue, width or look, or nothing to show.
        MissingToolError: Graphviz is needed and not installed.

    >>> import archgraph
    >>> draw(archgraph.load("unet").network).diagram.width / 72
    6.75
    """
    from archgraph.figures.facts.options import options
    from archgraph.figures.views import view_diagram

    look = checked_look(theme, background, fonts, dpi)
    facts = Facts(network, color, options(show, terms, values=values))
    drawn = view_diagram(facts, view, width_before_scaling(width, venue, theme), venue, engine)
    return Figure(drawn, view, (facts,), look)


def chart_figure(
    draw_at: Callable[[float], Diagram],
    title: str,
    width: str = "text",
    venue: str = "icml",
    theme: str = "paper",
    background: str | None = None,
    fonts: str = "embed",
    dpi: int = 300,
) -> Figure:
    """Draw a chart of several networks.

    Args:
        draw_at: what draws it at a width in points.
        title: of what it is.
        width: as for `draw`; and `venue`, `theme`, `background`, `fonts` and `dpi`.

    Raises:
        QueryError: an unknown venue, width or look.

    >>> from archgraph.figures.charts.growth_chart import growth_diagram
    >>> from archgraph.report.curves import Series
    >>> one = Series("a", ((1e9, 1e7), (4e9, 4e7)))
    >>> chart_figure(lambda wide: growth_diagram([one], wide, "en"), "growth of a").diagram.width / 72
    6.75
    """
    from archgraph.figures.drawing.style import page_width

    look = checked_look(theme, background, fonts, dpi)
    drawn = draw_at(page_width(width_before_scaling(width, venue, theme), venue))
    return Figure(replace(drawn, title=title), "chart", (), look)


def contrast(
    *networks: Network,
    width: str = "text",
    venue: str = "icml",
    panels: Iterable[str] | None = None,
    theme: str = "paper",
    background: str | None = None,
    fonts: str = "embed",
    dpi: int = 300,
) -> Figure:
    """Draw networks side by side on one scale, with the table of their laws.

    Args:
        networks: two or more.
        width: as for `draw`; and `venue`.
        panels: from top to bottom, of ``"stages"``, ``"levels"``, ``"laws"``, ``"ladder"``, ``"hops"`` and
            ``"matrix"``; all if nothing is said.
        theme: as for `draw`; and `background`, `fonts` and `dpi`.

    Raises:
        QueryError: an unknown panel, venue or width, less than 3.2 inches, or fewer than two networks.

    >>> import archgraph
    >>> contrast(archgraph.load("unet").network, archgraph.load("dit").network).diagram.width / 72
    6.75
    """
    from archgraph.figures.contrast.contrast import PANELS, contrast_diagram
    from archgraph.figures.drawing.style import page_width

    look = checked_look(theme, background, fonts, dpi)
    page = page_width(width_before_scaling(width, venue, theme), venue)
    facts = tuple(map(Facts, networks))
    drawn = contrast_diagram(facts, page, tuple(PANELS) if panels is None else tuple(panels))
    return Figure(drawn, "contrast", facts, look)
