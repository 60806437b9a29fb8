"""Set maps against brute force and against the published receptive fields of networks written as chains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import reduce
from itertools import accumulate
from typing import cast

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from archgraph.errors import QueryError
from archgraph.fields.sets import indices as indices_module
from archgraph.fields.sets.indices import EMPTY, Indices, comb, indices, interval, union
from archgraph.fields.sets.iterate import iterate, iterated_hull
from archgraph.fields.sets.setmap import SetMap, minimal
from archgraph.fields.sets.windows import (
    IDENTITY,
    Resampling,
    bilinear,
    blocks,
    enlarge,
    resized,
    shift,
    transposed,
    window,
)
from archgraph.sizes.symbols import symbol

Reads = Callable[[int], set[int]]


def chain(*maps: SetMap) -> SetMap:
    return reduce(SetMap.through, maps, IDENTITY)


def levels(*maps: SetMap) -> list[SetMap]:
    return list(accumulate(maps, SetMap.through))


def same(kernel: int, stride: int = 1, dilation: int = 1) -> SetMap:
    return window(kernel, stride, dilation, dilation * (kernel - 1) // 2)


def sizes(reads: SetMap) -> set[int]:
    return {phase.size for phase in reads.phases}


# Networks


def u_net(
    depth: int,
    kernel: int = 3,
    up: SetMap = transposed(2, 2),  # noqa: B008
    down: Sequence[SetMap] = (window(2, 2),),
    convolutions: int = 2,
) -> dict[str, SetMap]:
    """A padded U-Net, every value by name: e0 ... are the encoder's, u and d the decoder's."""
    values: dict[str, SetMap] = {}
    value = IDENTITY
    for level in range(depth + 1):
        value = chain(value, *(down if level else ()), *[same(kernel)] * convolutions)
        values[f"e{level}"] = value
    for level in reversed(range(depth)):
        values[f"u{level}"] = value.through(up)
        value = values[f"u{level}"].union(values[f"e{level}"])
        value = values[f"d{level}"] = chain(value, *[same(kernel)] * convolutions)
    return values


def nn_u_net(kernels: Sequence[int], strides: Sequence[int]) -> tuple[SetMap, SetMap]:
    """The bottleneck and the output of a plain nnU-Net along one axis."""
    skips, value = [], IDENTITY
    for kernel, stride in zip(kernels, strides, strict=True):
        value = chain(value, same(kernel, stride), same(kernel))
        skips.append(value)
    bottleneck = skips.pop()
    for kernel, stride in zip(kernels[-2::-1], strides[:0:-1], strict=True):
        value = value.through(transposed(stride, stride)).union(skips.pop())
        value = chain(value, same(kernel), same(kernel))
    return bottleneck, value


def residual(value: SetMap, kernels: Iterable[SetMap], stride: int) -> SetMap:
    return chain(value, *kernels).union(value.through(window(1, stride)))


def res_net(counts: Sequence[int], block: Callable[[int], list[SetMap]]) -> list[SetMap]:
    value, stages = chain(same(7, 2), same(3, 2)), []
    for stage, count in enumerate(counts):
        for index in range(count):
            stride = 2 if stage and not index else 1
            value = residual(value, block(stride), stride)
        stages.append(value)
    return stages


def basic(stride: int) -> list[SetMap]:
    return [same(3, stride), same(3)]


def bottleneck_v1(stride: int) -> list[SetMap]:
    return [window(1, stride), same(3), window(1)]


def bottleneck_v1_5(stride: int) -> list[SetMap]:
    return [window(1), same(3, stride), window(1)]


# Oracles


def test_alexnet():
    trunk = chain(window(11, 4, before=2), window(3, 2), same(5), window(3, 2), same(3), same(3), same(3), window(3, 2))
    assert (trunk.size_max, trunk.size_min, trunk.stride) == (195, 195, 32)


def vgg(*convolutions: int) -> list[SetMap]:
    return levels(*(m for count in convolutions for m in (*[same(3)] * count, window(2, 2))))


def test_vgg():
    assert vgg(1, 1, 2, 2, 2)[-1].size_max == 150
    sixteen = vgg(2, 2, 3, 3, 3)
    expected = [3, 5, 6, 10, 14, 16, 24, 32, 40, 44, 60, 76, 92, 100, 132, 164, 196, 212]
    assert [value.size_max for value in sixteen] == expected
    assert [value.size_min for value in sixteen] == expected
    assert sixteen[-1].stride == 32
    assert [sixteen[-1].at(i).lo for i in (0, 5)] == [-90, 32 * 5 - 90]


@pytest.mark.parametrize(
    ("counts", "block", "expected"),
    [
        ((2, 2, 2, 2), basic, [43, 99, 211, 435]),
        ((3, 4, 6, 3), basic, [59, 179, 547, 899]),
        ((3, 4, 6, 3), bottleneck_v1, [35, 99, 291, 483]),
        ((3, 4, 6, 3), bottleneck_v1_5, [35, 91, 267, 427]),
        ((3, 4, 23, 3), bottleneck_v1, [35, 99, 835, 1027]),
        ((3, 4, 23, 3), bottleneck_v1_5, [35, 91, 811, 971]),
    ],
    ids=["18", "34", "50 v1", "50 v1.5", "101 v1", "101 v1.5"],
)
def test_res_net(counts, block, expected):
    stages = res_net(counts, block)
    assert [stage.size_max for stage in stages] == expected
    assert all(stage.period == 1 and stage.exact for stage in stages)


def test_mobile_net():
    first = [2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]
    assert chain(*(same(3, stride) for stride in first)).size_max == 315
    second = [2, 1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1]
    assert chain(*(same(3, stride) for stride in second)).size_max == 491


def test_dense_net_121():
    value = chain(same(7, 2), same(3, 2))
    for stage, count in enumerate((6, 12, 24, 16)):
        value = value.through(window(2, 2)) if stage else value
        for _ in range(count):
            value = value.union(value.through(same(3)))
    assert value.size_max == 2071


def test_conv_next_tiny():
    value = window(4, 4)
    for stage, count in enumerate((3, 3, 9, 3)):
        value = value.through(window(2, 2)) if stage else value
        for _ in range(count):
            value = value.union(value.through(same(7)))
    assert value.size_max == 1688


def test_valid_u_net():
    """Ronneberger et al. 2015: 572 -> 388, crops included."""
    conv, skips, value = window(3), [], IDENTITY
    for level in range(5):
        value = chain(value, *([window(2, 2)] if level else []), conv, conv)
        skips.append(value)
    skips.pop()
    for margin in (4, 16, 40, 88):
        value = value.through(transposed(2, 2)).union(skips.pop().through(shift(margin)))
        value = chain(value, conv, conv)
    assert value.interval(0, 387) == (0, 571)
    assert value.interval(0, 0) == (0, 187)
    assert value.interval(387, 387) == (384, 571)


def test_padded_u_net():
    values = u_net(4)
    encoder = [values[f"e{level}"] for level in range(5)]
    assert [value.size_max for value in encoder] == [5, 14, 32, 68, 140]
    assert [value.stride for value in encoder] == [1, 2, 4, 8, 16]
    decoder = [values[name] for name in ("u3", "d3", "d2", "d1", "d0")]
    assert [sizes(value) for value in decoder] == [{140}, {172}, {188}, {188, 204}, {188, 204}]
    assert [value.period for value in decoder] == [2, 2, 4, 8, 16]
    found = [phase.size for phase in decoder[-1].phases]
    assert (found.count(188), found.count(204), decoder[-1].size_mean) == (4, 12, 200)
    assert all(value.offset == 0 for value in values.values())


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        (1, {18}),
        (2, {44}),
        (3, {92, 100}),
        (4, {188, 204}),
        (5, {380, 412}),
        (6, {764, 828}),
        (7, {1532, 1660}),
    ],
)
def test_u_net_by_depth(depth, expected):
    assert sizes(u_net(depth)["d0"]) == expected


@pytest.mark.parametrize("depth", range(1, 6))
@pytest.mark.parametrize("kernel", [2, 3, 5, 7])
@pytest.mark.parametrize("convolutions", [1, 2, 3])
def test_u_net_closed_forms(depth, kernel, convolutions):
    values = u_net(depth, kernel, convolutions=convolutions)
    e, scale = convolutions * (kernel - 1), 2**depth
    assert values[f"e{depth}"].size_max == (2 * e + 1) * scale - e
    assert values["d0"].size_mean == (3 * e + 1) * scale - 2 * e
    assert values["d0"].size_max == (3 * e + 1) * scale - e - scale * (e // scale)
    assert values["d0"].size_min == (3 * e + 1) * scale - e - scale * -(-e // scale)


def test_u_net_bilinear():
    output = u_net(4, up=bilinear(2))["d0"]
    assert (sizes(output), output.size_mean) == ({220, 236}, 230)


@pytest.mark.parametrize(
    ("depth", "kernel", "expected"),
    [
        (3, 2, 54),
        (3, 3, 100),
        (3, 4, 146),
        (4, 3, 204),
        (3, 6, 230),
        (4, 4, 298),
        (3, 9, 360),
        (5, 3, 412),
        (4, 6, 486),
        (4, 7, 580),
    ],
)
def test_loos_2024(depth, kernel, expected):
    """Loos et al. 2024, table of theoretical receptive fields; their (4, 7) is clipped by the image."""
    assert u_net(depth, kernel)["d0"].size_max == expected


def test_loos_2024_clipped():
    assert sizes(u_net(4, 7)["d0"]) == {564, 580}


@pytest.mark.parametrize(
    ("stages", "bottleneck", "output"), [(6, 191, {287, 319}), (7, 383, {575, 639}), (8, 767, {1151, 1279})]
)
def test_nn_u_net(stages, bottleneck, output):
    deepest, last = nn_u_net([3] * stages, [1] + [2] * (stages - 1))
    assert sizes(deepest) == {bottleneck} == {3 * 2**stages - 1}
    assert (last.size_min, last.size_max) == (min(output), max(output))
    assert (last.size_min, last.size_max) == (9 * 2 ** (stages - 1) - 1, 5 * 2**stages - 1)


def test_nn_u_net_anisotropic():
    deepest, last = nn_u_net([1, 1, 3, 3, 3], [1, 1, 1, 2, 2])
    assert (sizes(deepest), sizes(last)) == ({23}, {35})
    deepest, last = nn_u_net([3] * 5, [1, 2, 2, 2, 2])
    assert (sizes(deepest), last.size_min, last.size_max) == ({95}, 143, 159)


def swin(count: int, width: int) -> list[SetMap]:
    return [blocks(width, shifted=index % 2 * (width // 2)) for index in range(count)]


@pytest.mark.parametrize("width", [4, 7, 8])
@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_swin_blocks(count, width):
    output = chain(*swin(count, width))
    assert output.size_max == count * width
    assert output.exact


def test_swin_tiny():
    value, stages = window(4, 4), []
    for stage, count in enumerate((2, 2, 6, 2)):
        value = chain(value, *([window(2, 2)] if stage else []), *swin(count, 7))
        stages.append(value.size_max)
    assert stages == [56, 168, 840, 1288]


@pytest.mark.parametrize(
    ("dilations", "hull", "touched"), [((1, 2, 4, 8), 31, 31), ((2, 2, 2), 13, 7), ((2, 4, 8), 29, 15)]
)
def test_dilated(dilations, hull, touched):
    (phase,) = chain(*(same(3, dilation=dilation) for dilation in dilations)).phases
    assert (phase.size, phase.touched) == (hull, touched)


def test_small_cases():
    strided = chain(*[window(4, 2, before=1)] * 3)
    assert (strided.size_max, strided.stride) == (22, 8)
    assert chain(window(3, 2), same(3)).size_max == 7
    twice = chain(*[transposed(4, 2, before=1)] * 2)
    assert (sizes(twice), twice.stride) == ({2, 3}, Fraction(1, 4))
    assert sizes(chain(transposed(3, 2, before=1), same(3))) == {2, 3}
    assert sorted(phase.size for phase in transposed(2, 3).phases) == [0, 1, 1]
    assert chain(same(3, 2), transposed(4, 2, before=1), same(3)).size_max == 7
    causal = chain(*(window(3, dilation=d, before=2 * d) for d in (1, 2, 4)))
    assert (causal.size_max, causal.at(0).lo, causal.at(0).hi) == (15, -14, 0)


@pytest.mark.parametrize("gap", [2, 3, 4])
def test_transposed_phases_that_share_no_residue_are_empty(gap):
    assert [phase.size for phase in transposed(3, gap, dilation=gap).phases] == [3] + [0] * (gap - 1)


# The mean rule


def mean(ops: Sequence[tuple[str, int, int]]) -> Fraction:
    """The mean size without phases, from the output back."""
    size = Fraction(1)
    for name, kernel, stride in reversed(ops):
        match name:
            case "window":
                size = stride * (size - 1) + kernel
            case "transposed":
                size = (size + kernel - 1) / stride
            case "enlarge":
                size = (size + stride - 1) / stride
            case "bilinear":
                size = (size + stride - 1) / stride + 1
    return size


def as_map(name: str, kernel: int, stride: int) -> SetMap:
    match name:
        case "window":
            return window(kernel, stride, before=kernel // 2)
        case "transposed":
            return transposed(kernel, stride, before=kernel // 2)
        case "enlarge":
            return enlarge(stride)
    return bilinear(stride)


downs = st.tuples(st.just("window"), st.integers(1, 5), st.integers(1, 3))
keeps = st.tuples(st.just("window"), st.integers(1, 5), st.just(1))
ups = st.one_of(
    st.integers(1, 3).flatmap(lambda s: st.tuples(st.just("transposed"), st.integers(s, 5), st.just(s))),
    st.tuples(st.just("enlarge"), st.just(1), st.integers(1, 3)),
    st.tuples(st.just("bilinear"), st.just(1), st.sampled_from([2, 4])),
)


@given(st.lists(downs, max_size=3), st.lists(st.one_of(keeps, ups), max_size=4))
def test_mean_rule(down, up):
    """Exact where nothing is down-sampled after an up-sampling."""
    output = chain(*(as_map(*op) for op in [*down, *up]))
    assert output.size_mean == mean([*down, *up])


# Iteration


def test_increments_may_be_periodic():
    """out[i] = x[i-1] for odd i and x[i-3] for even i."""
    body = minimal(2, [interval(-3, -3), interval(0, 0)])
    shifts = [iterate(body, count).at(1).lo - 1 for count in range(1, 5)]
    assert shifts == [-1, -4, -5, -8]
    assert [iterate(body, count).at(0).lo for count in range(1, 5)] == [-3, -4, -7, -8]
    assert iterate(body, 10**6).at(0).lo == -4 * 10**6 // 2


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 12])
def test_iterate_is_repeated_composition(count):
    for body in (same(3), blocks(3).through(blocks(3, 1)), minimal(2, [indices([-3, 0, 4]), interval(1, 2)])):
        assert iterate(body, count) == chain(*[body] * count)


@pytest.mark.parametrize("count", [28, 10**6, 10**12])
def test_iterate_many_times(count):
    hull = iterate(same(5), count)
    assert hull.exact
    assert (hull.size_max, hull.phases[0].touched) == (4 * count + 1, 4 * count + 1)
    comb_ = iterate(same(3, dilation=4), count)
    assert (comb_.size_max, comb_.phases[0].touched) == (8 * count + 1, 2 * count + 1)
    shifting = blocks(8).through(blocks(8, 4))
    assert iterate(shifting, count).size_max == 16 * count


def test_iterate_keeps_fringes_until_they_grow_too_long():
    body = IDENTITY.union(minimal(1, [indices([0, 1, 10])]))
    assert [iterate(body, n).phases[0].touched for n in (20, 21, 22)] == [165, 175, 185]
    long = iterate(body, 10**6)
    assert (long.size_max, long.exact) == (10**7 + 1, False)
    assert long.phases[0].touched >= 10**7 + 1 - 35


def test_iterate_needs_the_same_resolution():
    with pytest.raises(QueryError, match="stride 2"):
        iterate(window(2, 2), 3)
    with pytest.raises(QueryError, match="-1 times"):
        iterate(IDENTITY, -1)


def test_hull_law():
    count = symbol("L")
    law = iterated_hull(window(7, dilation=2, before=6), count)
    assert [bound.subs(count, 9) for bound in law] == [-54, 54]
    with pytest.raises(QueryError, match="7 phases"):
        iterated_hull(blocks(7), count)


# Brute force


def brute(name: str, a: int, b: int, c: int, d: int) -> Reads:
    match name:
        case "window":
            return lambda i: {b * i - d + c * t for t in range(a)}
        case "transposed":
            return lambda i: {(i + d - c * t) // b for t in range(a) if (i + d - c * t) % b == 0}
        case "enlarge":
            return lambda i: {i // b}
        case "blocks":
            return lambda i: {d + b * ((i - d) // b) + t for t in range(b)}
    return lambda i: _linear(i, b, a, name)


def _linear(i: int, before: int, after: int, name: str) -> set[int]:
    ratio = Fraction(before, after)
    match name:
        case "nearest":
            return {int(i * ratio // 1)}
        case "average":
            return set(range(int(i * ratio // 1), int(-(-(i + 1) * ratio // 1))))
    source = (i + Fraction(1, 2)) * ratio - Fraction(1, 2)
    low = int(source // 1)
    return {low} if source == low else {low, low + 1}


def build(name: str, a: int, b: int, c: int, d: int) -> SetMap:
    match name:
        case "window":
            return window(a, b, c, d)
        case "transposed":
            return transposed(a, b, c, d)
        case "enlarge":
            return enlarge(b)
        case "blocks":
            return blocks(b, d)
    return resized(b, a, cast(Resampling, name))


kinds = st.sampled_from(["window", "transposed", "enlarge", "blocks", "nearest", "linear", "average"])
ops = st.tuples(kinds, st.integers(1, 5), st.integers(1, 4), st.integers(1, 3), st.integers(-3, 3))
gentle = st.tuples(
    st.sampled_from(["window", "blocks"]),
    st.integers(1, 4),
    st.just(1),
    st.integers(1, 3),
    st.integers(-3, 3),
)


def chosen_chain(chosen: Sequence[tuple]) -> SetMap:
    try:
        return chain(*(build(*op) for op in chosen))
    except QueryError:
        reject()


def brute_chain(chosen: Sequence[tuple], index: int) -> set[int]:
    reached = {index}
    for op in reversed(chosen):
        reached = {j for i in reached for j in brute(*op)(i)}
    return reached


@given(st.lists(ops, max_size=5))
@settings(max_examples=300)
def test_composition_is_exact(chosen):
    output = chosen_chain(chosen)
    for index in (*range(-5, 30), 97):
        assert set(output.at(index)) == brute_chain(chosen, index)
    assert output == minimal(output.advance * 3, [output.at(i) for i in range(3 * output.period)])


@given(
    st.lists(ops, max_size=3),
    st.lists(ops, max_size=2),
    st.lists(ops, max_size=2),
    st.lists(gentle, max_size=2),
)
@settings(max_examples=300)
def test_union_is_exact(stem, left, right, head):
    first, second = (chosen_chain([*stem, *branch]) for branch in (left, right))
    if first.stride != second.stride:
        with pytest.raises(QueryError, match="misaligned.* {} and {} ".format(*sorted((first.stride, second.stride)))):
            first.union(second)
        return
    output = chain(first.union(second), *(build(*op) for op in head))
    for index in (*range(-5, 30), 97):
        ends = brute_chain(head, index)
        expected = {j for i in ends for branch in (left, right) for j in brute_chain([*stem, *branch], i)}
        assert set(output.at(index)) == expected


sets = st.frozensets(st.integers(-20, 40), max_size=8)


@given(sets, sets, st.integers(0, 9), st.integers(1, 6))
def test_indices_are_sets(left, right, step, count):
    first, second = indices(left), indices(right)
    assert set(first) == left
    assert first.touched == len(left)
    assert union([first, second]) == indices(left | right)
    assert union([first, EMPTY]) == first
    spread = first.spread(step, count)
    assert spread == indices({i + step * t for i in left for t in range(count)})
    assert all((i in spread) == (i in set(spread)) for i in range(-25, 100))
    if left:
        assert (first.lo, first.hi, first.size) == (min(left), max(left), max(left) - min(left) + 1)


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 6), st.integers(1, 5)), max_size=4))
def test_union_of_combs(parts):
    expected = {start + step * t for start, step, length in parts for t in range(length)}
    assert union(comb(*part) for part in parts) == indices(expected)


def test_long_sets_are_filled_and_say_so(monkeypatch):
    monkeypatch.setattr(indices_module, "MOST_TEETH", 100)
    far = union([interval(0, 0), interval(3, 3), interval(1001, 1001)])
    assert (far.lo, far.hi, far.exact) == (0, 1001, False)
    holes = indices([0, 1, 5]).spread(50, 30)
    assert (holes.lo, holes.hi, holes.exact) == (0, 1455, False)


def test_a_million_positions_are_one_comb():
    assert Indices(0, 1, 10**6) == interval(0, 10**6 - 1)
    wide = window(10**9, dilation=10**9)
    assert wide.through(same(3)).size_max == 10**18 - 10**9 + 3


def test_too_many_phases():
    with pytest.raises(QueryError, match="phases"):
        enlarge(10**9)
    with pytest.raises(QueryError, match="phases"):
        transposed(3, 10**9)


def test_resized_corners():
    assert [set(resized(3, 5, "corners").at(i)) for i in range(5)] == [{0}, {0, 1}, {1}, {1, 2}, {2}]
    assert resized(4, 1, "corners").at(0) == interval(0, 0)


def test_offset_is_where_the_cell_begins():
    assert [window(2, 2).offset, enlarge(2).offset, same(3).offset, shift(5).offset] == [0, 0, 0, 5]
    assert transposed(2, 3).centre == Fraction(-1, 6)
