"""What stands below a figure, and the lines that bring it into a page of Markdown or an article."""

from collections.abc import Sequence
from pathlib import PurePath

from archgraph.errors import QueryError, printable, quoted
from archgraph.figures.drawing.diagram import Diagram
from archgraph.figures.facts.facts import Facts
from archgraph.figures.write.tikz import escaped

_SHOWN = {
    "overview": "Its stages from input to output",
    "blocks": "The repeated block",
    "full": "Every operation",
    "closed": "Its operations and blocks",
    "unrolled": "Every operation, with repeats unrolled",
    "ladder": "The receptive field over the depth",
    "matrix": "Which positions are connected",
    "hops": "Moves over the distance",
    "levels": "Parameters and multiply-accumulates by resolution",
    "laws": "Costs against each symbol",
    "contrast": "Side by side on one scale",
}
_WIDE = 3.6 * 72
_MARKDOWN = str.maketrans({one: f"\\{one}" for one in "\\`*_{}[]<>#|"})


def caption(kind: str, networks: Sequence[Facts]) -> str:
    """What a figure shows, and the exact costs of its networks at the drawn sizes."""
    costs = "; ".join(map(_costs, networks))
    what = _SHOWN[kind]
    if len(networks) == 1 and networks[0].options.style != "boxes":
        what = "Its feature maps: as high as the root of the positions along a side, as wide as that of the channels"
    if len(networks) == 1 and networks[0].options.focus:
        what = f"The inside of {networks[0].options.focus}"
    return f"{', '.join(facts.network.name for facts in networks)}. {what}. {costs}."


def _costs(facts: Facts) -> str:
    params, macs = (round(facts.value(facts.total(metric))) for metric in ("params", "macs"))
    used = {symbol for metric in ("params", "macs") for symbol in facts.total(metric).free_symbols}
    sizes = sorted(f"{symbol} = {value}" for symbol, value in facts.values.items() if symbol in used)
    where = f" at {', '.join(sizes)}" if sizes else ""
    named = facts.network.name
    return f"{named} has {params:,} parameters and {macs:,} multiply-accumulates{where}"


def markdown_figure(diagram: Diagram, path: str, text: str) -> str:
    """An image with its caption; what Markdown reads otherwise is escaped.

    >>> print(markdown_figure(Diagram(title="U_Net"), "u net.svg", "A caption."))
    ![U\\_Net](<u net.svg>)
    <BLANKLINE>
    *A caption.*
    <BLANKLINE>
    """
    alt, place = printable(diagram.title).translate(_MARKDOWN), f"<{path}>" if " " in path else path
    return f"![{alt}]({place})\n\n*{printable(text).translate(_MARKDOWN)}*\n"


def latex_figure(diagram: Diagram, path: str, text: str, label: str = "") -> str:
    """A figure environment, over both columns where the drawing is wider than one.

    Raises:
        QueryError: a file that LaTeX neither reads nor includes, or a path that it cannot take.
    """
    suffix = PurePath(path).suffix.lower()
    if suffix not in (".tex", ".pdf", ".png"):
        raise QueryError(f"LaTeX cannot show {quoted(path)}", hint="save it as .tex, .pdf or .png")
    if not all(one.isalnum() or one in "./-_ " for one in path):
        raise QueryError(f"LaTeX cannot take the path {quoted(path)}", hint="letters, digits, ., /, - and _")
    if not all(one.isalnum() or one in ":.-_" for one in label):
        raise QueryError(f"LaTeX cannot take the label {quoted(label)}", hint="letters, digits, :, ., - and _")
    command = "\\input" if suffix == ".tex" else f"\\includegraphics[width={diagram.width:.2f}bp]"
    star = "*" if diagram.width > _WIDE else ""
    named = f"\\label{{{label}}}" if label else ""
    lines = (
        f"\\begin{{figure{star}}}",
        "\\centering",
        f"{command}{{{path}}}",
        f"\\caption{{{escaped(text)}}}{named}",
        f"\\end{{figure{star}}}",
    )
    return "\n".join(lines) + "\n"
