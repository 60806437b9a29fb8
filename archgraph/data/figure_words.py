"""The words that options of figures take: in calls, on the command line, and in the section `figure` of a spec."""

from dataclasses import dataclass
from typing import Literal

VIEWS = ("overview", "blocks", "full", "unrolled", "ladder", "matrix", "hops", "levels", "laws")
COLORS = ("locality", "params", "macs", "level", "op")
#: What can be annotated: sizes of outputs, parameters, multiply-accumulates, and pictures of the receptive field.
ANNOTATIONS = ("shape", "params", "macs", "field")
TERMS = ("leading", "full")
DIRECTIONS = ("auto", "down", "right")
#: Boxes with words, or feature maps in true proportion: flat, or in slight perspective.
STYLES = ("boxes", "maps", "perspective")
THEMES = ("paper", "slides", "dark")
BACKGROUNDS = {"white": "#ffffff", "paper": "#fbf8f1", "transparent": "none"}
SUFFIXES = (".svg", ".pdf", ".png", ".dot", ".tex", ".html")
FONTS = ("embed", "outlines", "system")
#: Panels of a contrast, in order: what each shows.
PANELS = {
    "stages": "what their stages read of the input",
    "levels": "parameters and MACs by resolution level",
    "laws": "the table of their laws",
    "ladder": "the receptive field over the depth",
    "hops": "moves over the distance",
    "matrix": "connected positions",
}
LOWEST_DPI, HIGHEST_DPI = 36, 1200

#: Widths in points at print size: (one column, whole text).
VENUES: dict[str, tuple[float, float]] = {
    "icml": (3.25 * 72, 6.75 * 72),
    "neurips": (5.5 * 72, 5.5 * 72),
    "iclr": (5.5 * 72, 5.5 * 72),
    "acl": (3.3 * 72, 6.8 * 72),
    "nature": (89 / 25.4 * 72, 183 / 25.4 * 72),
}

#: Sequential scales after ColorBrewer (Harrower & Brewer 2003) and viridis (Smith & van der Walt 2015): safe for
#: colour-blind readers, and their luminance falls throughout, so that they survive a greyscale printer.
PALETTES: dict[str, tuple[str, ...]] = {
    "ocean": (
        "#ffffd2", "#e3f4b8", "#c0e6b6", "#83cfba", "#46b4c3", "#2590bf", "#2361a9", "#243a93", "#081d58",
    ),
    "ember": (
        "#ffffcc", "#ffeda0", "#fed976", "#feb24c", "#fd8d3c", "#fc4e2a", "#e31a1c", "#bd0026", "#800026",
    ),
    "violet": (
        "#f7fcfd", "#e0ecf4", "#bfd3e6", "#9ebcda", "#8c96c6", "#8c6bb1", "#88419d", "#810f7c", "#4d004b",
    ),
    "viridis": ("#fde725", "#b5de2b", "#6ece58", "#35b779", "#1f9e89", "#26828e", "#31688e", "#3e4989", "#440154"),
    "grey": (
        "#ffffff", "#f0f0f0", "#d9d9d9", "#bdbdbd", "#969696", "#737373", "#525252", "#303030", "#101010",
    ),
}  # fmt: skip

#: What can be said of how a box looks.
NODE_STYLE = ("fill", "line", "text", "width", "dashed")

OptionKind = Literal["word", "words", "text", "flag", "number", "texts", "styles", "palette"]


@dataclass(frozen=True)
class FigureOption:
    """An option of a figure.

    Attributes:
        kind: what it takes: one of some words, several, any text, true or false, a whole number, texts by name, the
            looks of boxes by name, or a palette.
        doc: what it does.
        words: those that are allowed, where only some are.
    """

    kind: OptionKind
    doc: str
    words: tuple[str, ...] = ()


#: Every option of `draw` that a spec can hold, in the order of its documentation.
FIGURE_OPTIONS: dict[str, FigureOption] = {
    "view": FigureOption("word", "What is drawn.", VIEWS),
    "style": FigureOption("word", "Boxes, or feature maps in true proportion: flat, or in perspective.", STYLES),
    "width": FigureOption("text", "auto, column, text, or a length such as 3.25in."),
    "height": FigureOption("text", "The most that the drawing shall be high, such as 4in."),
    "venue": FigureOption("word", "Whose column and text widths are meant.", tuple(VENUES)),
    "direction": FigureOption("word", "Where the data flows; auto draws a U where there is one.", DIRECTIONS),
    "color": FigureOption("word", "What the colour of a box says.", COLORS),
    "palette": FigureOption("palette", "The scale of colours: a name, or two to nine colours from light to dark."),
    "show": FigureOption("words", "What boxes are annotated with.", ANNOTATIONS),
    "terms": FigureOption("word", "How much of a law is shown.", TERMS),
    "values": FigureOption("flag", "Numbers at the bound symbols instead of laws."),
    "labels": FigureOption("texts", "Headings of boxes, by path or kind."),
    "hide": FigureOption("words", "What is not drawn, by path, kind or name of an input."),
    "depth": FigureOption("number", "How many levels of blocks are opened."),
    "focus": FigureOption("text", "The path of the block whose inside is drawn."),
    "node_style": FigureOption("styles", "How boxes look, by path or kind."),
    "title": FigureOption("text", "A heading above the drawing."),
    "legend": FigureOption("flag", "Whether scale, signs and totals stand below the drawing."),
    "theme": FigureOption("word", "paper, slides (twice as large) or dark.", THEMES),
    "background": FigureOption("word", "What is behind the drawing.", tuple(BACKGROUNDS)),
    "fonts": FigureOption("word", "Whether letters are embedded, are outlines, or those of the system.", FONTS),
    "dpi": FigureOption("number", "Dots per inch of a PNG."),
}
