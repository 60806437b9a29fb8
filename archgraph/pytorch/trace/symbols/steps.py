"""By which steps sizes may vary: found by recording the module a few steps away from the example."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from archgraph.errors import ArchgraphError
from archgraph.pytorch.trace.recording.node import Shaped
from archgraph.pytorch.trace.recording.operators import operator_of
from archgraph.pytorch.trace.symbols.differences import Difference
from archgraph.pytorch.trace.symbols.sampling import Sample, Sampler
from archgraph.pytorch.trace.symbols.stepped import SteppedSize, telling_move
from archgraph.sizes.primes import prime_divisors

LARGEST_POWER = 64
"""The largest power of two that is tried as a step by itself."""
WINDOWS = ("conv", "max_pool", "avg_pool")
"""How operators are called that make dimensions smaller."""
SPLITTING = ("view", "reshape", "unflatten", "_unsafe_view")
"""How operators are called that split dimensions, as into windows."""
MOST_ODD = 5
"""Odd numbers, attributes of the module and lengths of windows, that are tried as factors of a step."""
SteppedSizes = tuple[SteppedSize, ...]
MovedSize = Callable[[SteppedSize, int], int]
"""The k at which a symbol is tried, from its place among the symbols."""


def far(item: SteppedSize, number: int) -> int:
    """About four times the example, another place for every symbol."""
    about_twice = telling_move(item.place + 1)
    move = telling_move(3 * item.place, about_twice)
    for _ in range(number):
        move = telling_move(move + 1, about_twice)
    return item.place + move


def near(item: SteppedSize, number: int) -> int:
    """The next larger size."""
    return item.place + 1


def below(item: SteppedSize, number: int) -> int:
    """About half the example."""
    move = telling_move(max(1, item.place // 2))
    return item.place - move if move < item.place else item.place - 1


def find_steps(sampler: Sampler) -> SteppedSizes:
    """Return the smallest steps by which the symbols may vary.

    Raises:
        ArchgraphError: none was found; it names the first difference.
    """
    plain = tuple(SteppedSize(item.name, item.default) for item in sampler.asked)
    failed: list[tuple[SteppedSizes, Difference]] = []
    by_steps = [tuple(item.with_step(_fitting(step, item.default)) for item in plain) for step in _candidates(sampler)]
    # Multiples of the example do where its size is split by numbers that nothing names.
    multiples = tuple(item.with_step(item.default) for item in plain)
    tried = [(move, items) for move in (far, near, below) for items in by_steps]
    for move, items in (*tried, (far, multiples)):
        found = _at(sampler, items, move)
        if isinstance(found, Sample):
            return _reduced(sampler, items, move) if items != plain else items
        failed.append((items, found))
    raise refused(sampler, failed[: len(tried)])


def places_at(items: SteppedSizes, move: MovedSize) -> dict[str, int]:
    """Return the k of every symbol after a move."""
    return {item.name: move(item, number) for number, item in enumerate(items)}


def sizes_at(items: SteppedSizes, places: Mapping[str, int]) -> dict[str, int]:
    """Return the sizes of symbols at some k; of a symbol that is not named, the example's."""
    return {item.name: item.size(places.get(item.name, item.place)) for item in items}


def _at(sampler: Sampler, items: SteppedSizes, move: MovedSize) -> Sample | Difference:
    places = places_at(items, move)
    if any(place < 1 for place in places.values()):
        return Difference("there is no smaller size")
    return sampler.attempt(sizes_at(items, places))


def _alone(sampler: Sampler, item: SteppedSize, move: MovedSize) -> Sample | Difference:
    return _at(sampler, (item,), move)


def _fitting(step: int, default: int) -> int:
    """The step, halved until the example is at least one step."""
    while step > default:
        step = step // 2 if step % 2 == 0 else 1
    return step


def _reduced(sampler: Sampler, items: SteppedSizes, move: MovedSize) -> SteppedSizes:
    """Divide the step of every symbol as long as it may vary by that alone."""
    found = list(items)
    for number, item in enumerate(items):
        for prime in prime_divisors(item.step):
            while found[number].step % prime == 0:
                smaller = found[number].with_step(found[number].step // prime)
                if isinstance(_alone(sampler, smaller, move), Difference):
                    break
                found[number] = smaller
    return tuple(found)


def _candidates(sampler: Sampler) -> Iterator[int]:
    """Steps to try, each a multiple of those that would do: no step, a guess, a large power of two, odd attributes."""
    default = max(sampler.sizes.values())
    powers = [2**power for power in range(LARGEST_POWER.bit_length()) if 2**power <= default]
    windows = _odd_windows(sampler)
    odd = [number for number in dict.fromkeys([*_odd_attributes(sampler.module), *windows]) if number <= default]
    guess = _down_sampling(sampler)
    multiples = [max(number * power for power in powers if number * power <= default) for number in odd[:MOST_ODD]]
    yield from dict.fromkeys([1, guess, powers[-1], *multiples])


def _down_sampling(sampler: Sampler) -> int:
    """By what power of two windows make the last dimension smaller at most."""
    largest = 1
    wanted = sampler.sizes.values()
    for node in sampler.example.calls:
        value = node.meta.get("val")
        windows = hasattr(node.target, "_schema") and operator_of(node.target).name.startswith(WINDOWS)
        if windows and isinstance(value, Shaped) and value.shape[-1] > 0:
            for size in wanted:
                ratio = size // value.shape[-1]
                if ratio & (ratio - 1) == 0 and largest < ratio <= LARGEST_POWER and ratio * value.shape[-1] == size:
                    largest = ratio
    return largest


def _odd_attributes(module: Any) -> list[int]:
    """Odd integers above 1 that the module's parts hold, the most frequent first."""
    counts: dict[int, int] = {}
    for part in module.modules():
        for value in vars(part).values():
            for number in value if isinstance(value, (list, tuple)) else (value,):
                if type(number) is int and number > 1 and number % 2:
                    counts[number] = counts.get(number, 0) + 1
    return sorted(counts, key=lambda number: -counts[number])


def _odd_windows(sampler: Sampler) -> list[int]:
    """Odd numbers above 1 that divide a size, and a dimension of something that is seen in another shape."""
    counts: dict[int, int] = {}
    for node in sampler.example.calls:
        value = node.meta.get("val")
        if isinstance(value, Shaped) and hasattr(node.target, "_schema") and operator_of(node.target).name in SPLITTING:
            for length in filter(None, value.shape):
                odd = length // (length & -length)
                if odd > 1 and any(size % odd == 0 for size in sampler.sizes.values()):
                    counts[odd] = counts.get(odd, 0) + 1
    return sorted(counts, key=lambda number: -counts[number])


def refused(sampler: Sampler, failed: Sequence[tuple[SteppedSizes, Difference]]) -> ArchgraphError:
    """Say which symbol cannot vary, by the attempt that came furthest."""
    items, found = max(failed, key=lambda pair: pair[1].place)
    for item in items:
        if len(items) == 1:
            return cannot_vary(item, far(item, 0), found, smaller=_smaller(sampler, item))
        alone = _alone(sampler, item, far)
        if isinstance(alone, Difference):
            return cannot_vary(item, far(item, 0), alone, _tied(sampler, items, item), _smaller(sampler, item))
    names = " and ".join(f"'{item.name}'" for item in items)
    return ArchgraphError(
        f"{names} cannot vary at once: {found.told('the example', 'other sizes')}",
        hint="leave one of them out of `dynamic`",
    )


def _tied(sampler: Sampler, items: SteppedSizes, item: SteppedSize) -> str:
    """The other symbol without which a symbol cannot vary, or nothing."""
    for other in items:
        if other.name != item.name and other.default == item.default:
            size = item.size(far(item, 0))
            if isinstance(sampler.attempt({item.name: size, other.name: size}), Sample):
                return other.name
    return ""


def _smaller(sampler: Sampler, item: SteppedSize) -> int:
    """A smaller size at which the module runs by other steps, as it does below the size of a table; 0 without one."""
    found = _alone(sampler, item, below) if below(item, 0) >= 1 else None
    return item.size(below(item, 0)) if isinstance(found, Difference) and not found.fails else 0


def cannot_vary(item: SteppedSize, place: int, found: Difference, tied: str = "", smaller: int = 0) -> ArchgraphError:
    """Say why a size cannot vary, with the first difference and the user's line.

    Args:
        item: the size.
        place: the k at which it was tried.
        found: what differs there.
        tied: another size that has to be the same.
        smaller: a smaller size at which the module runs by other steps, or 0.
    """
    size = item.size(place)
    here, there = str(item.default), str(size)
    line = f" ({found.line})" if found.line and found.line not in found.rule else ""
    leave = f"leave '{item.name}' out of `dynamic`"
    hint = f"trace at {size} for the law of larger sizes, or {leave}"
    if found.fails:
        hint = f"trace at {smaller} for the law of smaller sizes, or {leave}" if smaller else f"{leave}; {found.hint}"
    return ArchgraphError(
        f"'{item.name}' cannot vary from {here} to {there}: {found.told(here, there)}{line}",
        path=found.path,
        hint=f"give '{item.name}' and '{tied}' one name" if tied else hint,
    )
