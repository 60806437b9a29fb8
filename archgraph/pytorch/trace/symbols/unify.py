"""Several recordings as one, whose integers are laws of the symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from sympy import Expr, Integer, Symbol

from archgraph.errors import ArchgraphError
from archgraph.pytorch.trace.recording.node import RecordedNode, Shaped
from archgraph.pytorch.trace.recording.recording import Recording
from archgraph.pytorch.trace.symbols.differences import Difference, align_short_cuts
from archgraph.pytorch.trace.symbols.integers import StepIntegers, integers_of, write_integers
from archgraph.pytorch.trace.symbols.laws import FittedLaws, Known, Values, rounded
from archgraph.pytorch.trace.symbols.polynomials import Interpolation, SamplePoint
from archgraph.pytorch.trace.symbols.windows import rounding_of
from archgraph.sizes.symbols import evaluate

FoundLaws = tuple[list[Expr | None], list[Expr | None]]
"""The laws of a step's arguments, and of its results; None where an integer does not vary."""


class Unified:
    """The laws of all integers of recordings whose steps are the same.

    Attributes:
        laws: of all sizes.
        without: the first step of which an integer has no law, or None.
    """

    def __init__(
        self, symbols: Sequence[Symbol], points: Sequence[SamplePoint], recordings: Sequence[Recording]
    ) -> None:
        self.symbols: tuple[Symbol, ...] = tuple(symbols)
        self.recordings: tuple[Recording, ...] = tuple(recordings)
        self.points: tuple[SamplePoint, ...] = tuple(points)
        self.without: Difference | None = None
        self.laws: FittedLaws = FittedLaws(Interpolation(self.symbols, self.points))
        self._sizes: dict[RecordedNode, list[Known]] = {}
        self._found: dict[RecordedNode, FoundLaws] = {}
        self._targets: dict[RecordedNode, object] = {}
        self._broken: dict[Recording, Difference | None] = {}
        for place, symbol in enumerate(self.symbols):
            self.laws.remember(symbol, tuple(point[place] for point in self.points))
        for nodes in zip(*(recording.nodes for recording in self.recordings), strict=True):
            self._unify(nodes)

    def _unify(self, nodes: Sequence[RecordedNode]) -> None:
        node = nodes[0]
        collected = [integers_of(other) for other in nodes]
        arguments: list[Values] = list(zip(*(numbers for numbers, _ in collected), strict=True))
        results: list[Values] = list(zip(*(sizes for _, sizes in collected), strict=True))
        operands = [self._sizes[other] for other in node.all_input_nodes if other in self._sizes]
        found = [self._argument(node, values, operands) for values in arguments]
        given = [[(law, values) for law, values in zip(found, arguments, strict=True) if isinstance(law, Expr)]]
        laws = list(self._results(node, results, [*given, *operands]))
        if any(law is not None for law in (*found, *laws)):
            self._found[node] = (found, laws)
            self._targets[node] = node.target
        self._keep_sizes(node, results, laws)

    def _argument(self, node: RecordedNode, values: Values, operands: Sequence[Sequence[Known]]) -> Expr | None:
        """Return the law of an argument that varies; None for one that does not."""
        if len(set(values)) == 1:
            return None
        law = self.laws.find(values, operands)
        if law is None:
            self._refuse(node, "has an argument", values)
        return law

    def _results(
        self, node: RecordedNode, results: Sequence[Values], known: Sequence[Sequence[Known]]
    ) -> Iterator[Expr | None]:
        for place, values in enumerate(results):
            if len(set(values)) == 1:
                yield None
                continue
            law = self._rounded(node, place, len(results), values) or self.laws.find(values, known)
            if law is None:
                self._refuse(node, "gives a size", values)
            yield law

    def _rounded(self, node: RecordedNode, dim: int, rank: int, values: Values) -> Expr | None:
        rounding = rounding_of(node, dim, rank)
        operand = self._sizes.get(node.all_input_nodes[0], []) if rounding and node.all_input_nodes else []
        if rounding is None or len(operand) != rank:
            return None
        return rounded(values, operand[dim], *rounding)

    def _keep_sizes(self, node: RecordedNode, results: Sequence[Values], laws: Sequence[Expr | None]) -> None:
        if not isinstance(node.meta.get("val"), Shaped):
            return
        kept = []
        for values, law in zip(results, laws, strict=True):
            kept.append((Integer(values[0]) if law is None else law, values))
            if law is not None:
                self.laws.remember(law, values)
        self._sizes[node] = kept

    def _refuse(self, node: RecordedNode, what: str, values: Values) -> None:
        name = getattr(node.target, "_schema", None)
        operator = name.name.removeprefix("aten::") if name else str(node.target)
        where = node.stack[-1].path if node.stack else "the root module"
        numbers = ", ".join(map(str, values))
        rule = f"{operator} in {where} {what} of which no law was found: {numbers}"
        line = node.line.short if node.line else ""
        self.without = self.without or Difference(rule, path=where if node.stack else "", line=line)

    def _laws_at(self, place: int, others: Sequence[RecordedNode]) -> tuple[RecordedNode, FoundLaws | None]:
        """The step at a place, lined up with those of other recordings, and its laws.

        A short cut of the first recording may have been written out since its laws were found.
        """
        node, *own = (recording.nodes[place] for recording in self.recordings)
        for other in (*others, *own):
            if other.target is not node.target:
                align_short_cuts(node, other)
        if self._targets.get(node, node.target) is not node.target:
            self._unify((node, *own))
        return node, self._found.get(node)

    def sizes_of(self, node: RecordedNode) -> list[Expr]:
        """Return the laws of those sizes of a result that vary."""
        found = self._found.get(node)
        return [] if found is None else [law for law in found[1] if law is not None]

    # -- proofs ------------------------------------------------------------------------------------------

    def broken(self, point: SamplePoint, recording: Recording) -> Difference | None:
        """Return the first integer of another recording that breaks its law, or None."""
        if recording not in self._broken:
            self._broken[recording] = self._first_broken(point, recording)
        return self._broken[recording]

    def _first_broken(self, point: SamplePoint, recording: Recording) -> Difference | None:
        at = _At(dict(zip(self.symbols, point, strict=True)))
        for place, other in enumerate(recording.nodes):
            node, laws = self._laws_at(place, [other])
            mine, others = integers_of(node), integers_of(other)
            if laws is None and mine == others:
                continue
            for kind in (0, 1):
                own = [None] * len(mine[kind]) if laws is None else laws[kind]
                for law, fixed, number in zip(own, mine[kind], others[kind], strict=True):
                    expected = fixed if law is None else at(law)
                    if expected != number:
                        return self._breaks(node, law, expected, number)
        return None

    @staticmethod
    def _breaks(node: RecordedNode, law: Expr | None, expected: object, number: int) -> Difference:
        name = getattr(node.target, "_schema", None)
        operator = name.name.removeprefix("aten::") if name else str(node.target)
        where = node.stack[-1].path if node.stack else "the root module"
        told = "always the same" if law is None else f"the law {law} = {expected}"
        rule = f"{operator} in {where} has a size of {number} at {{there}}, where smaller sizes say {told}"
        return Difference(rule, path=where if node.stack else "", line=node.line.short if node.line else "")

    def integers_at(self, point: SamplePoint) -> Callable[[int], StepIntegers]:
        """Return what gives the integers of the step at a place, as the laws have them at other sizes.

        It raises ArchgraphError where a law has no value, or a size is negative.
        """
        at = _At(dict(zip(self.symbols, point, strict=True)))

        def integers(place: int) -> StepIntegers:
            node, laws = self._laws_at(place, [])
            own = integers_of(node)
            if laws is None:
                return own
            arguments, sizes = (
                [number if law is None else at.number(law) for law, number in zip(laws[kind], own[kind], strict=True)]
                for kind in (0, 1)
            )
            if any(size < 0 for size in sizes):
                raise ArchgraphError(f"{node} has no size")
            return arguments, sizes

        return integers

    # -- result ------------------------------------------------------------------------------------------

    def written(self, elsewhere: Sequence[Recording]) -> Recording:
        """Return the first recording with laws in the place of integers that vary, its steps with those elsewhere."""
        if self.without is not None:
            raise ArchgraphError(self.without.rule, path=self.without.path)
        first = self.recordings[0]
        for place, others in enumerate(zip(*(recording.nodes for recording in elsewhere), strict=True)):
            node, laws = self._laws_at(place, others)
            node.elsewhere = others
            if laws is not None:
                mine = integers_of(node)
                new = (
                    [number if law is None else law for law, number in zip(laws[kind], mine[kind], strict=True)]
                    for kind in (0, 1)
                )
                write_integers(node, *new)
        return first


class _At:
    """Evaluates laws at one point, each once."""

    def __init__(self, values: Mapping[Symbol, int]) -> None:
        self._values = values
        self._known: dict[Expr, object] = {}

    def __call__(self, law: Expr) -> object:
        if law not in self._known:
            try:
                self._known[law] = evaluate(law, self._values)
            except ArchgraphError as error:
                self._known[law] = error.message
        return self._known[law]

    def number(self, law: Expr) -> int:
        found = self(law)
        if not isinstance(found, int):
            raise ArchgraphError(str(found))
        return found
