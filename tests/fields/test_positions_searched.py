"""What single positions of random small networks read, beside lists of positions that are carried step by step.

The lists know nothing of the package's sets and relations: each step says here, position by position, what it reads.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

import pytest

import archgraph as ag

HEAD = "archgraph: 1\ninputs: {x: {c: 4, n: %d}}\nnetwork:\n"


class Place(NamedTuple):
    """What a position reads of the input, and whether a border has touched it."""

    read: frozenset[int]
    touched: bool


Line = list[Place]
Step = tuple[str, Callable[[Line], Line]]
"""Its text in a spec, and what it makes of a line of positions."""
NOTHING = Place(frozenset(), True)


def together(places: list[Place]) -> Place:
    return Place(frozenset().union(*(p.read for p in places)), any(p.touched for p in places))


def window(line: Line, starts: range, taps: range) -> Line:
    """Every tap beyond the line is padding."""
    at = lambda i: line[i] if 0 <= i < len(line) else NOTHING  # noqa: E731
    return [together([at(start + tap) for tap in taps]) for start in starts]


def convolution(random: Random) -> Step:
    kernel, dilation = random.choice([1, 2, 3, 5]), random.choice([1, 1, 2, 3])
    span = (kernel - 1) * dilation
    before = random.choice([0, span // 2, span])
    text = f"conv: {{out: 4, kernel: {kernel}, dilation: {dilation}}}"
    padded = f"do:\n  - pad: {{by: {{n: [{before}, {span - before}]}}}}\n  - {text}" if span else text
    return padded, lambda line: window(line, range(-before, len(line) - before), range(0, span + 1, dilation))


def bordered(random: Random) -> Step:
    """Padding by what is there, which counts as touched."""
    mode, by = random.choice(["reflect", "replicate"]), random.choice([1, 2])
    text = f"do:\n  - pad: {{by: {by}, mode: {mode}}}\n  - conv: {{out: 4, kernel: {2 * by + 1}}}"

    def made(line: Line) -> Line:
        last = len(line) - 1
        mirrored = lambda i: abs(i) if i <= last else 2 * last - i  # noqa: E731
        held = lambda i: min(max(i, 0), last)  # noqa: E731
        source = mirrored if mode == "reflect" else held
        whole = [
            line[i] if 0 <= i <= last else Place(line[source(i)].read, touched=True) for i in range(-by, last + by + 1)
        ]
        return window(whole, range(len(line)), range(2 * by + 1))

    return text, made


def attention(random: Random) -> Step:
    span = random.choice([0, 0, 2, 3, 6])
    masked = random.choice([", causal: true", ""]) if not span else f", causal: true, span: {span}"
    text = f"scaled_dot_product_attention: {{heads: 2{masked}}}\nfrom: [_, _, _]"

    def made(line: Line) -> Line:
        if not masked:
            return [together(line)] * len(line)
        first = lambda i: max(0, i - span + 1) if span else 0  # noqa: E731
        kept = [together(line[first(i) : i + 1]) for i in range(len(line))]
        return [Place(p.read, p.touched or bool(span and i < span - 1)) for i, p in enumerate(kept)]

    return text, made


def resampled(random: Random) -> Step:
    """Half the length and back, around some steps."""
    inside = [kept(random, 2) for _ in range(random.randint(0, 2))]
    down, taps = random.choice([("max_pool: {kernel: 2}", 2), ("conv: {out: 4, kernel: 1, stride: 2}", 1)])

    def made(line: Line) -> Line:
        line = [together(line[i : i + taps]) for i in range(0, len(line) - 1, 2)]
        return [place for place in through(inside, line) for _ in range(2)]

    return listed([(down, list), *inside, ("upsample: {factor: 2}", list)], "do"), made


def around(random: Random, depth: int) -> Step:
    inside = [kept(random, depth + 1) for _ in range(random.randint(1, 2))]
    if random.randint(0, 1):
        return listed(inside, "residual"), lambda line: [
            together([*both]) for both in zip(line, through(inside, line), strict=True)
        ]
    times = random.randint(1, 4)

    def repeated(line: Line) -> Line:
        for _ in range(times):
            line = through(inside, line)
        return line

    return f"{listed(inside, 'do')}\nrepeat: {times}", repeated


def kept(random: Random, depth: int = 0) -> Step:
    """A step, or some of them, that keeps the length."""
    kinds = [convolution, convolution, bordered, attention]
    if depth < 2:
        kinds += [resampled, lambda chance: around(chance, depth), lambda chance: around(chance, depth)]
    return random.choice(kinds)(random)


def strided(random: Random) -> Step:
    """A step at the end that may leave positions out."""
    kernel, stride = random.choice([(1, 2), (2, 3), (3, 2), (1, 3)])
    text = f"conv: {{out: 4, kernel: {kernel}, stride: {stride}}}"
    return text, lambda line: window(line, range(0, len(line) - kernel + 1, stride), range(kernel))


def listed(steps: list[Step], key: str) -> str:
    return f"{key}:\n" + "\n".join("  - " + text.replace("\n", "\n    ") for text, _ in steps)


def through(steps: list[Step], line: Line) -> Line:
    for _, made in steps:
        line = made(line)
    return line


def compare(seed: int) -> None:
    random = Random(seed)
    steps = [kept(random) for _ in range(random.randint(1, 3))]
    steps += [strided(random)] * random.randint(0, 1)
    length = random.choice([8, 12, 16])
    expected = through(steps, [Place(frozenset([i]), touched=False) for i in range(length)])
    text = HEAD % length + "\n".join("  - " + text.replace("\n", "\n    ") for text, _ in steps)
    field = ag.loads(text).receptive_field()
    numbers = lambda probe: {place for (place,) in probe}  # noqa: E731
    read = together(expected).read
    assert [numbers(field.probe(n=i)) for i in range(len(expected))] == [place.read for place in expected], text
    assert numbers(field.probe()) == read, text
    assert numbers(field.unread) == set(range(length)) - read, text
    assert numbers(field.interior) == {i for i, place in enumerate(expected) if not place.touched}, text


@pytest.mark.parametrize("seed", range(25))
def test_positions_are_those_of_lists(seed: int):
    compare(seed)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(1000, 2000, 100))
def test_positions_of_many_networks(start: int):
    for seed in range(start, start + 100):
        compare(seed)
