"""The conditions under which an export holds, as functions of numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product as combinations
from typing import Any

from archgraph.errors import ArchgraphError
from archgraph.frontend.torch_export import Exported

SEARCH = 2048
"""How far above the example valid sizes are looked for."""


@dataclass(frozen=True)
class Progression:
    """The values that a size may have: `start`, `start + step`, … as long as the export's conditions hold."""

    name: str
    default: int
    step: int
    least: int
    most: int | None = None
    missing: tuple[int, ...] = ()

    @property
    def offset(self) -> int:
        """What remains after division by the step."""
        return self.default % self.step

    def __str__(self) -> str:
        rule = f"a multiple of {self.step}" + (f" plus {self.offset}" if self.offset else "")
        parts = [f"{self.name} is {rule}"] if self.step > 1 else []
        parts.append(f"{self.name} >= {self.least}")
        parts += [f"{self.name} <= {self.most}"] if self.most is not None else []
        return ", ".join([*parts, *(f"{self.name} != {value}" for value in self.missing[:5])])


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
        self.guards = [g for g in known if self._matters(g)]
        self.tests = [_compiled(guard.expr, self.symbols) for guard in self.guards]

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

    def progression(self, name: str) -> Progression:
        """Return the sizes of one name for which the export holds, the others at their examples.

        Raises:
            ArchgraphError: only the example itself is valid.
        """
        own = [symbol for symbol in self.symbols if self.names[symbol] == name]
        default = self.values[own[0]]
        tests = [pair for pair in zip(self.tests, self.guards, strict=True) if pair[1].expr.free_symbols & set(own)]
        holds = self._checker(own, [test for test, _ in tests])
        valid = [value for value in range(1, default + SEARCH) if holds(value)]
        least, most = min(valid, default=default), max(valid, default=default)
        step = _step(set(valid), default, least, most)
        if step is None or most < 2 * least:
            raise self._frozen(name, default, own, tests)
        return self._alone(name, default, step, own, tests)

    def _alone(self, name: str, default: int, step: int, own: list[Any], tests: list[Any]) -> Progression:
        """The values that the conditions on this size alone allow; `joint` are those on several."""
        holds = self._checker(own, [test for test, guard in tests if guard.expr.free_symbols <= set(own)])
        every = range((default - 1) % step + 1, default + SEARCH, step)
        valid = [value for value in every if holds(value)]
        least, most = min(valid), max(valid)
        missing = tuple(value for value in range(least, most, step) if not holds(value))
        return Progression(name, default, step, least, None if most > default + SEARCH / 2 else most, missing)

    def _checker(self, own: list[Any], tests: list[Callable[..., bool]]) -> Callable[[int], bool]:
        def holds(value: int) -> bool:
            numbers = [value if symbol in own else self.values[symbol] for symbol in self.symbols]
            return all(test(*numbers) for test in tests)

        return holds

    def _frozen(self, name: str, default: int, own: list[Any], tests: list[Any]) -> ArchgraphError:
        failing = [guard for test, guard in tests if not self._checker(own, [test])(default * 2)]
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

    def joint(self, found: list[Progression]) -> list[Any]:
        """Return the conditions on several sizes at once that do not follow from those on each."""
        ranges = {item.name: _samples(item) for item in found}
        points = [dict(zip(ranges, point, strict=True)) for point in combinations(*ranges.values())]
        rows = [[point[self.names[symbol]] for symbol in self.symbols] for point in points]
        several = [
            (test, guard.expr)
            for test, guard in zip(self.tests, self.guards, strict=True)
            if len({self.names[symbol] for symbol in guard.expr.free_symbols}) > 1
        ]
        return [condition for test, condition in several if not all(test(*row) for row in rows)]


def _samples(item: Progression) -> list[int]:
    """Some of the values that a size may have, small and large."""
    reached = [item.least + item.step * times for times in (0, 1, 2, 3, 10, 100, 1000)]
    every = dict.fromkeys([*reached, item.default, item.default + item.step])
    return [value for value in every if item.most is None or value <= item.most]


def _step(valid: set[int], default: int, least: int, most: int) -> int | None:
    """The smallest step from the example that meets valid sizes, but for single points."""
    for step in range(1, (most - least) // 2 + 1):
        met = range(least + (default - least) % step, most + 1, step)
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
