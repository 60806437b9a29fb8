"""Text of others in tables: every format is read back by a reader that is not ours."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree

import pytest

from archgraph.report.table import Table

HOSTILE = [
    "plain_name with conv_1",
    '=HYPERLINK("http://example.org","x")',
    "+1+2",
    "-2+3",
    "@SUM(A1)",
    "\tx",
    "one\ntwo\r\nthree",
    "a|b\\|c\\",
    "<b>bold</b> &amp; <script>",
    "`code` *x* _y_ ~~z~~ [link](http://e.org) $m$",
    "50 % of #1 & {x} ~ ^ \" ' < >",
    "\x1b[2J\x1b]0;title\x07",
    "abc\u202edef\u200b\u2066\ufeff",
    "\x00\x7f\x9b\u2028",
]
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
FORMATS = ("text", "markdown", "latex", "csv", "json", "html")


def table() -> Table:
    rows = [{"name": text, "number": -number} for number, text in enumerate(HOSTILE)]
    return Table(HOSTILE[-1], ("name", "number"), rows, notes=tuple(HOSTILE), remarks=tuple(HOSTILE))


def seen(text: str) -> str:
    """What a reader sees of a text: what cannot be printed is spelt."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_moves_the_cursor_or_hides_text(format):
    assert not RAW.search(table().to(format))


def test_csv_has_the_text_and_no_formula():
    head, *rows = csv.reader(io.StringIO(table().to("csv")))
    assert head == ["name", "number"]
    assert [name.removeprefix("'") for name, _ in rows] == list(map(seen, HOSTILE))
    assert not [name for name, _ in rows if name.startswith(("=", "+", "-", "@", "\t"))]
    assert [int(number) for _, number in rows] == [-number for number in range(len(HOSTILE))]


def test_json_loses_nothing():
    assert [row["name"] for row in json.loads(table().to("json"))] == HOSTILE


def test_markdown_renders_to_the_text():
    markdown_it = pytest.importorskip("markdown_it")
    html = markdown_it.MarkdownIt("gfm-like", {"linkify": False}).render(table().to("markdown"))
    root = ElementTree.fromstring(f"<div>{html}</div>")
    assert {element.tag for element in root.iter()} <= {"div", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}
    cells = ["".join(cell.itertext()) for cell in root.iter("td")][::2]
    assert cells == [seen(text).strip() for text in HOSTILE]


def test_html_renders_to_the_text():
    root = ElementTree.fromstring(f"<div>{table().to('html')}</div>")
    assert ["".join(cell.itertext()) for cell in root.iter("td")][::2] == list(map(seen, HOSTILE))
    assert not {"b", "script"} & {element.tag for element in root.iter()}


def test_latex_has_a_line_per_row_and_no_bare_sign():
    body = table().to("latex").split("\\midrule\n")[1].split("\\bottomrule")[0]
    lines = body.strip().splitlines()
    assert len(lines) == len(HOSTILE)
    for line in lines:
        assert line.endswith(r" \\") and len(re.findall(r"(?<!\\)&", line)) == 1
        bare = re.sub(r"\\text[a-z]+\{\}|\\[_%&#{}$]|\\\\$", "", line.replace(" & ", " "))
        assert not re.search(r'[<>|"#%{}_^~$\\]', bare), line


def test_text_has_a_line_per_row():
    assert len(str(table()).splitlines()) == 1 + 2 * len(HOSTILE) + 1 + 1 + len(HOSTILE)


def test_one_long_cell_does_not_widen_every_row():
    rows = [{"name": "x" * 10_000 if number == 3 else "y", "law": "z"} for number in range(100)]
    whole = Table("t", ("name", "law"), rows)
    assert "x" * 10_000 in str(whole) and len(str(whole)) < 10_000 + 100 * 200
    assert len(repr(whole)) < 15_000 and "… 44 more lines" in repr(whole)
    assert "9,500 more characters" in repr(Table("t", ("name",), rows[:4]))
