"""Changes written down: tables for people, one object for programs, annotations for a build."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archgraph.comparison.changes import NODE_METRICS, Changes, MetricChange
from archgraph.data.question_words import CHANGE_FORMATS
from archgraph.errors import not_among
from archgraph.report.escapes import json_text, markdown
from archgraph.report.table import Table

MOST_NODES = 10
"""How many nodes are shown; the rest is counted."""


def change_report(changes: Changes, format: str, by: str = "", broken: Sequence[str] = (), file: str = "") -> str:
    """Return changes as text, Markdown, JSON, or annotations of a build on GitHub.

    Args:
        format: one of `CHANGE_FORMATS`.
        by: also by groups of nodes: `node`, `scope`, `op`, `level`, `block`.
        broken: limits that are broken, in words.
        file: what annotations stand beside, if anything: a path of the repository.

    Raises:
        QueryError: an unknown format or grouping.

    >>> from archgraph import load
    >>> g = load("dit:S/2").network
    >>> print(change_report(Changes(g, g), "text").splitlines()[0])
    DiT S/2: nothing changed
    """
    if format not in CHANGE_FORMATS:
        raise not_among("format", format, CHANGE_FORMATS)
    if format == "json":
        return json_text(_data(changes, by, broken))
    if format == "github":
        return "\n".join(_annotations(changes, broken, file))
    tables = [table for table in change_tables(changes, by) if table.rows]
    told = [*_unrelated(changes), *(f"limit broken: {limit}" for limit in broken)]
    if format == "markdown":
        parts = [f"### {markdown(_title(changes))}", *(f"**{markdown(line)}**" for line in told)]
        return "\n\n".join(
            [*parts, *(f"{markdown(table.title)}:\n\n{table.to_markdown().rstrip()}" for table in tables)]
        )
    return "\n\n".join(["\n".join([_title(changes), *told]), *map(str, tables)])


def change_tables(changes: Changes, by: str = "") -> list[Table]:
    """Return the tables of changes: totals, at the old defaults, symbols, laws, fields, groups, nodes.

    >>> from archgraph import load
    >>> found = change_tables(Changes(load("dit:S/2").network, load("dit:B/2").network))
    >>> [table.title for table in found if table.rows]
    ['totals', 'totals at the old defaults', 'symbols', 'receptive fields', 'nodes']
    """
    old = changes.at_old_defaults
    return [
        _sizes("totals", "metric", ((change.metric, change) for change in changes.totals)),
        Table("totals at the old defaults", ("",), [{"": f"there are none: {old}"}])
        if isinstance(old, str)
        else _sizes("totals at the old defaults", "metric", ((change.metric, change) for change in old)),
        _pairs("symbols", "symbol", ((name, *pair) for name, pair in changes.symbols.items())),
        _pairs("laws", "metric", ((name, *pair) for name, pair in changes.laws.items()), wrap=56),
        _fields(changes),
        *([_groups(changes, by)] if by else []),
        _nodes(changes),
    ]


def _title(changes: Changes) -> str:
    before, after = (g.name for g in changes.networks)
    name = before if before == after else f"{before} → {after}"
    changed = any(not change.same for change in changes.totals) or changes.nodes or changes.symbols
    return name if changed or changes.laws else f"{name}: nothing changed"


def _unrelated(changes: Changes) -> list[str]:
    return [f"{changes.unrelated}; `archgraph contrast` compares them"] if changes.unrelated else []


def change_text(change: MetricChange) -> str:
    """Return by how much a metric changed.

    >>> change_text(MetricChange("", "macs", 200, 225)), change_text(MetricChange("", "macs", None, 3))
    ('+12.5 %', 'new')
    """
    if change.before is None or change.after is None:
        return "new" if change.before is None else "gone"
    if change.same:
        return "same"
    return f"{100 * change.by / change.before:+.3g} %" if change.before else f"{change.by:+,}"


def _sizes(title: str, column: str, named: Iterable[tuple[str, MetricChange]]) -> Table:
    rows, bound = [], False
    for name, change in named:
        bound |= change.at_least
        rows.append(
            {column: name, "before": _size(change.before), "after": _size(change.after), "change": change_text(change)}
        )
    notes = ("operators without a rule are missing in these numbers: each is a lower bound",) if bound else ()
    return Table(title, (column, "before", "after", "change"), rows, notes=notes)


def _size(size: int | None) -> object:
    return "–" if size is None else size


def _pairs(title: str, column: str, pairs: Iterable[tuple[str, object, object]], wrap: int = 0) -> Table:
    rows = [{column: name, "before": _known(old), "after": _known(new)} for name, old, new in pairs]
    return Table(title, (column, "before", "after"), rows, wrap=wrap)


def _known(value: object) -> object:
    return "–" if value is None else value


def _fields(changes: Changes) -> Table:
    rows = [
        {
            "output": f"{row.output} on {row.input}, {row.axis}",
            "before": row.before or "–",
            "after": row.told if not row.same else "same",
        }
        | {
            "global since": row.since[1]
            if row.since[0] == row.since[1]
            else f"{row.since[0] or 'nowhere'} -> {row.since[1] or 'nowhere'}"
        }
        for row in changes.fields
    ]
    return Table("receptive fields", ("output", "before", "after", "global since"), rows)


def _groups(changes: Changes, by: str) -> Table:
    groups = [change for change in changes.groups(by) if not change.same]
    return _sizes(f"by {by}", by, ((f"{change.subject}: {change.metric}", change) for change in groups))


def _nodes(changes: Changes) -> Table:
    rows = [
        {"node": node.path, "": node.what, "before": node.before or "–", "after": node.after or "–"}
        | {change.metric: change_text(change) for change in node.changes}
        for node in changes.nodes[:MOST_NODES]
    ]
    more = len(changes.nodes) - len(rows)
    notes = (f"the largest changes first; {more:,} more nodes changed",) if more > 0 else ()
    return Table("nodes", ("node", "", "before", "after", *NODE_METRICS), rows, notes=notes, wrap=48)


def _data(changes: Changes, by: str, broken: Sequence[str]) -> dict[str, object]:
    old = changes.at_old_defaults
    groups = changes.groups(by) if by else ()
    return {
        "before": changes.before.name,
        "after": changes.after.name,
        "unrelated": changes.unrelated,
        "totals": [_change(change) for change in changes.totals],
        "at_old_defaults": old if isinstance(old, str) else [_change(change) for change in old],
        "symbols": {name: list(map(_plain, pair)) for name, pair in changes.symbols.items()},
        "laws": {name: list(pair) for name, pair in changes.laws.items()},
        "fields": [vars(row) for row in changes.fields],
        **({f"by_{by}": [{by: change.subject, **_change(change)} for change in groups]} if by else {}),
        "nodes": [
            {"path": node.path, "what": node.what, "before": node.before, "after": node.after}
            | {change.metric: [change.before, change.after] for change in node.changes}
            for node in changes.nodes
        ],
        "broken": list(broken),
    }


def _change(change: MetricChange) -> dict[str, object]:
    return {"metric": change.metric, "before": change.before, "after": change.after, "at_least": change.at_least}


def _plain(value: object) -> object:
    return value if isinstance(value, int | None) else str(value)


def _annotations(changes: Changes, broken: Sequence[str], file: str) -> list[str]:
    totals = ", ".join(f"{change.metric} {change_text(change)}" for change in changes.totals)
    told = [annotation("warning", line, file) for line in _unrelated(changes)]
    told += [annotation("error", limit, file) for limit in broken]
    return [*told, annotation("notice", f"{_title(changes)}: {totals}", file)]


def annotation(kind: str, text: str, file: str = "", line: int = 0, column: int = 0) -> str:
    """Return a line that GitHub shows beside a file; what would end it or its fields is escaped.

    >>> annotation("error", "20 % more", "a.yaml", 3, 5)
    '::error file=a.yaml,line=3,col=5::20 %25 more'
    """
    fields = {"file": file, "line": line, "col": column}
    shown = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in fields.items() if value)
    return f"::{kind}{f' {shown}' if shown else ''}::{_escaped(text, '')}"


def _escaped(text: str, more: str) -> str:
    for character in ("%", "\r", "\n", *more):
        text = text.replace(character, f"%{ord(character):02X}")
    return text
