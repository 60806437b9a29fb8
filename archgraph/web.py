"""For a page in a browser: a question about the text of a spec, answered as plain data, mistakes included."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias, TypedDict

from archgraph.architecture.architecture import Architecture, load
from archgraph.architecture.several import contrast
from archgraph.data import table
from archgraph.data.figure_words import STYLES
from archgraph.errors import ArchgraphError, MissingToolError, QueryError, not_among, printable
from archgraph.sizes.law_text import law_text
from archgraph.spec.definitions import STEP_KEYWORDS
from archgraph.spec.load import read_once
from archgraph.spec.shipped import shipped_folder, shipped_names
from archgraph.spec.source import SpecSource

PageData: TypeAlias = "dict[str, object]"
"""What JSON can say."""
WORD = re.compile(r"[\w.]+|\S")
PAGE_METRICS = ("params", "macs", "flops", "activations")
PAGE_RUN_WORDS = ("optimizer", "dtype", "attention")
"""What a page lets choose of a training run, beside numbers."""
EDITED = "spec.yaml"
"""What errors call the text of a page's editor."""
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
    run: dict[str, int | str]


def answer(text: str, ask: Ask) -> PageData:
    """Return the answer to a page's question about a spec, as plain data; a mistake is data as well.

    Args:
        text: the spec.
        ask: `tab` is the question: `laws`, `fields`, `figure`, `contrast`, `fits`, `table`, `export`, or `words`,
            which needs no spec. Beside it: `at`, values of symbols; `view`, of a figure, or a style such as `maps`;
            `other`, a shipped spec to contrast with; `run`, a `device` and settings of a training run; `format`, of an
            export.

    Returns:
        The answer under its tab's keys, or `error` with `message`, `hint`, `path`, `trail`, `text`, `missing`, and
        `line`, `column` and `end` of the place, which count from 1.

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
    _check(text, ask)
    tab = ask.get("tab", "laws")
    if tab == "words":
        return words()
    if tab not in TABS:
        raise not_among("tab", tab, [*TABS, "words"])
    if len(text) > LARGEST_TEXT:
        raise ArchgraphError(f"the spec has {len(text):,} characters, and a page takes {LARGEST_TEXT:,}")
    return TABS[tab](Architecture(SpecSource(read_once(text, EDITED)).network()), ask)


def _check(text: object, ask: object) -> None:
    """Hold what a page sends against its kinds: it comes from outside, as JSON.

    Raises:
        QueryError: something is of another kind.
    """
    if not isinstance(text, str):
        raise QueryError(f"a spec is text, and not {type(text).__name__}", hint="send the text of a YAML file")
    if not isinstance(ask, dict):
        raise QueryError(f"a question is an object, and not {type(ask).__name__}", hint='{"tab": "laws"}')
    for name, given in ask.items():
        mapping = name in ("at", "run")
        named = isinstance(given, dict) and all(isinstance(key, str) for key in given)
        if not (named if mapping else isinstance(given, str)):
            wanted = "an object with names" if mapping else "text"
            raise QueryError(f"'{printable(str(name))}' of a question is {wanted}, and not {type(given).__name__}")


def _point(g: Architecture, ask: Ask) -> Architecture:
    return g.at(**ask.get("at", {}))


def _laws(g: Architecture, ask: Ask) -> PageData:
    point = _point(g, ask)
    metrics = [
        {"metric": name, "law": law_text(g.expression(name)), "value": int(point.metric(name))} for name in PAGE_METRICS
    ]
    return {"name": g.name, "metrics": metrics, "table": point.table().to_html(), **_sizes(g, ask)}


def _sizes(g: Architecture, ask: Ask) -> PageData:
    values: dict[str, object] = {**g.defaults, **ask.get("at", {})}
    sizes = {name: values[name] for name in g.symbols if isinstance(values.get(name), int)}
    return {"symbols": sizes, "rules": {name: list(g.rule_of(name)) for name in sizes}}


def _fits(g: Architecture, ask: Ask) -> PageData:
    from archgraph.cost.training.run import training

    run = dict(ask.get("run", {}))
    fit = _point(g, ask).fits(run.pop("device", "h100"), training(None, run))
    return {"name": g.name, "fits": fit.fits, "table": fit.table.to_html(), **_sizes(g, ask)}


def _fields(g: Architecture, ask: Ask) -> PageData:
    return {"name": g.name, "table": _point(g, ask).receptive_field_table().to_html()}


def _figure(g: Architecture, ask: Ask) -> PageData:
    figure = _point(g, ask) if ask.get("at") else g
    view = ask.get("view", "overview")
    drawn = figure.draw(style=view) if view in STYLES else figure.draw(view=view)
    return {"name": g.name, "svg": drawn.svg, "notes": list(drawn.notes)}


def _contrast(g: Architecture, ask: Ask) -> PageData:
    other = ask.get("other", "dit")
    # A page has no files: names of others would be paths.
    if other.partition(":")[0] not in shipped_names():
        raise not_among("shipped spec", other, shipped_names())
    return {"name": g.name, "svg": contrast(g, load(other)).svg}


def _table(g: Architecture, ask: Ask) -> PageData:
    return {"name": g.name, "table": _point(g, ask).table(by=ask.get("by", "scope")).to_html()}


def _export(g: Architecture, ask: Ask) -> PageData:
    return {"name": g.name, "text": _point(g, ask).table(by="node").to(ask.get("format", "csv"))}


TABS: Mapping[str, Callable[[Architecture, Ask], PageData]] = {
    "laws": _laws,
    "fields": _fields,
    "figure": _figure,
    "contrast": _contrast,
    "fits": _fits,
    "table": _table,
    "export": _export,
}
"""What answers each tab of a page."""


def words() -> PageData:
    """Return what an editor completes, the words of a training run, defaults first, and the texts of all shipped specs.

    >>> "conv" in words()["operations"], "repeat" in words()["keywords"], "unet" in words()["gallery"]
    (True, True, True)
    """
    from archgraph.cost.training.run import RUN_CHOICES, Training
    from archgraph.graph.checkpoints import POLICIES
    from archgraph.spec.library.standard import library_names
    from archgraph.spec.operations import operations

    specs = shipped_folder()
    return {
        "operations": sorted({*operations(), *library_names()}),
        "keywords": sorted(STEP_KEYWORDS),
        "run": {
            "device": sorted(table("hardware"), key="h100".__ne__),
            **{name: sorted(RUN_CHOICES[name], key=getattr(Training(), name).__ne__) for name in PAGE_RUN_WORDS},
            "checkpoint": list(POLICIES),
        },
        "gallery": {name: (specs / f"{name}.yaml").read_text(encoding="utf-8") for name in shipped_names()},
    }


def hand_in(engine: Callable[[list[str]], list[str]] | None) -> None:
    """Let a function lay out detailed figures: it takes texts in the DOT language, and returns Graphviz' JSON of each.

    A browser cannot start programs. There, call this and ask again for an answer that was `missing` a tool.

    >>> hand_in(None)
    """
    from archgraph.figures.layout.graphviz import hand_in as take

    take(engine)


def mistake(error: ArchgraphError | RecursionError, text: str) -> PageData:
    """Return an error as data; `line` is 0 if it has no place in the text.

    `missing` says that a tool is needed and not there: a page may load it and ask again.

    >>> from archgraph.errors import Place, SpecError
    >>> found = mistake(SpecError("no such name", place=Place("spec.yaml", 2, 3)), "a:\\n  name: 1")
    >>> found["line"], found["column"], found["end"], found["message"]
    (2, 3, 7, 'no such name')
    """
    if isinstance(error, RecursionError):
        error = ArchgraphError("the spec is nested too deeply for this page", hint="use fewer levels")
    place = error.place
    found: PageData = {"message": error.message, "hint": error.hint, "path": error.path, "text": str(error)}
    found["missing"] = isinstance(error, MissingToolError)
    found["trail"] = [[name, str(where or "")] for name, where in error.trail]
    if place is None or place.file != EDITED:
        return {**found, "line": 0, "column": 0, "end": 0}
    return {**found, "line": place.line, "column": place.column, "end": end_of(text, place.line, place.column)}


def end_of(text: str, line: int, column: int) -> int:
    """Return the column after the word that starts at a place.

    >>> end_of("network: [conv]", 1, 11), end_of("a", 7, 1)
    (15, 2)
    """
    lines = text.split("\n")
    match = WORD.match(lines[line - 1], column - 1) if line <= len(lines) else None
    return match.end() + 1 if match else column + 1
