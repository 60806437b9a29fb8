"""Recurrent layers: one step after another along a sequence, with the same weights at each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from sympy import Expr, Integer

from archgraph.errors import ShapeError
from archgraph.ops.base import TRACED, Kernel, NoMacs, Op, Product, Saved, Types, Unweighted, Weight
from archgraph.ops.modules import around, functional
from archgraph.ops.reach import SAME, All, AxisMap, Causal, Reach, using, windowed
from archgraph.sizes.symbols import ONE, ZERO, product, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import Tensor, nn

GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}
"""How many numbers per hidden channel a cell computes of its input and of its last state."""
POINTWISE = {"lstm": 9, "gru": 7, "rnn_tanh": 1, "rnn_relu": 1}
"""Operations per hidden channel that make the next state of these numbers: functions, products and sums."""
KEPT_NUMBERS = {"lstm": 7, "gru": 7, "rnn_tanh": 1, "rnn_relu": 1}
"""Numbers per hidden channel and step that PyTorch's own kernels keep for the backward pass."""


@dataclass(frozen=True)
class Recurrent(Op):
    """LSTM, GRU or simple recurrence along a position axis: `cell` is lstm, gru, rnn_tanh or rnn_relu.

    `{n: N, c: C} -> {n: N, c: hidden}`, and twice as many channels in both directions. Every layer reads the one below
    it. Per step and layer gates*hidden*(in + hidden) MACs, where lstm has 4 gates, gru 3, and the others 1; an lstm may
    project its hidden channels to `projected`. Its cost is linear in N; an output reads all earlier steps, and in both
    directions all. Saved bytes are those of PyTorch's own kernels, and fused ones keep more.

    >>> op, inputs = Recurrent.example()
    >>> print(op.infer(*inputs)[0], op.macs(*inputs))
    {n: N, c: M} 3*C*M*N + 3*M**2*N
    """

    kind: ClassVar[str] = "recurrent"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    layer: ClassVar[bool] = True
    cell: Literal["lstm", "gru", "rnn_tanh", "rnn_relu"]
    hidden: Expr
    layers: Expr = ONE
    projected: Expr | None = None
    bidirectional: bool = False
    bias: bool = True
    axis: str | None = None
    """The position axis it runs along, where there are several: the others have a sequence at every place."""
    states: int = field(default=0, metadata={TRACED: True})
    """How many operands after the first are states to begin with."""
    shared: bool = field(default=False, metadata={TRACED: True})
    """Whether the operands after these are its weights, which something else counts."""

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def _state(self) -> Expr:
        return self.hidden if self.projected is None else self.projected

    def _axis(self, x: TensorType) -> str:
        if self.axis is not None:
            x.size(self.axis)
            return self.axis
        if len(x.positions) != 1:
            raise ShapeError(f"recurrent runs along one position axis, and its operand is {x}")
        return x.positions[0]

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type with the channels of all directions."""
        x = inputs[0]
        self._axis(x)
        if not self.layers.is_Integer:
            raise ShapeError(f"recurrent needs a number of layers, and not {self.layers}")
        if self.projected is not None and self.cell != "lstm":
            raise ShapeError(f"projected belongs to an lstm, and not to {self.cell}")
        return (x.with_sizes({"c": product((Integer(self._directions), self._state))}),)

    def _cells(self, x: TensorType) -> Iterator[tuple[str, Expr]]:
        """The end of the names of a cell's weights, and the channels of what it reads."""
        for level in range(int(self.layers)):
            width = x.channels if level == 0 else product((Integer(self._directions), self._state))
            for end in ("", "_reverse")[: self._directions]:
                yield f"_l{level}{end}", width

    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]:
        """Return the weights of input and state, their biases and the projection, of every layer and direction."""
        if self.shared:
            return {}
        rows = product((Integer(GATES[self.cell]), self.hidden))
        found: dict[str, Weight] = {}
        for end, width in self._cells(inputs[0]):
            found |= {f"weight_ih{end}": Weight((rows, width)), f"weight_hh{end}": Weight((rows, self._state))}
            if self.bias:
                found |= {f"bias_ih{end}": Weight((rows,)), f"bias_hh{end}": Weight((rows,))}
            if self.projected is not None:
                found[f"weight_hr{end}"] = Weight((self.projected, self.hidden))
        return found

    def macs(self, *inputs: TensorType) -> Expr:
        """Return those of every step: of its input, its last state, and the projection."""
        (x, *_) = inputs
        rows = product((Integer(GATES[self.cell]), self.hidden))
        back = ZERO if self.projected is None else self.projected * self.hidden
        steps = sum((rows * width + rows * self._state + back for _, width in self._cells(x)), ZERO)
        return product((x.area, steps))

    def products(self, *inputs: TensorType) -> tuple[Product, ...]:
        """Return one product: its factors are what it reads and made itself, and weights."""
        return (Product(self.macs(*inputs), (0,), tuple(range(1 + self.states, len(inputs)))),)

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return per step and cell what makes the next state, one sum per gate, and two with biases."""
        sums = GATES[self.cell] * (3 if self.bias else 1)
        cells = int(self.layers) * self._directions
        return product((Integer(cells * (POINTWISE[self.cell] + sums)), self.hidden, inputs[0].area))

    def saved(self, *inputs: TensorType) -> Saved:
        """Return the input, and what every step keeps: the gates, the states, and between layers their results."""
        return self._saved(inputs, trained=True)

    def saved_for(self, needed: frozenset[int], kernel: Kernel, *inputs: TensorType) -> Saved:
        """Return the same without the input and the last states, which only gradients of the weights need."""
        trained = not self.shared or any(index > self.states for index in needed)
        return self._saved(inputs, trained=trained)

    def _saved(self, inputs: Types, *, trained: bool) -> Saved:
        x = inputs[0]
        cells, between = int(self.layers) * self._directions, (int(self.layers) - 1) * self._directions
        raw = ZERO if self.projected is None else self.hidden
        own = KEPT_NUMBERS[self.cell] - (0 if self.cell.startswith("rnn") else 1)
        # A simple recurrence keeps its results for itself, and reads them as its last states.
        last = ZERO if self.cell.startswith("rnn") or not trained else self._state
        step = own * self.hidden + raw + last
        kept = cells * product((x.area, step)) + between * product((x.area, self._state))
        sequences = product((x.area, 1 / x.size(self._axis(x))))
        first = cells * product((self.hidden, sequences)) if self.cell.startswith("rnn") and trained else ZERO
        weights = tuple(range(1 + self.states, len(inputs)))
        # The steps of several samples lie apart in memory, and are copied to lie beside each other.
        copied = x.numel if trained else ZERO
        several = Saved(inputs=weights, fresh=((kept + first + copied, "float"),))
        return Saved(inputs=(0, *weights) if trained else weights, fresh=((kept + first, "float"),), several=several)

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return all earlier steps, or all; every step reads all of the states to begin with, and of the weights."""
        x, *others = inputs
        axis = self._axis(x)
        maps: dict[str, AxisMap] = dict.fromkeys(x.positions, SAME)
        maps[axis] = All() if self.bidirectional else Causal()
        first = using(windowed(maps, "dynamic"), "mixed")
        return (
            first,
            *(using(windowed(dict.fromkeys(other.positions, All()), "dynamic"), "mixed") for other in others),
        )

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return torch's layer."""
        x = inputs[0]
        layer = _along(self._layer(x), x, self._axis(x), self.states)
        return _with_weights(layer, self.states) if self.shared else layer

    def _layer(self, x: TensorType) -> nn.Module:
        from torch import nn

        name = {"lstm": "LSTM", "gru": "GRU"}.get(self.cell, "RNN")
        options: dict[str, object] = {"bias": self.bias, "batch_first": True, "bidirectional": self.bidirectional}
        if self.projected is not None:
            options["proj_size"] = int(self.projected)
        if name == "RNN":
            options["nonlinearity"] = self.cell.removeprefix("rnn_")
        return getattr(nn, name)(int(x.channels), int(self.hidden), int(self.layers), **options)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a layer of M hidden channels over N tokens of C channels."""
        return cls("gru", symbol("M")), (tensor(n=symbol("N"), c=symbol("C")),)


def _along(layer: nn.Module, x: TensorType, axis: str, states: int) -> nn.Module:
    """Return the layer applied along an axis, to a sequence at every place of the others."""
    places = (x.names.index(axis) + 1, x.names.index("c") + 1)
    others = [int(length) for name, length in x.axes if name not in (axis, "c")]

    def enter(value: Tensor, *given: Tensor) -> tuple[object, ...]:
        moved = value.movedim(places, (-2, -1))
        first = [state.transpose(0, 1).contiguous() for state in given[:states]]
        start = (first[0] if states == 1 else tuple(first),) if first else ()
        return (moved.reshape(-1, *moved.shape[-2:]) if others else moved, *start)

    def leave(results: tuple[Tensor, object]) -> Tensor:
        made = results[0].unflatten(0, (-1, *others)) if others else results[0]
        return made.movedim((-2, -1), places)

    return around(layer, enter, leave)


def _with_weights(layer: nn.Module, states: int) -> nn.Module:
    """Return the layer as a function that is given its weights after its first states."""
    import torch

    names = [name for name, _ in layer.named_parameters()]

    def apply(x: Tensor, *given: Tensor) -> Tensor:
        weights = {name: weight[0] for name, weight in zip(names, given[states:], strict=True)}
        return torch.func.functional_call(layer, weights, (x, *given[:states]))

    return functional(apply)


@dataclass(frozen=True)
class FinalState(Unweighted, NoMacs):
    """The states in which a recurrent layer ends, of what it gives at every step: of its layers and directions.

    `{n: N, c: C} -> {n: cells, c: hidden}`. They depend on all steps; nothing is computed that the layer has not.

    >>> op, inputs = FinalState.example()
    >>> print(op.infer(*inputs)[0])
    {n: 2, c: M}
    """

    kind: ClassVar[str] = "final_state"
    cells: Expr
    hidden: Expr
    axis: str | None = None

    def infer(self, *inputs: TensorType) -> Types:
        """Return a position per cell."""
        (x,) = inputs
        axes = {axis: self.cells for axis in x.positions if axis == (self.axis or axis)}
        return (x.with_sizes({**axes, "c": self.hidden}),)

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return zero: nothing is computed."""
        return ZERO

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved()

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return all steps."""
        (x,) = inputs
        maps = {axis: All() if axis == (self.axis or axis) else SAME for axis in x.positions}
        return (using(windowed(maps), "mixed"),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return the mean of all steps and channels in that shape: a stand-in that reads what the states depend on."""
        (x,) = inputs
        (out,) = self.outputs(*inputs)
        along = ("c", *(axis for axis in x.positions if axis == (self.axis or axis)))
        dims = tuple(x.names.index(axis) + 1 for axis in along)
        sizes = [int(length) for length in out.sizes.values()]
        return functional(lambda v: v.mean(dim=dims, keepdim=True).expand(v.shape[0], *sizes))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return the states of two layers."""
        return cls(Integer(2), symbol("M")), (tensor(n=symbol("N"), c=symbol("M")),)
