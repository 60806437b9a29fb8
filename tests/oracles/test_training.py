"""Lowered networks are modules like any other: they learn, move, change precision, and save their state."""

import io

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
torch.set_num_threads(1)

UNET = {"C": 4, "H": 32, "W": 32}
DIT = {"D": 32, "L": 2, "heads": 4, "S": 8}
OTHERS = {
    "dit": DIT,
    "unet:padded-512": {"C": 2, "H": 32, "W": 16},
    "sd": {"C": 32, "X": 16, "H": 16, "W": 16, "heads": [2, 2, 2, 2]},
    "swin": {"C": 16, "head_dim": 8, "window": 2, "H": 64, "W": 64},
    "llama": {"D": 32, "L": 2, "F": 48, "heads": 4, "kv_heads": 2, "N": 12, "V": 50},
    "mixtral": {"D": 16, "L": 2, "heads": 4, "kv_heads": 2, "V": 11, "N": 5, "F": 8, "E": 4, "k": 2},
}


def operands(g, batch: int, dtype=torch.float32) -> list:
    made = []
    for type_ in g.bound().inputs.values():
        size = (batch, *map(int, type_.sizes.values()))
        made.append(torch.randint(0, 10, size) if type_.dtype == "int" else torch.randn(size, dtype=dtype))
    return made


def losses(module, inputs, loss, steps: int) -> list[float]:
    optimizer = torch.optim.Adam(module.parameters(), lr=3e-3)
    found = []
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss(module(*inputs))
        value.backward()
        optimizer.step()
        found.append(value.item())
    return found


def test_a_unet_learns_to_segment():
    torch.manual_seed(0)
    g = ag.load("unet:padded-512").at(**UNET)
    image = torch.rand(2, 1, 32, 32)
    mask = (torch.nn.functional.avg_pool2d(image, 5, 1, 2)[:, 0] > 0.5).long()
    found = losses(g.to_torch(), [image], lambda logits: torch.nn.functional.cross_entropy(logits, mask), 100)
    assert found[-1] < 0.7 * found[0]


def test_a_dit_learns_to_tell_noise():
    torch.manual_seed(0)
    g = ag.load("dit").at(**DIT)
    clean, t, y = operands(g, 4)
    noise = torch.randn_like(clean)
    found = losses(
        g.to_torch(),
        [0.5 * clean + 0.5 * noise, t, y],
        lambda out: (out[:, :4] - noise).square().mean(),
        40,
    )
    assert found[-1] < 0.7 * found[0]


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16], ids=["double", "bfloat16"])
@pytest.mark.parametrize("name", OTHERS)
def test_every_dtype_goes_through(name, dtype):
    g = ag.load(name).at(**OTHERS[name])
    module = g.to_torch(dtype=dtype)
    assert {weight.dtype for weight in module.parameters()} == {dtype}
    result = module(*operands(g, 2, dtype))
    assert result.dtype == dtype and result.isfinite().all()


def test_a_dtype_on_the_meta_device_allocates_nothing():
    module = ag.load("dit").to_torch("meta", torch.bfloat16)
    assert all(weight.is_meta and weight.dtype == torch.bfloat16 for weight in module.parameters())


def test_a_module_that_was_made_on_meta_is_given_weights_later():
    g = ag.load("unet:padded-512").at(**UNET)
    source, empty = g.to_torch().eval(), g.to_torch("meta").eval()
    module = empty.to_empty(device="cpu")
    module.load_state_dict(source.state_dict())
    image = torch.randn(1, 1, 32, 32)
    assert torch.equal(module(image), source(image))


def test_state_goes_through_a_file():
    g = ag.load("dit").at(**DIT)
    first, second, file = g.to_torch().eval(), g.to_torch().eval(), io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    second.load_state_dict(torch.load(file, weights_only=True))
    inputs = operands(g, 2)
    assert torch.equal(first(*inputs), second(*inputs))


def test_parameters_are_named_after_nodes():
    module = ag.load("dit").to_torch("meta", L=2)
    names = list(dict(module.named_parameters()))
    assert {"patchify.conv.weight", "blocks.0.attention.qkv.weight", "blocks.1.mlp.down.bias", "final.weight"} <= {
        *names
    }
    assert all(name.rpartition(".")[2] in ("weight", "bias", "value") for name in names)


@pytest.mark.parametrize("name", ["unet", "dit:S/2", "resnet:18"])
def test_weights_begin_so_that_signals_neither_vanish_nor_explode(name):
    torch.manual_seed(0)
    sizes = {"unet": {"C": 8, "H": 188, "W": 188}, "dit:S/2": {"L": 4}, "resnet:18": {"H": 64, "W": 64}}[name]
    g = ag.load(name).at(**sizes)
    with torch.no_grad():
        result = g.to_torch()(*operands(g, 2))
    assert 1e-3 < result.std() < 10
