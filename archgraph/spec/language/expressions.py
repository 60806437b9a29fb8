"""The safe expression language of specs: a whitelisted subset of Python's syntax, evaluated over sizes."""

from __future__ import annotations

import ast
from collections.abc import Callable
from operator import ge, gt, le, lt
from typing import Any, Protocol

from sympy import Expr, Integer

from archgraph.errors import ArchgraphError, Place, SpecError, did_you_mean, quoted
from archgraph.sizes import arithmetic
from archgraph.sizes.symbols import decide, is_ordered
from archgraph.spec.language.grammar import ALLOWED, SIZE_FUNCTIONS, names_in, parse_expression
from archgraph.spec.language.values import Word, describe, element_of


class Environment(Protocol):
    """What an expression may ask of the scope it stands in."""

    def lookup(self, name: str) -> Any:
        """Return the value of a name, or raise `SpecError`."""
        ...

    def items(self, name: str) -> tuple[object, ...]:
        """Return the elements of a list, or raise `SpecError`."""
        ...

    def axis(self, name: str, indices: tuple[int, ...], axis: str) -> Expr:
        """Return the size of an axis of a value."""
        ...

    def concrete(self, value: Expr, role: str) -> int:
        """Return a structural integer: the value is fixed when the graph is built."""
        ...

    def tell(self, value: Any) -> str:
        """Return a value in words, a size with the number that it is."""
        ...


def evaluate_expression(environment: Environment, start: Place | None = None, *, text: str | int | bool) -> Any:
    """Evaluate an expression to a size, a boolean, a word or a tuple.

    Raises:
        SpecError: an unknown name, an operation outside the language, a bound broken; at the place of the
            part that is wrong, counted from `start`.
    """
    if isinstance(text, bool):
        return text
    if isinstance(text, int):
        return arithmetic.bounded(Integer(text))
    # Python's parser counts columns from the first letter.
    start = start and start.shifted(len(text) - len(text.lstrip()))
    return evaluate_node(parse_expression(text, start), text, environment, start)


def evaluate_node(node: ast.expr, text: str, environment: Environment, start: Place | None = None) -> Any:
    """Evaluate a parsed part of the expression `text`."""
    return _Evaluator(environment, text.strip(), start).visit(node)


def bindings_in(text: Any, environment: Environment) -> str:
    """Return the names in an expression with their values: `C=64, i=2`."""
    return ", ".join(filter(None, (_binding(name, environment) for name in dict.fromkeys(names_in(text)))))


def _binding(name: str, environment: Environment) -> str:
    try:
        told = environment.tell(evaluate_expression(environment, text=name))
    except ArchgraphError:
        return ""
    return told.replace(" = ", "=") if told.startswith(f"{name} = ") else f"{name}={told}"


_ARITHMETIC: dict[type, Callable[[Expr, Expr], Expr]] = {
    ast.Add: arithmetic.add,
    ast.Sub: arithmetic.subtract,
    ast.Mult: arithmetic.multiply,
    ast.Div: arithmetic.divide,
    ast.FloorDiv: arithmetic.floor_divide,
    ast.Mod: arithmetic.modulo,
    ast.Pow: arithmetic.power,
}
_COMPARISON = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_ORDER: dict[str, Callable[[int, int], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_REFUSED: dict[type, tuple[str, str]] = {
    ast.Attribute: ("an attribute", "x.c is the size of axis c of the value x"),
    ast.Subscript: ("a subscript", "write name(i) for element i of a list"),
    ast.List: ("a list", "write it as a YAML list"),
    ast.Tuple: ("a comma", "write a YAML list: [a, b]"),
    ast.IfExp: ("`if`", "use `when` beside a step"),
    ast.BitXor: ("^", "a power is **"),
    ast.Is: ("`is`", "write =="),
    ast.UAdd: ("a leading +", "leave it out"),
}


class _Evaluator(ast.NodeVisitor):
    """Walks a parsed expression; whatever has no `visit_` method here is not in the language."""

    def __init__(self, environment: Environment, text: str, start: Place | None) -> None:
        self.environment = environment
        self.text = text
        self.start = start

    def visit(self, node: ast.AST) -> Any:
        """Evaluate a node; an error gets the place of the innermost part that failed."""
        try:
            return super().visit(node)
        except ArchgraphError as error:
            column = getattr(node, "col_offset", None)
            if self.start and column is not None and getattr(node, "lineno", 1) == 1:
                # The innermost part sees the error first: what is further out keeps its place.
                error.place = error.place or self.start.shifted(column)
            raise

    def generic_visit(self, node: ast.AST) -> Any:
        word, hint = _REFUSED.get(type(node), (f"`{type(node).__name__.lower()}`", f"allowed: {ALLOWED}"))
        self._fail(f"{word} is not allowed in an expression", hint)

    def _fail(self, message: str, hint: str = "") -> Any:
        raise SpecError(f"{quoted(self.text)}: {message}", hint=hint)

    def visit_Constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, bool):
            self._fail("write true or false, in lower case")
        # A float would round every law that it stands in.
        if not isinstance(node.value, int):
            shown = quoted(node.value) if isinstance(node.value, str) else str(node.value)
            self._fail(f"{shown} is not an integer", _as_integers(node.value))
        return arithmetic.bounded(Integer(node.value))

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id in ("true", "false"):
            return node.id == "true"
        if node.id in SIZE_FUNCTIONS:
            self._fail(f"{node.id} is a function", f"{node.id}(…)")
        return self.environment.lookup(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        name, indices = self._indexed(node.value)
        # Attributes are axes and nothing else: no expression reaches into an object.
        if not name or node.attr.startswith("_"):
            return self.generic_visit(node)
        return self.environment.axis(name, tuple(map(self._index, indices)), node.attr)

    def visit_Call(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Name) and node.func.id in SIZE_FUNCTIONS:
            return self._function(node.func.id, node)
        name, indices = self._indexed(node)
        if not name:
            self._fail("a call is not allowed in an expression", "name(i) is element i of a list")
        items = self.environment.items(name)
        try:
            return element_of(items, name, tuple(map(self._index, indices)))
        except SpecError as error:
            told = (bindings_in(ast.unparse(index), self.environment) for index in indices)
            error.bindings = error.bindings or ", ".join(filter(None, told))
            raise

    def _indexed(self, node: ast.expr) -> tuple[str, list[ast.expr]]:
        """The name and the indices of `name(i)(j)`; no name where it is something else."""
        indices: list[ast.expr] = []
        while isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            indices.insert(0, node.args[0])
            node = node.func
        return (node.id, indices) if isinstance(node, ast.Name) else ("", indices)

    def _index(self, node: ast.expr) -> int:
        return self.environment.concrete(self.number(node), "index")

    def _function(self, name: str, node: ast.Call) -> Any:
        values = [self.visit(argument) for argument in node.args]
        if node.keywords:
            return self.generic_visit(node)
        if len(values) == 1 and isinstance(values[0], tuple) and name in ("min", "max", "len"):
            values = list(values[0])
        elif name == "len" or (name in ("floor", "ceil") and len(values) != 1):
            self._fail(f"{name} takes one {'list' if name == 'len' else 'number'}")
        if name == "len":
            return Integer(len(values))
        return self._number_function(name, values)

    def _number_function(self, name: str, values: list[Any]) -> Expr:
        if not values or not all(isinstance(value, Expr) for value in values):
            self._fail(f"{name} takes numbers")
        return arithmetic.rounded(name, values[0]) if name in ("floor", "ceil") else arithmetic.extremum(name, values)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        compute = _ARITHMETIC.get(type(node.op))
        if compute is None:
            return self.generic_visit(node.op)
        left, right = self.number(node.left), self.number(node.right)
        # Arithmetic knows the numbers and not the text: here they meet in one message.
        try:
            return compute(left, right)
        except SpecError as error:
            bindings = bindings_in(ast.unparse(node), self.environment)
            raise SpecError(f"{quoted(self.text)}: {error.message}", bindings=bindings) from None

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
        sign = _COMPARISON.get(type(comparison))
        if sign is None:
            return self.generic_visit(comparison)
        first = self.visit(left)
        # A word is only known beside the symbol that has it among its options.
        second = self._word_or_value(first, right) if isinstance(first, Word) else self.visit(right)
        if isinstance(first, Expr) and isinstance(second, Expr):
            return self._compare_sizes(first, sign, second)
        if sign not in ("==", "!="):
            self._fail(f"only numbers can be ordered, not {describe(first)} and {describe(second)}")
        return self._equal(first, second) == (sign == "==")

    def _equal(self, first: Any, second: Any) -> bool:
        """Compare values of one kind; a list equals a number when all its entries do."""
        if isinstance(first, Expr) and isinstance(second, Expr):
            return self._compare_sizes(first, "==", second)
        if isinstance(first, tuple) and isinstance(second, (tuple, Expr)):
            others = second if isinstance(second, tuple) else (second,) * len(first)
            return len(first) == len(others) and all(map(self._equal, first, others))
        if isinstance(first, Expr) and isinstance(second, tuple):
            return self._equal(second, first)
        if any(isinstance(first, kind) and isinstance(second, kind) for kind in (bool, str)):
            return first == second
        return self._fail(f"cannot compare {describe(first)} with {describe(second)}")

    def _word_or_value(self, word: Word, node: ast.expr) -> Any:
        """The right side of `symbol == word` is a bare word, or another word symbol."""
        if not isinstance(node, ast.Name):
            return self.visit(node)
        if node.id in word.options:
            return Word(node.id, word.options)
        try:
            return self.environment.lookup(node.id)
        except SpecError:
            suggestion = did_you_mean(node.id, word.options)
            options = ", ".join(word.options)
            raise SpecError(
                f"{quoted(self.text)}: {quoted(node.id)} is not one of {options}.{suggestion}",
                place=self.start and self.start.shifted(node.col_offset),
            ) from None

    def _compare_sizes(self, left: Expr, comparison: Any, right: Expr) -> bool:
        if comparison not in _ORDER:
            return decide(left, comparison, right, f"decided at the bound values: {self.text}")
        # What holds at every size is no condition; else the answer binds the sizes, which the scope writes down.
        verdict = is_ordered(left, comparison, right)
        if verdict is not None:
            return verdict
        first, second = (self.environment.concrete(side, "condition") for side in (left, right))
        return _ORDER[comparison](first, second)

    def number(self, node: ast.expr) -> Expr:
        """Evaluate to a number."""
        value = self.visit(node)
        if not isinstance(value, Expr):
            self._fail(f"'{ast.unparse(node)}' is {describe(value)}, and a number is needed")
        return value

    def truth(self, node: ast.expr) -> bool:
        """Evaluate to a boolean; a number is true when it is not zero."""
        value = self.visit(node)
        if isinstance(value, bool):
            return value
        if isinstance(value, Expr):
            return self.environment.concrete(value, "condition") != 0
        return self._fail(f"'{ast.unparse(node)}' is {describe(value)}, and a condition is needed")


def _as_integers(value: object) -> str:
    """How to write with integers what was written with a point or an exponent."""
    if isinstance(value, float) and value.is_integer():
        return f"write {int(value)}" if value < 10**15 else "write a power: 10**20"
    if isinstance(value, float):
        return "a fraction is a quotient: x.c / 2 is exact, x.c // 2 rounds down"
    return f"allowed: {ALLOWED}"
