"""Networks that are not in the gallery, written with the reference alone, against plain PyTorch on meta."""

from pathlib import Path

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
import plain_networks as plain  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

pytestmark = pytest.mark.torch
FOLDER = Path(__file__).parent / "extra"
NETWORKS = {
    "regnet_y": (plain.RegNetY, {}),
    "segformer": (plain.SegFormer, {}),
    "mlp_mixer": (plain.MlpMixer, {}),
    "wavenet": (plain.WaveNet, {"N": 4000}),
    "hourglass": (plain.StackedHourglass, {}),
}


def example(g):
    """Return a tensor on meta for the only input."""
    ((_, type_),) = g.inputs.items()
    shape = [1, *(int(length) for length in type_.sizes.values())]
    return torch.empty(shape, device="meta", dtype=torch.long if type_.dtype == "int" else torch.float32)


def counted(module, data):
    with FlopCounterMode(display=False) as counter:
        out = module.eval()(data)
    params = sum(weight.numel() for weight in module.parameters())
    outs = out if isinstance(out, list) else [out]
    return params, counter.get_total_flops() // 2, [tuple(one.shape[1:]) for one in outs]


@pytest.mark.parametrize("name", NETWORKS)
def test_counts_equal_plain_pytorch(name):
    network, sizes = NETWORKS[name]
    g = ag.load(FOLDER / f"{name}.yaml").at(**sizes)
    with torch.device("meta"):
        module = network()
    shapes = [tuple(int(n) for n in type_.sizes.values()) for type_ in g.outputs.values()]
    assert counted(module, example(g)) == (g.params, g.macs, shapes)


@pytest.mark.parametrize("name", NETWORKS)
def test_published_counts(name):
    g = ag.load(FOLDER / f"{name}.yaml").at()
    for expectation in g.expectations:
        assert g.metric(expectation.metric) == expectation.value


def test_every_spec_is_compared():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(NETWORKS)


def test_wavenet_hears_three_cycles():
    field = ag.load(FOLDER / "wavenet.yaml").receptive_field("logits").n
    assert field.size_max == 1 + 1 + 3 * 1023


def test_mixer_has_weights_per_token():
    g = ag.load(FOLDER / "mlp_mixer.yaml")
    assert g.params.has(g.symbols["H"])


def test_mixer_mixes_all_tokens_in_its_first_block():
    g = ag.load(FOLDER / "mlp_mixer.yaml")
    assert g.receptive_field("blocks").h.size_min == 224
