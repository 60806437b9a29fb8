"""One question about the text of a spec, answered as plain data that a page shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from archgraph.architecture.architecture import Architecture, contrast, load, loads
from archgraph.errors import ArchgraphError, not_among
from archgraph.spec.definitions import STEP_KEYWORDS
from archgraph.spec.shipped import shipped_folder, shipped_names
from archgraph.web.mistakes import mistake

Answer: TypeAlias = dict[str, Any]
METRICS = ("params", "macs", "flops", "activations")
LARGEST_TEXT = 200_000
"""Characters of a spec that a page sends: a runaway one is stopped by the page."""


def answer(text: str, ask: Mapping[str, Any]) -> Answer:
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


def _asked(text: str, ask: Mapping[str, Any]) -> Answer:
    tab = ask.get("tab", "laws")
    if tab == "words":
        return words()
    if tab not in TABS:
        raise not_among("tab", tab, [*TABS, "words"])
    if len(text) > LARGEST_TEXT:
        raise ArchgraphError(f"the spec has {len(text):,} characters, and a page takes {LARGEST_TEXT:,}")
    return TABS[tab](loads(text), ask)


def _point(g: Architecture, ask: Mapping[str, Any]) -> Architecture:
    return g.at(**ask.get("at", {}))


def _laws(g: Architecture, ask: Mapping[str, Any]) -> Answer:
    point = _point(g, ask)
    metrics = [{"metric": name, "law": str(g.expression(name)), "value": int(point.metric(name))} for name in METRICS]
    values = {**g.defaults, **ask.get("at", {})}
    sizes = {name: values[name] for name in g.symbols if isinstance(values.get(name), int)}
    rules = {name: list(g.rule_of(name)) for name in sizes}
    return {"name": g.name, "metrics": metrics, "symbols": sizes, "rules": rules, "table": point.table().to_html()}


def _fields(g: Architecture, ask: Mapping[str, Any]) -> Answer:
    return {"name": g.name, "table": _point(g, ask).receptive_field_table().to_html()}


def _figure(g: Architecture, ask: Mapping[str, Any]) -> Answer:
    figure = _point(g, ask) if ask.get("at") else g
    return {"name": g.name, "svg": figure.draw(view=ask.get("view", "overview")).svg}


def _contrast(g: Architecture, ask: Mapping[str, Any]) -> Answer:
    return {"name": g.name, "svg": contrast(g, load(ask.get("other", "dit"))).svg}


def _table(g: Architecture, ask: Mapping[str, Any]) -> Answer:
    return {"name": g.name, "table": _point(g, ask).table(by=ask.get("by", "scope")).to_html()}


def _export(g: Architecture, ask: Mapping[str, Any]) -> Answer:
    return {"name": g.name, "text": _point(g, ask).table(by="node").to(ask.get("format", "csv"))}


TABS: Mapping[str, Callable[[Architecture, Mapping[str, Any]], Answer]] = {
    "laws": _laws,
    "fields": _fields,
    "figure": _figure,
    "contrast": _contrast,
    "table": _table,
    "export": _export,
}
"""What answers each tab of a page."""


def words() -> Answer:
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
