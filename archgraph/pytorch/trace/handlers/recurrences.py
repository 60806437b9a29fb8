"""Recurrent layers, whole: their steps are not unrolled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sympy import Integer

from archgraph.errors import ArchgraphError
from archgraph.graph.ir import Value
from archgraph.ops.traced.recurrent import GATES, FinalState, Recurrent
from archgraph.pytorch.trace.arguments import Arguments
from archgraph.pytorch.trace.axes import finish
from archgraph.pytorch.trace.builder import Tracked
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.registry import aten
from archgraph.sizes.symbols import product
from archgraph.sizes.types import CHANNEL

if TYPE_CHECKING:
    from archgraph.pytorch.trace.recording.node import RecordedNode


@aten("lstm", "gru", "rnn_tanh", "rnn_relu")
def recurrent(i: ProgramInterpreter, a: Arguments) -> Any:
    """A recurrent layer of any depth, in one direction or both, and the states that it ends in."""
    name: str = a.node.target._schema.name.removeprefix("aten::")
    if "batch_sizes" in a.nodes:
        rule = f"{name} of a packed sequence has steps of several samples, as many as their lengths say"
        raise ArchgraphError(rule, hint="give the layer the padded tensor of one sample")
    dim = 1 if a.batch_first else 0
    states = list(_live_states(i, a, name))
    if states and a.input.layout[1 - dim]:
        return NotImplemented
    t, (_, axis) = i.builder.grouped(
        i.builder.materialised(a.input), [(CHANNEL, (2,)), (None, (dim,))], touched=[1 - dim]
    )
    assert isinstance(t.value, Value)
    own = all(i.program.is_natural(node) for node in a.nodes["params"])
    op = _op(i, a, name, axis, len(states), shared=not own)
    (value,) = i.builder.emit(op, [t.value, *states, *_weights(i, a, own=own)])
    result = finish(t, value, {dim: axis, 2: CHANNEL})
    return [result, *(_state(i, a, result, op, place) for place in range(1, len(a.node.meta["val"])))]


def _op(i: ProgramInterpreter, a: Arguments, name: Any, axis: str, states: int, *, shared: bool) -> Recurrent:
    sizes = [[i.sizes.expression(length) for length in node.meta["val"].shape] for node in a.nodes["params"]]
    cells = a.num_layers * (2 if a.bidirectional else 1)
    projects = len(sizes) // cells == (5 if a.has_biases else 3)
    return Recurrent(
        name,
        product((sizes[0][0], 1 / Integer(GATES[name]))),
        Integer(a.num_layers),
        sizes[1][1] if projects else None,
        bool(a.bidirectional),
        bool(a.has_biases),
        axis,
        states=states,
        shared=shared,
    )


def _live_states(i: ProgramInterpreter, a: Arguments, name: str) -> Iterator[Value]:
    """The states to begin with, where they are no constants, on an axis for layers and directions."""
    nodes = a.nodes["hx"] if name == "lstm" else [a.nodes["hx"]]
    if not any(i.holds_live(node) for node in nodes):
        return
    for node in nodes:
        state: Tracked = i.builder.materialised(i.fetch(node))
        yield i.builder.arrange(state, [("cells", state.layout[0]), (CHANNEL, state.layout[2])])


def _weights(i: ProgramInterpreter, a: Arguments, *, own: bool) -> Iterator[Value]:
    for node in a.nodes["params"]:
        if own:
            i.program.used(node)
            continue
        weight: Tracked = i.fetch(node)
        yield i.builder.arrange(weight, list(zip(("o", "i"), weight.layout, strict=False)))


def _state(i: ProgramInterpreter, a: Arguments, result: Tracked, op: Recurrent, place: int) -> Tracked | None:
    """A state in which the layer ends, if anything reads it."""
    if not any(user.args[1] == place and _is_read(i, user) for user in a.node.users):
        return None
    shape = [i.sizes.expression(length) for length in a.node.meta["val"][place].shape]
    assert isinstance(result.value, Value) and op.axis is not None
    (value,) = i.builder.emit(FinalState(shape[0], shape[2], op.axis), [result.value])
    dim = 1 if a.batch_first else 0
    steps = finish(result, value, {dim: op.axis, 2: CHANNEL})
    return steps.with_layout([steps.layout[dim], steps.layout[1 - dim], steps.layout[2]])


def _is_read(i: ProgramInterpreter, node: RecordedNode) -> bool:
    return bool(node.users) or node in i.program.outputs.values()
