"""The symbols of a trace: their names, the values that they may have, and sizes as expressions of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sympy import Expr, Integer, Symbol

from archgraph.pytorch.trace.recording.recording import Recording
from archgraph.sizes.symbols import Assumption, evaluate, is_ordered
from archgraph.spec.declarations import Declarations
from archgraph.spec.spec import Spec, read_text

VALID = "sizes for which the trace holds"


@dataclass(frozen=True)
class Progression:
    """The values that a size may have: `least`, `least + step`, … as long as the trace's conditions hold."""

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


@dataclass(frozen=True)
class TracedSizes:
    """The symbols of a trace.

    Attributes:
        spec: a spec that declares them, and holds nothing else.
        declarations: what they are inside of laws.
        conditions: for which values the trace holds, as text.
        assumptions: the same but for divisibility, which `declarations` check, to be checked at every binding.
        points: the values of the symbols at other recordings whose sizes agree with the laws, in the order of
            `elsewhere` of the steps.
        proof: the last of these recordings, which took no part in finding the laws.
    """

    spec: Spec
    declarations: Declarations
    conditions: tuple[str, ...]
    assumptions: tuple[Assumption, ...]
    points: tuple[Mapping[Symbol, int], ...] = ()
    proof: Recording | None = None

    def expression(self, size: Any) -> Expr:
        """Return a size of a recording, an integer or an expression, as an expression."""
        return Integer(size) if isinstance(size, int) else size

    def number(self, size: Any) -> int:
        """Return a size at the example inputs."""
        return size if isinstance(size, int) else evaluate(size, self.declarations.values)


def declared_sizes(name: str, found: Sequence[Progression]) -> TracedSizes:
    """Return symbols that may have these values, on their own."""
    # As the text of a spec, so that symbols of a module have the rules, carriers and messages of any others.
    spec = replace(read_text(_declaration(name, found), "<trace>"), network=None)
    declarations = Declarations(spec.symbols, {}, frozenset())
    declarations.resolve_all()
    texts = tuple(text for item in found for text in str(item).split(", "))
    facts = tuple(fact for item in found for fact in _facts(item, declarations.lookup(item.name)))
    return TracedSizes(spec, declarations, texts, facts)


def _facts(item: Progression, size: Expr) -> Iterator[Assumption]:
    """The bounds of one size, and the single values that it cannot have."""
    if not is_ordered(size, ">=", Integer(item.least)):
        yield Assumption(size, ">=", Integer(item.least), VALID)
    if item.most is not None:
        yield Assumption(size, "<=", Integer(item.most), VALID)
    for value in item.missing:
        yield Assumption(size, "!=", Integer(value), VALID)


def _declaration(name: str, found: Sequence[Progression]) -> str:
    lines = ["archgraph: 1", f"name: {_quoted(name)}", "network: [relu]"]
    if found:
        lines.append("symbols:")
    for item in found:
        lines.append(f"  {item.name}: {{default: {item.default}, multiple_of: {item.step}, offset: {item.offset}}}")
    return "\n".join(lines)


def _quoted(name: str) -> str:
    """Return a name as a quoted scalar."""
    return '"' + name.replace("\\", "").replace('"', "") + '"'
