"""Normalisation layers: batch, instance, group and layer norm."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, cast

from sympy import Expr, Integer

from archgraph.errors import ShapeError
from archgraph.ops.arguments import Axes, named_axes
from archgraph.ops.base import TRACED, NoMacs, Op, Saved, Types, Weight
from archgraph.ops.modules import channel_first, in_order, joined_to_batch, of_rank
from archgraph.ops.norm_positions import apart_positions, laid_apart, over_positions, require_positions
from archgraph.ops.reach import Reach, pointwise
from archgraph.sizes.symbols import ZERO, product, require, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Normalisation(NoMacs):
    """The shared facts of normalisations: the type stays, 5 operations per element, 7 when affine."""

    affine: bool = True

    def infer(self, *inputs: TensorType) -> Types:
        inputs[0].size("c")
        return inputs

    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]:
        """Return weight [C] and bias [C] when affine."""
        if not self.affine:
            return {}
        scale = Weight((inputs[0].channels,))
        return {"weight": scale, "bias": scale}

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return 5 operations per element, 7 when affine."""
        return (7 if self.affine else 5) * inputs[0].numel

    @abstractmethod
    def groups_of(self, x: TensorType) -> Expr:
        """Return the number of (mean, variance) pairs per sample."""

    def _among(self, x: TensorType) -> Expr:
        """The number of values that share a mean: one alone has no distance from it."""
        return product((x.numel, 1 / self.groups_of(x)))

    def saved(self, *inputs: TensorType) -> Saved:
        """Return the input, and the mean and inverse deviation of every group."""
        return Saved(inputs=(0,), statistics=2 * self.groups_of(inputs[0]))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return the norm with its defaults over a feature map."""
        return cls(), (tensor(c=symbol("C"), h=symbol("H"), w=symbol("W")),)


@dataclass(frozen=True)
class BatchNorm(Normalisation):
    """Normalises every channel by statistics of the whole data set. `{c: C, *positions} -> same`.

    Params 2C; buffers 2C + 1 (running mean and variance, and a counter). Its receptive field is that of
    inference, where the statistics are constants. With `running` they are constants in training too, as in a module
    that is traced in evaluation mode, and none are kept for the backward pass. Source: Ioffe & Szegedy 2015,
    arXiv:1502.03167.

    >>> op, inputs = BatchNorm.example()
    >>> [str(weight.numel) for weight in op.weights(*inputs).values()]
    ['C', 'C', 'C', 'C', '1']
    """

    kind: ClassVar[str] = "batch_norm"
    alone: ClassVar[bool] = False  # in training its statistics are those of the batch
    running: bool = False

    @property
    def as_built(self) -> BatchNorm:
        """The norm whose statistics are kept: every kernel but the CPU's makes room for them, constants or not."""
        return replace(self, running=False)

    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]:
        """Return scale and shift when affine, and the running statistics as buffers."""
        return {**super().weights(*inputs), **running_buffers(inputs[0])}

    def groups_of(self, x: TensorType) -> Expr:
        """Return one pair per channel."""
        return x.channels

    def saved(self, *inputs: TensorType) -> Saved:
        """Return the input, and a mean and inverse deviation per channel of all samples together."""
        return Saved(inputs=(0,), batch_statistics=ZERO if self.running else 2 * self.groups_of(inputs[0]))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        return (pointwise(inputs[0].positions),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        (x,) = inputs
        make = of_rank("BatchNorm", max(1, len(x.positions)))
        layer = (_running(make) if self.running else make)(int(x.channels), affine=self.affine)
        return channel_first(layer, x.names.index("c"))


def running_buffers(x: TensorType) -> dict[str, Weight]:
    """Return the statistics that a layer tracks, and the counter beside them."""
    tracked = Weight((x.channels,), "buffer")
    counter = Weight((), "buffer", "int")
    return {"running_mean": tracked, "running_var": tracked, "num_batches_tracked": counter}


def _running(make: Callable[..., nn.Module]) -> Callable[..., nn.Module]:
    """Return torch's batch norm that stays in evaluation mode."""

    class Running(cast("type[nn.Module]", make)):
        def _get_name(self) -> str:
            return getattr(make, "__name__", "BatchNorm")

        def train(self, mode: bool = True) -> Running:  # noqa: FBT001, FBT002  as torch has it
            return super().train(mode=False)

    return Running


@dataclass(frozen=True)
class InstanceNorm(Normalisation):
    """Normalises every channel of every sample over its positions. `{c: C, *positions} -> same`.

    Params 2C when affine (the default here, as in segmentation networks), C without `bias`. Its statistics reach
    every position, or with `over` those along the positions that it names: of a video `over: [h, w]` is by frame. With
    `batch` it is a batch norm without running statistics, which normalises one sample alike and copies no weight.
    Source: Ulyanov et al. 2016, arXiv:1607.08022.

    >>> op, inputs = InstanceNorm.example()
    >>> op.reach(*inputs)[0].statistics
    ('h', 'w')
    """

    kind: ClassVar[str] = "instance_norm"
    bias: bool = True
    batch: bool = False
    over: Axes | None = None
    running: bool = field(default=False, metadata={TRACED: True})
    """Whether its statistics are constants that it tracked before, as in a module that is traced in evaluation mode:
    buffers, of which torch keeps a copy for every sample, and it reads its own position alone."""

    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]:
        """Return weight [C] and bias [C] when affine, the bias alone left out without `bias`; running statistics."""
        found = dict(super().weights(*inputs))
        if not self.bias:
            found.pop("bias", None)
        return {**found, **(running_buffers(inputs[0]) if self.running else {})}

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return 5 operations per element, and one for each of weight and bias."""
        scaled = sum(weight.kind != "buffer" for weight in self.weights(*inputs).values())
        return (5 + scaled) * inputs[0].numel

    def infer(self, *inputs: TensorType) -> Types:
        """Return the operand's type, which needs positions."""
        if not over_positions(self.over, inputs[0]):
            raise ShapeError(f"instance_norm needs a position axis, and its operand is {inputs[0]}")
        require_positions(self.kind, self.over, inputs[0])
        return super().infer(*inputs)

    def saved(self, *inputs: TensorType) -> Saved:
        """Return the input, the statistics, and the weight, which torch copies for every sample.

        Where the channel is not first, but for positions that stand apart, a copy of the input is kept.
        """
        (x,) = inputs
        pairs = self.groups_of(x)
        if self.batch:
            return Saved(inputs=(0,), statistics=2 * pairs)
        fresh = ((pairs, "float"),) if self.affine else ()
        if x.names == laid_apart(self.over, x):
            return Saved(inputs=(0,), fresh=fresh, statistics=2 * pairs)
        return Saved(fresh=((x.numel, "float"), *fresh), statistics=2 * pairs)

    def groups_of(self, x: TensorType) -> Expr:
        """Return one pair per channel, of each position that stands apart."""
        return product((x.channels, *(x.size(axis) for axis in apart_positions(self.over, x))))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return position by position, with statistics over all positions, or those of `over`, unless constants."""
        positions = inputs[0].positions
        if self.running:
            return (pointwise(positions),)
        # Statistics of a batch are those of several samples, so that no value is alone.
        among = None if self.batch else self._among(inputs[0])
        return (pointwise(positions, over_positions(self.over, inputs[0]), among),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        (x,) = inputs
        make = of_rank("BatchNorm" if self.batch else "InstanceNorm", len(over_positions(self.over, x)))
        if self.running:
            tracking = _running(make)(int(x.channels), affine=self.affine, track_running_stats=True)
            return _of_samples(tracking, self.over, x)
        options: dict[str, bool] = {"affine": self.affine, **({"track_running_stats": False} if self.batch else {})}
        layer = make(int(x.channels), **options)
        if not self.bias:
            layer.register_parameter("bias", None)
        return _of_samples(layer, self.over, x)


def _of_samples(layer: nn.Module, over: Axes | None, x: TensorType) -> nn.Module:
    """Return a layer with the channel first, or with positions that stand apart joined to the samples."""
    apart = apart_positions(over, x)
    if apart:
        return joined_to_batch(layer, x.names, laid_apart(over, x), len(apart))
    return channel_first(layer, x.names.index("c"))


@dataclass(frozen=True)
class GroupNorm(Normalisation):
    """Normalises groups of channels of every sample over their positions. `{c: C, *positions} -> same`.

    Params 2C when affine. Its statistics reach every position, or with `over` those along the positions that it names:
    of a video `over: [h, w]` is by frame. Source: Wu & He 2018, arXiv:1803.08494.

    >>> op, inputs = GroupNorm.example()
    >>> op.groups
    32
    """

    kind: ClassVar[str] = "group_norm"
    groups: Expr = Integer(32)
    over: Axes | None = None

    def infer(self, *inputs: TensorType) -> Types:
        """Return the operand's type, whose channels the groups divide."""
        channels = inputs[0].channels
        require(
            channels,
            "multiple of",
            self.groups,
            "{} groups do not divide the {} channels",
            self.groups,
            channels,
        )
        require_positions(self.kind, self.over, inputs[0])
        return inputs

    def groups_of(self, x: TensorType) -> Expr:
        """Return the number of groups, times the positions that are normalised by themselves."""
        return product((self.groups, *(x.size(axis) for axis in apart_positions(self.over, x))))

    def saved(self, *inputs: TensorType) -> Saved:
        """Return the statistics and the input, or a copy of it where the channels stand neither first nor last.

        Channels that stand last of two or three positions are a layout that PyTorch takes as it is.
        """
        (x,) = inputs
        if apart_positions(self.over, x):
            return self._saved_apart(x)
        place, rank = x.names.index("c"), len(x.positions)
        if place == 0 or (place == rank and rank in (2, 3)):
            return super().saved(*inputs)
        return Saved(fresh=((x.numel, "float"),), statistics=2 * self.groups)

    def _saved_apart(self, x: TensorType) -> Saved:
        """What is kept where positions join the samples: a copy, unless they stand in front, in a layout as above."""
        apart, over = apart_positions(self.over, x), over_positions(self.over, x)
        laid = laid_apart(self.over, x), (*apart, *over, "c")[: len(x.names) if len(over) in (2, 3) else 0]
        whole = x.names in laid
        statistics = 2 * self.groups_of(x)
        return (
            Saved(inputs=(0,), statistics=statistics)
            if whole
            else Saved(fresh=((x.numel, "float"),), statistics=statistics)
        )

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return position by position, with statistics over all positions, or those that `over` names."""
        return (pointwise(inputs[0].positions, over_positions(self.over, inputs[0]), self._among(inputs[0])),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        (x,) = inputs
        return _of_samples(nn.GroupNorm(int(self.groups), int(x.channels), affine=self.affine), self.over, x)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return 32 groups of C channels each."""
        return cls(), (tensor(c=32 * symbol("C"), h=symbol("H"), w=symbol("W")),)


@dataclass(frozen=True)
class LayerNorm(Normalisation):
    """Normalises the channels of every position. `{c: C, *positions} -> same`.

    Params 2C when affine, C without `bias`. Nothing mixes between positions, unless `over` names axes: of these the
    statistics are taken together, and they have a weight and a bias for every element. Source: Ba et al. 2016,
    arXiv:1607.06450.

    >>> op, inputs = LayerNorm.example()
    >>> op.reach(*inputs)[0].statistics
    ()
    """

    kind: ClassVar[str] = "layer_norm"
    bias: bool = True
    over: Axes = "c"

    def infer(self, *inputs: TensorType) -> Types:
        """Return the operand's type, which has the axes."""
        for axis in named_axes(self.over):
            inputs[0].size(axis)
        return inputs

    def _shape(self, x: TensorType) -> tuple[Expr, ...]:
        return tuple(x.size(axis) for axis in named_axes(self.over))

    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]:
        """Return weight and bias of the size of the axes when affine."""
        if not self.affine:
            return {}
        scale = Weight(self._shape(inputs[0]))
        return {"weight": scale, "bias": scale} if self.bias else {"weight": scale}

    def groups_of(self, x: TensorType) -> Expr:
        """Return one pair per position of the other axes."""
        return product(length for axis, length in x.axes if axis not in named_axes(self.over))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return position by position, with statistics over the positions that `over` names."""
        over = named_axes(self.over)
        positions = inputs[0].positions
        return (pointwise(positions, tuple(axis for axis in positions if axis in over), self._among(inputs[0])),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        (x,) = inputs
        over = named_axes(self.over)
        shape = [int(length) for length in self._shape(x)]
        layer = nn.LayerNorm(shape, elementwise_affine=self.affine, bias=self.bias)
        rest = tuple(axis for axis in x.names if axis not in over)
        return in_order(layer, x.names, (*rest, *over))
