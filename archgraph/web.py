"""For a page in a browser: a question about the text of a spec, answered as plain data, mistakes included."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias, TypedDict

from archgraph.architecture.architecture import Architecture, load, loads
from archgraph.architecture.several import contrast
from archgraph.errors import ArchgraphError, not_among
from archgraph.spec.definitions import STEP_KEYWORDS
from archgraph.spec.shipped import shipped_folder, shipped_names

PageData: TypeAlias = "dict[str, object]"
"""What JSON can say."""
WORD = re.compile(r"[\w.]+|\S")
PAGE_METRICS = ("params", "macs", "flops", "activations")
LARGEST_TEXT = 200_000
"""Characters of a spec that a page sends: a runaway one is stopped by the page."""


class Ask(TypedDict, total=False):
    """What a page asks; every part has a default."""

    tab: str
    at: dict[str, int | str]
    view: str
    other: str
    by: str
    format: str


def answer(text: str, ask: Ask) -> PageData:
    """Return what a page asks of a spec, as plain data; a mistake in the spec or the question is data as well.

    Args:
        text: the spec.
        ask: `tab` is the question: `laws`, `fields`, `figure`, `contrast`, `table`, `export`, or `words`, which needs
            no spec. Beside it: `at`, values of symbols; `view`, of a figure; `other`, a shipped spec to contrast with;
            `format`, of an export.

    Returns:
        The answer under its tab's keys, or `error` with `message`, `hint`, `path`, `trail`, `text`, and `line`,
        `column` and `end` of the place, which count from 1.

    >>> spec = "{archgraph: 1, inputs: {x: {c: 3, n: 8}}, network: [linear: {out: 5}]}"
    >>> answer(spec, {"tab": "laws"})["metrics"][0]
    {'metric': 'params', 'law': '20', 'value': 20}
    >>> wrong = answer(spec.replace("linear", "linaer"), {"tab": "laws"})["error"]
    >>> wrong["message"], wrong["line"], wrong["column"], wrong["end"]
    ("unknown operation 'linaer'. Did you mean 'linear'?", 1, 53, 59)
    """
    try:
        return _asked(text, ask)
    except (ArchgraphError, RecursionError) as error:
        return {"error": mistake(error, text)}


def _asked(text: str, ask: Ask) -> PageData:
    tab = ask.get("tab", "laws")
    if tab == "words":
        return words()
    if tab not in TABS:
        raise not_among("tab", tab, [*TABS, "words"])
    if len(text) > LARGEST_TEXT:
        raise ArchgraphError(f"the spec has {len(text):,} characters, and a page takes {LARGEST_TEXT:,}")
    return TABS[tab](loads(text), ask)


def _point(g: Architecture, ask: Ask) -> Architecture:
    return g.at(**ask.get("at", {}))


def _laws(g: Architecture, ask: Ask) -> PageData:
    point = _point(g, ask)
    metrics = [
        {"metric": name, "law": str(g.expression(name)), "value": int(point.metric(name))} for name in PAGE_METRICS
    ]
    values: dict[str, object] = {**g.defaults, **ask.get("at", {})}
    sizes = {name: values[name] for name in g.symbols if isinstance(values.get(name), int)}
    rules = {name: list(g.rule_of(name)) for name in sizes}
    return {"name": g.name, "metrics": metrics, "symbols": sizes, "rules": rules, "table": point.table().to_html()}


def _fields(g: Architecture, ask: Ask) -> PageData:
    return {"name": g.name, "table": _point(g, ask).receptive_field_table().to_html()}


def _figure(g: Architecture, ask: Ask) -> PageData:
    figure = _point(g, ask) if ask.get("at") else g
    return {"name": g.name, "svg": figure.draw(view=ask.get("view", "overview")).svg}


def _contrast(g: Architecture, ask: Ask) -> PageData:
    return {"name": g.name, "svg": contrast(g, load(ask.get("other", "dit"))).svg}


def _table(g: Architecture, ask: Ask) -> PageData:
    return {"name": g.name, "table": _point(g, ask).table(by=ask.get("by", "scope")).to_html()}


def _export(g: Architecture, ask: Ask) -> PageData:
    return {"name": g.name, "text": _point(g, ask).table(by="node").to(ask.get("format", "csv"))}


TABS: Mapping[str, Callable[[Architecture, Ask], PageData]] = {
    "laws": _laws,
    "fields": _fields,
    "figure": _figure,
    "contrast": _contrast,
    "table": _table,
    "export": _export,
}
"""What answers each tab of a page."""


def words() -> PageData:
    """Return what an editor completes, and the texts of all shipped specs.

    >>> "conv" in words()["operations"], "repeat" in words()["keywords"], "unet" in words()["gallery"]
    (True, True, True)
    """
    from archgraph.spec.library.standard import library_names
    from archgraph.spec.operations import operations

    specs = shipped_folder()
    return {
        "operations": sorted({*operations(), *library_names()}),
        "keywords": sorted(STEP_KEYWORDS),
        "gallery": {name: (specs / f"{name}.yaml").read_text(encoding="utf-8") for name in shipped_names()},
    }


def mistake(error: ArchgraphError | RecursionError, text: str) -> PageData:
    """Return an error as data; `line` is 0 where it has no place in the text.

    >>> from archgraph.errors import Place, SpecError
    >>> found = mistake(SpecError("no such name", place=Place("<text>", 2, 3)), "a:\\n  name: 1")
    >>> found["line"], found["column"], found["end"], found["message"]
    (2, 3, 7, 'no such name')
    """
    if isinstance(error, RecursionError):
        error = ArchgraphError("the spec is nested too deeply for this page", hint="use fewer levels")
    place = error.place
    found: PageData = {"message": error.message, "hint": error.hint, "path": error.path, "text": str(error)}
    found["trail"] = [[name, str(where or "")] for name, where in error.trail]
    if place is None or not place.file.startswith("<"):
        return {**found, "line": 0, "column": 0, "end": 0}
    return {**found, "line": place.line, "column": place.column, "end": end_of(text, place.line, place.column)}


def end_of(text: str, line: int, column: int) -> int:
    """Return the column behind the word that starts at a place.

    >>> end_of("network: [conv]", 1, 11), end_of("a", 7, 1)
    (15, 2)
    """
    lines = text.split("\n")
    match = WORD.match(lines[line - 1], column - 1) if line <= len(lines) else None
    return match.end() + 1 if match else column + 1
