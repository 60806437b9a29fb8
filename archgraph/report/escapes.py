"""Text of others as data: whatever a format reads otherwise is written so that its reader sees the text alone."""

from __future__ import annotations

import json
import re

from archgraph.errors import printable

_LATEX = {
    "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "{": r"\{", "}": r"\}", "$": r"\$", "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedblright{}", "×": r"$\times$", "–": "--", "—": "---", "…": r"\dots{}",
    "≈": r"$\approx$", "≤": r"$\le$", "≥": r"$\ge$", "→": r"$\rightarrow$", "θ": r"$\theta$", "·": r"$\cdot$",
    "−": "$-$", "²": "$^2$", "³": "$^3$", "√": r"$\surd$", "≠": r"$\ne$", "∞": r"$\infty$", "±": r"$\pm$",
    "µ": r"$\mu$", "“": "``", "”": "''", "‘": "`", "’": "'",
}  # fmt: skip
_CAPITALS = "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
_SMALL = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi chi psi omega"
_LATEX |= {
    one: rf"$\{name}$"
    for one, name in zip("αβγδεζηθικλμνξπρστφχψωΓΔΘΛΞΠΣΦΨΩ", f"{_SMALL} {_CAPITALS}".split(), strict=True)
}
# Letters of Latin-1 and Latin Extended-A for which its encoding OT1, which is what a document has at first, or T1 lacks
# a glyph, so that a document would not compile.
_LATEX_LACKS = frozenset("«»ÐÞðþĄąĐđĘęĦħĮįĸĿŀŉŊŋŦŧŲųſ")
_MARKDOWN = str.maketrans({mark: f"\\{mark}" for mark in "\\|*`[]~$"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"})
# Inside a word an underscore is no emphasis, and names of operations are full of them.
_EMPHASIS = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def markdown(text: str) -> str:
    r"""Return text for a cell of a Markdown table: one line, no HTML, no emphasis.

    >>> markdown("a|b\nconv_1 <b> *x*")
    'a\\|b\\\\nconv_1 &lt;b&gt; \\*x\\*'
    """
    return _EMPHASIS.sub(r"\\_", printable(text).translate(_MARKDOWN))


def latex(text: str) -> str:
    r"""Return text for LaTeX in any of its standard encodings; what those lack is spelt by its number.

    >>> latex("50 % of C_1 < 3"), latex("网")
    ('50 \\% of C\\_1 \\textless{} 3', '\\textbackslash{}u7f51')
    """
    return "".join(map(_in_latex, printable(text)))


def _in_latex(one: str) -> str:
    if one in _LATEX:
        return _LATEX[one]
    if one.isascii() or ("\xa0" < one < "\u0180" and one not in _LATEX_LACKS):
        return one
    return f"\\textbackslash{{}}{ascii(one)[2:-1]}"


def csv_cell(value: object) -> object:
    """Return the value of a cell, in which a spreadsheet finds no formula; numbers stay as they are.

    >>> csv_cell("=1+1"), csv_cell("-12.5"), csv_cell(-3)
    ("'=1+1", '-12.5', -3)
    """
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def json_text(value: object) -> str:
    """Return JSON in which what cannot be printed is spelt by its number, so that nothing is lost.

    >>> print(json_text({"name": "a\\x1b\\u202e×"}))
    {
      "name": "a\\u001b\\u202e×"
    }
    """
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text)
