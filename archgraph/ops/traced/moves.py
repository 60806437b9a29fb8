"""Rearrangements as PyTorch has them: digits of axes regrouped, strided slices, look-ups by index, moves by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from sympy import Expr, Integer

from archgraph.errors import ShapeError, UnsupportedOpError
from archgraph.ops.arguments import MoveName, Named, StoredName
from archgraph.ops.base import TRACED, Kernel, Op, Saved, Types
from archgraph.ops.modules import functional
from archgraph.ops.reach import SAME, UNREAD, All, AtMost, AxisMap, ChannelUse, Digits, Reach, Window, pointwise, using
from archgraph.ops.rearrangement import Rearrangement
from archgraph.sizes.symbols import ONE, ZERO, floor_divide, product, require, size, symbol
from archgraph.sizes.types import CHANNEL, TensorType, tensor

if TYPE_CHECKING:
    from torch import Tensor, nn

MovedDigit: TypeAlias = "tuple[str, Expr, Expr]"
"""A digit of an axis: its name, stride and size; an empty name makes copies."""
Regrouping: TypeAlias = "tuple[tuple[str, tuple[MovedDigit, ...]], ...]"
"""New axes in order, each with its digits, outermost first."""


@dataclass(frozen=True)
class Rearrange(Rearrangement):
    """Regroups the digits of axes, as view and permute do. `{*axes} -> {into}`.

    Digit (axis, stride, size) of an axis is `(i // stride) % size`. Every new axis lists its digits, outermost
    first: none for an axis of size 1, and digits without an axis for copies. With `view` it lies in the operand's
    memory, and no element is copied.

    >>> op, inputs = Rearrange.example()
    >>> print(op.infer(*inputs)[0])
    {n: H*W, c: C}
    """

    kind: ClassVar[str] = "rearrange"
    into: Regrouping
    view: bool = False

    def __post_init__(self) -> None:
        # A mapping as specs write it, whichever way it was given.
        object.__setattr__(self, "into", Named(self.into))

    def infer(self, *inputs: TensorType) -> Types:
        (x,) = inputs
        axes = tuple((name, product(part[2] for part in parts)) for name, parts in self.into)
        # Copies are no elements of the operand, and a rearrangement must use every one of those exactly once.
        real = product(part[2] for _, parts in self.into for part in parts if part[0])
        rule = "a rearrangement of {} elements uses {} of them"
        require(x.numel, "==", real, rule, x.numel, real)
        return (TensorType(axes, x.dtype),)

    def saved(self, *inputs: TensorType) -> Saved:
        """Return that a view lies where the operand does; a copy needs no operand for its gradient."""
        return Saved(aliases=((0, 0),) if self.view else ())

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return, per axis of the operand, where its digits went; those that became channels take all values."""
        (x,) = inputs
        read = Reach(tuple((axis, Digits(tuple(self._places(axis)))) for axis in x.positions), power="uniform")
        return (using(read, *self._channel_uses()),)

    def _channel_uses(self) -> Iterator[ChannelUse]:
        moved = [(name, part[0]) for name, parts in self.into for part in parts if "c" in (name, part[0])]
        if any(name != "c" for name, _ in moved):
            yield "picked"
        if any(source not in ("c", "") for _, source in moved):
            yield "gathered"

    def _places(self, axis: str) -> Iterator[tuple[str, Expr, Expr, Expr]]:
        for name, parts in self.into:
            for place, (source, stride, length) in enumerate(parts):
                if source == axis:
                    # In the new axis a digit counts as many as all digits after it together.
                    inner = product(part[2] for part in parts[place + 1 :])
                    yield "" if name == "c" else name, stride, inner, length

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return a reshape to digits, a permutation, and a reshape to axes."""
        (x,) = inputs
        digits = [(axis, *part) for axis in x.names for part in self._digits(axis, x)]
        order = {(axis, stride): place for place, (axis, stride, _) in enumerate(digits)}
        split = [int(length) for _, _, length in digits]
        parts = [part for _, group in self.into for part in group]
        # Axes of size 1 have no digits in the result: theirs are moved to the end, where reshaping drops them.
        permuted = [order[(axis, stride)] + 1 for axis, stride, _ in parts if axis]
        rest = [place + 1 for place in range(len(digits)) if place + 1 not in permuted]
        copies = [int(length) if not axis else -1 for axis, _, length in parts]
        sizes = [int(length) for length in self.outputs(*inputs)[0].sizes.values()]

        def regroup(value: Tensor) -> Tensor:
            batch = value.shape[0]
            value = value.reshape(batch, *split).permute(0, *permuted, *rest)
            value = value.reshape(batch, *value.shape[1 : len(permuted) + 1])
            value = value.reshape(batch, *(1 if n > 0 else s for n, s in _walk(copies, value.shape[1:])))
            return value.expand(batch, *copies).reshape(batch, *sizes)

        return functional(regroup)

    def _digits(self, axis: str, x: TensorType) -> list[tuple[Expr, Expr]]:
        """The digits that an axis is cut into, outermost first."""
        found = [part for _, parts in self.into for part in parts if part[0] == axis]
        if not found:
            return [(ONE, x.size(axis))]
        return [(stride, length) for _, stride, length in sorted(found, key=lambda part: -int(part[1]))]

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a feature map as tokens."""
        c, h, w = symbol("C"), symbol("H"), symbol("W")
        into = (("n", (("h", ONE, h), ("w", ONE, w))), ("c", (("c", ONE, c),)))
        return cls(into), (tensor(c=c, h=h, w=w),)


def _walk(copies: list[int], shape: Sequence[int]) -> list[tuple[int, int]]:
    """Pair every digit with the size it has before it is copied."""
    sizes = iter(shape)
    return [(count, 1 if count > 0 else next(sizes)) for count in copies]


@dataclass(frozen=True)
class Subsample(Rearrangement):
    """Takes every `step`-th element of one axis, from `start` on, before `stop`. `{*axes} -> {*axes}`.

    >>> op, inputs = Subsample.example()
    >>> print(op.infer(*inputs)[0])
    {c: C, h: H, w: W}
    """

    kind: ClassVar[str] = "subsample"
    axis: str
    step: Expr
    start: Expr = Integer(0)
    stop: Expr | None = None

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type with a shorter axis."""
        (x,) = inputs
        length = x.size(self.axis)
        stop = length if self.stop is None else self.stop
        rule = "every {}-th of {} elements from {} to {} does not exist"
        for small, large in ((ONE, self.step), (ZERO, self.start), (self.start + 1, stop), (stop, length)):
            require(small, "<=", large, rule, self.step, length, self.start, stop)
        return (x.with_sizes({self.axis: floor_divide(stop - self.start + self.step - 1, self.step)}),)

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved(aliases=((0, 0),))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return a stride along the axis."""
        strided = Window(stride=self.step, before=-self.start)
        read = Reach(tuple((a, strided if a == self.axis else SAME) for a in inputs[0].positions))
        return (using(read, "picked") if self.axis == "c" else read,)

    def lower(self, *inputs: TensorType) -> nn.Module:
        place = inputs[0].names.index(self.axis) + 1
        stop = None if self.stop is None else int(self.stop)
        cut = (*[slice(None)] * place, slice(int(self.start), stop, int(self.step)))
        return functional(lambda value: value[cut])

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return every second row."""
        return cls("h", size(2)), (tensor(c=symbol("C"), h=2 * symbol("H"), w=symbol("W")),)


@dataclass(frozen=True)
class Gather(Rearrangement):
    """Looks up elements of the first operand along `axis` by the indices in the second, which bring their axes.

    `{axis: N, *axes}, {*places} -> {*places, *axes}`.

    >>> op, inputs = Gather.example()
    >>> print(op.infer(*inputs)[0])
    {m: M}
    """

    kind: ClassVar[str] = "gather"
    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    axis: str

    def infer(self, *inputs: TensorType) -> Types:
        """Return the indices' axes and the rest of the table's."""
        table, places = inputs
        rest = table.without(self.axis)
        table.size(self.axis)
        twice = next((name for name in places.names if rest.has(name)), None)
        if twice is not None:
            raise ShapeError(f"gather gives two axes named '{twice}'")
        return (TensorType((*places.axes, *rest.axes), table.dtype),)

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved(inputs=(1,))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return everything along the axis: which element is read depends on the indices."""
        table, places = inputs
        maps = tuple((a, All() if a == self.axis else SAME) for a in table.positions)
        looked_up = Reach(maps, mixing="dynamic")
        return (
            using(looked_up, "picked") if self.axis == "c" else looked_up,
            Reach(tuple((a, SAME) for a in places.positions)),
        )

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return torch's index along the axis, sample by sample."""
        import torch

        table, _ = inputs
        place = table.names.index(self.axis)

        def look_up(values: Tensor, places: Tensor) -> Tensor:
            # Every sample has indices of its own, which torch's indexing would take for all samples.
            samples = zip(values.movedim(place + 1, 1), places.long(), strict=True)
            return torch.stack([rows[index] for rows, index in samples])

        return functional(look_up)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return M of C + 1 numbers."""
        return cls("c"), (tensor(c=symbol("C") + 1), tensor("int", m=symbol("M")))


VIEWING = frozenset(("as_strided", "diagonal", "unfold", "view"))
"""Moves whose result lies in the memory of the operand."""
CUTTING = frozenset(("tril", "triu"))
"""Moves that keep elements where they are, and put zeros for others."""
CHOOSING = frozenset(("sort", "topk", "cummax", "cummin"))
"""Moves that keep, for every element of the result, where it came from."""
SIZED = frozenset(("cummax", "cummin", "gather", "reflect_pad", "replicate_pad", "take"))
"""Moves that keep their operand too."""
PAIRS = frozenset(("grid_sampler", "grid_sampler_2d", "grid_sampler_3d"))
"""Moves that keep all operands."""
WHOLE = frozenset(("scatter_reduce", "index_reduce"))
"""Moves that keep all operands and the result."""
SOURCES_KEPT = frozenset(("index_add", "index_copy"))
WRITTEN = frozenset((*SOURCES_KEPT, "scatter_add"))
"""Moves that keep indices for the gradient of what they write, and some that too, for its shape."""
INDEXED = frozenset(
    (
        *SIZED,
        "embedding",
        "index",
        "index_select",
        "index_fill",
        "index_put",
        "masked_scatter",
        "masked_select",
        "put",
        "scatter",
    )
)
"""Moves that keep the indices or tests which they are given."""
UNKEPT = frozenset(
    (
        "argmax",
        "argmin",
        "argsort",
        "bucketize",
        "col2im",
        "copy",
        "diag_embed",
        "fill",
        "flip",
        "im2col",
        "narrow_copy",
        "one_hot",
        "roll",
        "rot90",
        "searchsorted",
        "slice_scatter",
        "select_scatter",
        "zero",
    )
)
"""Moves that keep nothing."""
NAMED_MOVES = tuple(sorted(VIEWING | CUTTING | CHOOSING | SIZED | PAIRS | WHOLE | WRITTEN | INDEXED | UNKEPT))
"""The moves that a spec can name."""


IN_ROOM_OF_OPERAND = frozenset(["col2im"])
"""Moves whose kernels make room for as much as they are given, before they know that their result is smaller."""


@dataclass(frozen=True)
class Move(Rearrangement):
    """Moves or selects elements, called by torch's name: flip, sort, scatter.

    `{*axes}, ... -> {shape}`. Costs nothing. `reads` says, per operand and axis, where elements come from: none of
    an operand that decides alone; only traced modules have it. Where it says nothing, any may be read, as a bound.

    >>> op, inputs = Move.example()
    >>> print(op.infer(*inputs)[0])
    {c: C}
    """

    kind: ClassVar[str] = "move"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    function: MoveName
    shape: Named
    dtype: StoredName = "float"
    reads: tuple[tuple[tuple[str, AxisMap], ...] | None, ...] | None = field(default=None, metadata={TRACED: True})
    gathers: tuple[int, ...] = field(default=(), metadata={TRACED: True})
    """The operands whose positions become channels."""

    def __post_init__(self) -> None:
        # Saying nothing of any operand is saying nothing.
        if self.reads and not any(read is None or read for read in self.reads) and self.function not in CUTTING:
            object.__setattr__(self, "reads", None)

    def infer(self, *inputs: TensorType) -> Types:
        return (TensorType(tuple(self.shape), self.dtype),)

    def saved(self, *inputs: TensorType) -> Saved:
        """Return what the gradients need: places that were chosen, indices that were given; of other moves nothing."""
        return self.saved_for(frozenset(range(len(inputs))), "math", *inputs)

    def saved_for(self, needed: frozenset[int], kernel: Kernel, *inputs: TensorType) -> Saved:
        """Return what the gradients of some operands need."""
        (out,) = self.outputs(*inputs)
        if not out.has_gradient:
            return Saved()
        if self.function in VIEWING:
            return Saved(aliases=((0, 0),))
        places = ((out.numel, "int"),) if self.function in CHOOSING else ()
        outputs = (0,) if self.function in WHOLE else ()
        return Saved(inputs=tuple(self._kept(needed, inputs)), outputs=outputs, fresh=places)

    def in_room_of(self, *inputs: TensorType) -> int | None:
        return 0 if self.function in IN_ROOM_OF_OPERAND else None

    def _kept(self, needed: frozenset[int], inputs: Types) -> Iterator[int]:
        written = len(inputs) - 1
        for index, x in enumerate(inputs):
            if self.function in WHOLE or self.function in PAIRS or (self.function in SIZED and index == 0):
                yield index
            elif self.function in WRITTEN:
                # What is written decides alone; what it is written into takes its gradient as it comes.
                takes = written in needed and index and (not x.has_gradient or self.function in SOURCES_KEPT)
                if takes or (self.function == "index_copy" and not x.has_gradient):
                    yield index
            elif self.function in INDEXED and not x.has_gradient:
                yield index

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return what is known of where elements come from; where nothing is, any position may be read."""
        # What is cut off became zero where it stood, so that no element has moved.
        if not self.reads and self.function in CUTTING and tuple(self.shape) == inputs[0].axes:
            return (pointwise(inputs[0].positions),)
        known = self.reads or ((),) * len(inputs)
        found = [self._reach(x, reads) for x, reads in zip(inputs, known, strict=True)]
        # Of what is not described, some channels may read other positions than the rest, or none, if it has channels.
        gathers = self.gathers if self.reads or CHANNEL not in dict(self.shape) else range(len(found))
        return tuple(using(reach, "gathered") if place in gathers else reach for place, reach in enumerate(found))

    def _reach(self, x: TensorType, reads: tuple[tuple[str, AxisMap], ...] | None) -> Reach:
        if reads is None:
            return UNREAD
        known = dict(reads)
        # Any position may be read, which is a bound and is called one.
        unknown = AtMost(All(), f"what {self.function} reads is not described")
        maps = tuple((axis, known.get(axis, unknown)) for axis in x.positions)
        return using(Reach(maps), "picked") if x.has("c") else Reach(maps)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return torch's flip of the first axis; nothing else can be built again.

        Raises:
            UnsupportedOpError: for any other function.
        """
        if self.function != "flip":
            raise UnsupportedOpError(f"'{self.function}' was traced, and cannot be built again")
        return functional(lambda value: value.flip(1))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return C channels in reverse order."""
        return cls("flip", Named({"c": symbol("C")})), (tensor(c=symbol("C")),)
