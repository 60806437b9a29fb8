"""Positions that paths connect are those that the field reads; a chain of layers takes as many hops as they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402
from torch.nn import functional  # noqa: E402

N = 6
PAIRS = torch.tensor([1, 0, 3, 2, 5, 4])


class Run(nn.Module):
    """Functions one after the other, each with a layer behind it."""

    def __init__(self, *runs: Callable[[Tensor], Tensor]):
        super().__init__()
        self.runs, self.layers = runs, nn.ModuleList(nn.Linear(4, 4) for _ in runs)

    def forward(self, x: Tensor) -> Tensor:
        for run, layer in zip(self.runs, self.layers, strict=True):
            x = layer(run(x))
        return x


def written(x: Tensor) -> Tensor:
    y = x.clone()
    y[:, 4] = x[:, 0]
    return y


def added(x: Tensor) -> Tensor:
    y = x.clone()
    y[:, 1:3] += x[:, 4:6]
    return y


def woven(x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    y[:, ::2], y[:, 1::2] = x[:, :3], x[:, 3:]
    return y


def causal(x: Tensor) -> Tensor:
    return functional.scaled_dot_product_attention(x, x, x, is_causal=True)


def pairs(x: Tensor) -> Tensor:
    mask = torch.eye(N).bool() | torch.eye(N).roll(2, 0).bool()
    return functional.scaled_dot_product_attention(x, x, x, mask)


RUNS: dict[str, Callable[[Tensor], Tensor]] = {
    "written": written,
    "added": added,
    "woven": woven,
    "select_scatter": lambda x: torch.select_scatter(x, x[:, 0], 1, 4),
    "slice_scatter": lambda x: torch.slice_scatter(x, x[:, :2] * 2, 1, 3, 5),
    "index_copy": lambda x: x.index_copy(1, torch.tensor([4]), x[:, :1]),
    "index_put": lambda x: x.index_put((torch.tensor([0]), torch.tensor([4])), x[:, 0]),
    "joined": lambda x: torch.cat([x[:, :1] * 2, x[:, 1:]], 1),
    "turned by joining": lambda x: torch.cat([x[:, 3:], x[:, :3]], 1),
    "joined with one in the middle": lambda x: torch.cat([x[:, :2], x[:, 5:], x[:, 3:]], 1),
    "stacked": lambda x: torch.stack([x[:, i] for i in (5, 1, 2, 3, 4, 0)], 1),
    "gather": lambda x: x.gather(1, PAIRS[None, :, None].expand(1, N, 4)),
    "scatter": lambda x: torch.zeros(1, N, 4).scatter(1, PAIRS[None, :, None].expand(1, N, 4), x),
    "roll": lambda x: x.roll(2, 1),
    "flip": lambda x: x.flip(1),
    "causal": causal,
    "pairs": pairs,
    "triangle": lambda x: torch.ones(N, N).tril() @ x,
    "moved by a matrix": lambda x: torch.eye(N).roll(1, 0) @ x,
    "the first beside": lambda x: x[:, [0]].expand(1, N, 4) + x,
    "a row beside": lambda x: x[:, 2:3] + x,
    "part without": lambda x: torch.cat([x[:, :3], x[:, 3:] * 0 + 1], 1),
    "moved by a pad": lambda x: functional.pad(x[:, 1:], (0, 0, 0, 1)),
    "sums": lambda x: x.cumsum(1),
}


def field(*runs: Callable[[Tensor], Tensor]) -> list[set[int]]:
    """What every output reads, which is held against the gradient elsewhere."""
    found = ag.trace(Run(*runs).eval(), torch.rand(1, N, 4)).receptive_field()
    probes = [found.probe(**{found.outputs[0]: i}) for i in range(N)]
    assert all(probe.exact for probe in probes) == (RUNS["index_copy"] not in runs)
    return [{place for (place,) in probe} for probe in probes]


def walked(layers: list[list[set[int]]], output: int) -> dict[int, int]:
    """The fewest moves to every position, layer by layer: reading one's own place is none."""
    reached = {output: 0}
    for reads in reversed(layers):
        found: dict[int, int] = {}
        for place, moves in reached.items():
            for read in reads[place]:
                found[read] = min(found.get(read, N), moves + (read != place))
        reached = found
    return reached


@pytest.mark.parametrize("name", RUNS)
def test_paths_connect_what_the_field_reads(name):
    paths = ag.trace(Run(RUNS[name]).eval(), torch.rand(1, N, 4)).paths()
    connected = [{place for place, hops in enumerate(row) if hops is not None} for row in paths.matrix()]
    assert connected == field(RUNS[name])
    assert (paths.why == ()) == (name != "index_copy")


IN_PLACE = ("causal", "pairs", "triangle", "sums", "the first beside", "a row beside")
"""Those whose values stay where they are, whatever else they read: what is written lies where it comes from."""


@pytest.mark.parametrize("first", IN_PLACE)
@pytest.mark.parametrize("second", IN_PLACE)
def test_a_chain_takes_the_hops_of_its_layers(first, second):
    runs = RUNS[first], RUNS[second]
    matrix = ag.trace(Run(*runs).eval(), torch.rand(1, N, 4)).paths().matrix()
    layers = [field(run) for run in runs]
    for output, row in enumerate(matrix):
        found = {place: hops for place, hops in enumerate(row) if hops is not None}
        assert found == walked(layers, output), output


class Ways(nn.Module):
    """What a convolution reads beside what it is given, put together and picked from by a function."""

    def __init__(self, joined: Callable[[Tensor, Tensor], Tensor]):
        super().__init__()
        self.joined, self.mixed = joined, nn.Conv1d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.joined(self.mixed(x), x)


@pytest.mark.parametrize(
    "joined",
    [
        lambda far, own: torch.stack([far, own], 1)[:, 1],
        lambda far, own: torch.stack([far, own], -1)[..., 1],
        lambda far, own: torch.stack([far, own], -1).flatten(2),
        lambda far, own: torch.stack([far, own], 0).unbind(0)[1] + 1,
        lambda far, own: torch.stack([far, own, own], -1)[..., 1:].mean(-1),
    ],
)
def test_hops_are_at_least_where_one_of_several_ways_is_picked(joined):
    g = ag.trace(Ways(joined).eval(), torch.rand(1, 4, N))
    found, paths = g.receptive_field(), g.paths()
    connected = [{place for place, hops in enumerate(row) if hops is not None} for row in paths.matrix()]
    read = [{place for (place,) in found.probe(n=i)} for i in range(len(connected))]
    assert all(mine <= theirs for mine, theirs in zip(read, connected, strict=True))
    assert read == connected or any("another axis" in reason for reason in paths.why)


@pytest.mark.parametrize(
    "joined",
    [
        lambda far, own: far + own,
        lambda far, own: torch.cat([far, own], 2)[..., 2:],
        lambda far, own: functional.pad(far[:, None], (0, 0, 0, 0, 1, 0))[:, 1],
    ],
)
def test_hops_are_exact_where_all_ways_are_read_or_there_is_one(joined):
    assert ag.trace(Ways(joined).eval(), torch.rand(1, 4, N)).paths().why == ()
