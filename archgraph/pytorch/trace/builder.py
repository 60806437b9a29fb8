"""Tracked tensors, and the operations on named axes that they become."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property

from sympy import Expr, Integer

from archgraph.graph.ir import Value
from archgraph.graph.tracer import Inference
from archgraph.ops.arguments import Named
from archgraph.ops.base import Op
from archgraph.ops.reshaping import Rename
from archgraph.ops.traced.limited import limited
from archgraph.ops.traced.moves import Move, Rearrange
from archgraph.ops.traced.stored import Cast, Clone
from archgraph.pytorch.trace.axis_names import AxisNames
from archgraph.pytorch.trace.layout import COPIES, AxisDigit, Dim, Layout, extent, merged_digits, whole_axis
from archgraph.pytorch.trace.regroup import regrouping
from archgraph.pytorch.trace.strides import MemoryStrides, followed, laid_in_order, regrouped, row_major
from archgraph.sizes.symbols import product, same_size
from archgraph.sizes.types import CHANNEL, TensorType

Stack = tuple[tuple[str, str, str], ...]
"""The modules around an operation, outermost first: key of the call, path, class."""
Axis = tuple[str, Dim]
"""An axis to be made: its name and its digits."""


@dataclass(frozen=True)
class Record:
    """One operation with the modules that it belongs to."""

    name: str
    op: Op
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    stack: Stack
    no_grad: bool = False
    """Whether it ran where gradients are switched off."""
    lies_in: tuple[int | None, ...] | None = None
    unkept: tuple[int, ...] = ()
    weights_in: str = ""
    """All three as in a node of the graph."""


@dataclass(frozen=True)
class Pending:
    """A parameter or constant whose axes are named when it is used."""

    make: Callable[[Named], Op]
    sizes: tuple[Expr, ...]
    name: str
    dtype: str = "float"
    storage: int = -1
    copied: bool = False
    """Whether it is a copy of the parameter."""

    @property
    def type(self) -> TensorType:
        """Its dimensions under provisional names."""
        return TensorType(tuple((f"?{i}", length) for i, length in enumerate(self.sizes)), self.dtype)


@dataclass(frozen=True)
class Tracked:
    """A tensor of the recording: a value, and what its dimensions are made of."""

    value: Value | Pending
    layout: Layout

    @property
    def rank(self) -> int:
        """The number of dimensions."""
        return len(self.layout)

    @cached_property
    def shape(self) -> tuple[Expr, ...]:
        """The sizes of the dimensions."""
        return tuple(map(extent, self.layout))

    @cached_property
    def axes(self) -> dict[str, Expr]:
        """The sizes of the value's axes."""
        return dict(self.value.type.axes)

    def is_whole(self, digit: AxisDigit) -> bool:
        """Whether a digit is a whole axis."""
        return digit.axis != COPIES and bool(same_size(digit.size, self.axes[digit.axis]))

    def with_layout(self, layout: Iterable[Dim]) -> Tracked:
        """Return the same value seen in other dimensions."""
        return Tracked(self.value, tuple(map(merged_digits, layout)))

    def replace(self, dim: int, content: Dim) -> Tracked:
        """Return the tensor with one dimension made of something else."""
        layout = list(self.layout)
        layout[dim] = content
        return Tracked(self.value, tuple(layout))


@dataclass
class Builder:
    """Collects operations; brings operands into the axes that an operation needs."""

    infer: Inference = field(default_factory=Inference)
    records: list[Record] = field(default_factory=list)
    prelude: list[Record] = field(default_factory=list)
    stack: Stack = ()
    outer: Stack = ()
    """Where rearrangements belong: outside of a module that has no children."""
    name: str = ""
    no_grad: bool = False
    """Whether gradients are switched off at the step that is read: what the reader sets, every record takes."""
    limit: str = ""
    """Why what is read at this step is a bound: of what it emits, all that reads several positions says so."""
    copies: set[Value] = field(default_factory=set)
    """What PyTorch copied on its way, though the module asked for no copy."""
    dense: dict[Value, Tracked] = field(default_factory=dict)
    """Values in which repetitions stand in memory, and what they repeat."""
    early: set[Value] = field(default_factory=set)
    """What is made ahead of the scope in which it is read first."""
    _arranged: dict[object, Value] = field(default_factory=dict)
    _sources: dict[int, tuple[Pending, tuple[Value, dict[str, str]]]] = field(default_factory=dict)
    """What became of pending tensors: each counts once, however often it is asked for."""
    _strides: dict[Value, MemoryStrides] = field(default_factory=dict)

    def emit(self, op: Op, operands: Sequence[Value], name: str = "", *, outer: bool = False) -> tuple[Value, ...]:
        """Add an operation and return its outputs."""
        types = tuple(value.type for value in operands)
        if isinstance(op, Rearrange):
            op = replace(op, view=regrouped(op.into, self.strides(operands[0])) is not None)
        inferred = self.infer(op, types)
        name = name or op.kind
        op = limited(op, types, self.limit)
        outputs = tuple(Value(type_, name) for type_ in inferred)
        self.records.append(
            Record(name, op, tuple(operands), outputs, self.outer if outer else self.stack, self.no_grad)
        )
        for place, operand in op.saved(*types).aliases:
            self._strides[outputs[place]] = self._viewed(op, operands[operand], outputs[place])
        return outputs

    @contextmanager
    def before(self, scope: Stack) -> Iterator[None]:
        """Add what is made meanwhile to a scope, ahead of all scopes in it: they read it as an operand."""
        stack, outer, first = self.stack, self.outer, len(self.records)
        self.stack = self.outer = scope
        yield
        self.stack, self.outer = stack, outer
        self.early.update(value for record in self.records[first:] for value in record.outputs)

    def cast(self, t: Tracked, dtype: str) -> Tracked:
        """Return a tensor as it is stored in a type, all of which is read."""
        if t.value.type.dtype == dtype:
            return t
        limit, self.limit = self.limit, ""
        settled = self.settled(t)
        assert isinstance(settled.value, Value)
        (value,) = self.emit(Cast(dtype), [settled.value])
        self.limit = limit
        return Tracked(value, settled.layout)

    def as_one_kernel(self, first: int) -> None:
        """Say that the records from one on are one kernel: it reads operands as they lie, and keeps nothing inside."""
        computed: set[Value] = set()
        for place in range(first, len(self.records)):
            record = self.records[place]
            if isinstance(record.op, (Rearrange, Rename)):
                self.records[place] = replace(record, lies_in=(0,))
                computed.update(record.outputs if record.inputs[0] in computed else ())
                continue
            inner = tuple(index for index, value in enumerate(record.inputs) if value in computed)
            self.records[place] = replace(record, unkept=inner)
            computed.update(record.outputs)

    def strides(self, value: Value) -> MemoryStrides:
        """Return how a value lies in memory."""
        return self._strides.get(value) or row_major(value.type)

    def _viewed(self, op: Op, operand: Value, output: Value) -> MemoryStrides:
        before = self.strides(operand)
        if isinstance(op, Rearrange):
            return regrouped(op.into, before) or row_major(output.type)
        if isinstance(op, Move):
            return row_major(output.type)
        return followed(op, operand.type, output.type, before)

    def source(self, pending: Pending, axes: Sequence[tuple[str, Expr]], *, shared: bool = False) -> Value:
        """Add a parameter or constant; a shared one stands before everything else."""
        op = pending.make(Named(axes))
        (type_,) = self.infer(op, ())
        value = Value(type_, pending.name)
        # A source that several modules use belongs to none of them.
        stack = () if shared else self.stack
        records = self.prelude if shared else self.records
        records.append(Record(pending.name, op, (), (value,), stack))
        if not pending.copied:
            return value
        records.append(Record("clone", Clone(), (value,), (Value(type_, "clone"),), stack))
        return records[-1].outputs[0]

    def settled(self, t: Tracked, *, shared: bool = False) -> Tracked:
        """Return a tensor that has a value: a pending one gets conventional axes."""
        if isinstance(t.value, Value):
            return t
        if id(t.value) not in self._sources:
            self._sources[id(t.value)] = (t.value, self._settled(t.value, shared=shared))
        _, (value, names) = self._sources[id(t.value)]
        layout = (tuple(AxisDigit(names.get(d.axis, d.axis), d.stride, d.size) for d in dim) for dim in t.layout)
        return Tracked(value, tuple(layout))

    def _settled(self, pending: Pending, *, shared: bool) -> tuple[Value, dict[str, str]]:
        sizes = pending.sizes
        named = [i for i, length in enumerate(sizes) if length != 1]
        # Nobody said what they mean: the last that is more than 1 is taken for the channels.
        names = {f"?{i}": CHANNEL if i == named[-1] else f"a{place}" for place, i in enumerate(named)}
        return self.source(pending, [(names[f"?{i}"], sizes[i]) for i in named], shared=shared), names

    # -- axes --------------------------------------------------------------------------------------------

    def materialised(self, t: Tracked, *, shared: bool = False) -> Tracked:
        """Return a settled tensor whose repetitions are axes: what computes on them does so once for each."""
        t = self.settled(t, shared=shared)
        repeated = [dim for dim, content in enumerate(t.layout) if any(d.axis == COPIES for d in content)]
        return self.grouped(t, [(None, (dim,)) for dim in repeated])[0] if repeated else t

    def copied(self, t: Tracked, *, asked: bool = False) -> Tracked:
        """Return a settled tensor in memory of its own, its repetitions included.

        Args:
            asked: the module asks for the copy; else PyTorch makes it on its way.
        """
        before = len(self.records)
        made = self.materialised(t)
        assert isinstance(made.value, Value)
        if len(self.records) > before and made.value in self.records[-1].outputs:
            # What was made for the repetitions is the copy, and nobody else's.
            self.records[-1] = replace(self.records[-1], lies_in=(None,))
            self._arranged = {key: value for key, value in self._arranged.items() if value is not made.value}
        else:
            made = Tracked(self.emit(Clone(), [made.value])[0], made.layout)
            assert isinstance(made.value, Value)
            self.copies.update(() if asked else (made.value,))
        self._strides[made.value] = laid_in_order(made.layout, made.value.type)
        return made

    def made_dense(self, t: Tracked) -> Tracked:
        """Return a settled tensor that PyTorch made anew: every repetition is an axis, and stands in memory."""
        names = AxisNames(t.axes)
        layout = [tuple(d if d.axis != COPIES else d._replace(axis=names.fresh()) for d in dim) for dim in t.layout]
        repeated = [digit for dim in layout for digit in dim if digit.axis not in t.axes]
        target = [(axis, whole_axis(axis, length)) for axis, length in t.axes.items()]
        target += [(digit.axis, (digit._replace(axis=COPIES),)) for digit in repeated]
        assert isinstance(t.value, Value)
        value = self.emit(regrouping(t.value.type, target), (t.value,), outer=True)[0]
        self.records[-1] = replace(self.records[-1], lies_in=(None,))
        self._strides[value] = laid_in_order(layout, value.type)
        self.dense[value] = t
        return Tracked(value, tuple(layout))

    def unrepeated(self, t: Tracked) -> Tracked:
        """Return the tensor as repetitions of what they repeat, where PyTorch made it anew of these."""
        if not isinstance(t.value, Value) or t.value not in self.dense:
            return t
        single = self.dense[t.value]
        repeats = lambda d: d if d.axis in single.axes else AxisDigit(COPIES, Integer(1), d.size)  # noqa: E731
        return single.with_layout([tuple(map(repeats, dim)) for dim in t.layout])

    def arrange(self, t: Tracked, target: Sequence[Axis], *, strict: bool = True) -> Value:
        """Return the value with these axes, each made of the given digits of the tensor's axes.

        Without `strict` it may have further axes of size 1.
        """
        # Made with the wanted axes from the start, it needs no rearrangement.
        if isinstance(t.value, Pending):
            return self._arrange_pending(t.value, target)
        if _is_arranged(t.value.type, target, strict=strict):
            return t.value
        # The module is in the key: a rearrangement belongs to the scope that reads it, and is made once there.
        key = (t.value, tuple(target), self.outer)
        if key not in self._arranged:
            self._arranged[key] = self.emit(regrouping(t.value.type, target), (t.value,), outer=True)[0]
            # The axes that an operation needs are no matter of memory: where PyTorch makes a copy, `copied` says so.
            self.records[-1] = replace(self.records[-1], lies_in=(0,))
        return self._arranged[key]

    def reordered(self, t: Tracked, order: Sequence[str]) -> Tracked:
        """Return the same tensor with its axes in another order, in which it is read as it lies."""
        assert isinstance(t.value, Value)
        op = Rearrange(tuple((axis, ((axis, Integer(1), t.axes[axis]),)) for axis in order))
        value = self.emit(op, (t.value,), outer=True)[0]
        self.records[-1] = replace(self.records[-1], lies_in=(0,))
        return Tracked(value, t.layout)

    def _arrange_pending(self, pending: Pending, target: Sequence[Axis]) -> Value:
        # What only repeats is no weight: the parameter is made without it, and repeated afterwards.
        real = [(name, tuple(d for d in dim if d.axis != COPIES)) for name, dim in target]
        value = self.source(pending, [(name, extent(dim)) for name, dim in real])
        if [dim for _, dim in real] == [dim for _, dim in target]:
            return value
        renamed = []
        for (name, dim), (_, kept) in zip(target, real, strict=True):
            strides = iter(_strides(kept))
            renamed.append(
                (name, tuple(d if d.axis == COPIES else AxisDigit(name, next(strides), d.size) for d in dim))
            )
        return self.arrange(Tracked(value, ()), renamed)

    def grouped(
        self,
        t: Tracked,
        wanted: Sequence[tuple[str | None, tuple[int, ...]]],
        touched: Sequence[int] = (),
        *,
        strict: bool = False,
    ) -> tuple[Tracked, list[str]]:
        """Make every group of dimensions one whole axis, and `touched` dimensions a product of whole axes.

        Args:
            wanted: the name of each axis, or None, and the dimensions it joins.
            touched: dimensions whose digits must be whole axes.

        Returns:
            The tensor in its new axes, and the names of the wanted ones.
        """
        groups = {dim: place for place, (_, dims) in enumerate(wanted) for dim in dims}
        involved = {d.axis for dim in (*groups, *touched) for d in t.layout[dim]}
        # An axis that already bears a wanted name is in the way, whatever it holds.
        involved.update(name for name, _ in wanted if name)
        contents = [merged_digits(d for dim in dims for d in t.layout[dim]) for _, dims in wanted]
        # To regroup an axis is to take all of its digits: the ones that nobody asked for become axes of their own.
        loose = [
            (place, k, digit)
            for place, dim in enumerate(t.layout)
            if place not in groups
            for k, digit in enumerate(dim)
            if digit.axis in involved and digit.axis != COPIES
        ]
        kept = [axis for axis, length in t.axes.items() if axis not in involved and length != 1]
        names = AxisNames(kept)
        wanted_names = [names.claim(name) if name else None for name, _ in wanted]
        loose_names = [names.claim(d.axis) if t.is_whole(d) and names.free(d.axis) else None for _, _, d in loose]
        final = [
            name or names.for_content(content, t.axes) for name, content in zip(wanted_names, contents, strict=True)
        ]
        loose_final = [n or names.for_content((d,), t.axes) for n, (_, _, d) in zip(loose_names, loose, strict=True)]
        target: list[Axis] = [(axis, whole_axis(axis, t.axes[axis])) for axis in kept]
        target += zip(final, contents, strict=True)
        target += [(name, (digit,)) for name, (_, _, digit) in zip(loose_final, loose, strict=True)]
        value = self.arrange(t, target, strict=strict)
        places = {(place, k): name for name, (place, k, _) in zip(loose_final, loose, strict=True)}
        layout = [
            self._joined(t, place, groups[place], wanted, final)
            if place in groups
            else tuple(
                AxisDigit(places[place, k], Integer(1), d.size) if (place, k) in places else d
                for k, d in enumerate(dim)
            )
            for place, dim in enumerate(t.layout)
        ]
        return Tracked(value, tuple(map(merged_digits, layout))), final

    @staticmethod
    def _joined(t: Tracked, place: int, group: int, wanted: Sequence, names: list[str]) -> Dim:
        """The dimension as a digit of the axis that its group became."""
        dims = wanted[group][1]
        size = extent(t.layout[place])
        if size == 1:
            return ()
        inner = product(extent(t.layout[dim]) for dim in dims[dims.index(place) + 1 :])
        return (AxisDigit(names[group], inner, size),)


def _strides(dim: Dim) -> list[Expr]:
    """The strides of digits that make up one axis."""
    return [product(d.size for d in dim[place + 1 :]) for place in range(len(dim))]


def _is_arranged(type_: TensorType, target: Sequence[Axis], *, strict: bool) -> bool:
    sizes = dict(type_.axes)
    if any(name not in sizes or dim != whole_axis(name, sizes[name]) for name, dim in target):
        return False
    rest = [length for name, length in sizes.items() if name not in dict(target)]
    return not rest if strict else all(length == 1 for length in rest)


def moved_axes(operands: Sequence[Tracked], sizes: list[Expr]) -> tuple[Layout, tuple]:
    """Return axes for a tensor of some sizes whose elements come from operands: those of the first where they fit."""
    first = next((t for t in operands if isinstance(t.value, Value)), None)
    real = first is not None and all(d.axis for dim in first.layout for d in dim)
    if first is not None and real and list(first.shape) == sizes:
        return first.layout, first.value.type.axes
    named = [d for d, length in enumerate(sizes) if length != 1]
    names = {d: "c" if d == named[-1] else f"a{place}" for place, d in enumerate(named)}
    layout = tuple(whole_axis(names[d], length) if d in names else () for d, length in enumerate(sizes))
    return layout, tuple((names[d], sizes[d]) for d in named)
