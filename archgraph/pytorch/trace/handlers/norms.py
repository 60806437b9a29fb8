"""Normalisation layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from archgraph.errors import ArchgraphError
from archgraph.graph.ir import Value
from archgraph.ops.arguments import Axes
from archgraph.ops.arithmetic import Add, Multiply
from archgraph.ops.base import Op
from archgraph.ops.normalisation import BatchNorm, GroupNorm, InstanceNorm, LayerNorm
from archgraph.ops.rms import RmsNorm
from archgraph.pytorch.trace.align import broadcast_dimensions
from archgraph.pytorch.trace.arguments import Arguments
from archgraph.pytorch.trace.builder import Tracked
from archgraph.pytorch.trace.handlers.pointwise import in_single
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.recording.shapes.contiguity import has_channels_last, is_in_order
from archgraph.pytorch.trace.registry import aten
from archgraph.sizes.types import CHANNEL


def normalised(i: ProgramInterpreter, a: Arguments, t: Tracked, make: Any, dim: int) -> Tracked:
    """A norm over channels, with its own weights where they are its own, else followed by products and sums."""
    assert isinstance(t.value, Value)
    weight, bias = a.nodes.get("weight"), a.nodes.get("bias")
    given = {name: node for name, node in (("weight", weight), ("bias", bias)) if node is not None}
    own = weight is not None and all(i.program.is_natural(node) for node in given.values())
    # Of some norms an operation has both or none, and PyTorch takes one alone.
    own = own and _learned(make(own, bias is not None), t.value) == given.keys()
    for node in given.values() if own else ():
        i.program.used(node)
    first = len(i.builder.records)
    (value,) = i.builder.emit(make(own, bias is not None), [t.value])
    result = Tracked(value, t.layout)
    if weight is not None:
        _say_stored(i, i.program.dtype(weight.meta["val"]))
    if own:
        return result
    result = _affine(i, result, a, dim)
    i.builder.as_one_kernel(first)
    return result


def _learned(norm: Op, x: Value) -> set[str]:
    """The weights of a norm that are no statistics."""
    return {name for name, weight in norm.weights(x.type).items() if weight.kind != "buffer"}


def _say_stored(i: ProgramInterpreter, dtype: str) -> None:
    """Say in which type the weights of the last norm are stored, if it computes in another: statistics may take it."""
    record = i.builder.records[-1]
    if dtype != record.outputs[0].type.dtype:
        i.builder.records[-1] = replace(record, weights_in=dtype)


def _affine(i: ProgramInterpreter, result: Tracked, a: Arguments, dim: int) -> Tracked:
    for name, op in (("weight", Multiply()), ("bias", Add())):
        if a.nodes.get(name) is not None:
            operand: Tracked = getattr(a, name)
            spread = operand.with_layout([*operand.layout, *[()] * (result.rank - dim - 1)])
            values, layout = broadcast_dimensions(i.builder, [result, spread])
            result = Tracked(i.builder.emit(op, values)[0], layout)
    return result


@aten("layer_norm", "native_layer_norm")
def layer_norm(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """Layer norm over the last dimensions."""
    count = len(a.normalized_shape)
    dims = tuple(range(a.input.rank - count, a.input.rank))
    t, _ = i.builder.grouped(i.builder.materialised(a.input), [(CHANNEL, dims)])
    return normalised(i, a, t, lambda own, bias: LayerNorm(own, bias or not own), a.input.rank - 1)


@aten("rms_norm")
def rms_norm(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """RMS norm over the last dimensions, computed in single precision at least."""
    count = len(a.normalized_shape)
    dims = tuple(range(a.input.rank - count, a.input.rank))
    t, _ = i.builder.grouped(in_single(i, i.builder.materialised(a.input), a.nodes["input"]), [(CHANNEL, dims)])
    return normalised(i, a, t, lambda own, bias: RmsNorm(own), a.input.rank - 1)


@aten("group_norm")
def group_norm(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """Group norm."""
    t, over = _samples(i, a)
    make = lambda own, bias: GroupNorm(own, i.sizes.expression(a.num_groups), over)  # noqa: E731
    return normalised(i, a, _as_it_lies(i, a, t, make(own=False, bias=False)), make, 1)


@aten("instance_norm")
def instance_norm(i: ProgramInterpreter, a: Arguments) -> object:
    """Instance norm; with statistics that it tracked before, where it does not take those of the sample."""
    statistics = [node for name in ("running_mean", "running_var") if (node := a.nodes.get(name)) is not None]
    running = bool(statistics) and not a.nodes.get("use_input_stats")
    if not _uses_up(i, statistics):
        return NotImplemented
    t, over = _samples(i, a)
    make = lambda own, bias: InstanceNorm(own, bias=bias or not own, over=over, running=running)  # noqa: E731
    return normalised(i, a, _as_it_lies(i, a, t, make(own=False, bias=False), channels_last=False), make, 1)


def _samples(i: ProgramInterpreter, a: Arguments) -> tuple[Tracked, Axes | None]:
    """Return the operand of a norm over samples, and the positions of a sample where others are joined to the batch."""
    t = i.builder.materialised(a.input)
    t, _ = i.builder.grouped(t, [(CHANNEL, (1,))], [0, *range(2, t.rank)])
    joined = any(digit.axis for digit in t.layout[0])
    return t, tuple(digit.axis for dim in t.layout[2:] for digit in dim) if joined else None


def _as_it_lies(i: ProgramInterpreter, a: Arguments, t: Tracked, norm: Op, *, channels_last: bool = True) -> Tracked:
    """Return the operand of a norm over samples, which copies what is in no order that it works in.

    The norm says of the order of its axes what it copies; where the recording saw another order in memory, the axes are
    brought to it, or a copy is made before.
    """
    shape, strides = i.recorded(a.nodes["input"])
    in_order = is_in_order(shape, strides) or (channels_last and has_channels_last(shape, strides))
    assert isinstance(t.value, Value)
    if in_order == bool(norm.saved(t.value.type).inputs):
        return t
    if not in_order:
        return i.builder.copied(t)
    dims = range(2, t.rank) if is_in_order(shape, strides) else ()
    rest = range(2, t.rank) if not dims else ()
    axes = list(dict.fromkeys(d.axis for dim in (*rest, 1, *dims) for d in t.layout[dim]))
    order = (*[axis for axis in t.axes if axis not in axes], *axes)
    return i.builder.reordered(t, order)


@aten("batch_norm", "_native_batch_norm_legit_no_training", "cudnn_batch_norm")
def batch_norm(i: ProgramInterpreter, a: Arguments) -> Any:
    """Batch norm, with its running statistics; without any, one sample is normalised by its own."""
    statistics = [node for name in ("running_mean", "running_var") if (node := a.nodes.get(name)) is not None]
    t, _ = i.builder.grouped(i.builder.materialised(a.input), [(CHANNEL, (1,))])
    if a.nodes.get("training") or not statistics:
        return _of_the_sample(i, a, t, statistics)
    if not _uses_up(i, statistics):
        return NotImplemented
    return normalised(i, a, t, lambda own, bias: BatchNorm(own, running=True), 1)


def _uses_up(i: ProgramInterpreter, statistics: Sequence[RecordedNode]) -> bool:
    """Whether running statistics are buffers of the layer alone, which then count in it."""
    if not all(i.program.is_natural(node, buffer=True) for node in statistics):
        return False
    for node in statistics:
        i.program.used(node)
    return True


def _of_the_sample(i: ProgramInterpreter, a: Arguments, t: Tracked, running: Sequence[RecordedNode]) -> Any:
    """Batch norm that computes its statistics: those of one sample."""
    if running:
        rule = (
            "batch_norm takes the statistics of the samples at hand, though it has running ones, which it would change"
        )
        raise ArchgraphError(rule, hint="a module is traced in evaluation mode: call it with training=self.training")
    if not isinstance(t.value, Value) or not t.value.type.positions:
        return NotImplemented
    return normalised(i, a, t, lambda own, bias: InstanceNorm(own, bias=bias or not own, batch=True), 1)
