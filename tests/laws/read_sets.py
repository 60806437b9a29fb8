"""The positions that a reach says are read, written out one by one: an oracle for small operands."""

from collections.abc import Iterator
from itertools import product

from archgraph.fields.sets.indices import of_mask
from archgraph.ops.reach import (
    All,
    Along,
    AnyOf,
    AtMost,
    AxisMap,
    Blocks,
    Border,
    Causal,
    Digit,
    Digits,
    Enlarge,
    Interpolated,
    Later,
    Listed,
    Mirrored,
    Placed,
    Reach,
    Resized,
    Transposed,
    Unflattened,
    Window,
    Within,
    at_sizes,
)


def reads(reach: Reach, output: dict[str, int], sizes: dict[str, int]) -> Iterator[tuple[int, ...]]:
    """Yield the positions of an operand that one output position reads."""
    (reach,) = at_sizes((reach,), int)
    if not reach.reads:
        return
    maps = dict(reach.maps)
    sets = []
    for axis, length in sizes.items():
        if axis in reach.statistics:
            sets.append(range(length))
        else:
            found = {i for i in _along(maps[axis], axis, output, length) if 0 <= i < length}
            sets.append(sorted(found))
    yield from product(*sets)


def _along(axis_map: AxisMap, axis: str, output: dict[str, int], length: int) -> Iterator[int]:
    match axis_map:
        case All():
            return iter(range(length))
        case Along(other, inner):
            return _along(inner, other, output, length)
        case Listed(sets, over, alike):
            if alike:
                return iter(of_mask(sets.masks[0]))
            place = sum(scale * output[name] for name, scale, _ in over) if over else output[axis]
            return iter(of_mask(sets.masks[place]))
        case AtMost(inner):
            return _along(inner, axis, output, length)
        case AnyOf(maps):
            return (position for inner in maps for position in _along(inner, axis, output, length))
        case Unflattened(strides):
            return iter([sum(output[name] * int(stride) for name, stride in strides)])
        case Digits(parts):
            return _digits([tuple(map(int, sizes)) for _, *sizes in parts], [output.get(part[0]) for part in parts])
        case Window(stride=0):
            return iter(range(-int(axis_map.before), int(axis_map.kernel - axis_map.before)))
        case _ if axis not in output:
            return iter([0])
        case _:
            return _from(axis_map, output[axis], length)


def _digits(parts: list[tuple[int, ...]], indices: list[int | None]) -> Iterator[int]:
    """Sums of digits; one without an index takes all its values."""
    choices = [
        [scale * digit for digit in (range(size) if index is None else [index // stride % size])]
        for (scale, stride, size), index in zip(parts, indices, strict=True)
    ]
    return map(sum, product(*choices))


def _from(axis_map: AxisMap, i: int, length: int) -> Iterator[int]:
    match axis_map:
        case Window(kernel, stride, dilation, before, border):
            for tap in range(int(kernel)):
                yield _beyond(int(stride * i - before + dilation * tap), border, length)
        case Placed(start, _):
            yield i - int(start)
        case Within(start, stop):
            yield from (i,) if start <= i < stop else ()
        case Mirrored(last):
            yield int(last) - i
        case Later(inner, start):
            yield from _from(inner, i, length) if i >= start else ()
        case Transposed(kernel, stride, dilation, before):
            for tap in range(int(kernel)):
                place, rest = divmod(int(i + before - dilation * tap), int(stride))
                if rest == 0:
                    yield place
        case Enlarge(factor):
            yield i // int(factor)
        case Causal():
            yield from range(i + int(axis_map.ahead) + 1)
        case Blocks(size, shift):
            start = (i - int(shift)) // int(size) * int(size) + int(shift)
            yield from range(start, start + int(size))
        case Digit(stride, size):
            yield i // int(stride) % int(size)
        case Interpolated(factor):
            yield from _neighbours(2 * i + 1 - int(factor), 2 * int(factor), length)
        case Resized(before, after, "corners"):
            yield from _neighbours(i * (int(before) - 1), max(int(after) - 1, 1), length)
        case Resized(before, after, "adaptive"):
            yield from range(i * int(before) // int(after), -(-(i + 1) * int(before) // int(after)))
        case _:
            raise NotImplementedError(axis_map)


def _beyond(place: int, border: Border, length: int) -> int:
    """Where a place is read that may lie beyond the border; zeros are read nowhere."""
    match border:
        case "clamp":
            return min(max(place, 0), length - 1)
        case "wrap":
            return place % length
        case "reflect":
            turned = place % max(2 * length - 2, 1)
            return min(turned, 2 * length - 2 - turned)
    return place


def _neighbours(numerator: int, denominator: int, length: int) -> Iterator[int]:
    """The one or two whole numbers around a fraction, kept inside of the axis."""
    first, rest = divmod(numerator, denominator)
    for place in (first, first + 1) if rest else (first,):
        yield min(max(place, 0), length - 1)
