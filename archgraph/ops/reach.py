"""How one output position reads the positions of an operand: the vocabulary of `Op.reach`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, TypeAlias

from sympy import Expr, Max, Min

from archgraph.ops.position_sets import PositionSets
from archgraph.sizes.symbols import ONE, ZERO

MixingKind = Literal["none", "static", "dynamic"]
Border = Literal["drop", "clamp", "reflect", "wrap"]
Power = Literal["uniform", "mean", "one", "none"]
ChannelUse = Literal["mixed", "picked", "gathered", "joined"]
"""Every output channel reads all channels; some are picked; positions become channels; several are put together."""


@dataclass(frozen=True)
class Window:
    """Output i reads `stride*i - before + dilation*t` for t < kernel: convolution, pooling, cropping.

    What lies beyond the border is dropped (zeros), clamped to it, reflected at it, or wraps around.
    """

    kernel: Expr = ONE
    stride: Expr = ONE
    dilation: Expr = ONE
    before: Expr = ZERO
    border: Border = "drop"


@dataclass(frozen=True)
class Transposed:
    """Output i reads `(i + before - dilation*t) / stride` for t < kernel, where that is an integer."""

    kernel: Expr
    stride: Expr
    dilation: Expr = ONE
    before: Expr = ZERO


@dataclass(frozen=True)
class Enlarge:
    """Output i reads `i // factor`: nearest up-sampling, pixel shuffle."""

    factor: Expr


@dataclass(frozen=True)
class All:
    """Every output reads every position: attention, global pooling."""


@dataclass(frozen=True)
class Causal:
    """Output i reads every position up to `i + ahead`: causal attention, scans."""

    ahead: Expr = ZERO


@dataclass(frozen=True)
class Blocks:
    """Output i reads the block of `size` positions that it lies in; blocks begin at `shift`."""

    size: Expr
    shift: Expr = ZERO


@dataclass(frozen=True)
class Interpolated:
    """Linear up-sampling by a factor, pixel centres aligned: one or two neighbours are read."""

    factor: Expr


@dataclass(frozen=True)
class Resized:
    """Resampling from one length to another: adaptive pooling, or interpolation with aligned corners."""

    before: Expr
    after: Expr
    how: Literal["adaptive", "corners"]


@dataclass(frozen=True)
class Digit:
    """Output i, on another axis, reads `(i // stride) % size`: one factor of a flattened axis."""

    stride: Expr
    size: Expr


@dataclass(frozen=True)
class Unflattened:
    """Output positions on several axes read the flattened position: sum of index times stride."""

    strides: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True)
class Placed:
    """Output i reads `i - start`, where that lies within the operand: one of several put one after another."""

    start: Expr
    size: Expr


@dataclass(frozen=True)
class Parts:
    """Position i of output k reads `i + starts[k]`: an axis cut into several outputs."""

    starts: tuple[Expr, ...]


@dataclass(frozen=True)
class Digits:
    """The operand's position is a sum of digits of output positions: what views and permutations make of it.

    Every part is (axis, scale, stride, size) and adds `scale * ((i // stride) % size)` for position i on the axis;
    a part without an axis takes all its values, as where positions become channels.
    """

    parts: tuple[tuple[str, Expr, Expr, Expr], ...]


@dataclass(frozen=True)
class Listed:
    """Output i reads the i-th of some sets: a mask or a list of indices that is known at one size.

    Of an axis of another length, or for another number of outputs, nothing is known: all of it may be read.

    Attributes:
        sets: one per output.
        over: the digits of output axes whose sum is i, as (axis, scale, size); none for the axis itself.
        alike: whether there is one set, which all outputs read.
        own: whether every output reads at most its own position, where the list does not hold too.
        given: sizes, and the values at which the list is known: lengths alone do not tell what a list was made of.
        proved: whether it was seen to be the same whatever the other sizes are.
    """

    sets: PositionSets
    over: tuple[tuple[str, int, int], ...] = ()
    alike: bool = False
    own: bool = False
    given: tuple[tuple[Expr, int], ...] = ()
    proved: bool = False


@dataclass(frozen=True)
class Within:
    """Output i reads i where `start <= i < stop`, and nothing elsewhere: what zeros leave of an axis."""

    start: Expr
    stop: Expr


@dataclass(frozen=True)
class Mirrored:
    """Output i reads `last - i`, and nothing where the operand has no such position: an axis the other way round."""

    last: Expr


@dataclass(frozen=True)
class Later:
    """Outputs from `start` on read what another map says, those before it nothing."""

    map: Causal | Window
    start: Expr


@dataclass(frozen=True)
class AnyOf:
    """Output i reads what any of some maps says: a window, and beside it the first positions of all."""

    maps: tuple[Window | Causal | Blocks | Listed, ...]


@dataclass(frozen=True)
class Along:
    """The operand's axis is read as a function of an output axis of another name."""

    axis: str
    map: Window | Digit | All | Causal | Blocks | Listed | Within | Mirrored | Later | AnyOf | AtMost


@dataclass(frozen=True)
class AtMost:
    """What is read lies within what another map says, and `reason` says why no more is known.

    With `where`, only at sizes where that is 1: elsewhere it is what the map says.
    """

    map: Window | All | Causal | Blocks | Listed | Mirrored | AnyOf | Along
    reason: str
    where: Expr | None = None


AxisMap: TypeAlias = (
    Window
    | Transposed
    | Enlarge
    | All
    | Causal
    | Blocks
    | Interpolated
    | Resized
    | Digit
    | Unflattened
    | Placed
    | Parts
    | Digits
    | Listed
    | Mirrored
    | Within
    | Later
    | AnyOf
    | Along
    | AtMost
)
SAME = Window()


@dataclass(frozen=True)
class Reach:
    """How the output of an operation reads one operand.

    Attributes:
        maps: a map for every position axis of the operand.
        statistics: position axes over which normalisation statistics are pooled.
        mixing: whether positions are combined, with weights that are fixed or computed from the input.
        power: the tap power of the effective receptive field: weights at random or the choice of one tap
            ("uniform", 1 in total), the mean of k taps ("mean", 1/k in total), a single tap ("one"), or held
            fixed ("none"), as the scores of attention are, which begin near equal.
        share: the part of the output's channels that comes from this operand.
        reads: False where only the operand's shape is used, not its values.
        among: how many values a share, or a distance from the mean, is taken among; None where it is none. Of one value
            alone the share is 1 and the distance 0 whatever the value is, so that it is not read.
        gate: whether it is a factor that a product broadcasts over positions.
        outputs: the outputs that read it, by number; None for all.
        position: for an operand that counts as one position of an axis: the axis, its index.
        only: for an operand that only some positions of the output read: axes of the output, and which positions.
        channels: what is done to its channels, beyond reading them channel by channel or in groups.
        beside: whether every position also reads itself with a learned weight, beside the mixture.
    """

    maps: tuple[tuple[str, AxisMap], ...]
    statistics: tuple[str, ...] = ()
    mixing: MixingKind = "none"
    power: Power = "one"
    share: Expr = ONE
    reads: bool = True
    among: Expr | None = None
    gate: bool = False
    outputs: tuple[int, ...] | None = None
    position: tuple[str, Expr] | None = None
    only: tuple[tuple[str, Listed], ...] = ()
    channels: frozenset[ChannelUse] = frozenset()
    beside: bool = False


def pointwise(positions: tuple[str, ...], statistics: tuple[str, ...] = (), among: Expr | None = None) -> Reach:
    """Return the reach of an operand that is read position by position."""
    return Reach(tuple((axis, SAME) for axis in positions), statistics, among=among)


def at_sizes(reaches: Iterable[Reach], evaluate: Callable[[Expr], int]) -> tuple[Reach, ...]:
    """Return the reaches at some sizes, which `evaluate` gives: of one value alone a share says nothing."""
    return tuple(_at_sizes(reach, evaluate) for reach in reaches)


def _at_sizes(reach: Reach, evaluate: Callable[[Expr], int]) -> Reach:
    if reach.among is not None and evaluate(reach.among) == 1:
        return replace(reach, reads=False)
    doubted = [read for _, read in reach.maps if isinstance(read, AtMost) and read.where is not None]
    if not doubted:
        return reach
    return replace(reach, maps=tuple((axis, _settled(read, evaluate)) for axis, read in reach.maps))


def _settled(read: AxisMap, evaluate: Callable[[Expr], int]) -> AxisMap:
    if isinstance(read, AtMost) and read.where is not None and evaluate(read.where) != 1:
        return read.map
    return read


def windowed(maps: Mapping[str, AxisMap], mixing: MixingKind = "static", power: Power = "uniform") -> Reach:
    """Return the reach of an operand that is read through one window per axis."""
    return Reach(tuple(maps.items()), mixing=mixing, power=power)


def using(reach: Reach, *channels: ChannelUse) -> Reach:
    """Return the same with what is done to the channels."""
    return replace(reach, channels=reach.channels | set(channels))


def earlier(span: Expr | None) -> Causal | Window:
    """Return that an output reads the positions up to its own, or the last `span` of them."""
    return Causal() if span is None else Window(span, before=span - 1)


def unless_cut(read: Window | Blocks, shifts: Mapping[str, Expr], windows: Mapping[str, Expr]) -> AxisMap:
    """Return how shifted blocks are compared: at most as a map says where a border cuts one to a single position."""
    # A position is alone where what is left is 1 along every axis.
    least = _left(tuple((shifts[axis], length) for axis, length in windows.items()))
    if least.is_Integer and int(least) > 1:
        return read
    return AtMost(read, "a block that a border cuts to one position reads no scores", where=least)


@lru_cache(maxsize=256)
def _left(blocks: tuple[tuple[Expr, Expr], ...]) -> Expr:
    """Return the longest side of what borders leave of a block, by its shift and length along every axis.

    Sympy takes long to compare them, and the layers of a network ask for the same again and again.
    """
    return Max(*(Min(shift, length - shift) if shift else length for shift, length in blocks))


def in_general(read: AxisMap) -> AxisMap:
    """Return what a map says at sizes in general: without a doubt that holds at some of them only."""
    return read.map if isinstance(read, AtMost) and read.where is not None and read.where != 1 else read


def from_on(read: AxisMap, start: Expr, more: Expr | None = None) -> AxisMap:
    """Return what outputs from one on read as another map says; of what is no such map, the map.

    Where there are `more` outputs than keys, the last ones have few keys left: it is a bound.
    """
    if more is not None and more != 0:
        later = from_on(read, start)
        return AtMost(later, "the last queries have few keys left", where=Min(1, Max(0, more)))  # type: ignore[arg-type]
    if isinstance(read, Along) and isinstance(read.map, Causal | Window):
        return Along(read.axis, Later(read.map, start))
    return Later(read, start) if isinstance(read, Causal | Window) else read


UNREAD = Reach((), reads=False)
