"""The conditions under which an export holds, as functions of numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product as combinations
from typing import Any

from archgraph.errors import ArchgraphError
from archgraph.pytorch.trace.export import Exported
from archgraph.pytorch.trace.sizes import Progression

Pair = tuple[Callable[..., bool], Any]
"""A condition as a function of numbers, and as torch has it."""
SEARCH = 2048
"""How far above the example valid sizes are looked for."""


def environment_of(program: Any) -> Any:
    for node in program.graph.nodes:
        mode = getattr(node.meta.get("val"), "fake_mode", None)
        if mode is not None:
            return mode.shape_env
    return None


def guards_of(program: Any) -> list[Any]:
    environment = environment_of(program)
    return [] if environment is None else list(environment.guards)


def place_of(exported: Exported, guard: Any) -> str:
    """The user's line that made a guard; PyTorch's own where none is known."""
    return exported.places.get(str(guard.expr)) or str(guard.sloc).strip("()")


class Conditions:
    """The conditions under which an export holds, as functions of numbers."""

    def __init__(self, exported: Exported, names: Mapping[Any, str]) -> None:
        program = exported.program
        self.exported = exported
        self.program = program
        self.names = names
        self.symbols = list(names)
        self.values = {own: int(self._hint(own)) for own in names}
        distinct = {str(guard.expr): guard for guard in guards_of(program)} if names else {}
        known = [g for g in distinct.values() if g.expr.free_symbols <= set(self.symbols)]
        guards = [guard for guard in known if self._matters(guard)]
        self.pairs: list[Pair] = [(_compiled(guard.expr, self.symbols), guard) for guard in guards]

    def _matters(self, guard: Any) -> bool:
        """Whether a condition is the module's: that sizes differ is often only how torch looks for a short cut."""
        several = len({self.names[symbol] for symbol in guard.expr.free_symbols}) > 1
        return not (several and type(guard.expr).__name__ == "Unequality") or str(guard.expr) in self.exported.places

    def _hint(self, symbol: Any) -> int:
        environment = environment_of(self.program)
        for node in self.program.graph.nodes:
            for size in getattr(node.meta.get("val"), "shape", ()):
                if not isinstance(size, int) and size.node.expr == symbol:
                    return size.node.hint
        return environment.var_to_val[symbol]

    def resolve(self) -> tuple[list[Progression], list[Any]]:
        """Return the values that every size may have, and the conditions on several sizes at once beside them.

        A condition on several sizes that holds wherever each of them is valid by itself says nothing new.

        Raises:
            ArchgraphError: of some size only the example itself is valid.
        """
        joint: list[Pair] = []
        while True:
            # Each size is looked at with the others at their examples. A condition that then breaks at other sizes is
            # one of several sizes, and is set aside; every round sets aside more, so that this ends.
            found = [self._progression(name, joint) for name in dict.fromkeys(self.names.values())]
            broken = [pair for pair in self._broken(found) if pair not in joint]
            if not broken:
                return found, [guard.expr for _, guard in joint]
            joint += broken

    def _progression(self, name: str, joint: list[Pair]) -> Progression:
        """The valid values of one size, the others at their examples; joint conditions tell their step at most."""
        own = [symbol for symbol in self.symbols if self.names[symbol] == name]
        default = self.values[own[0]]
        tests = [pair for pair in self.pairs if pair[1].expr.free_symbols & set(own)]
        holds = self._checker(own, tests)
        # By trying: conditions are any expressions, and no solver is at hand that takes them all.
        valid = [value for value in range(1, default + SEARCH) if holds(value)]
        least, most = min(valid, default=default), max(valid, default=default)
        step = _step(set(valid), default, least, most)
        if step is None or most < 2 * least:
            raise self._frozen(name, default, own, tests)
        alone = self._checker(own, [pair for pair in tests if pair not in joint])
        every = range((default - 1) % step + 1, default + SEARCH, step)
        valid = [value for value in every if alone(value)]
        least, most = min(valid), max(valid)
        missing = tuple(value for value in range(least, most, step) if not alone(value))
        return Progression(name, default, step, least, None if most > default + SEARCH / 2 else most, missing)

    def _broken(self, found: list[Progression]) -> list[Pair]:
        """The conditions on several sizes that some valid sizes break."""
        ranges = {item.name: _samples(item) for item in found}
        points = [dict(zip(ranges, point, strict=True)) for point in combinations(*ranges.values())]
        rows = [[point[self.names[symbol]] for symbol in self.symbols] for point in points]
        several = (pair for pair in self.pairs if len({self.names[own] for own in pair[1].expr.free_symbols}) > 1)
        return [(test, guard) for test, guard in several if not all(test(*row) for row in rows)]

    def _checker(self, own: list[Any], tests: list[Pair]) -> Callable[[int], bool]:
        def holds(value: int) -> bool:
            numbers = [value if symbol in own else self.values[symbol] for symbol in self.symbols]
            return all(test(*numbers) for test, _ in tests)

        return holds

    def _frozen(self, name: str, default: int, own: list[Any], tests: list[Pair]) -> ArchgraphError:
        failing = [pair[1] for pair in tests if not self._checker(own, [pair])(default * 2)]
        cause = failing[0] if failing else None
        rule = f": it needs {self.shown(cause.expr)} at {place_of(self.exported, cause)}" if cause is not None else ""
        return ArchgraphError(
            f"'{name}' cannot vary: the module holds only at {name} = {default}{rule}",
            hint="leave it out of `dynamic`; a stored position embedding has one size",
        )

    def shown(self, expression: Any) -> str:
        """Return an expression of torch's symbols in the user's names."""
        text = str(expression)
        for symbol, name in self.names.items():
            text = text.replace(str(symbol), name)
        return text


def _samples(item: Progression) -> list[int]:
    """Some of the values that a size may have, small and large."""
    reached = [item.least + item.step * times for times in (0, 1, 2, 3, 10, 100, 10_000)]
    most = 10**6 * item.step if item.most is None else item.most
    every = dict.fromkeys([*reached, item.default, item.default + item.step, most])
    return [value for value in every if value <= most and value not in item.missing]


def _step(valid: set[int], default: int, least: int, most: int) -> int | None:
    """The smallest step from the example that meets valid sizes, but for single points."""
    for step in range(1, (most - least) // 2 + 1):
        met = range(least + (default - least) % step, most + 1, step)
        # Some, for single values fail for reasons of their own, such as a size that must not equal another.
        if sum(value in valid for value in met) > 0.8 * len(met):
            return step
    return None


OPERATORS = {
    "Add": " + ", "Mul": " * ", "Pow": " ** ", "PowByNatural": " ** ", "FloorDiv": " // ", "CleanDiv": " // ",
    "Mod": " % ", "PythonMod": " % ", "IntTrueDiv": " / ", "FloatTrueDiv": " / ", "Equality": " == ",
    "Unequality": " != ", "GreaterThan": " >= ", "StrictGreaterThan": " > ", "LessThan": " <= ",
    "StrictLessThan": " < ", "And": " and ", "Or": " or ",
}  # fmt: skip
"""How PyTorch's functions of sizes are written in Python."""
CALLS = {"Max": "max", "Min": "min", "Not": "not ", "ToFloat": "float", "TruncToInt": "int", "Identity": ""}


def _compiled(expression: Any, symbols: list[Any]) -> Callable[..., bool]:
    """Return a condition as a function of numbers; one that cannot be written holds."""
    names = {symbol: f"s{index}" for index, symbol in enumerate(symbols)}
    try:
        text = _python(expression, names)
    except ArchgraphError:
        return lambda *numbers: True
    # The text holds integers, operators and the names given here, nothing that a module could put there.
    test = eval(f"lambda {', '.join(names.values())}: {text}", {"max": max, "min": min})

    def holds(*numbers: int) -> bool:
        try:
            return bool(test(*numbers))
        except ZeroDivisionError:
            return True

    return holds


def _python(expression: Any, names: Mapping[Any, str]) -> str:
    """Write an expression of sizes in Python, every part in parentheses."""
    kind = type(expression).__name__
    if expression.is_Symbol and expression in names:
        return names[expression]
    if expression.is_Integer:
        return f"({int(expression)})"
    if expression.is_Rational:
        return f"({int(expression.p)} / {int(expression.q)})"
    parts = [_python(part, names) for part in expression.args]
    if kind in OPERATORS:
        return f"({OPERATORS[kind].join(parts)})"
    if kind in CALLS:
        return f"({CALLS[kind]}({', '.join(parts)}))"
    if kind == "CeilDiv":
        return f"(-(-{parts[0]} // {parts[1]}))"
    raise ArchgraphError(f"the condition {expression} cannot be computed")
