"""Traced modules written as specs: what is read again has the same laws, and what no spec can say is told."""

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402
from torch_modules import EXAMPLES, traced  # noqa: E402

import archgraph as ag  # noqa: E402
from archgraph.errors import UnsupportedOpError  # noqa: E402

LAWS = ("params", "params_trainable", "buffers", "macs", "flops", "activations", "layer_outputs", "saved_bytes")
UNWRITTEN = {"signal"}
"""Modules with steps that no spec has; the set may only shrink."""


def assert_same_laws(g: ag.Architecture) -> None:
    read = ag.loads(g.to_spec())
    assert {law: read.expression(law) for law in LAWS} == {law: g.expression(law) for law in LAWS}
    assert fields(read) == fields(g)


def fields(g: ag.Architecture) -> list[dict[str, str]]:
    found = (g.receptive_field(value) for value in g.outputs)
    return [{axis: str(field.size_max) for axis, field in each.axes.items()} for each in found]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_traced_module_has_the_same_laws_or_is_refused(name):
    if name in UNWRITTEN:
        with pytest.raises(UnsupportedOpError, match="cannot be written as a spec, whose language has no"):
            traced(name).to_spec()
    else:
        assert_same_laws(traced(name))


class Heads(nn.Module):
    """Two results, one of which costs more."""

    def __init__(self):
        super().__init__()
        self.stem, self.head = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 2, 5)

    def forward(self, x):
        y = self.stem(x)
        torch.relu(x)
        return {"features": y, "logits": self.head(y)}


def test_dead_work_has_no_spec_until_it_is_left_out():
    g = ag.trace(Heads(), torch.zeros(1, 3, 12, 12))
    with pytest.raises(UnsupportedOpError, match="work that no output depends on"):
        g.to_spec()
    for names in (["features"], ["logits"], ["logits", "features"]):
        assert_same_laws(g.select(*names))


class Run(nn.Module):
    """Two layers, called by a function."""

    def __init__(self, run):
        super().__init__()
        self.run, self.one, self.two = run, nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        return self.run(self, x)


def apart(net, x):
    with torch.no_grad():
        y = net.one(x)
    return net.two(y)


def again(net, x):
    return torch.utils.checkpoint.checkpoint(lambda y: net.two(y).sigmoid(), net.one(x), use_reentrant=False)


UNSAID = {
    "no gradients": (apart, torch.float32, "Saved bytes may be more: that 1 operation is run without gradients"),
    "checkpoint": (again, torch.float32, "Saved bytes may be more: that 1 block is checkpointed"),
    "half": (lambda net, x: net.one(x).sigmoid(), torch.bfloat16, "Bytes are those of float32: that the module is in"),
}


@pytest.mark.parametrize("name", UNSAID)
def test_bytes_that_a_spec_cannot_say_are_told(name):
    run, dtype, comment = UNSAID[name]
    g = ag.trace(Run(run).to(dtype), torch.zeros(1, 5, 4, dtype=dtype))
    text = g.to_spec()
    assert f"# {comment}" in text
    assert int(ag.loads(text).at().saved_bytes) > int(g.at().saved_bytes)


def test_a_module_whose_bytes_are_said_has_no_comment():
    text = ag.trace(Run(lambda net, x: net.two(net.one(x))), torch.zeros(1, 5, 4)).to_spec()
    assert not text.startswith("#")


class OneKey(nn.Module):
    """Attention to a single key of one channel: its product with the weights sums over nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.scores, self.value = nn.Linear(4, 1), nn.Linear(4, 6)

    def forward(self, x):
        return self.scores(x).softmax(-1) @ self.value(x.mean(1, keepdim=True))


def test_a_product_that_sums_over_nothing_has_a_spec():
    g = ag.trace(OneKey(), torch.zeros(1, 5, 4))
    assert "over: []" in g.to_spec()
    assert_same_laws(g)


class WithinItself(nn.Module):
    """Attention of every position to itself alone: all positions are samples to it."""

    def forward(self, x):
        q = x.reshape(-1, 1, 1, x.shape[-1])
        return nn.functional.scaled_dot_product_attention(q, q, q).reshape(x.shape)


def test_attention_over_nothing_has_a_spec():
    g = ag.trace(WithinItself(), torch.zeros(1, 5, 4))
    assert "over: []" in g.to_spec()
    assert_same_laws(g)


class ByValue(nn.Module):
    """Rows of a table, and places in it that values say, which have no channels."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kinds", torch.zeros(1, 9, dtype=torch.long))
        self.rows, self.of_kinds = nn.Embedding(9, 4), nn.Embedding(2, 4)

    def forward(self, ids):
        kinds = self.kinds.expand(ids.shape[0], -1).gather(1, ids)
        return self.rows(ids) + self.of_kinds(kinds)


def test_what_values_look_up_without_channels_has_a_spec():
    assert_same_laws(ag.trace(ByValue(), torch.zeros(1, 5, dtype=torch.long)))
