"""The safe expression language of specs: a whitelisted subset of Python's syntax, evaluated over sizes."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

import sympy
from sympy import Expr, Integer, Max, Min, ceiling, expand, floor

from archgraph.errors import SpecError
from archgraph.symbols import decide, floor_divide

MAX_LENGTH = 400
MAX_DEPTH = 40
MAX_EXPONENT = 256
MAX_BITS = 512

ALLOWED = "integers, names, x.axis, name(index), + - * / // % **, comparisons, and/or/not, min max ceil floor len"


class Word(str):
    """The value of a word symbol, such as `same` of `one_of: [same, valid]`."""

    __slots__ = ()


class Environment(Protocol):
    """What an expression may ask of the scope it stands in."""

    def lookup(self, name: str) -> Any:
        """Return the value of a name, or raise `SpecError`."""
        ...

    def element(self, name: str, indices: tuple[int, ...]) -> Any:
        """Return an element of a list, or raise `SpecError`."""
        ...

    def axis(self, name: str, axis: str) -> Expr:
        """Return the size of an axis of a value."""
        ...

    def concrete(self, value: Expr, role: str) -> int:
        """Return a structural integer: the value is fixed when the graph is built."""
        ...


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> ast.expr:
    """Parse an expression, within bounds on length and nesting.

    Raises:
        SpecError: it is not in the language, too long, or too deep.

    >>> type(parse_expression("C * 2**i")).__name__
    'BinOp'
    """
    if len(text) > MAX_LENGTH:
        raise SpecError(f"expression of {len(text)} characters: the limit is {MAX_LENGTH}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise SpecError(f"cannot read the expression '{text}'", hint=f"allowed: {ALLOWED}") from None
    _check_depth(tree, text)
    return tree


def _check_depth(tree: ast.AST, text: str) -> None:
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise SpecError(f"expression '{text[:40]}…' nests deeper than {MAX_DEPTH}")
        level = [child for node in level for child in ast.iter_child_nodes(node)]


def evaluate_expression(text: str | int | bool, environment: Environment) -> Any:
    """Evaluate an expression to a size, a boolean, a word or a tuple.

    Raises:
        SpecError: an unknown name, an operation outside the language, a bound broken.
    """
    if isinstance(text, bool):
        return text
    if isinstance(text, int):
        return _bounded(Integer(text), str(text)[:40])
    return _Evaluator(environment, text).visit(parse_expression(text))


def _bounded(value: Any, text: str) -> Any:
    if isinstance(value, Integer) and int(value).bit_length() > MAX_BITS:
        raise SpecError(f"the number in '{text}' is larger than 2**{MAX_BITS}")
    return value


def _power(base: Expr, exponent: Expr) -> Expr:
    if isinstance(exponent, Integer) and abs(int(exponent)) > MAX_EXPONENT:
        raise SpecError(f"exponent {_short(exponent)} is larger than {MAX_EXPONENT}")
    if isinstance(exponent, Integer) and exponent < 0 and base.is_zero:
        raise SpecError("division by zero")
    return expand(base**exponent)


def _short(value: Expr) -> str:
    return str(value) if int(value).bit_length() < 64 else "of more than 19 digits"


def _divide(left: Expr, right: Expr) -> Expr:
    if right.is_zero:
        raise SpecError("division by zero")
    return expand(left / right)


def _floor_divide(left: Expr, right: Expr) -> Expr:
    if right.is_zero:
        raise SpecError("division by zero")
    return floor_divide(left, right)


_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: lambda left, right: expand(left * right),
    ast.Div: _divide,
    ast.FloorDiv: _floor_divide,
    ast.Mod: lambda left, right: left - right * _floor_divide(left, right),
    ast.Pow: _power,
}
_COMPARISON = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_FUNCTIONS: dict[str, Callable[..., Any]] = {"min": Min, "max": Max, "ceil": ceiling, "floor": floor, "len": len}


class _Evaluator(ast.NodeVisitor):
    """Walks a parsed expression; whatever has no `visit_` method here is not in the language."""

    def __init__(self, environment: Environment, text: str) -> None:
        self.environment = environment
        self.text = text

    def generic_visit(self, node: ast.AST) -> Any:
        raise SpecError(
            f"'{self.text}': {type(node).__name__.lower()} is not allowed in an expression",
            hint=f"allowed: {ALLOWED}",
        )

    def visit_Constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, bool):
            raise SpecError(f"'{self.text}': write true or false, in lower case")
        if not isinstance(node.value, int):
            raise SpecError(f"'{self.text}': {node.value!r} is not an integer", hint=f"allowed: {ALLOWED}")
        return _bounded(Integer(node.value), self.text)

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id in ("true", "false"):
            return node.id == "true"
        return self.environment.lookup(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        if not isinstance(node.value, ast.Name) or node.attr.startswith("_"):
            return self.generic_visit(node)
        return self.environment.axis(node.value.id, node.attr)

    def visit_Call(self, node: ast.Call) -> Any:
        if node.keywords:
            return self.generic_visit(node)
        if isinstance(node.func, ast.Call):
            return self._nested_element(node)
        if not isinstance(node.func, ast.Name):
            return self.generic_visit(node)
        if node.func.id in _FUNCTIONS:
            return self._function(node.func.id, [self.visit(argument) for argument in node.args])
        return self.environment.element(node.func.id, self._indices(node))

    def _nested_element(self, node: ast.Call) -> Any:
        indices: tuple[int, ...] = ()
        current: ast.expr = node
        while isinstance(current, ast.Call):
            indices = self._indices(current) + indices
            current = current.func
        if not isinstance(current, ast.Name):
            return self.generic_visit(node)
        return self.environment.element(current.id, indices)

    def _indices(self, node: ast.Call) -> tuple[int, ...]:
        if len(node.args) != 1:
            name = node.func.id if isinstance(node.func, ast.Name) else self.text
            raise SpecError(
                f"'{self.text}': '{name}' takes one index here; it is not a function",
                hint=f"allowed: {ALLOWED}",
            )
        return (self.environment.concrete(self.number(node.args[0]), "index"),)

    def _function(self, name: str, arguments: list) -> Any:
        if name == "len":
            if len(arguments) != 1 or not isinstance(arguments[0], tuple):
                raise SpecError(f"'{self.text}': len takes one list")
            return Integer(len(arguments[0]))
        if len(arguments) == 1 and isinstance(arguments[0], tuple) and name in ("min", "max"):
            arguments = list(arguments[0])
        if not arguments or not all(isinstance(argument, Expr) for argument in arguments):
            raise SpecError(f"'{self.text}': {name} takes numbers")
        return _FUNCTIONS[name](*arguments)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        compute = _ARITHMETIC.get(type(node.op))
        if compute is None:
            return self.generic_visit(node.op)
        left, right = self.number(node.left), self.number(node.right)
        return _bounded(compute(left, right), self.text)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        if isinstance(node.op, ast.Not):
            return not self.truth(node.operand)
        if isinstance(node.op, ast.USub):
            return -self.number(node.operand)
        return self.generic_visit(node.op)

    def visit_BoolOp(self, node: ast.BoolOp) -> bool:
        values = (self.truth(value) for value in node.values)
        return all(values) if isinstance(node.op, ast.And) else any(values)

    def visit_Compare(self, node: ast.Compare) -> bool:
        operands = [node.left, *node.comparators]
        return all(
            self._compare(left, comparison, right)
            for left, comparison, right in zip(operands, node.ops, operands[1:], strict=False)
        )

    def _compare(self, left: ast.expr, comparison: ast.cmpop, right: ast.expr) -> bool:
        symbol = _COMPARISON.get(type(comparison))
        if symbol is None:
            return self.generic_visit(comparison)
        first = self.visit(left)
        second = _word_or(first, right) if isinstance(first, Word) else self.visit(right)
        if isinstance(first, Expr) and isinstance(second, Expr):
            return self._compare_sizes(first, symbol, second)
        if symbol not in ("==", "!="):
            raise SpecError(f"'{self.text}': only numbers can be ordered")
        return (first == second) == (symbol == "==")

    def _compare_sizes(self, left: Expr, comparison: str, right: Expr) -> bool:
        if comparison == "==" or comparison == "!=":
            return decide(left, comparison, right, f"decided at the bound values: {self.text}")
        relation = getattr(sympy, {"<": "Lt", "<=": "Le", ">": "Gt", ">=": "Ge"}[comparison])(left, right)
        if relation in (sympy.true, sympy.false):
            return bool(relation)
        return bool(
            relation.func(
                self.environment.concrete(left, "condition"), self.environment.concrete(right, "condition")
            )
        )

    def number(self, node: ast.expr) -> Expr:
        """Evaluate to a number."""
        value = self.visit(node)
        if not isinstance(value, Expr):
            raise SpecError(f"'{self.text}': '{ast.unparse(node)}' is not a number")
        return value

    def truth(self, node: ast.expr) -> bool:
        """Evaluate to a boolean; a number is true when it is not zero."""
        value = self.visit(node)
        if isinstance(value, bool):
            return value
        if isinstance(value, Integer):
            return value != 0
        if isinstance(value, Expr):
            return self.environment.concrete(value, "condition") != 0
        raise SpecError(f"'{self.text}': '{ast.unparse(node)}' is neither true nor false")


def _word_or(word: Word, node: ast.expr) -> Any:
    """The right side of `symbol == word` is a bare word."""
    if not isinstance(node, ast.Name):
        raise SpecError(f"compare '{word}' with a word, not with '{ast.unparse(node)}'")
    return Word(node.id)
