"""A recorded module is the module that it was, whatever it did, also after an error."""

import copy
import functools
import gc
import random
from collections import OrderedDict
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import numpy  # noqa: E402
from recorded_modules import CASES, Does, Tables, linear, tokens  # noqa: E402
from torch import nn  # noqa: E402

import archgraph as ag  # noqa: E402
from archgraph.errors import ArchgraphError  # noqa: E402
from archgraph.pytorch.trace.recording.record import record  # noqa: E402
from archgraph.pytorch.trace.recording.restore import Contents, unchanged  # noqa: E402


def held(module):
    """Everything that a module holds: names and identities of what its parts have, values of its tensors."""
    found = []
    for path, part in module.named_modules():
        for name, item in vars(part).items():
            inside = [(key, id(value)) for key, value in item.items()] if isinstance(item, dict) else None
            found.append((path, name, id(item), copy.copy(item) if isinstance(item, (bool, int)) else None, inside))
    tensors = [*module.named_parameters(), *module.named_buffers()]
    return found, [(n, id(t), t.data_ptr(), t._version, t.requires_grad, t.dtype, t.device) for n, t in tensors]


def values(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def surroundings():
    return (
        torch.get_rng_state().tolist(),
        random.getstate(),
        numpy.random.get_state()[1].tolist(),
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled("cpu"),
        torch.backends.mha.get_fastpath_enabled(),
        torch.Tensor.tolist,
        torch.Tensor.numpy,
        torch.Tensor.new_tensor,
        torch.Tensor.__getitem__,
        torch.Tensor.__setitem__,
        torch.compiler.is_compiling(),
        torch.compiler.is_exporting(),
        nn.Module.__call__,
        torch.tensor,
        torch.as_tensor,
        torch.autocast.__enter__,
        torch.autocast.__init__,
        torch.is_autocast_enabled,
        torch.utils.checkpoint.CheckpointFunction,
        torch.utils.checkpoint._checkpoint_without_reentrant_generator,
    )


@pytest.mark.parametrize("name", CASES)
def test_a_module_is_unchanged(name):
    case = CASES[name]
    module = case.build().train()
    before, numbers, around = held(module), values(module), surroundings()
    record(module, case.inputs())
    assert held(module) == before
    assert surroundings() == around
    assert all(torch.equal(numbers[key], value) for key, value in module.state_dict().items())


class Restless(nn.Module):
    """Changes all that a module can change, and then stops where it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.register_buffer("count", torch.zeros(1))
        self.tables, self.seen, self.kinds = {"old": [1]}, [1, 2], {1}
        self.helper = type("Helper", (), {})()
        self.helper.cache = None

    def forward(self, x, stops):
        self.count += 1
        self.a.weight.data.mul_(2)
        self.a.bias.zero_()
        self.a.weight.requires_grad_(False)
        self.tables["new"] = self.helper.cache = x
        self.tables["old"].append(x)
        self.seen.clear()
        self.kinds.add(2)
        self.later = nn.Dropout()
        self.count = torch.ones(3)
        self.a.register_forward_hook(lambda *_: None)
        self.train()
        torch.manual_seed(3)
        random.seed(3)
        numpy.random.seed(3)
        torch.set_default_dtype(torch.float64)
        if stops:
            raise KeyError("stop")
        return x * 2


@pytest.mark.parametrize("stops", [False, True])
def test_a_module_that_changes_itself_is_put_back(stops):
    module = Restless()
    module.a.eval()
    before, numbers, around = held(module), values(module), surroundings()
    inside = (dict(module.tables), list(module.tables["old"]), list(module.seen), set(module.kinds))
    if stops:
        with pytest.raises(ArchgraphError, match=r"^Restless stops with KeyError at test_unchanged.py:\d+: 'stop'"):
            record(module, {"x": tokens(4), "stops": stops})
    else:
        record(module, {"x": tokens(4), "stops": stops})
    assert held(module) == before
    assert surroundings() == around
    assert (module.tables, module.tables["old"], module.seen, module.kinds) == inside
    assert module.helper.cache is None
    assert all(torch.equal(numbers[key], value) for key, value in module.state_dict().items())


def test_a_module_can_be_used_and_recorded_again():
    module = Tables()
    x = torch.randn(1, 8, 8)
    expected = Tables()(x)
    record(module, x)
    assert torch.equal(module(x), expected)
    assert len(record(module, x).calls) == len(record(module, x).calls)


def test_inputs_are_not_written_to():
    x = torch.ones(2, 4)
    record(Does(lambda m, x: x.add_(1), **linear()), x)
    assert torch.equal(x, torch.ones(2, 4)) and x._version == 0


def test_what_a_forward_remembers_around_it_is_put_back():
    cache, calls = {}, 0

    def forward(m, x):
        nonlocal calls
        calls += 1
        cache.setdefault("mask", torch.ones(3))
        return x * cache["mask"]

    class Remembers(nn.Module):
        pass

    Remembers.forward = forward
    made = Remembers()
    made.own = forward
    with unchanged(Contents(made)):
        made(torch.ones(1, 3))
    assert cache == {} and calls == 0


def test_an_entry_that_goes_from_one_container_to_the_next_is_put_back():
    """Taken in a row, their entries are the same as before."""
    first, second, third = object(), object(), object()
    made = nn.Module()
    made.lists = [[first, second], [third]]
    made.tables = [{"a": first, "b": second}, {"c": third}]
    kept = Contents(made)
    with unchanged(kept):
        made.lists[1].insert(0, made.lists[0].pop())
        moved = {"b": made.tables[0].pop("b"), **made.tables[1]}
        made.tables[1].clear()
        made.tables[1].update(moved)
    assert made.lists == [[first, second], [third]]
    assert made.tables == [{"a": first, "b": second}, {"c": third}]


def test_an_equal_object_in_the_place_of_another_is_put_back():
    made = nn.Module()
    made.table, made.flags = {"scale": 1.0}, [1]
    with unchanged(Contents(made)):
        made.table["scale"], made.flags[0] = 1, True
    assert type(made.table["scale"]) is float and type(made.flags[0]) is int


@functools.cache
def positions(count, device):
    """Numbers of positions, remembered by how many there are."""
    return torch.arange(count, device=device).float()


class Remembering(nn.Module):
    """Adds positions that a function of its file and one of its class remember."""

    @functools.lru_cache(maxsize=4)  # noqa: B019
    def halves(self, count, device):
        return torch.arange(count, device=device) / 2

    def forward(self, x):
        return x + positions(x.shape[-1], x.device) + self.halves(x.shape[-1], x.device)


def test_what_functions_remember_is_neither_taken_nor_left():
    net, x = Remembering(), torch.zeros(2, 7)
    kept = positions(7, x.device)
    before = positions.cache_info()
    first, again = (record(net, x.to("meta")) for _ in range(2))
    assert [str(node.target) for node in first.calls] == [str(node.target) for node in again.calls]
    assert (positions.cache_info(), Remembering.halves.cache_info().currsize) == (before, 0)
    assert positions(7, x.device) is kept
    assert torch.equal(net(x)[0], torch.arange(7) * 1.5)


class Making(OrderedDict):
    """Makes what it is asked for, as the table of activations in transformers does, and says nothing true of itself."""

    def __getitem__(self, name):
        return super().__getitem__(name)()

    def values(self):
        raise NotImplementedError

    __iter__ = items = keys = __len__ = values


ACTIVATIONS = Making(relu=nn.ReLU)


def test_tables_that_make_what_they_hold_are_left_as_they_are():
    class Activated(nn.Module):
        def __init__(self):
            super().__init__()
            self.act = ACTIVATIONS["relu"]

        def forward(self, x):
            return self.act(x)

    assert ag.trace(Activated(), torch.zeros(1, 3, 8)).params == 0
    assert OrderedDict.__getitem__(ACTIVATIONS, "relu") is nn.ReLU


LIBRARY = SimpleNamespace(halved=functools.lru_cache(lambda shape: [*shape[:-1], 2, shape[-1] // 2]))
"""Stands for a library that remembers what it made of shapes, such as einops."""


def test_what_a_library_remembers_of_sizes_is_not_found_by_numbers():
    class Halving(nn.Module):
        def forward(self, x):
            return x.reshape(LIBRARY.halved(tuple(x.shape))).sum(-2)

    net, x = Halving(), torch.zeros(1, 3, 16)
    for _ in range(2):
        g = ag.trace(net, x, {"x": {2: "n"}})
        assert any("looks a size up" in str(fact) for fact in g.assumptions)
        assert LIBRARY.halved.cache_info().currsize > 0
        assert net(x).shape == (1, 3, 8)


def freed_by_a_search(layers: int) -> int:
    """How many objects of a trace only a search for garbage frees."""
    made = nn.Sequential(*(nn.Conv1d(2, 2, 3, padding=1) for _ in range(layers)))
    gc.collect()
    gc.disable()
    try:
        ag.trace(made, torch.zeros(1, 2, 16), {"input": {2: "n"}})
        return gc.collect()
    finally:
        gc.enable()


def test_traces_leave_next_to_no_garbage():
    """Steps know their operands, and these know them: such circles held all recordings, 210 objects of every layer."""
    freed_by_a_search(1)
    assert freed_by_a_search(13) - freed_by_a_search(3) < 10 * 10
