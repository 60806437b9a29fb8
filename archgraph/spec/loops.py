"""What `for` and `when` say: the iterations of a loop, and conditions."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sympy import Expr, Integer

from archgraph.errors import ArchgraphError, SpecError
from archgraph.ops.arguments import Named
from archgraph.spec.language.evaluation import evaluate_tree, nested, refuse
from archgraph.spec.language.expressions import Environment, bindings_in, evaluate_expression
from archgraph.spec.language.tree import Tree
from archgraph.spec.language.values import describe
from archgraph.spec.scope import Scope
from archgraph.spec.sections import check_name

_RANGE = re.compile(r"\A(?P<first>.+?)\.\.(?P<last>.+?)(?:\s+by\s+(?P<by>.+))?\Z", re.DOTALL)
_OPEN = re.compile(r"\A(?P<first>.+?)\.\.(?:\s+by\s+(?P<by>.+))?\s*\Z", re.DOTALL)
_DOTS = re.compile(r"\.{3,}")
_EXAMPLE = "for: {i: 0..3} counts 0, 1, 2, 3; for: {width: [64, 128]} takes a list"
MAX_TURNS = 10_000
LoopRow = dict[str, Any]


def loop_rows(tree: Tree, environment: Scope, budget: int) -> Iterator[LoopRow]:
    """Return the loop variables of every iteration of a `for`.

    Raises:
        SpecError: not a range, a list, or several of one length; or more iterations than the budget.
    """
    columns = tree.mapping("`for`", hint=_EXAMPLE)
    if not columns:
        tree.fail("`for` needs a variable", hint=_EXAMPLE)
    rows = _table(columns["each"], environment, budget) if _is_table(columns) else None
    plain = {name: item for name, item in columns.items() if rows is None or name != "each"}
    for name in plain:
        check_name(name, tree.key_place(name), "a loop variable")
    values = {name: _column(name, item, environment) for name, item in plain.items() if not _is_open(item)}
    lengths = {name: _length(items) for name, items in values.items()} | ({} if rows is None else {"each": len(rows)})
    _check_lengths(lengths, columns, tree, environment)
    count = next(iter(lengths.values()))
    _check_count(count, budget, tree)
    values |= {name: _opened(item, count, environment) for name, item in plain.items() if name not in values}
    turns = zip(*values.values(), strict=True) if values else itertools.repeat((), count)
    return _joined(values, turns, rows or [{}] * count)


def _joined(names: Iterable[str], turns: Iterable[tuple], rows: Iterable[LoopRow]) -> Iterator[LoopRow]:
    for turn, row in zip(turns, rows, strict=True):
        yield {**row, **{name: _as_size(item) for name, item in zip(names, turn, strict=True)}}


def _is_table(columns: Mapping[str, Tree]) -> bool:
    each = columns.get("each")
    return each is not None and (len(columns) == 1 or (each.is_list and all(row.is_mapping for row in each.value)))


def _is_open(tree: Tree) -> bool:
    """Whether a range has no end: `0..` goes as far as what it is in lockstep with."""
    return isinstance(tree.value, str) and _OPEN.match(tree.value) is not None and not _DOTS.search(tree.value)


def _opened(tree: Tree, count: int, environment: Environment) -> range:
    match = _OPEN.match(tree.value)
    assert match is not None
    first = _end(match, "first", tree, environment)
    by = _end(match, "by", tree, environment) if match["by"] else 1
    return range(first, first + count * by, _step(by, tree))


def _check_lengths(lengths: Mapping[str, int], columns: Mapping[str, Tree], tree: Tree, scope: Environment) -> None:
    if not lengths:
        tree.fail("a range without an end goes as far as a list beside it, and there is none", hint=_EXAMPLE)
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        message = f"lists that go in lockstep must have one length: {told}"
        raise SpecError(message, place=tree.place, bindings=_bindings(columns, scope))


def _bindings(columns: Mapping[str, Tree], environment: Environment) -> str:
    told = (bindings_in(text, environment) for tree in columns.values() for text in _texts(tree))
    return ", ".join(dict.fromkeys(filter(None, told)))


def _texts(tree: Tree) -> list[str]:
    if not isinstance(tree.value, str):
        return []
    match = _RANGE.match(tree.value)
    return [text for text in match.groups() if text] if match else [tree.value]


def _table(tree: Tree, environment: Scope, budget: int) -> list[LoopRow]:
    """The rows of `each`, which all have the same columns."""
    rows = tree.list("`each`", hint="for: {each: [{width: 64, depth: 2}, {width: 128, depth: 2}]}")
    _check_count(len(rows), budget, tree)
    columns = list(rows[0].mapping("a row of each")) if rows else []
    for row in rows:
        if sorted(row.mapping("a row of each")) != sorted(columns):
            row.fail(f"the rows of `each` have one set of columns: {', '.join(columns)}")
        for name in columns:
            check_name(name, row.key_place(name), "a loop variable")
    return [{name: _cell(row.value[name], environment) for name in columns} for row in rows]


def _cell(tree: Tree, environment: Scope) -> object:
    """What stands in a row: a value or a family of them by its name, or an expression.

    A word has to say what else it could be, and cannot there.
    """
    value = environment.held(tree)
    if value is not None:
        return value
    try:
        return nested(tree, environment)
    except SpecError as error:
        if isinstance(tree.value, str) and tree.value.isidentifier() and "is not defined" in error.message:
            rows = "a row holds numbers, booleans, lists and values"
            error.hint = f"{rows}; for a word write a boolean, and `when` beside the step"
        raise


def _check_count(count: int, budget: int, tree: Tree) -> None:
    if count > budget:
        told = f": this one has {count}" if count < 10**12 else ""
        told += f", and those before it had {MAX_TURNS - budget}" if told and budget < MAX_TURNS else ""
        hint = "repeat: n applies a body n times without unrolling it"
        tree.fail(f"the loops of a network have {MAX_TURNS} iterations at most{told}", hint)


def _length(items: range | tuple) -> int:
    """The length, also of a range that is too long for `len`."""
    if isinstance(items, tuple):
        return len(items)
    return max(0, -((items.start - items.stop) // items.step))


def _as_size(value: Any) -> Any:
    return Integer(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _column(name: str, tree: Tree, environment: Environment) -> range | tuple:
    """The values of one loop variable: a range `a..b by s`, or a list."""
    if tree.is_list:
        return evaluate_tree(tree, environment)
    if tree.is_mapping or tree.is_empty:
        tree.fail(f"{name} takes a range or a list, and is {tree.describe()}", hint=_EXAMPLE)
    if _DOTS.search(str(tree.value)):
        right = _DOTS.sub("..", str(tree.value))
        tree.fail(f"a range has two dots, and includes both ends: {right}", hint=_EXAMPLE)
    match = _RANGE.match(str(tree.value))
    if match:
        return _range(match, tree, environment)
    value = evaluate_tree(tree, environment)
    if not isinstance(value, tuple):
        refuse(tree, environment, f"{name} takes a range or a list, and is {environment.tell(value)}", _EXAMPLE)
    return value


def _range(match: re.Match[str], tree: Tree, environment: Environment) -> range:
    first = _end(match, "first", tree, environment)
    last = _end(match, "last", tree, environment)
    by = _end(match, "by", tree, environment) if match["by"] else 1
    return range(first, last + (1 if by > 0 else -1), _step(by, tree))


def _step(by: int, tree: Tree) -> int:
    if by == 0:
        tree.fail("a loop cannot count by 0", hint="0..8 by 2 counts 0, 2, 4, 6, 8; 3..0 by -1 counts down")
    return by


def _end(match: re.Match[str], part: str, tree: Tree, environment: Environment) -> int:
    start = tree.start and tree.start.shifted(match.start(part))
    try:
        value = evaluate_expression(environment, start, text=match[part])
        if not isinstance(value, Expr):
            raise SpecError(f"'{match[part]}' is {describe(value)}, and a range needs numbers", place=start)
        return environment.concrete(value, "range")
    except ArchgraphError as error:
        error.place = error.place or start or tree.place
        raise


def condition(tree: Tree, environment: Environment) -> bool:
    """Return whether a `when` holds; a number holds when it is not 0."""
    value = nested(tree, environment)
    if isinstance(value, bool):
        return value
    if isinstance(value, Expr):
        return environment.concrete(value, "condition") != 0
    told = "a mapping" if isinstance(value, Named) else describe(value)
    return refuse(tree, environment, f"`when` needs a condition, and is {told}", "when: norm == batch, or: when: L > 1")
