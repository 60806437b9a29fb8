"""Layers whose weights are stored in another type than most of the network's: bytes as PyTorch holds them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

pytestmark = pytest.mark.torch
WIDTH = 8
TOKENS, IMAGE = (1, 5, WIDTH), (1, WIDTH, 4, 6)


class Mixed(nn.Module):
    """A layer in a type of its own, and a larger layer in another."""

    def __init__(self, layer: nn.Module, rest: nn.Module):
        super().__init__()
        self.layer, self.rest = layer, rest

    def forward(self, x: Tensor) -> Tensor:
        own, rest = next(self.layer.parameters()).dtype, next(self.rest.parameters()).dtype
        y = self.layer(x.to(own) if x.is_floating_point() else x)
        return self.rest((y[0] if isinstance(y, tuple) else y).to(rest))


class OnItself(nn.MultiheadAttention):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x, x, x, need_weights=False)[0]


ON_TOKENS: dict[str, Callable[[], nn.Module]] = {
    "linear": lambda: nn.Linear(WIDTH, WIDTH),
    "layer norm": lambda: nn.LayerNorm(WIDTH),
    "rms norm": lambda: nn.RMSNorm(WIDTH),
    "recurrent": lambda: nn.LSTM(WIDTH, WIDTH, batch_first=True),
    "attention": lambda: OnItself(WIDTH, 2, batch_first=True),
}
ON_IMAGES: dict[str, Callable[[], nn.Module]] = {
    "convolution": lambda: nn.Conv2d(WIDTH, WIDTH, 3, padding=1),
    "transposed": lambda: nn.ConvTranspose2d(WIDTH, WIDTH, 2, 2),
    "batch norm": lambda: nn.BatchNorm2d(WIDTH),
    "group norm": lambda: nn.GroupNorm(2, WIDTH),
}
LAYERS = {**ON_TOKENS, **ON_IMAGES, "embedding": lambda: nn.Embedding(7, WIDTH)}
TYPES = [(torch.float16, torch.float32), (torch.float32, torch.bfloat16), (torch.float64, torch.float32)]


def mixed(name: str, own: torch.dtype, rest: torch.dtype) -> tuple[nn.Module, Tensor]:
    after = nn.Conv2d(WIDTH, 128, 1) if name in ON_IMAGES else nn.Linear(WIDTH, 128)
    x = torch.ones(IMAGE if name in ON_IMAGES else TOKENS)
    x = torch.ones(1, 5, dtype=torch.long) if name == "embedding" else x
    return Mixed(LAYERS[name]().to(own), after.to(rest)).eval(), x


def held(net: nn.Module) -> int:
    return sum(x.nbytes for x in (*net.parameters(), *net.buffers()))


@pytest.mark.parametrize("own, rest", TYPES)
@pytest.mark.parametrize("name", LAYERS)
def test_weights_take_the_bytes_of_their_own_type(name, own, rest):
    net, x = mixed(name, own, rest)
    g = ag.trace(net, x)
    assert g.peak_memory().by_kind["weights"] == held(net)
    assert g.buffers == sum(x.numel() for x in net.buffers())


@pytest.mark.parametrize("name", ON_TOKENS)
def test_the_built_module_holds_as_much_and_runs(name):
    net, x = mixed(name, torch.float16, torch.float32)
    built = ag.trace(net, x).to_torch()
    assert built(x).shape == net(x).shape
    # Its norm computes in single precision, where it has its weights too.
    assert held(built) == held(net) + (2 * WIDTH if name == "rms norm" else 0)


def test_gradients_are_of_the_weights_type():
    net, x = mixed("linear", torch.float16, torch.float32)
    kept = ag.trace(net, x).training_memory().by_kind
    assert kept["weight gradients"] == kept["weights"] == held(net)


SPEC = "archgraph: 1\ninputs: {x: {n: 5, c: 8}}\nnetwork: [cast: {dtype: float16}, linear: {out: 8}]\n"


def test_a_layer_of_a_spec_computes_in_the_type_of_its_operand():
    g = ag.loads(SPEC)
    assert g.peak_memory().by_kind["weights"] == 2 * (8 * 8 + 8) == held(g.to_torch())
    assert ag.verify(g).ok
    assert ag.loads(g.to_spec()).peak_memory().by_kind == g.peak_memory().by_kind


def test_autocast_leaves_weights_as_they_are_stored():
    g = ag.load("vit")
    single, cast = (g.peak_memory("training", dtype=dtype).by_kind for dtype in ("fp32", "bf16-autocast"))
    assert cast["weights"] == single["weights"]


def test_a_spec_tells_what_it_has_no_word_for():
    net, x = mixed("rms norm", torch.float16, torch.float32)
    assert "the type of those of 1 operation is not said" in ag.trace(net, x).to_spec()
