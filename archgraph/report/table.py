"""Tables: rows of laws or numbers, written as text, Markdown, LaTeX, CSV, JSON or HTML."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from sympy import Expr
from sympy import latex as formula

from archgraph.data.question_words import FORMATS
from archgraph.errors import not_among, printable
from archgraph.keywords import strict_methods
from archgraph.report.brief import in_brief
from archgraph.report.escapes import csv_cell, json_text, latex, markdown
from archgraph.report.frames import data_frame
from archgraph.sizes.law_text import law_text
from archgraph.sizes.rounding import shortly_rounded

if TYPE_CHECKING:
    from archgraph.report.frames import DataFrame

_WIDEST = 160
"""The widest column of a text, in characters: a longer cell moves the rest of its own row alone."""


@strict_methods
@dataclass(frozen=True)
class Table:
    """Columns, rows, a totals row, and the conventions that the numbers follow.

    >>> table = Table("costs", ("node", "params"), [{"node": "conv", "params": 12}], notes=("params: all",))
    >>> print(table)
    costs
      params: all
    <BLANKLINE>
    node  params
    conv      12
    """

    title: str
    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    total: dict[str, Any] | None = None
    notes: tuple[str, ...] = field(default=())
    wrap: int = 0
    """The widest a cell may be in text, longer ones being wrapped; 0 for no limit."""
    remarks: tuple[str, ...] = ()
    """What a reader of the rows must know, such as rows that are missing; told even where notes have no place."""

    def to(self, format: str) -> str:
        """Return the table in one of `FORMATS`.

        Raises:
            QueryError: an unknown format.

        >>> Table("costs", ("node", "params"), [{"node": "conv", "params": 1200}]).to("csv")
        'node,params\\nconv,1200\\n'
        """
        if format not in FORMATS:
            raise not_among("format", format, FORMATS)
        return str(self) if format == "text" else getattr(self, f"to_{format}")()

    def _all(self) -> list[dict[str, Any]]:
        return [*self.rows, *([self.total] if self.total else [])]

    def _cells(self) -> list[list[str]]:
        return [[printable(_text(row.get(column, ""))) for column in self.columns] for row in self._all()]

    def _told(self) -> list[str]:
        return [printable(note) for note in (*self.notes, *self.remarks)]

    def __str__(self) -> str:
        cells = [line for row in self._cells() for line in self._wrapped(row)]
        columns = list(map(printable, self.columns))
        # One long law does not widen every other row: the text stays as long as what it says.
        widths = [min(_WIDEST, max(map(len, column))) for column in zip(columns, *cells, strict=True)]
        numeric = [_is_numeric(row.get(column) for row in self.rows) for column in self.columns]
        lines = [_aligned(row, widths, numeric) for row in [columns, *cells]]
        if self.total:
            lines.insert(-1, "-" * min(len(lines[0]), sum(widths) + 2 * len(widths) - 2))
        head = [printable(self.title), *(f"  {note}" for note in self._told()), ""]
        return "\n".join([*head, *lines])

    def __repr__(self) -> str:
        return in_brief(str(self))

    def _wrapped(self, cells: list[str]) -> list[list[str]]:
        if not self.wrap:
            return [cells]
        columns = [wrap(cell, self.wrap, break_long_words=False) or [""] for cell in cells]
        return [list(line) for line in zip_longest(*columns, fillvalue="")]

    def to_markdown(self) -> str:
        """Return a Markdown table, the conventions below it.

        >>> print(Table("costs", ("node", "params"), [{"node": "conv", "params": 12}]).to_markdown())
        | node | params |
        | --- | --- |
        | conv | 12 |
        <BLANKLINE>
        <BLANKLINE>
        """
        rows = [[_text(row.get(column, "")) for column in self.columns] for row in self._all()]
        head, *lines = (_bars(map(markdown, row)) for row in [self.columns, *rows])
        notes = [f"- {markdown(note)}" for note in (*self.notes, *self.remarks)]
        return "\n".join([head, _bars(["---"] * len(self.columns)), *lines, "", *notes]) + "\n"

    def to_latex(self) -> str:
        """Return a LaTeX tabular (booktabs), laws typeset as formulas.

        >>> from archgraph.sizes.symbols import symbol
        >>> print(Table("costs", ("node", "params"), [{"node": "fc_1", "params": 4 * symbol("D") ** 2}]).to_latex())
        \\begin{tabular}{ll}
        \\toprule
        node & params \\\\
        \\midrule
        fc\\_1 & $4 D^{2}$ \\\\
        \\bottomrule
        \\end{tabular}
        <BLANKLINE>
        """
        rows = [[_tex(row.get(column, "")) for column in self.columns] for row in self._all()]
        lines = [" & ".join(row) + r" \\" for row in rows]
        if self.total:
            lines.insert(-1, r"\midrule")
        head = " & ".join(map(_tex, self.columns)) + r" \\"
        notes = [f"% {note}" for note in self._told()]
        begin = rf"\begin{{tabular}}{{{'l' * len(self.columns)}}}"
        return (
            "\n".join([*notes, begin, r"\toprule", head, r"\midrule", *lines, r"\bottomrule", r"\end{tabular}"]) + "\n"
        )

    def to_csv(self) -> str:
        """Return comma-separated values, numbers without separators; the totals row is left out.

        >>> print(Table("costs", ("node", "params"), [{"node": "conv", "params": 1200}]).to_csv())
        node,params
        conv,1200
        <BLANKLINE>
        """
        import csv

        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(map(csv_cell, self.columns))
        writer.writerows([[csv_cell(_plain(row.get(column, ""))) for column in self.columns] for row in self.rows])
        return buffer.getvalue()

    def to_json(self) -> str:
        """Return a JSON list of rows; laws are text, numbers are numbers.

        >>> print(Table("costs", ("node", "params"), [{"node": "conv", "params": 1200}]).to_json())
        [
          {
            "node": "conv",
            "params": 1200
          }
        ]
        <BLANKLINE>
        """
        rows = [{key: _plain(value) for key, value in row.items()} for row in self.rows]
        return json_text(rows) + "\n"

    def to_html(self) -> str:
        """Return an HTML table, everything escaped.

        >>> Table("costs", ("node",), [{"node": "<b>"}]).to_html().count("&lt;b&gt;")
        1
        """
        head = "".join(f"<th>{escape(printable(column))}</th>" for column in self.columns)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self._cells())
        notes = "".join(f"<li>{escape(note)}</li>" for note in self._told())
        caption = f"<caption>{escape(printable(self.title))}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><ul>{notes}</ul>"

    def to_pandas(self) -> DataFrame:
        """Return the rows as a pandas frame, without the totals; title and notes are in its `attrs`.

        Laws stay expressions, numbers stay whole.

        Raises:
            MissingToolError: pandas is not installed.

        >>> table = Table("costs", ("node", "params"), [{"node": "conv", "params": 1200}])
        >>> table.to_pandas()["params"].tolist()
        [1200]
        """
        columns = {column: [row.get(column) for row in self.rows] for column in self.columns}
        return data_frame(columns, {"title": self.title, "notes": [*self.notes, *self.remarks]})

    def _repr_html_(self) -> str:
        return self.to_html()


def named_title(title: str, name: str = "") -> str:
    """Return the title of a table about a network, whose name may not be known.

    >>> named_title("costs", "DiT"), named_title("costs")
    ('DiT: costs', 'costs')
    """
    return f"{name}: {title}" if name else title


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else law_text(value)


def _plain(value: Any) -> Any:
    if isinstance(value, (int, float, str)) or value is None:
        return value
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else law_text(value)


def _tex(value: Any) -> str:
    if isinstance(value, Expr):
        return f"${formula(shortly_rounded(value))}$"
    return latex(_text(value))


def _is_numeric(values: Any) -> bool:
    return all(isinstance(value, (int, float)) for value in values if value != "")


def _aligned(cells: Sequence[str], widths: list[int], numeric: list[bool]) -> str:
    parts = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, numeric, strict=True)
    ]
    return "  ".join(parts).rstrip()


def _bars(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
