"""Figures: made from an architecture, shown in notebooks, saved whole or not at all."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Unpack

from archgraph.data.figure_keywords import ChartOptions, ContrastOptions, DrawOptions
from archgraph.data.figure_words import FIGURE_OPTIONS, SUFFIXES
from archgraph.errors import QueryError, not_among, printable
from archgraph.figures.drawing.diagram import Diagram
from archgraph.figures.drawing.look import Look, checked_look, height_before_scaling, width_before_scaling
from archgraph.figures.drawing.themes import themed
from archgraph.figures.facts.facts import Facts
from archgraph.graph.network import Network
from archgraph.keywords import strict_methods
from archgraph.report.files import check_writable, write_bytes


def figure_target(path: str | os.PathLike[str]) -> Path:
    """Return the file that a figure is written to, which is asked before anything is drawn for it.

    Raises:
        QueryError: another suffix, or the file cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        hint = f"it must end in one of {', '.join(SUFFIXES)}"
        raise QueryError(f"cannot save a figure as '{printable(str(path))}'", hint=hint)
    check_writable(target)
    return target


@strict_methods
class Figure:
    """A finished drawing.

    It shows itself in a notebook. `svg` and `dot` are its text, `save` writes a file.
    """

    def __init__(
        self, diagram: Diagram, kind: str = "figure", facts: Sequence[Facts] = (), look: Look | None = None
    ) -> None:
        self.look: Look = look or Look()
        self.diagram: Diagram = themed(diagram, self.look)
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
        """The drawing in the DOT language with pinned positions (``neato -n2`` keeps them),
        labels, clusters and colours.

        >>> import archgraph
        >>> archgraph.load("dit").draw().dot.startswith("digraph")
        True
        """
        from archgraph.figures.write.dot import to_dot

        return to_dot(self.diagram)

    @cached_property
    def tikz(self) -> str:
        """The drawing as a TikZ picture of its true size for ``\\input``: one node per box, in the paper's fonts.

        >>> import archgraph
        >>> "tikzpicture" in archgraph.load("dit").draw().tikz
        True
        """
        from archgraph.figures.write.tikz import to_tikz

        return to_tikz(self.diagram)

    @cached_property
    def html(self) -> str:
        """The drawing as an interactive page on its own, with a slider for every symbol of its laws.

        >>> import archgraph
        >>> "<svg" in archgraph.load("dit").draw().html
        True
        """
        from archgraph.figures.overview.unfolding import Drawing, unfolded
        from archgraph.figures.write.interactive import page
        from archgraph.figures.write.sliders import of_network

        if not self._facts:
            return page([Drawing("", "", "", self.diagram)], [], look=self.look)
        alone = self._facts[0] if len(self._facts) == 1 and self.kind in _OF_BOXES else None
        found = [Drawing("", "", "", self._plain)] if alone is None else unfolded(alone, self._plain)
        drawings = [replace(one, diagram=themed(one.diagram, self.look)) for one in found]
        charts = alone is None or alone.options.style != "boxes" or alone.frozen or alone.color == "level"
        return page(drawings, [of_network(one) for one in self._facts], look=self.look, fixed=charts)

    def caption(self) -> str:
        """One or two sentences for below the drawing: what it shows, and what the network costs, exactly.

        >>> import archgraph
        >>> print(archgraph.load("vit").draw().caption())  # doctest: +ELLIPSIS
        ViT... parameters and ... multiply-accumulates at ...
        """
        from archgraph.figures.write.caption import caption

        return caption(self.kind, self._facts)

    def markdown(self, path: str | os.PathLike[str]) -> str:
        """The lines that show a saved drawing in a Markdown page, with its caption.

        >>> import archgraph
        >>> archgraph.load("vit").draw().markdown("vit.svg").startswith("![ViT](vit.svg)")
        True
        """
        from archgraph.figures.write.caption import markdown_figure

        return markdown_figure(self.diagram, os.fspath(path), self.caption())

    def latex(self, path: str | os.PathLike[str], label: str = "") -> str:
        """The lines that show a saved drawing in an article, with its caption: it inputs a .tex and includes a .pdf.

        >>> import archgraph
        >>> "input{vit.tex}" in archgraph.load("vit").draw().latex("vit.tex")
        True
        """
        from archgraph.figures.write.caption import latex_figure

        return latex_figure(self.diagram, os.fspath(path), self.caption(), label)

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
        target = figure_target(path)
        write_bytes(target, self._bytes(target.suffix.lower()))
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

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": repr(self)}

    def __repr__(self) -> str:
        width, height = self.diagram.width / 72, self.diagram.height / 72
        return f"<{self.kind} of {printable(self.diagram.title)}: {width:.2f} x {height:.2f} in>"


_OF_BOXES = ("overview", "blocks", "full", "closed")
_LOOK = ("theme", "background", "fonts", "dpi", "palette")


def draw(network: Network, view: str | None = None, *, engine: str = "auto", **said: Unpack[DrawOptions]) -> Figure:
    """Draw an architecture.

    What is not said here is as the section `figure` of its spec says it, and else as by default.

    Args:
        network: what is drawn.
        view: one of `VIEWS`.
        engine: the Graphviz engine for graphs that have no layout of their own.
        said: the options, see `FIGURE_OPTIONS`.

    Raises:
        QueryError: an option that is unknown or cannot be drawn, or nothing to show.
        MissingToolError: Graphviz is needed and not installed.

    >>> import archgraph
    >>> draw(archgraph.load("unet").network).diagram.width / 72
    6.75
    """
    from archgraph.figures.facts.options import options
    from archgraph.figures.views import view_diagram

    chosen = _chosen(network.origin.figure, {"view": view, **said}, FIGURE_OPTIONS)
    look = _look_of(chosen)
    shown, width, venue = chosen.pop("view", "overview"), chosen.pop("width", "auto"), chosen.pop("venue", "icml")
    color = chosen.pop("color", "op" if chosen.get("style", "boxes") != "boxes" else "locality")
    chosen["height"] = height_before_scaling(chosen.get("height"), width, look.theme)
    facts = Facts(network, color, options(**chosen))
    drawn = view_diagram(facts, shown, width_before_scaling(width, venue, look.theme), venue, engine)
    return Figure(drawn, drawn.view or shown, (facts,), look)


def _widest(look: Look) -> str:
    """How wide a figure of several networks is by default."""
    return "auto" if look.theme == "slides" else "text"


def chart_figure(draw_at: Callable[[float], Diagram], title: str, **said: Unpack[ChartOptions]) -> Figure:
    """Draw a chart of several networks.

    Args:
        draw_at: what draws it at a width in points.
        title: of what it is.
        said: how it looks, as for `draw`.

    Raises:
        QueryError: an unknown venue, width or look.

    >>> from archgraph.figures.charts.growth_chart import growth_diagram
    >>> from archgraph.report.curves import DataSeries
    >>> one = DataSeries("a", ((1e9, 1e7), (4e9, 4e7)))
    >>> chart_figure(lambda wide: growth_diagram([one], wide, "en"), "growth of a").diagram.width / 72
    6.75
    """
    from archgraph.figures.drawing.style import page_width

    chosen = _chosen({}, said, ChartOptions.__annotations__)
    look, venue = _look_of(chosen), chosen.get("venue", "icml")
    drawn = draw_at(page_width(width_before_scaling(chosen.get("width", _widest(look)), venue, look.theme), venue))
    return Figure(replace(drawn, title=title), "chart", (), look)


def _look_of(chosen: dict[str, Any]) -> Look:
    """Take out of what was chosen how it looks."""
    return checked_look(**{name: chosen.pop(name) for name in _LOOK if name in chosen})


def _chosen(section: Mapping[str, object], said: Mapping[str, object], known: Collection[str]) -> dict[str, Any]:
    """What was said, over what the spec says.

    Raises:
        QueryError: an option that does not exist.
    """
    for name in said:
        if name not in known:
            raise not_among("option of a figure", name, known)
    return {**section, **{name: value for name, value in said.items() if value is not None}}


def contrast(*networks: Network, **said: Unpack[ContrastOptions]) -> Figure:
    """Draw networks side by side on one scale, with the table of their laws.

    Labels and hidden parts are those of each spec's section `figure`, under what is said here.

    Args:
        networks: two or more.
        said: as for `draw`, and `panels`: from top to bottom, of ``"stages"``, ``"levels"``, ``"laws"``,
            ``"ladder"``, ``"hops"`` and ``"matrix"``; all that a page has room for if nothing is said.
            With ``style`` the stages are maps.

    Raises:
        QueryError: an unknown panel, venue or width, less than 3.2 inches, or fewer than two networks.

    >>> import archgraph
    >>> contrast(archgraph.load("unet").network, archgraph.load("dit").network).diagram.width / 72
    6.75
    """
    from archgraph.figures.contrast.contrast import contrast_diagram
    from archgraph.figures.contrast.options import contrast_facts
    from archgraph.figures.drawing.bridges import bridged
    from archgraph.figures.drawing.style import page_height, page_width
    from archgraph.figures.views import titled

    chosen = _chosen({}, said, ContrastOptions.__annotations__)
    look = _look_of(chosen)
    venue, width = chosen.get("venue", "icml"), chosen.get("width", _widest(look))
    height = height_before_scaling(chosen.get("height"), width, look.theme)
    page = page_width(width_before_scaling(width, venue, look.theme), venue)
    facts = contrast_facts(networks, chosen.get("labels") or {}, chosen.get("hide") or (), chosen.get("style", "boxes"))
    drawn = contrast_diagram(
        facts,
        page,
        chosen.get("panels"),
        None if height is None else page_height(height),
        scale=chosen.get("legend", True),
    )
    return Figure(titled(bridged(drawn), chosen.get("title", "")), "contrast", facts, look)
