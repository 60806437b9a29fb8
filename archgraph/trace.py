"""The tracer: operations and values in, nodes of a growing graph out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager

from sympy import Expr, Integer

from archgraph.errors import ArchgraphError, Place, ShapeError, SpecError
from archgraph.ir import Graph, Member, Node, Repeat, Value
from archgraph.ops.base import Op, Types
from archgraph.symbols import decide
from archgraph.types import TensorType


class Inference:
    """Types of operations already inferred, so that equal operations on equal types are inferred once."""

    def __init__(self) -> None:
        self._known: dict[tuple[Op, Types], Types] = {}

    def __call__(self, op: Op, types: Types) -> Types:
        key = (op, types)
        if key not in self._known:
            self._known[key] = op.infer(*types)
        return self._known[key]


class Tracer:
    """Builds one graph.

    A tracer with a parent builds the body of a repeat: values of the parent that are used in it become inputs
    of the body, invariant over the iterations.
    """

    def __init__(
        self, inputs: tuple[Value, ...], infer: Inference, path: str = "", parent: Tracer | None = None
    ) -> None:
        self.inputs = list(inputs)
        self.infer = infer
        self.path = path
        self.parent = parent
        self.captured: dict[Value, Value] = {}
        self._nodes: list[Member] = []
        self._owned: set[Value] = set(inputs)
        self._names: dict[str, int] = {}
        self._shared: dict[str, tuple[str, object]] = {}

    def apply(
        self,
        op: Op,
        operands: tuple[Value, ...],
        name: str,
        place: Place | None = None,
        share: str | None = None,
    ) -> tuple[Value, ...]:
        """Add an operation and return its outputs.

        Raises:
            ShapeError: the operands do not fit, with their shapes and the place.
        """
        operands = tuple(map(self.localise, operands))
        types = tuple(value.type for value in operands)
        with self._context(name, operands, place):
            _check_arity(op, len(operands))
            inferred = self.infer(op, types)
            self._check_share(share, name, share and _shapes(op, types))
        name = self.unique(name)
        outputs = self._outputs(name, inferred)
        self._add(Node(name, op, operands, outputs, place, share))
        return outputs

    def call(
        self,
        block: str,
        body: Graph,
        operands: tuple[Value, ...],
        name: str,
        count: Expr = Integer(1),
        place: Place | None = None,
        share: str | None = None,
        experts: Expr | None = None,
    ) -> tuple[Value, ...]:
        """Add a block, applied `count` times, and return its outputs; with `experts`, a mixture of them.

        Raises:
            ShapeError: the body of a repeat changes a carried type.
        """
        operands = tuple(map(self.localise, operands))
        if count != 1 and experts is None:
            with self._context(name, operands, place):
                _check_carried(body, operands)
        self._check_share(share, name, body)
        name = self.unique(name)
        outputs = self._outputs(name, tuple(value.type for value in body.outputs))
        self._add(Repeat(name, block, body, count, operands, outputs, place, share, experts))
        return outputs

    def localise(self, value: Value) -> Value:
        """Return the value as it is known in this graph; a value of an enclosing graph becomes an input."""
        if value in self._owned or self.parent is None:
            return value
        if value not in self.captured:
            outer = self.parent.localise(value)
            self.captured[value] = Value(outer.type, outer.name)
            self.inputs.append(self.captured[value])
        return self.captured[value]

    def finish(
        self, outputs: tuple[Value, ...], families: Mapping[str, tuple[Value, ...]] | None = None
    ) -> Graph:
        """Return the frozen graph."""
        outputs = tuple(map(self.localise, outputs))
        return Graph(tuple(self.inputs), tuple(self._nodes), outputs, families or {})

    def unique(self, name: str) -> str:
        """Return the name, or name_2, name_3 … where it is taken."""
        seen = self._names.get(name, 0) + 1
        self._names[name] = seen
        if seen == 1:
            return name
        candidate = f"{name}_{seen}"
        return candidate if candidate not in self._names else self.unique(candidate)

    def _outputs(self, name: str, types: Types) -> tuple[Value, ...]:
        if len(types) == 1:
            return (Value(types[0], name),)
        return tuple(Value(type_, f"{name}#{index}") for index, type_ in enumerate(types))

    def _add(self, member: Member) -> None:
        self._nodes.append(member)
        self._owned.update(member.outputs)

    def _check_share(self, share: str | None, name: str, weights: object) -> None:
        if share is None:
            return
        owner, known = self._shared.setdefault(share, (name, weights))
        if known != weights:
            raise SpecError(
                f"'{name}' cannot share '{share}' with '{owner}': their weights differ",
                hint="weights are shared between equal operations or blocks on equal types",
            )

    @contextmanager
    def _context(self, name: str, operands: tuple[Value, ...], place: Place | None):
        try:
            yield
        except ArchgraphError as error:
            if not error.place:
                error.place = place
                error.path = f"{self.path}{name}"
                error.operands = tuple((value.name, str(value.type)) for value in operands)
            raise


def _shapes(op: Op, types: Types) -> object:
    return {key: weight.shape for key, weight in op.weights(*types).items()}


def _check_arity(op: Op, given: int) -> None:
    fewest, most = op.arity
    if given < fewest or (most is not None and given > most):
        wanted = (
            str(fewest) if fewest == most else f"{fewest} or more" if most is None else f"{fewest} to {most}"
        )
        raise ShapeError(f"{op.kind} takes {wanted} input{'s' if wanted != '1' else ''}, and got {given}")


def _check_carried(body: Graph, operands: tuple[Value, ...]) -> None:
    if len(body.outputs) > len(operands):
        raise ShapeError(
            f"a repeat of {len(body.outputs)} outputs needs as many inputs, and has {len(operands)}"
        )
    for before, after in zip(operands, body.outputs, strict=False):
        difference = "" if before.type == after.type else _difference(before.type, after.type)
        if difference:
            raise ShapeError(
                f"a repeat must keep its type: {difference}",
                hint="the body's output goes into its next iteration",
            )


def _difference(before: TensorType, after: TensorType) -> str:
    if before.names != after.names:
        return f"{before} became {after}"
    return ", ".join(
        f"axis {axis} changed from {length} to {after.size(axis)}"
        for axis, length in before.axes
        if not decide(length, "==", after.size(axis), "a repeat keeps axis {}", axis)
    )
