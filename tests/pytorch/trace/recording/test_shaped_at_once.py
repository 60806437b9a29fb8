"""A shape that is said at once is the one that PyTorch gives; what is not plain is left to PyTorch."""

from __future__ import annotations

import random

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from archgraph.pytorch.trace.recording.shapes.shaped_at_once import (  # noqa: E402
    ONE_FOR_EACH,
    shaped_at_once,
    written_at_once,
)

aten = torch.ops.aten
FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
BINARY = {"add", "sub", "mul", "div"}
LAYERS = {"linear", "layer_norm", "group_norm", "batch_norm", "instance_norm", "prelu", "cat"}
GRIDS = {
    "upsample_nearest1d": 1, "upsample_nearest2d": 2, "upsample_nearest3d": 3, "upsample_linear1d": 1,
    "upsample_bilinear2d": 2, "upsample_trilinear3d": 3, "upsample_bicubic2d": 2,
    "adaptive_avg_pool2d": 2, "adaptive_avg_pool3d": 3,
}  # fmt: skip
SMOOTH = {"upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d", "upsample_bicubic2d"}
"""Those that are told whether corners are aligned."""


def empty(*shape: int, dtype=torch.float32):
    return torch.empty(shape, dtype=dtype, device="meta")


def lies(tensor) -> tuple:
    return tuple(tensor.shape), tensor.stride(), tensor.dtype


def operand(chance: random.Random, *, rank: int, dtype):
    made = empty(*(chance.choice((1, 2, 3, 5)) for _ in range(rank)), dtype=dtype)
    kind = chance.randrange(4)
    if kind == 1 and rank > 1:
        return made.transpose(0, -1)
    if kind == 2 and rank == 4:
        return made.contiguous(memory_format=torch.channels_last)
    return made[..., :1].expand(made.shape) if kind == 3 and rank else made


def calls(chance: random.Random):
    """A call of every operator that is known, on operands that may lie in any way, of any floating type."""
    dtype, rank = chance.choice(FLOATS), chance.randrange(1, 6)
    x = operand(chance, rank=rank, dtype=dtype)
    y = chance.choice((x, x.clone(), operand(chance, rank=rank, dtype=dtype), empty(*x.shape, dtype=torch.float32)))
    for name in sorted(ONE_FOR_EACH):
        overloads = getattr(aten, name)
        yield (overloads.Tensor, (x, y)) if name in BINARY else (overloads.default, (x,))
    spread = empty(*(chance.choice((1, side)) for side in x.shape), dtype=dtype)
    for name in sorted(BINARY):
        yield getattr(aten, name).Tensor, (x, spread)
        yield getattr(aten, name).Tensor, (spread, x)
        yield getattr(aten, name).Tensor, (x, chance.choice((2, 0.5)))
    last = int(x.shape[-1])
    weight = chance.choice((empty(7, last, dtype=dtype), empty(last, 7, dtype=dtype).T, empty(7, last)))
    yield aten.linear.default, (x, weight, chance.choice((None, empty(7, dtype=dtype))))
    side = chance.choice((None, empty(last, dtype=dtype)))
    yield aten.layer_norm.default, (x, [last], side, side, 1e-5, False)
    if rank > 1:
        channels = int(x.shape[1])
        own = empty(channels, dtype=dtype)
        yield aten.batch_norm.default, (x, own, own, own, own, False, 0.1, 1e-5, False)
        yield aten.group_norm.default, (x, channels, own, own, 1e-5, False)
        yield aten.prelu.default, (x, chance.choice((own, empty(1, dtype=dtype))))
    if rank > 2 and x.shape[2:].numel() > 1:
        side = chance.choice((None, own))
        yield aten.instance_norm.default, (x, side, side, None, None, True, 0.1, 1e-5, True)
    yield from joined_and_resampled(chance, x)


def joined_and_resampled(chance: random.Random, x):
    place = chance.randrange(-x.ndim, x.ndim)
    longer = [3 if dim == place % x.ndim else side for dim, side in enumerate(x.shape)]
    parts = [x, *(operand_like(chance, x, shape) for shape in (longer, x.shape))]
    yield aten.cat.default, (chance.sample(parts, chance.randrange(1, 4)), place)
    for name, sides in GRIDS.items():
        if x.ndim != sides + 2:
            continue
        asked, overloads = [chance.choice((1, 2, 7)) for _ in range(sides)], getattr(aten, name)
        yield overloads.default, (x, asked, *[True] * (name in SMOOTH))
        if "vec" in overloads.overloads():
            factors = [chance.choice((0.5, 1.0, 1.7, 2.0, 3.3)) for _ in range(sides)]
            if all(int(side * factor) for side, factor in zip(x.shape[2:], factors, strict=True)):
                yield overloads.vec, (x, None, *[False] * (name in SMOOTH), factors)


def operand_like(chance: random.Random, x, shape):
    made = empty(*shape, dtype=x.dtype)
    return made.transpose(0, -1).contiguous().transpose(0, -1) if chance.randrange(3) == 0 else made


@pytest.mark.parametrize("seed", range(60))
def test_what_is_said_at_once_is_what_pytorch_gives(seed):
    for function, args in calls(random.Random(seed)):
        found = shaped_at_once(function, args, {})
        if found is not None:
            assert tuple(found) == lies(function(*args)), (function, [lies(a) for a in args if torch.is_tensor(a)])


@pytest.mark.parametrize("seed", range(60))
def test_what_is_written_into_stays_as_it_lies(seed):
    chance = random.Random(seed)
    for function, args in calls(chance):
        written = getattr(aten, f"{function._schema.name.removeprefix('aten::')}_", None)
        if written is not None and function._overloadname in written.overloads():
            operator = getattr(written, function._overloadname)
            found = written_at_once(operator, args, {})
            if found is not None:
                assert found is args[0]
                assert operator(*args) is args[0] and lies(args[0]) == lies(found)


def test_every_known_operator_answers_where_its_operands_are_plain():
    answered = set()
    for seed in range(60):
        answered |= {f.name() for f, args in calls(random.Random(seed)) if shaped_at_once(f, args, {}) is not None}
    known = {*ONE_FOR_EACH, *LAYERS, *GRIDS}
    assert {name.removeprefix("aten::").partition(".")[0] for name in answered} == known


@pytest.mark.parametrize(
    "function, args, kwargs",
    [
        (aten.add.Tensor, (empty(2, 3), empty(3)), {}),
        (aten.add.Tensor, (empty(2, 3), empty(2, 3, dtype=torch.float64)), {}),
        (aten.mul.Tensor, (torch.ones(2, dtype=torch.long, device="meta"), 0.5), {}),
        (aten.relu.default, (torch.empty(2),), {}),
        (aten.linear.default, (empty(2, 3), empty(4, 5)), {}),
        (aten.linear.default, (empty(2, 3), empty(4, 3), empty(5)), {}),
        (aten.layer_norm.default, (empty(2, 3), [4]), {}),
        (aten.group_norm.default, (empty(2, 3, 4), 2), {}),
        (aten.batch_norm.default, (empty(2, 3), None, None, empty(3), empty(3), True, 0.1, 1e-5, False), {}),
        (aten.mul.Tensor, (empty(2, 1, 3), empty(2, 5, 3)), {}),
        (aten.instance_norm.default, (empty(2, 3, 1), None, None, None, None, True, 0.1, 1e-5, True), {}),
        (aten.prelu.default, (empty(2, 3, 4), empty(2)), {}),
        (aten.cat.default, ([empty(2, 3), empty(2, 4)], 0), {}),
        (aten.cat.default, ([empty(2, 3), empty(2, 3, dtype=torch.float64)], 0), {}),
        (aten.upsample_nearest2d.vec, (empty(1, 2, 3, 3), None, [0.1, 1.0]), {}),
        (aten.adaptive_avg_pool2d.default, (empty(2, 3, 4), [1, 1]), {}),
        (aten.sum.default, (empty(2, 3),), {}),
        (aten.relu.default, (empty(0, 3),), {}),
    ],
)
def test_what_is_not_plain_is_left_to_pytorch(function, args, kwargs):
    assert shaped_at_once(function, args, kwargs) is None
