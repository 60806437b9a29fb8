"""The names that an expression or a reference can see: symbols, arguments, loop variables and values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Expr

from archgraph.errors import Place, SpecError, did_you_mean, some
from archgraph.graph.ir import Value
from archgraph.spec.declarations import Declarations
from archgraph.spec.definitions import SymbolSpec
from archgraph.spec.language.grammar import CALLS
from archgraph.spec.language.tree import Tree
from archgraph.spec.language.values import Word, not_a_list, undefined
from archgraph.spec.operations import operations
from archgraph.spec.steps import Target, read_reference


class Family(dict[tuple[int, ...], Value]):
    """Values of one name, by their indices, where a row of a loop calls them by another name."""


PADDING_WORDS = ("same", "valid")


class Scope:
    """The names of one block, or of one iteration of a loop inside it.

    Plain names live as long as their scope; indexed names belong to the block and outlive loops. Names are
    assigned once.

    Attributes:
        declarations: the symbols of the spec, with their values.
        symbols: those of them that can be named here: a standard block sees none.
        names: arguments, loop variables and values.
        families: indexed names, by their indices.
        previous: the outputs of the previous step, which `_` stands for.
        ahead: the lists of steps that are being run, where a message finds names that come later.
        read: the names of this scope that were asked for.
    """

    def __init__(self, declarations: Declarations, outer: Scope | None = None, *, own: bool = True) -> None:
        self.declarations = declarations
        self.outer = outer
        self.symbols: Mapping[str, SymbolSpec] = outer.symbols if outer else declarations.specs if own else {}
        self.names: dict[str, Any] = {}
        self.places: dict[str, Place | None] = {}
        self.families: dict[str, dict[tuple[int, ...], Value]] = outer.families if outer else {}
        self.skipped: dict[str, Place] = outer.skipped if outer else {}
        self._members_at: dict[Target, Place | None] = outer._members_at if outer else {}
        self.previous: tuple[Value, ...] = outer.previous if outer else ()
        self.ahead: tuple[Tree, ...] = outer.ahead if outer else ()
        self.read: set[str] = set()

    def branch(self, previous: tuple[Value, ...]) -> Scope:
        """Return this scope with another `_`: a group of steps opens no names of its own."""
        # The very same tables: what a group names is seen behind it.
        inner = Scope(self.declarations, self.outer)
        inner.symbols, inner.names, inner.places = self.symbols, self.names, self.places
        inner.families, inner.skipped, inner.previous = self.families, self.skipped, previous
        inner._members_at, inner.ahead, inner.read = self._members_at, self.ahead, self.read
        return inner

    def inside(self, previous: tuple[Value, ...]) -> Scope:
        """Return a scope for the body of a repeat: it sees all names, and none of its own gets out."""
        inner = Scope(self.declarations, self)
        # A copy: a body stands for all iterations, so that its names cannot be told apart outside.
        inner.families = {name: dict(family) for name, family in self.families.items()}
        inner.previous = previous
        return inner

    def define(self, name: str, value: Any, place: Place | None = None, *, shadows: bool = False) -> None:
        """Give a name to an argument, a loop variable or a value; what a block takes may shadow a symbol.

        Raises:
            SpecError: the name is taken, by a value or by a symbol.
        """
        if name in self.names or name in self.families:
            raise SpecError(f"'{name}' is defined twice", place=place, hint=_once(self.places.get(name)))
        if name in self.symbols and not shadows:
            line = f" (line {self.symbols[name].place.line})"
            raise SpecError(f"'{name}' is already the name of a symbol{line}", place=place)
        self.names[name] = value
        self.places[name] = place

    def assign(self, target: Target, value: Value, place: Place | None) -> None:
        """Name an output of a step."""
        if target.name == "_":
            return
        if not target.indices:
            self.define(target.name, value, place)
            return
        if target.name in self.symbols or self._find(target.name) is not None:
            raise SpecError(f"'{target.name}' is defined already, without an index", place=place)
        family = self.families.setdefault(target.name, {})
        if target.indices in family:
            raise SpecError(f"'{target}' is defined twice", place=place, hint=_once(self._members_at.get(target)))
        family[target.indices] = value
        self._members_at[target] = place

    def skip(self, name: str, place: Place) -> None:
        """Remember that `when` skipped the step that would have given a name."""
        self.skipped.setdefault(name, place)

    def _find(self, name: str) -> Any:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                # Noted, so that arguments that nothing reads can be told to have no effect.
                scope.read.add(name)
                return scope.names[name]
            scope = scope.outer
        return None

    def family(self, name: str) -> Mapping[tuple[int, ...], Value] | None:
        """Return the values of an indexed name, or None."""
        # A row of a loop may hold a family under the row's own name.
        found = self.families.get(name) or self._find(name)
        return found if isinstance(found, dict) else None

    def held(self, tree: Tree) -> Value | Family | None:
        """Return the value or the family that a text names, or None where it is something else."""
        if not isinstance(tree.value, str):
            return None
        # Asked of arguments of any kind: what is no reference is not wrong, but something else.
        try:
            name, indices = read_reference(tree, self)
        except SpecError:
            return None
        family = self.family(name)
        if family is not None and indices:
            return family.get(indices)
        if family is not None:
            return Family(family)
        found = None if indices or name == "_" else self._find(name)
        return found if isinstance(found, Value) else None

    def _visible(self, *, values: bool) -> list[str]:
        """The names to choose from: those of values, or those of numbers."""
        scope: Scope | None = self
        names = [*self.families] if values else [*self.symbols]
        while scope is not None:
            names += [name for name, item in scope.names.items() if isinstance(item, Value) == values]
            scope = scope.outer
        return names

    def lookup(self, name: str) -> Any:
        """Return what a name means in an expression: a size, a boolean, a word or a list."""
        # Nearest first: what a block takes may shadow a symbol of the spec.
        found = self._find(name)
        if isinstance(found, Value):
            sizes = ", ".join(f"{name}.{axis}" for axis in found.type.names)
            hint = f"its sizes are {sizes}" if sizes else "it has no axes"
            raise SpecError(f"'{name}' is a value, and a number is needed", hint=hint)
        if found is not None and not isinstance(found, Family):
            return found
        if name in self.symbols:
            return self.declarations.lookup(name)
        if name in PADDING_WORDS:
            return Word(name, PADDING_WORDS)
        if self.family(name) is not None:
            hint = f"a size of one of them is {name}(0).c"
            raise SpecError(f"'{name}' is a family of values, and a number is needed", hint=hint)
        if name == "_":
            raise SpecError("`_` is a value, and a number is needed", hint="its sizes are _.c, _.h …")
        raise undefined(name, self._visible(values=False))

    def items(self, name: str) -> tuple[object, ...]:
        """Return the elements of a list."""
        if self.family(name) is not None:
            hint = f"a size of one of them is {name}(0).c"
            raise SpecError(f"'{name}' is a family of values, and a number is needed", hint=hint)
        try:
            value = self.lookup(name)
        except SpecError as error:
            error.hint = CALLS
            raise
        if type(value) is not tuple:
            raise not_a_list(name, value)
        return value

    def axis(self, name: str, indices: tuple[int, ...], axis: str) -> Expr:
        """Return the size of an axis of a named value, or of `_`."""
        type_ = self.value(name, indices).type
        if not type_.has(axis):
            label = Target(name, indices)
            sizes = ", ".join(f"{label}.{other}" for other in type_.names) or "none: it is a number without axes"
            suggestion = did_you_mean(axis, type_.names)
            raise SpecError(f"'{label}' has no axis '{axis}'.{suggestion}", hint=f"its sizes are {sizes}")
        return type_.size(axis)

    def concrete(self, value: Expr, role: str) -> int:
        """Return a structural integer."""
        return self.declarations.concrete(value, role)

    def tell(self, value: Any) -> str:
        """Return a value in words."""
        return self.declarations.tell(value)

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
        if self.family(name) is None and (found is not None or name in self.symbols):
            hint = "values enter as inputs, numbers as arguments"
            raise SpecError(f"'{name}' is a number, not a value", hint=hint)
        if self.family(name) is not None:
            hint = f"its members are {self._members(name)}; in a list, as concat: [{name}], it stands for all of them"
            raise SpecError(f"'{name}' is a family of values, and one is needed", hint=hint)
        raise self._no_value(name, name, self._visible(values=True))

    def _member(self, name: str, indices: tuple[int, ...]) -> Value:
        family = self.family(name)
        label = str(Target(name, indices))
        if family is None:
            raise self._no_value(label, name, list(self.families))
        if indices not in family:
            skipped = f"; `when` skips the step on line {self.skipped[name].line}" if name in self.skipped else ""
            hint = f"there are {self._members(name)}{skipped}"
            raise SpecError(f"no value is named '{label}'", hint=hint)
        return family[indices]

    def _members(self, name: str) -> str:
        labels = [str(Target(name, indices)) for indices in self.family(name) or ()]
        return ", ".join(labels if len(labels) < 9 else [*labels[:4], "…", *labels[-3:]])

    def _no_value(self, label: str, name: str, known: list[str]) -> SpecError:
        skipped = self.skipped.get(name)
        hint = f"`when` skips the step on line {skipped.line} that would name it" if skipped else ""
        hint = hint or (f"a step is named with `as`: {{{name}: …, as: y}}" if name in operations() else "")
        return SpecError(f"no value is named '{label}'.{did_you_mean(name, known)}", hint=hint)

    def elsewhere(self, name: str, here: Place) -> str:
        """Return where a name that cannot be seen is given: further down, or in a body whose names stay inside."""
        place = next(filter(None, (_named_in(steps, name) for steps in self.ahead)), None)
        if place is None or place.file != here.file:
            return ""
        if place.line > here.line:
            return f"'{name}' is defined later, on line {place.line}: a step reads what was made before it"
        return f"'{name}' is defined on line {place.line}, in steps whose names stay inside"

    def named_here(self) -> str:
        """Return which values have names where a reference stands, and how a step gets one."""
        known = some(dict.fromkeys(self._visible(values=True)), 8)
        return f"the values here are {known}; `as` gives a step a name" if known else "`as` gives a step a name"

    def values(self, name: str, indices: tuple[int, ...]) -> tuple[Value, ...]:
        """Return the values a reference stands for: `_` may stand for several."""
        if name == "_" and not indices:
            if not self.previous:
                raise SpecError("`_` stands for the previous step, and there is none")
            return self.previous
        return (self.value(name, indices),)


def _named_in(tree: Tree, name: str) -> Place | None:
    """Where a list of steps gives a name by `as`, at any depth."""
    if tree.is_list:
        return next(filter(None, (_named_in(item, name) for item in tree.value)), None)
    if not tree.is_mapping:
        return None
    named = tree.value.get("as")
    for item in named.items() if named is not None else ():
        if str(item.value).partition("(")[0] == name:
            return item.place
    return next(filter(None, (_named_in(item, name) for item in tree.value.values())), None)


def _once(first: Place | None) -> str:
    where = f"; the first is on line {first.line}" if first else ""
    return f"names are assigned once per scope{where}"
