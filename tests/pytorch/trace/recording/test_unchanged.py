"""A recorded module is the module that it was, whatever it did, also after an error."""

import copy
import functools
import random

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import numpy  # noqa: E402
from recorded_modules import CASES, Does, Tables, linear, tokens  # noqa: E402
from torch import nn  # noqa: E402

from archgraph.errors import ArchgraphError  # noqa: E402
from archgraph.pytorch.trace.recording.record import record  # noqa: E402
from archgraph.pytorch.trace.recording.restore import unchanged  # noqa: E402


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
    with unchanged(made):
        made(torch.ones(1, 3))
    assert cache == {} and calls == 0


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
