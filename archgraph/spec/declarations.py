"""The symbols of a spec: what each is inside laws, what it is called outside, and its value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Expr, Integer, Rational, Symbol

from archgraph.errors import ArchgraphError, SpecError, did_you_mean, quoted, some
from archgraph.sizes.arithmetic import bounded
from archgraph.sizes.exact import evaluate, number_of
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import symbol
from archgraph.spec.definitions import SymbolSpec
from archgraph.spec.language.evaluation import evaluate_tree, refuse
from archgraph.spec.language.expressions import bindings_in
from archgraph.spec.language.tree import Tree
from archgraph.spec.language.values import Word, describe, not_a_list, undefined

MAX_CHAIN = 40
Binding = Any
"""What a symbol can be bound to: an int, a bool, a word, or a list of those."""
TAKEN = {"a number": "a positive integer", "a boolean": "true or false", "a list": "a list of positive integers"}
"""What a symbol takes, by the kind of its default."""


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

    def __init__(self, specs: Mapping[str, SymbolSpec], bindings: Mapping[str, Binding], fixed: frozenset[str]) -> None:
        self.specs = specs
        self.bindings = bindings
        self.fixed = fixed
        self.values: dict[Symbol, int] = {}
        self.shown: dict[Symbol, Expr] = {}
        self.structural: set[str] = set()
        self._resolved: dict[str, Any] = {}
        self._owner: dict[Any, str] = {}
        self._resolving: list[str] = []
        self._check_names()

    def _check_names(self) -> None:
        for name in self.bindings:
            if name not in self.specs:
                known = some(self.specs) or "none"
                suggestion = did_you_mean(name, self.specs)
                raise SpecError(f"there is no symbol {quoted(name)}.{suggestion}", hint=f"symbols: {known}")
            if self.specs[name].derived is not None:
                place = self.specs[name].place
                raise SpecError(f"symbol '{name}' is derived from others and cannot be bound", place=place)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all symbols, in the order of the spec."""
        return tuple(self.specs)

    @property
    def letters(self) -> dict[str, str]:
        """What figures call the symbols that they call otherwise."""
        return {name: spec.letter for name, spec in self.specs.items() if spec.letter}

    def is_derived(self, name: str) -> bool:
        """Whether a symbol is an expression of others."""
        return self.specs[name].derived is not None

    def doc(self, name: str) -> str:
        """What a symbol stands for, in the words of the spec."""
        return self.specs[name].doc

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
            raise undefined(name, self.specs)
        if name in self._resolving:
            circle = " -> ".join([*self._resolving[self._resolving.index(name) :], name])
            raise SpecError(f"symbol '{name}' is defined by way of itself: {circle}")
        # Before Python's own limit on recursion, whose error would name no symbol.
        if len(self._resolving) >= MAX_CHAIN:
            raise SpecError(f"symbol '{name}' is defined by way of more than {MAX_CHAIN} others")
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
        try:
            return self._bind(spec, given)
        except ArchgraphError as error:
            error.place = error.place or (given.place if isinstance(given, Tree) else None)
            raise

    def _bind(self, spec: SymbolSpec, given: Any) -> Any:
        if spec.one_of:
            return _word(spec, given)
        value = self._default(spec, given) if isinstance(given, Tree) else self._given(spec, given)
        self._check_kind(spec, value)
        return self._number(spec, self._evaluate(value)) if isinstance(value, Expr) else value

    def _default(self, spec: SymbolSpec, given: Tree) -> Any:
        try:
            return evaluate_tree(given, self)
        except SpecError as error:
            if str(given.value).isidentifier() and "boolean" not in error.hint:
                error.hint = f"a word needs its options: {spec.name}: {{default: {given.value}, one_of: […]}}"
            raise

    def _given(self, spec: SymbolSpec, given: Binding) -> Any:
        """Convert a value given in Python; one that is nothing is told by what the symbol takes."""
        try:
            return _plain(given)
        except _NoSizeError:
            default = self._default_value(spec)
            rule, shown = TAKEN[_kind(default)], quoted(given) if isinstance(given, str) else quoted(given)[1:-1]
            problem = f"symbol '{spec.name}' cannot be {shown}: it is {rule}"
            raise SpecError(problem, hint=self._written(spec, default)) from None

    def _default_value(self, spec: SymbolSpec) -> object:
        return evaluate_tree(spec.default, self) if isinstance(spec.default, Tree) else Integer(1)

    def _written(self, spec: SymbolSpec, default: object) -> str:
        """How a list is written, by that of the default."""
        numbers = ",".join(str(self.number(item)) for item in default) if isinstance(default, tuple) else ""
        return numbers and f"a list stands in brackets: {spec.name}=[{numbers}]"

    def _check_kind(self, spec: SymbolSpec, value: Any) -> None:
        """A number stays a number, a list a list, whatever it is bound to."""
        kind = _kind(value)
        if spec.name in self.bindings and isinstance(spec.default, Tree):
            default = self._default_value(spec)
            if kind != _kind(default):
                problem = f"symbol '{spec.name}' is {_kind(default)}, and cannot be {self.tell(value)}"
                raise SpecError(problem, hint=self._written(spec, default))
        if kind != "a number" and (spec.multiple_of or spec.offset):
            raise SpecError(f"symbol '{spec.name}' is {kind} and cannot have multiple_of or offset")
        if kind != "a number" and spec.letter:
            raise SpecError(f"symbol '{spec.name}' is {kind}, which stands in no law, and cannot have `as`")

    def _number(self, spec: SymbolSpec, value: int) -> Expr:
        if value < 0:
            raise SpecError(f"symbol '{spec.name}' cannot be negative, and is {value}")
        multiple = self._part(spec.multiple_of, 1)
        offset = self._part(spec.offset, 0)
        step, start = self._evaluate(multiple), self._evaluate(offset)
        if step < 1 and spec.multiple_of is not None:
            refuse(spec.multiple_of, self, f"multiple_of of symbol '{spec.name}' must be at least 1, and is {step}")
        if (value - start) % step:
            raise self._not_a_multiple(spec, value, step, start)
        # Symbols are positive, so that a switch that is off has to be a number.
        if value == 0 or spec.name in self.fixed:
            return Integer(value)
        if multiple == 1 and offset == 0:
            return self._declare(spec.name, spec.name, value)
        if value <= start:
            raise SpecError(f"symbol '{spec.name}' must be more than its offset {start}, and is {value}")
        # Only the carrier occurs inside: H/2 is then a polynomial with whole coefficients, and no rounding that has to
        # be assumed away.
        carrier = self._declare(self._carrier_name(spec.name), spec.name, (value - start) // step)
        shown_multiple = self.show(multiple)
        self.shown[carrier] = expanded((symbol(spec.name) - self.show(offset)) / shown_multiple)
        return expanded(multiple * carrier + offset)

    def _not_a_multiple(self, spec: SymbolSpec, value: int, step: int, start: int) -> SpecError:
        below = value - (value - start) % step
        rule = f"a multiple of {step}" + (f" plus {start}" if start else "")
        # Below the first that there is, the first is the nearest.
        first = start + step if start >= 0 else start % step or step
        nearest = " and ".join(str(number) for number in dict.fromkeys((max(below, first), max(below + step, first))))
        # As one expression, in which a symbol of both is told once.
        parts = [f"({part.value})" for part in (spec.multiple_of, spec.offset) if part is not None]
        bindings = bindings_in(" + ".join(parts), self)
        return SpecError(
            f"symbol '{spec.name}' must be {rule}, and is {value}",
            bindings=bindings,
            hint=f"the nearest: {nearest}",
        )

    def _carrier_name(self, name: str) -> str:
        lower = name.lower()
        taken = {*self.specs, *self.letters.values()}
        return lower if lower != name and lower not in taken else f"{name}_steps"

    def _declare(self, inside: str, name: str, value: int) -> Symbol:
        free = symbol(inside)
        self.values[free] = value
        self._owner[free] = name
        return free

    def _part(self, tree: Tree | None, default: int) -> Expr:
        value = Integer(default) if tree is None else evaluate_tree(tree, self)
        if tree is not None and not isinstance(value, Expr):
            hint = "of several, write what all of them divide: heads * groups" if isinstance(value, tuple) else ""
            tree.fail(f"multiple_of and offset are numbers, and this is {describe(value)}", hint)
        return value

    def _evaluate(self, expression: Expr) -> int:
        return evaluate(expression, self.values)

    def show(self, expression: Expr) -> Expr:
        """Return an expression in the names of the spec."""
        if not self.shown or not expression.free_symbols & self.shown.keys():
            return expression
        return expanded(expression.xreplace(self.shown))

    def number(self, expression: Expr) -> Expr:
        """Return the number that an expression comes to, or the expression where it has none."""
        try:
            return Rational(number_of(expression, self.values))
        except ArchgraphError:
            return expression

    def tell(self, value: Any) -> str:
        """Return a value in words, a size in the names of the spec with the number that it is."""
        if isinstance(value, tuple):
            return "[" + ", ".join(map(self.tell, value)) + "]"
        if not isinstance(value, Expr):
            return str(value).lower() if isinstance(value, bool) else str(value)
        shown, number = str(self.show(value)), str(self.number(value))
        return shown if number in (shown, str(value)) else f"{shown} = {number}"

    def shown_values(self) -> dict[Symbol, int]:
        """Return the values of the symbols that laws are shown in."""
        return {
            symbol(self._owner[carrier]): self._evaluate(self.lookup(self._owner[carrier])) for carrier in self.shown
        }

    def rule_of(self, name: str) -> tuple[int, int]:
        """Return the multiple and the offset of the values that a symbol can have."""
        multiple, offset = self.rule(name)
        return self._evaluate(multiple), self._evaluate(offset)

    def rule(self, name: str) -> tuple[Expr, Expr]:
        """Return the multiple and the offset of a symbol as sizes."""
        spec = self.specs[name]
        return self._part(spec.multiple_of, 1), self._part(spec.offset, 0)

    def switched_off(self) -> set[str]:
        """Return the symbols that are 0, whose axes are absent."""
        return {name for name, value in self._resolved.items() if isinstance(value, Expr) and value.is_zero}

    def items(self, name: str) -> tuple[object, ...]:
        """Return the elements of a list symbol."""
        value = self.lookup(name)
        if type(value) is not tuple:
            raise not_a_list(name, value)
        return value

    def axis(self, name: str, indices: tuple[int, ...], axis: str) -> Expr:
        """Refuse: symbols have no axes."""
        raise SpecError(f"'{name}.{axis}': there are no values here, only symbols")

    def concrete(self, value: Expr, role: str) -> int:
        """Return the number that an expression has, and make its symbols structural."""
        for free in value.free_symbols:
            # Who asks for the number builds it into the graph, which then holds for this value alone.
            owner = self._owner.get(free)
            if owner is not None:
                self.structural.add(owner)
        return self._evaluate(value)

    def numbers(self) -> dict[str, Any]:
        """Return the value of every symbol by its name in the spec, derived ones included."""
        return {name: self._value_of(self.lookup(name)) for name in self.specs}

    def _value_of(self, inside: Any) -> Any:
        if isinstance(inside, tuple):
            return [self._value_of(item) for item in inside]
        return self._evaluate(inside) if isinstance(inside, Expr) else inside


def _kind(value: object) -> str:
    if isinstance(value, str):
        return describe(value)
    return "a boolean" if isinstance(value, bool) else "a list" if isinstance(value, tuple) else "a number"


def _word(spec: SymbolSpec, given: Any) -> Word:
    text = given.text(f"symbol {spec.name}") if isinstance(given, Tree) else str(given)
    if text not in spec.one_of:
        options = ", ".join(spec.one_of)
        suggestion = did_you_mean(text, spec.one_of)
        raise SpecError(f"symbol '{spec.name}' must be one of {options}, and is {quoted(text)}.{suggestion}")
    return Word(text, spec.one_of)


class _NoSizeError(Exception):
    """A value that is no boolean, no size and no list of them."""


def _plain(value: Binding) -> Any:
    """Convert a value given in Python."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (list, tuple)):
        return tuple(map(_plain, value))
    try:
        whole = int(value)
        # int() takes "8" and 8.5, and neither is a size.
        if isinstance(value, str) or whole != value:
            raise _NoSizeError
    except (TypeError, ValueError, OverflowError, RuntimeError):
        # A tensor without values says so in an error of its own.
        raise _NoSizeError from None
    return bounded(Integer(whole))
