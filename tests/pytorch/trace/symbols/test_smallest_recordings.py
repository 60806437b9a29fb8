"""The smallest sizes: recorded as far as anything is known, and not at all where the module fails as it did before."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from archgraph.pytorch.trace.module import trace  # noqa: E402
from archgraph.pytorch.trace.recording.record import parts_of  # noqa: E402
from archgraph.pytorch.trace.sizes import Progression, declared_sizes  # noqa: E402
from archgraph.pytorch.trace.symbols.capture import carriers  # noqa: E402
from archgraph.pytorch.trace.symbols.continued import telling_steps  # noqa: E402
from archgraph.pytorch.trace.symbols.differences import Difference  # noqa: E402
from archgraph.pytorch.trace.symbols.integers import integers_of  # noqa: E402
from archgraph.pytorch.trace.symbols.sampling import Begun, Sample, Sampler  # noqa: E402
from archgraph.pytorch.trace.symbols.search import Search  # noqa: E402
from archgraph.pytorch.trace.symbols.steps import find_steps  # noqa: E402

C = 4


class Net(nn.Module):
    """Layers after a mask, written by one function."""

    def __init__(self, run) -> None:
        super().__init__()
        self.run, self.first, self.last = run, nn.Linear(C, C), nn.Linear(C, C)
        self.conv = nn.Conv1d(C, C, 3, stride=2)
        self.register_buffer("table", torch.ones(64, 64, dtype=torch.bool).tril())

    def forward(self, x):
        return self.run(self, x)


def banded(net, x):
    i = torch.arange(x.shape[1])
    mask = (i[:, None] - i[None]).abs() < 2
    return net.last(F.scaled_dot_product_attention(net.first(x), x, x, mask))


def filled(net, x):
    bias = torch.zeros(x.shape[1], x.shape[1])
    bias[:, 0] = float("-inf")
    bias = bias.masked_fill(torch.eye(x.shape[1]) > 0, 0.0)
    return net.last((net.first(x) @ x.mT + bias).softmax(-1) @ x)


def parted(net, x):
    i = torch.arange(x.shape[1])
    even, odd = torch.stack([i % 2 == 0, i % 2 == 1]).unbind()
    a, b = net.first(x).chunk(2, -1)
    return net.last(torch.cat([a * even[:, None], b * odd[:, None]], -1))


def stored(net, x):
    n = x.shape[1]
    kept = torch.arange(n) < n - 1
    y = net.first(x) * kept[:, None]
    return (y @ y.mT).masked_fill(~net.table[:n, :n], float("-inf")).softmax(-1) @ net.last(x)


def scaled(net, x):
    i = torch.arange(x.shape[1])
    y = net.first(x) * (i > 0)[:, None]
    return net.last(y) * (1.0 / x.shape[1])


def made_late(net, x):
    i = torch.arange(x.shape[1])
    y = net.last(net.first(x) * (i > 0)[:, None])
    return y * torch.tensor([1.0, 2.0, 3.0, float(x.shape[1])])


MODULES = {run.__name__: run for run in (banded, filled, parted, stored, scaled, made_late)}


def searched(run, length: int = 16):
    sampler = Sampler(parts_of(Net(run)), torch.zeros(1, length, C), {"x": {1: "n"}})
    items = find_steps(sampler)
    sizes = declared_sizes("net", [Progression(item.name, item.default, item.step, 1, None) for item in items])
    return Search(sampler, items, carriers(sizes, items))


def same_known(first, second) -> bool:
    values = [(one.known, other.known) for one, other in zip(first.nodes, second.nodes, strict=True)]
    return all((a is None) == (b is None) and (a is None or torch.equal(a, b)) for a, b in values)


@pytest.mark.parametrize("run", MODULES.values(), ids=list(MODULES))
def test_a_continued_recording_is_that_of_a_whole_call(run):
    search = searched(run)
    parts = [sample for sample in search.seen() if not sample.whole]
    for part in parts:
        whole = Sampler(parts_of(Net(run)), torch.zeros(1, 16, C), {"x": {1: "n"}}).attempt(part.sizes)
        assert isinstance(whole, Sample)
        assert list(map(integers_of, part.recording.nodes)) == list(map(integers_of, whole.recording.nodes))
        same = zip(part.recording.nodes, whole.recording.nodes, strict=True)
        assert [(a.name, a.target, a.stack, a.kind) for a, _ in same] == [
            (b.name, b.target, b.stack, b.kind) for b in whole.recording.nodes
        ]
        assert same_known(part.recording, whole.recording)
        assert {place: node.name for place, node in part.recording.outputs.items()} == {
            place: node.name for place, node in whole.recording.outputs.items()
        }


def test_only_what_tells_something_is_recorded_at_the_smallest_sizes():
    search = searched(banded)
    parts = [sample for sample in search.seen() if not sample.whole]
    assert sorted(sample.sizes["n"] for sample in parts) == [2, 3, 4, 5, 6]
    example = search.sampler.example
    assert telling_steps([example]) < len(example.calls)


@pytest.mark.parametrize("run, left", [(scaled, 0), (made_late, 1)], ids=["another factor", "a tensor of literals"])
def test_numbers_that_no_law_has_are_recorded(run, left):
    """The factor differs with the size, and the tensor is another: a recording must come as far as these."""
    search = searched(run)
    recordings = [search.sampler.example, *(sample.recording for sample in search.sampler.samples())]
    assert telling_steps(recordings) == len(search.sampler.example.calls) - left
    assert all(sample.whole for sample in search.seen()) == (left == 0)


def test_a_recording_is_left_without_a_trace_of_the_step_that_was_not_wanted():
    sampler = Sampler(parts_of(Net(banded)), torch.zeros(1, 16, C), {"x": {1: "n"}})
    begun = sampler.begin({"n": 5}, 3)
    assert isinstance(begun, Begun) and len(begun.steps) == 3
    assert {user for step in begun.steps for user in step.users} <= set(begun.steps)


def test_a_beginning_that_differs_says_how():
    class Odd(nn.Module):
        def forward(self, x):
            return (x.relu() if x.shape[1] > 3 else x.tanh()).sum(1)

    found = Sampler(parts_of(Odd()), torch.zeros(1, 16, C), {"x": {1: "n"}}).begin({"n": 2}, 1)
    assert isinstance(found, Difference) and "tanh" in found.rule


class Strided(nn.Module):
    def __init__(self, *windows: tuple[int, int]) -> None:
        super().__init__()
        self.body = nn.Sequential(*(nn.Conv2d(1, 1, side, step) for side, step in windows))

    def forward(self, x):
        return self.body(x)


WINDOWS = {"one": [(7, 1)], "two": [(3, 2), (5, 2)], "three": [(4, 4), (2, 2), (3, 1)], "none": [(1, 1)]}


@pytest.mark.parametrize("windows", WINDOWS.values(), ids=list(WINDOWS))
@pytest.mark.parametrize("free", [{2: "h"}, {2: "h", 3: "w"}, {2: "n", 3: "n"}], ids=["one", "both", "same"])
def test_laws_start_where_the_module_does(windows, free):
    module = Strided(*windows)
    found = trace(module, torch.zeros(1, 1, 64, 64), {"x": free})
    runs = [side for side in range(1, 65) if all(size >= 1 for size in sides(side, windows))]
    names = sorted(set(free.values()))
    assert list(found.conditions[: len(names)]) == [f"{name} >= {runs[0]}" for name in names]


def sides(size: int, windows) -> list[int]:
    found = []
    for side, step in windows:
        size = (size - side) // step + 1
        found.append(size)
    return found


def test_a_size_at_which_nothing_is_left_is_tried_once_only():
    """At each size below 28 the last convolution has nothing left, and fails of it."""
    sampler = Sampler(parts_of(Strided((4, 4), (2, 2), (3, 1))), torch.zeros(1, 1, 64, 64), {"x": {2: "h", 3: "w"}})
    items = find_steps(sampler)
    sizes = declared_sizes("net", [Progression(item.name, item.default, item.step, 1, None) for item in items])
    Search(sampler, items, carriers(sizes, items))
    failed = [found for found in sampler._known.values() if isinstance(found, Difference)]
    assert len(failed) == len({found.rule for found in failed}) <= 3
