"""The symbols of a spec: what each is inside laws, what it is called outside, and its value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Expr, Integer, Symbol, expand

from archgraph.errors import ArchgraphError, SpecError, did_you_mean
from archgraph.expressions import Word, evaluate_expression
from archgraph.frontend.spec import SymbolSpec
from archgraph.frontend.yamltree import Tree
from archgraph.symbols import evaluate, symbol

Binding = Any
"""What a symbol can be bound to: an int, a bool, a word, or a list of those."""



class Declarations:
    """Resolves the symbols of one spec at given values; an expression environment of their names.

    A symbol with `multiple_of` m and `offset` o is `m*k + o` inside, with a carrier symbol k; `shown` leads
    back. A structural, bound or zero symbol is a number inside.

    Attributes:
        bindings: values given for symbols, over their defaults.
        fixed: names of symbols that are numbers inside: bound by the user, or structural.
        values: the value of every symbol that is free inside.
        shown: carrier to expression in the names of the spec.
    """

    def __init__(
        self, specs: Mapping[str, SymbolSpec], bindings: Mapping[str, Binding], fixed: frozenset[str]
    ) -> None:
        self.specs = specs
        self.bindings = bindings
        self.fixed = fixed
        self.values: dict[Symbol, int] = {}
        self.shown: dict[Symbol, Expr] = {}
        self.structural: set[str] = set()
        self._resolved: dict[str, Any] = {}
        self._owner: dict[Symbol, str] = {}
        self._resolving: list[str] = []
        self._check_names()

    def _check_names(self) -> None:
        for name in self.bindings:
            if name not in self.specs:
                known = ", ".join(self.specs) or "none"
                raise SpecError(
                    f"there is no symbol '{name}'.{did_you_mean(name, self.specs)}", hint=f"symbols: {known}"
                )
            if self.specs[name].derived is not None:
                raise SpecError(f"symbol '{name}' is derived and cannot be bound")

    def resolve_all(self) -> None:
        """Resolve every symbol, so that unused ones are checked too."""
        for name in self.specs:
            self.lookup(name)

    def lookup(self, name: str) -> Any:
        """Return what a symbol is inside laws.

        Raises:
            SpecError: unknown, or defined by way of itself, or bound to a value it cannot have.
        """
        if name in self._resolved:
            return self._resolved[name]
        if name not in self.specs:
            raise SpecError(f"'{name}' is not defined.{did_you_mean(name, self.specs)}")
        if name in self._resolving:
            raise SpecError(f"symbol '{name}' is defined by way of itself", place=self.specs[name].place)
        self._resolving.append(name)
        try:
            self._resolved[name] = self._resolve(self.specs[name])
        except ArchgraphError as error:
            error.place = error.place or self.specs[name].place
            raise
        finally:
            self._resolving.pop()
        return self._resolved[name]

    def _resolve(self, spec: SymbolSpec) -> Any:
        if spec.derived is not None:
            return evaluate_tree(spec.derived, self)
        given = self.bindings.get(spec.name, spec.default)
        if spec.one_of:
            return _word(spec, given)
        value = evaluate_tree(given, self) if isinstance(given, Tree) else _plain(given, spec.name)
        if isinstance(value, (bool, tuple)):
            return value
        if not isinstance(value, Expr):
            raise SpecError(f"symbol '{spec.name}' must be a number, a boolean or a list, and is {value!r}")
        return self._number(spec, self.concrete(value, f"default of {spec.name}") if value.free_symbols else int(value))

    def _number(self, spec: SymbolSpec, value: int) -> Expr:
        if value < 0:
            raise SpecError(f"symbol '{spec.name}' must be positive, and is {value}")
        multiple = self._part(spec.multiple_of, 1)
        offset = self._part(spec.offset, 0)
        step, start = self._evaluate(multiple), self._evaluate(offset)
        if step < 1:
            raise SpecError(f"multiple_of of '{spec.name}' must be at least 1, and is {step}")
        if (value - start) % step:
            raise SpecError(*_not_a_multiple(spec.name, value, step, start))
        if value == 0 or spec.name in self.fixed:
            return Integer(value)
        if multiple == 1 and offset == 0:
            return self._declare(spec.name, spec.name, value)
        if value <= start:
            raise SpecError(f"symbol '{spec.name}' must be more than its offset {start}, and is {value}")
        carrier = self._declare(self._carrier_name(spec.name), spec.name, (value - start) // step)
        shown_multiple = self.show(multiple)
        self.shown[carrier] = expand((symbol(spec.name) - self.show(offset)) / shown_multiple)
        return expand(multiple * carrier + offset)

    def _carrier_name(self, name: str) -> str:
        lower = name.lower()
        return lower if lower != name and lower not in self.specs else f"{name}_steps"

    def _declare(self, inside: str, name: str, value: int) -> Symbol:
        free = symbol(inside)
        self.values[free] = value
        self._owner[free] = name
        return free

    def _part(self, tree: Tree | None, default: int) -> Expr:
        value = Integer(default) if tree is None else evaluate_tree(tree, self)
        if not isinstance(value, Expr):
            raise SpecError("multiple_of and offset are numbers")
        return value

    def _evaluate(self, expression: Expr) -> int:
        return evaluate(expression, self.values)

    def show(self, expression: Expr) -> Expr:
        """Return an expression in the names of the spec."""
        if not self.shown or not expression.free_symbols & self.shown.keys():
            return expression
        return expand(expression.xreplace(self.shown))

    def element(self, name: str, indices: tuple[int, ...]) -> Any:
        """Return an element of a list symbol."""
        return element_of(self.lookup(name), name, indices)

    def axis(self, name: str, axis: str) -> Expr:
        """Refuse: symbols have no axes."""
        raise SpecError(f"'{name}.{axis}': there are no values here, only symbols")

    def concrete(self, value: Expr, role: str) -> int:
        """Return the number that an expression has, and make its symbols structural."""
        for free in value.free_symbols:
            owner = self._owner.get(free)
            if owner is not None:
                self.structural.add(owner)
        return self._evaluate(value)

    def rule_of(self, name: str) -> tuple[int, int]:
        """Return the multiple and the offset of the values that a symbol can have."""
        multiple, offset = self.rule(name)
        return self._evaluate(multiple), self._evaluate(offset)

    def rule(self, name: str) -> tuple[Expr, Expr]:
        """Return the multiple and the offset of a symbol as sizes."""
        spec = self.specs[name]
        return self._part(spec.multiple_of, 1), self._part(spec.offset, 0)

    def numbers(self) -> dict[str, Any]:
        """Return the value of every symbol by its name in the spec, derived ones included."""
        return {name: self._value_of(self.lookup(name)) for name in self.specs}

    def _value_of(self, inside: Any) -> Any:
        if isinstance(inside, tuple):
            return [self._value_of(item) for item in inside]
        return self._evaluate(inside) if isinstance(inside, Expr) else inside


def evaluate_tree(tree: Tree, environment: Any) -> Any:
    """Evaluate a scalar as an expression, a list as a tuple of them; the place goes with every error."""
    if tree.is_list:
        return tuple(evaluate_tree(item, environment) for item in tree.value)
    if tree.is_mapping or tree.value is None:
        tree.fail(f"expected a number or an expression, and found {tree.describe()}")
    try:
        return evaluate_expression(tree.value, environment)
    except ArchgraphError as error:
        error.place = error.place or tree.place
        raise


def element_of(items: Any, name: str, indices: tuple[int, ...]) -> Any:
    """Return an element of nested lists, counting from 0.

    Raises:
        SpecError: not a list, or an index outside of it.
    """
    for index in indices:
        if not isinstance(items, tuple):
            raise SpecError(
                f"'{name}' is not a list, so it has no element {index}",
                hint="calls are not allowed in expressions; name(i) is element i of a list",
            )
        if not 0 <= index < len(items):
            raise SpecError(f"'{name}({index})': {name} has elements 0 to {len(items) - 1}")
        items = items[index]
    return items


def _word(spec: SymbolSpec, given: Any) -> Word:
    text = given.text(f"symbol {spec.name}") if isinstance(given, Tree) else str(given)
    if text not in spec.one_of:
        options = ", ".join(spec.one_of)
        raise SpecError(f"symbol '{spec.name}' must be one of {options}, and is '{text}'.{did_you_mean(text, spec.one_of)}")
    return Word(text)


def _plain(value: Binding, name: str) -> Any:
    """Convert a value given in Python."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (list, tuple)):
        return tuple(_plain(item, name) for item in value)
    try:
        return Integer(int(value)) if int(value) == value else _refuse(name, value)
    except (TypeError, ValueError):
        return _refuse(name, value)


def _refuse(name: str, value: Binding) -> Any:
    raise SpecError(f"symbol '{name}' cannot be {value!r}: it is a positive integer")


def _not_a_multiple(name: str, value: int, step: int, start: int) -> tuple[str]:
    below = value - (value - start) % step
    rule = f"a multiple of {step}" + (f" plus {start}" if start else "")
    nearest = [number for number in (below, below + step) if number > 0]
    return (f"{name} must be {rule}, and is {value}; the nearest are {' and '.join(map(str, nearest))}",)
