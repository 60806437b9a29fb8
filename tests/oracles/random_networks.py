"""Random small networks with every way of reading positions: the same seed gives the same network."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from sympy import Integer

from archgraph.errors import ArchgraphError
from archgraph.graph.ir import Graph, Value
from archgraph.graph.tracer import Inference, Tracer
from archgraph.ops.arguments import Named
from archgraph.ops.arithmetic import Add, Multiply
from archgraph.ops.attention import ScaledDotProductAttention
from archgraph.ops.base import Op
from archgraph.ops.convolution import Conv, ConvTranspose
from archgraph.ops.cropping import Crop, Pad, Roll, Slice, Take
from archgraph.ops.linear import Linear
from archgraph.ops.normalisation import GroupNorm, InstanceNorm, LayerNorm
from archgraph.ops.pointwise import Relu, Softmax
from archgraph.ops.pooling import AvgPool, MaxPool
from archgraph.ops.rearrangement import Concat, CropLike, PixelShuffle, Split
from archgraph.ops.reshaping import Flatten, PixelUnshuffle, Unflatten
from archgraph.ops.resizing import AdaptiveAvgPool, BroadcastLike, GlobalAvgPool, GlobalMaxPool, Upsample
from archgraph.sizes.symbols import size
from archgraph.sizes.types import TensorType, tensor

RANKED = (Conv, ConvTranspose, MaxPool, AvgPool, AdaptiveAvgPool, InstanceNorm, Upsample)
"""What torch has for one to three position axes only."""
MOST = 260
"""The most positions a value may have."""


def network(seed: int, most: int = 9) -> Graph:
    """Return a random network of up to so many operations on one small input."""
    random = Random(seed)
    if random.random() < 0.25:
        image = Value(tensor(c=4, n=random.randint(8, 20)), "x")
    else:
        image = Value(tensor(c=4, h=random.randint(6, 12), w=random.randint(6, 12)), "x")
    grown = _Grown(random, image)
    for _ in range(random.randint(2, most)):
        grown.step()
    return grown.tracer.finish((grown.values[-1],))


class _Grown:
    def __init__(self, random: Random, image: Value) -> None:
        self.random = random
        self.tracer = Tracer((image,), Inference())
        self.values = [image]

    def step(self) -> None:
        """Add one operation; whatever does not fit is tried otherwise."""
        for _ in range(30):
            try:
                op, operands = self._drawn()
                if isinstance(op, RANKED) and len(operands[0].type.positions) > 3:
                    continue
                if isinstance(op, InstanceNorm) and operands[0].type.area == 1:
                    continue  # torch refuses statistics of one element
                types = op.infer(*(value.type for value in operands))
                if all(0 < _positions(type_) <= MOST for type_ in types):
                    outputs = self.tracer.apply(op, operands, op.kind)
                    self.values.append(self.random.choice(outputs))
                    return
            except (ArchgraphError, ValueError, IndexError):
                continue

    def _drawn(self) -> tuple[Op, tuple[Value, ...]]:
        x = self.values[-1] if self.random.random() < 0.8 else self.random.choice(self.values)
        joined = self._join(x) if self.random.random() < 0.3 and len(self.values) > 1 else None
        if joined is not None:
            return joined
        make = self.random.choice(CHOICES)
        return make(self.random, x.type), (x,) * _arity(make)

    def _join(self, x: Value) -> tuple[Op, tuple[Value, ...]] | None:
        others = [value for value in self.values if value is not x]
        alike = [value for value in others if value.type.without("c") == x.type.without("c")]
        if alike:
            y = self.random.choice(alike)
            return self.random.choice([Concat(), Add(), Multiply(), _attention(self.random, x.type)]), (
                (x, y, y) if self.random.random() < 0.1 else (x, y)
            )
        vectors = [value for value in others if not value.type.positions]
        if vectors and x.type.positions:
            y = self.random.choice(vectors)
            axis = self.random.choice(x.type.positions)
            op = self.random.choice([Add(), Multiply(), Concat(axis), BroadcastLike()])
            return op, (y, x) if self.random.random() < 0.5 or isinstance(op, BroadcastLike) else (x, y)
        longer = [value for value in others if value.type.positions == x.type.positions]
        if longer:
            y = self.random.choice(longer)
            return self.random.choice([CropLike(), Concat(self.random.choice(x.type.positions))]), (y, x)
        return None


def _positions(type_: TensorType) -> int:
    return int(type_.area) if type_.has("c") else 0


def _arity(make: Callable) -> int:
    return 3 if make is _attention else 1


def _per_axis(random: Random, x: TensorType, low: int, high: int) -> Named:
    return Named({axis: size(random.randint(low, high)) for axis in x.positions})


def _pads(random: Random, x: TensorType, high: int) -> Named:
    return Named({axis: (size(random.randint(0, high)), size(random.randint(0, high))) for axis in x.positions})


def _conv(random: Random, x: TensorType) -> Op:
    return Conv(
        out=size(4),
        kernel=_per_axis(random, x, 1, 4),
        stride=_per_axis(random, x, 1, random.choice([1, 1, 3])),
        padding=_pads(random, x, 2),
        dilation=_per_axis(random, x, 1, random.choice([1, 1, 3])),
        groups=size(random.choice([1, 2, 4])),
    )


def _conv_transpose(random: Random, x: TensorType) -> Op:
    stride = _per_axis(random, x, 1, 3)
    return ConvTranspose(
        out=size(4),
        kernel=_per_axis(random, x, 1, 4),
        stride=stride,
        padding=_pads(random, x, 1),
        dilation=_per_axis(random, x, 1, random.choice([1, 2])),
    )


def _pool(random: Random, x: TensorType) -> Op:
    make = random.choice([MaxPool, AvgPool])
    kernel = _per_axis(random, x, 1, 3)
    ceil = random.random() < 0.4
    padding = size(0) if ceil else _pads(random, x, 1)
    return make(kernel=kernel, stride=_per_axis(random, x, 1, 3), padding=padding, ceil=ceil)


def _attention(random: Random, x: TensorType) -> Op:
    heads = size(random.choice([1, 2]))
    choice = random.random()
    if choice < 0.4 and x.positions:
        window = {axis: size(random.choice(_divisors(int(x.size(axis))))) for axis in x.positions}
        shift = Named({axis: size(random.randrange(int(length))) for axis, length in window.items()})
        return ScaledDotProductAttention(heads, window=Named(window), shift=shift)
    if choice < 0.6:
        return ScaledDotProductAttention(heads, causal=True)
    return ScaledDotProductAttention(heads, over=random.choice([None, *x.positions]))


def _divisors(length: int) -> list[int]:
    return [d for d in range(1, length + 1) if length % d == 0]


def _upsample(random: Random, x: TensorType) -> Op:
    mode = random.choice(["nearest", "linear", "linear"])
    corners = mode == "linear" and random.random() < 0.5
    return Upsample(_per_axis(random, x, 1, 3), mode, corners)


def _pad(random: Random, x: TensorType) -> Op:
    """Reflection and wrapping reach less far than the axis is long."""
    least = min(int(x.size(axis)) for axis in x.positions)
    return Pad(_pads(random, x, min(2, least - 1)), random.choice(["zero", "reflect", "replicate", "circular"]))


def _slice(random: Random, x: TensorType) -> Op:
    axis = random.choice(x.positions)
    length = int(x.size(axis))
    start = random.randrange(length)
    return Slice(axis, size(start), size(random.randint(1, length - start)))


def _split(random: Random, x: TensorType) -> Op:
    axis = random.choice(x.names)
    length = int(x.size(axis))
    first = random.randint(1, length - 1)
    return Split(sizes=(size(first), size(length - first)), axis=axis)


def _flatten(random: Random, x: TensorType) -> Op:
    axes = list(x.positions)
    random.shuffle(axes)
    return Flatten(tuple(axes[:2]), "n" if len(axes) > 1 else random.choice(["m", "c"]))


def _unflatten(random: Random, x: TensorType) -> Op:
    axis = random.choice(x.positions)
    factor = random.choice(_divisors(int(x.size(axis))))
    names = random.choice([("h", "w"), ("w", "h"), ("a", "b")])
    parts = (Integer(factor), x.size(axis) / factor)
    return Unflatten(axis, Named(dict(zip(names, parts, strict=True))))


CHOICES: list[Callable[[Random, TensorType], Op]] = [
    *[_conv] * 6,
    *[_conv_transpose] * 2,
    *[_pool] * 3,
    *[_attention] * 3,
    *[_upsample] * 2,
    _pad,
    _pad,
    _slice,
    _split,
    *[_flatten] * 2,
    *[_unflatten] * 2,
    lambda random, x: Crop(_pads(random, x, 2)),
    lambda random, x: Roll(Named({axis: size(random.randrange(4)) for axis in (*x.positions, x.positions[0])})),
    lambda random, x: Take(random.choice(x.positions), size(random.randrange(3))),
    lambda random, x: AdaptiveAvgPool(_per_axis(random, x, 1, 5)),
    lambda random, x: random.choice([GlobalAvgPool, GlobalMaxPool])(random.choice([None, *x.positions])),
    lambda random, x: Linear(size(int(x.size(axis := random.choice(x.names)))), axis=axis),
    lambda random, x: random.choice([GroupNorm(groups=size(2)), InstanceNorm(), LayerNorm()]),
    lambda random, x: Softmax(random.choice(x.names)),
    lambda random, x: PixelUnshuffle(size(2)),
    lambda random, x: PixelShuffle(Named({x.positions[0]: size(2), **dict.fromkeys(x.positions[1:], size(1))})),
    lambda random, x: Relu(),
]
