"""The tracer: operations and values in, nodes of a growing graph out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any, TypeAlias, TypeVar

from sympy import Expr

from archgraph.errors import ArchgraphError, Place, ShapeError, SpecError, counted
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.ops.base import Op, Types
from archgraph.sizes.arithmetic import bounded
from archgraph.sizes.symbols import ONE, decide, require
from archgraph.sizes.types import TensorType

Result = TypeVar("Result")
Show: TypeAlias = Callable[[Expr], Expr]
Retell: TypeAlias = Callable[[ShapeError, Callable[..., object], tuple[object, ...]], ShapeError]


class Inference:
    """Types of operations already inferred, so that equal operations on equal types are inferred once.

    `retell` may write the error of a rule anew, in the symbols of whoever reads it: it gets the error, the
    rule, and the operations, types and sizes that broke it.
    """

    def __init__(self, retell: Retell | None = None) -> None:
        self.retell = retell
        self._known: dict[tuple[Op, Types], Types] = {}

    def __call__(self, op: Op, types: Types) -> Types:
        key = (op, types)
        if key not in self._known:
            self._known[key] = self.told(_infer, op, types)
        return self._known[key]

    def told(self, rule: Callable[..., Result], *parts: object) -> Result:
        """Return what a rule gives for some operations, types and sizes.

        Raises:
            ShapeError: they break the rule; the message shows their sizes.
        """
        try:
            return rule(*parts)
        except ShapeError as error:
            if self.retell is None:
                raise
            raise self.retell(error, rule, parts) from None


def rewritten(part: Any, show: Show) -> Any:
    """Return a size, type, operation or tuple of those with every size in it shown."""
    if isinstance(part, Expr):
        return show(part)
    if isinstance(part, TensorType):
        return TensorType(tuple((axis, show(length)) for axis, length in part.axes), part.dtype)
    if isinstance(part, Op):
        return replace(part, **{item.name: rewritten(getattr(part, item.name), show) for item in fields(part)})
    if isinstance(part, tuple):
        return type(part)(rewritten(item, show) for item in part)
    return part


def sizes_in(part: Any) -> Iterator[Expr]:
    """Yield the sizes in types and in the arguments of operations."""
    if isinstance(part, Expr):
        yield part
    elif isinstance(part, TensorType):
        yield from part.sizes.values()
    elif isinstance(part, (tuple, Op)):
        items = part if isinstance(part, tuple) else [getattr(part, item.name) for item in fields(part)]
        for item in items:
            yield from sizes_in(item)


def _infer(op: Op, types: Types) -> Types:
    outputs = op.infer(*types)
    known = {axis for operand in types for axis in operand.axes}
    for output in outputs:
        for axis, length in output.axes:
            # What an operand has was checked when that was made.
            if (axis, length) not in known:
                _check_size(op.kind, axis, length)
    return outputs


def _check_size(kind: str, axis: str, length: Expr) -> None:
    require(length, ">=", ONE, "{} gives axis {} the size {}", kind, axis, length)
    try:
        bounded(length)
    except SpecError as error:
        raise ShapeError(f"{kind} gives axis {axis} a size out of bounds: {error.message}") from None


class Tracer:
    """Builds one graph.

    A tracer with a parent builds the body of a repeat: values of the parent that are used in it become inputs
    of the body, invariant over the iterations.
    """

    def __init__(
        self, inputs: tuple[Value, ...], infer: Inference, path: str = "", parent: Tracer | None = None
    ) -> None:
        self.inputs: list[Value] = list(inputs)
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
        labels: tuple[str, ...] = (),
        title: str = "",
    ) -> tuple[Value, ...]:
        """Add an operation and return its outputs, which bear the labels where there is one for each.

        Raises:
            ShapeError: the operands do not fit, with their shapes and the place.
        """
        operands = tuple(map(self.localise, operands))
        types = tuple(value.type for value in operands)
        with self._context(name, operands, place, sizes_in(op)):
            _check_arity(op, len(operands))
            inferred = self.infer(op, types)
            self._check_share(share, name, share and _shapes(op, types))
        name = self.unique(name)
        outputs = self._outputs(name, inferred, labels)
        self._add(Node(name, op, operands, outputs, place, share, title=title))
        return outputs

    def call(
        self,
        block: str,
        body: Graph,
        operands: tuple[Value, ...],
        name: str,
        count: Expr = ONE,
        place: Place | None = None,
        share: str | None = None,
        experts: Expr | None = None,
        title: str = "",
    ) -> tuple[Value, ...]:
        """Add a block, applied `count` times, and return its outputs; with `experts`, a mixture of them.

        Raises:
            ShapeError: the body of a repeat changes a carried type.
        """
        operands = tuple(map(self.localise, operands))
        after = tuple(value.type for value in body.outputs)
        with self._context(name, operands, place, sizes_in(after)):
            if count != 1 and experts is None:
                self.infer.told(_check_carried, tuple(value.type for value in operands), after)
            self._check_share(share, name, body)
        name = self.unique(name)
        outputs = self._outputs(name, tuple(value.type for value in body.outputs))
        self._add(Repeat(name, block, body, count, operands, outputs, place, share, experts, title=title))
        return outputs

    def localise(self, value: Value) -> Value:
        """Return the value as it is known in this graph; a value of an enclosing graph becomes an input."""
        if value in self._owned or self.parent is None:
            return value
        if value not in self.captured:
            # The value may lie further out than the parent: then it becomes an input of every graph between.
            outer = self.parent.localise(value)
            self.captured[value] = Value(outer.type, outer.name)
            self.inputs.append(self.captured[value])
        return self.captured[value]

    def finish(self, outputs: tuple[Value, ...], families: Mapping[str, tuple[Value, ...]] | None = None) -> Graph:
        """Return the frozen graph."""
        outputs = tuple(map(self.localise, outputs))
        return Graph(tuple(self.inputs), tuple(self._nodes), outputs, families or {})

    @property
    def last(self) -> Member | None:
        """The node that was added last."""
        return self._nodes[-1] if self._nodes else None

    def unique(self, name: str) -> str:
        """Return the name, or name_2, name_3 … where it is taken."""
        seen = self._names.get(name, 0) + 1
        self._names[name] = seen
        if seen == 1:
            return name
        # A spec may have called a step `conv_2` before its second `conv` came.
        candidate = f"{name}_{seen}"
        return candidate if candidate not in self._names else self.unique(candidate)

    def _outputs(self, name: str, types: Types, labels: tuple[str, ...] = ()) -> tuple[Value, ...]:
        if len(types) == 1:
            return (Value(types[0], name),)
        if len(labels) == len(types):
            return tuple(Value(type_, label) for type_, label in zip(types, labels, strict=True))
        return tuple(Value(type_, f"{name}#{index}") for index, type_ in enumerate(types))

    def _add(self, member: Member) -> None:
        self._nodes.append(member)
        self._owned.update(member.outputs)

    def _check_share(self, share: str | None, name: str, weights: object) -> None:
        if share is None:
            return
        owner, known = self._shared.setdefault(share, (name, weights))
        if known != weights:
            self.infer.told(_refuse_share, f"'{name}' cannot share '{share}' with '{owner}'", known, weights)

    @contextmanager
    def _context(self, name: str, operands: tuple[Value, ...], place: Place | None, about: Iterable[Expr] = ()):
        try:
            yield
        except ArchgraphError as error:
            if not error.place:
                error.place = place
                error.path = f"{self.path}{name}"
                error.operands = tuple((value.name, value.type) for value in operands)
                error.about = tuple(about)
            raise


def _shapes(op: Op, types: Types) -> object:
    return tuple((key, weight.shape) for key, weight in op.weights(*types).items())


def _refuse_share(rule: str, known: object, weights: object) -> None:
    differ = "their weights differ"
    if isinstance(known, tuple) and isinstance(weights, tuple):
        pairs = zip(known, weights, strict=False)
        told = (f"{key} is {_listed(one)} and {_listed(two)}" for (key, one), (_, two) in pairs if one != two)
        differ = next(told, differ)
    raise ShapeError(f"{rule}: {differ}", hint="weights are shared between equal operations or blocks on equal types")


def _listed(shape: tuple[Expr, ...]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"


def _check_arity(op: Op, given: int) -> None:
    fewest, most = op.arity
    if given < fewest or (most is not None and given > most):
        wanted = counted(fewest, "input")
        if fewest != most:
            wanted = f"{fewest} or more inputs" if most is None else f"{fewest} to {most} inputs"
        hint = "without `from`, a step takes all outputs of the one before" if given else ""
        if given < fewest:
            hint = f"name all of them: from: [{', '.join('abcdefgh'[:fewest])}]"
        raise ShapeError(f"{op.kind} takes {wanted}, and got {given}", hint=hint)


def _check_carried(before: Types, after: Types) -> None:
    if len(after) > len(before):
        raise ShapeError(f"a repeat of {len(after)} outputs needs as many inputs, and has {len(before)}")
    for own, result in zip(before, after, strict=False):
        difference = "" if own == result else _difference(own, result)
        if difference:
            raise ShapeError(
                f"a repeat must keep its type: {difference}",
                hint="the body's output goes into its next iteration",
            )


def _difference(before: TensorType, after: TensorType) -> str:
    if before.names != after.names:
        return f"{before} became {after}"
    return ", ".join(
        f"axis {axis} changes from {length} to {after.size(axis)}"
        for axis, length in before.axes
        if not decide(length, "==", after.size(axis), "a repeat keeps axis {}", axis)
    )
