"""The page that shows what became of whole libraries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

Row = Mapping[str, Any]
PAGE = Path(__file__).parents[3] / "docs" / "corpora.md"
TRACED = ("exact", "gap", "wrong")
OUTSIDE = ("not built", "not run", "skipped")
"""What says nothing of archgraph: PyTorch itself, or the library, is not there or fails."""
PACKAGES = {"nnU-Net": "dynamic-network-architectures", "open_clip": "open_clip_torch"}
HEAD = """\
# Whole libraries

This page shows how archgraph fares with whole libraries. `python -m tests.models.corpora` builds their models without
weights and traces them: `--only timm` runs one library, `--page` writes this page from all results that are kept. The
run fails if a model is *wrong*, or *stopped*.

- **exact**: the parameters equal the module's, and twice the multiply-accumulates equal what
  `torch.utils.flop_counter.FlopCounterMode` counts. The counter leaves out products with a vector, products of rows
  with experts, and distances; their cost is supplied to it. The module of an ONNX file is archgraph's translation,
  whose operators are compared with the standard's own evaluation elsewhere.
- **gap**: an operator has no rule; the multiply-accumulates are those of all others.
- **refused**: an error says what cannot be traced, or the model was *stopped* at the time limit.
- *run* counts the listed models that the library builds offline and that PyTorch itself can call. The others appear
  below as *not built* or *not run*, with the reason.
- *Sizes* are the symbols of a law that equals the counter at two other sizes, from which it was not made. They are
  *fixed* if a network allows no others, as with a table of positions of one size, or if none are asked for, as of all
  of open_clip and ONNX, and of all but the smallest in each file of torchvision. They are *not found* if the search
  for a law was stopped after some time: the network is then traced at its own sizes.
- *Fields*: what two positions of the output read, compared with the module's gradient in double precision: *equal*,
  or *inside* if gradients that vanish for the drawn inputs leave some of it out. A gradient outside of it is wrong.
  Networks that are too *large* to run in double precision are left out, and so are outputs or gradients that cannot be
  compared position by position (*not compared*).
- *Spec*: whether the network can be written as a spec, which then has the same numbers.
- Every network is drawn. If lines cross boxes, or texts do not fit, *drawing* says so below.
- *Seconds* are processor seconds for the trace, with its law. *Passes* are these over the seconds of one pass of
  `FlopCounterMode` on shapes; there are none where it wants values, or where a run did not time it.

"""


def page(rows: Sequence[Row]) -> str:
    """Return the text of the page."""
    libraries = list(dict.fromkeys(row["library"] for row in rows))
    of = {library: [row for row in rows if row["library"] == library and row["name"]] for library in libraries}
    listed = {row["library"]: int(row["why"]) for row in rows if row["status"] == "listed"}
    parts = [HEAD, _totals(of, listed), _traces(rows), _rest(rows)]
    return "".join([*parts, *(_library(library, found) for library, found in of.items() if found)])


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]], left: int = 1) -> str:
    marks = ["---" if place < left else "---:" for place in range(len(columns))]
    lines = [columns, marks, *(list(map(_cell, row)) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|").replace("<", "&lt;")


def _totals(of: Mapping[str, Sequence[Row]], listed: Mapping[str, int]) -> str:
    every = [row for rows in of.values() for row in rows]
    numbers = {library: max(listed.get(library, 0), len(found)) for library, found in of.items() if found}
    rows = [_total(f"{library} {_version(library)}", number, of[library]) for library, number in numbers.items()]
    left = {library: number - len(of[library]) for library, number in numbers.items() if number > len(of[library])}
    told = ", ".join(f"{number} of {library}" for library, number in left.items())
    columns = ("library", "listed", "run", "exact", "gap", "refused", "wrong", "without a gap", "with a law", "seconds")
    table = _table(columns, [*rows, _total("all", sum(numbers.values()), every)])
    return f"{table}Listed by these libraries and not compared here: {told}.\n\n" if told else table


def _total(title: str, listed: int, rows: Sequence[Row]) -> tuple[object, ...]:
    asked = [row for row in rows if row["status"] not in OUTSIDE]
    number = {status: sum(row["status"] == status for row in asked) for status in ("exact", "gap", "wrong")}
    refused = len(asked) - sum(number.values())
    share = f"{100 * number['exact'] / len(asked):.1f} %" if asked else "-"
    laws = sum(_has_law(row) for row in asked)
    seconds = f"{sum(row.get('seconds', 0) for row in asked):.0f}"
    return title, listed, len(asked), number["exact"], number["gap"], refused, number["wrong"], share, laws, seconds


def _version(library: str) -> str:
    try:
        return version(PACKAGES.get(library, library))
    except PackageNotFoundError:
        return ""


def _has_law(row: Row) -> bool:
    return bool(row.get("law")) and not row["law"].startswith("fixed")


SLOWEST = 10


def _traces(rows: Sequence[Row]) -> str:
    """How many passes of the counter traces take, and which take the most.

    A trace whose search for a law came to none is neither one with free sizes nor one with its own sizes alone.
    """
    timed = [row for row in rows if row["status"] in TRACED and row.get("counter")]
    kinds = {
        "with a law in its sizes": [row for row in timed if _has_law(row)],
        "at its own sizes": [row for row in timed if not row["law"]],
    }
    text = "".join(_of_kind(kind, found) for kind, found in kinds.items() if found)
    return f"## What traces take\n\n{text}" if text else ""


def _of_kind(kind: str, rows: Sequence[Row]) -> str:
    most = sorted(rows, key=_passes, reverse=True)[:SLOWEST]
    cells = [(*_named(row), row["nodes"], f"{row['seconds']:.1f}", f"{_passes(row):.1f}") for row in most]
    middle = f"{median(map(_passes, rows)):.1f}"
    text = f"A trace {kind} takes {middle} passes in the median of {len(rows)} models. These take the most:\n\n"
    return text + _table(("library", "model", "nodes", "seconds", "passes"), cells, left=2)


def _named(row: Row) -> tuple[str, str]:
    return row["library"], row["name"]


def _passes(row: Row) -> float:
    return row["seconds"] / row["counter"]


def _rest(rows: Sequence[Row]) -> str:
    """What is not exact, and why."""
    found = [(row["library"], row["name"] or "all", row["status"], row["why"]) for row in rows]
    rest = [row for row in found if row[2] not in ("exact", "listed")]
    drawn = [row for row in rows if row.get("drawing", "") not in ("", "whole")]
    rest += [(row["library"], row["name"], "drawing", row["drawing"]) for row in drawn]
    return "## What is not exact\n\n" + _table(("library", "model", "status", "why"), rest, left=4) if rest else ""


def _library(library: str, rows: Sequence[Row]) -> str:
    columns = ("model", "sizes", "fields", "spec", "params", "MACs", "nodes", "seconds", "passes")
    traced = [_row(row) for row in rows if row["status"] in TRACED]
    return f"## {library}\n\n" + _table(columns, traced, left=4) if traced else ""


def _row(row: Row) -> tuple[object, ...]:
    late = row["law"].startswith("fixed: no law within")
    sizes = row["law"] if _has_law(row) else "not found" if late else "fixed"
    fields, spec = row["fields"].partition(":")[0], "yes" if row["spec"] == "same" else "no"
    passes = f"{_passes(row):.1f}" if row.get("counter") else "-"
    return row["name"], sizes, fields, spec, row["params"], row["macs"], row["nodes"], f"{row['seconds']:.1f}", passes
