"""The names that an expression or a reference can see: symbols, arguments, loop variables and values."""

from __future__ import annotations

from typing import Any

from sympy import Expr

from archgraph.errors import Place, SpecError, did_you_mean
from archgraph.expressions import Word
from archgraph.frontend.declarations import Declarations, element_of
from archgraph.frontend.steps import Target
from archgraph.ir import Value


class Scope:
    """The names of one block, or of one iteration of a loop inside it.

    Plain names live as long as their scope; indexed names belong to the block and outlive loops. Names are
    assigned once.
    """

    def __init__(self, declarations: Declarations, outer: Scope | None = None) -> None:
        self.declarations = declarations
        self.outer = outer
        self.names: dict[str, Any] = {}
        self.families: dict[str, dict[tuple[int, ...], Value]] = outer.families if outer else {}
        self.previous: tuple[Value, ...] = outer.previous if outer else ()

    def branch(self, previous: tuple[Value, ...]) -> Scope:
        """Return this scope with another `_`: a group of steps opens no names of its own."""
        inner = Scope(self.declarations, self.outer)
        inner.names, inner.families, inner.previous = self.names, self.families, previous
        return inner

    def define(self, name: str, value: Any, place: Place | None = None) -> None:
        """Give a name to an argument, a loop variable or a value.

        Raises:
            SpecError: the name is taken, by a value or by a symbol.
        """
        if name in self.names or name in self.families:
            raise SpecError(f"'{name}' is defined twice", place=place, hint="names are assigned once per scope")
        if name in self.declarations.specs:
            raise SpecError(f"'{name}' is already the name of a symbol", place=place)
        self.names[name] = value

    def assign(self, target: Target, value: Value, place: Place | None) -> None:
        """Name an output of a step."""
        if target.name == "_":
            return
        if not target.indices:
            self.define(target.name, value, place)
            return
        if self._find(target.name) is not None:
            raise SpecError(f"'{target.name}' is defined twice, once without an index", place=place)
        family = self.families.setdefault(target.name, {})
        if target.indices in family:
            raise SpecError(f"'{target}' is defined twice", place=place, hint="names are assigned once per scope")
        family[target.indices] = value

    def _find(self, name: str) -> Any:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None

    def _visible(self) -> list[str]:
        scope: Scope | None = self
        names = [*self.families, *self.declarations.specs]
        while scope is not None:
            names += scope.names
            scope = scope.outer
        return names

    def lookup(self, name: str) -> Any:
        """Return what a name means in an expression: a size, a boolean, a word or a list."""
        found = self._find(name)
        if isinstance(found, Value):
            raise SpecError(f"'{name}' is a value; its sizes are {name}.{f', {name}.'.join(found.type.names)}")
        if found is not None:
            return found
        if name in self.declarations.specs:
            return self.declarations.lookup(name)
        if name in ("same", "valid"):
            return Word(name)
        raise SpecError(f"'{name}' is not defined.{did_you_mean(name, self._visible())}")

    def element(self, name: str, indices: tuple[int, ...]) -> Any:
        """Return an element of a list."""
        if name in self.families:
            raise SpecError(f"'{name}' is a family of values, and an expression needs a number")
        return element_of(self.lookup(name), name, indices)

    def axis(self, name: str, axis: str) -> Expr:
        """Return the size of an axis of a named value, or of `_`."""
        return self.value(name, ()).type.size(axis)

    def concrete(self, value: Expr, role: str) -> int:
        """Return a structural integer."""
        return self.declarations.concrete(value, role)

    def value(self, name: str, indices: tuple[int, ...]) -> Value:
        """Return a value by name, or the previous step's only output for `_`.

        Raises:
            SpecError: there is no such value.
        """
        if name == "_":
            if len(self.previous) != 1:
                raise SpecError(f"`_` stands for {len(self.previous)} values here, and one is needed")
            return self.previous[0]
        if indices:
            return self._member(name, indices)
        found = self._find(name)
        if isinstance(found, Value):
            return found
        if found is not None or name in self.declarations.specs:
            raise SpecError(f"'{name}' is a number, not a value", hint="values enter as inputs, numbers as arguments")
        if name in self.families:
            raise SpecError(f"'{name}' is a family of values", hint=f"write {name}(i)")
        raise SpecError(f"no value is named '{name}'.{did_you_mean(name, self._visible())}")

    def _member(self, name: str, indices: tuple[int, ...]) -> Value:
        family = self.families.get(name)
        label = str(Target(name, indices))
        if family is None:
            raise SpecError(f"no value is named '{label}'.{did_you_mean(name, self.families)}")
        if indices not in family:
            known = ", ".join(str(Target(name, index)) for index in family)
            raise SpecError(f"no value is named '{label}'", hint=f"defined so far: {known}")
        return family[indices]

    def values(self, name: str, indices: tuple[int, ...]) -> tuple[Value, ...]:
        """Return the values a reference stands for: `_` may stand for several."""
        if name == "_" and not indices:
            if not self.previous:
                raise SpecError("`_` stands for the previous step, and there is none")
            return self.previous
        return (self.value(name, indices),)
