"""Memory against PyTorch: the storages that autograd keeps, and those that are live, of lowered networks."""

import weakref
from contextlib import nullcontext

import pytest

import archgraph as ag
from archgraph.cost.memory.memory import Memory
from archgraph.cost.memory.setting import Setting
from archgraph.spec.load import shipped_names
from tests.oracles.kept_storages import kept_while
from tests.oracles.recomputed import checkpointed

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
torch.set_num_threads(1)

TINY = {
    "unet": {"C": 4, "H": 188, "W": 188},
    "nnunet": {"features": [4, 8, 8], "Z": 16, "H": 16, "W": 16},
    "nnunet_resenc": {
        "features": [4, 8, 8],
        "blocks": [1, 2, 6],
        "kernels": [3, 3, 3],
        "strides": [1, 2, 2],
        "Z": 16,
        "H": 16,
        "W": 16,
    },
    "unet3d": {"C": 2, "levels": 2, "Z": 60, "H": 60, "W": 60},
    "dit": {"D": 64, "L": 6, "heads": 4, "S": 16},
    "vit": {"D": 64, "L": 6, "heads": 4, "H": 64, "W": 64},
    "resnet": {"H": 64, "W": 64},
    "swin": {"C": 32, "head_dim": 8, "window": 2, "H": 64, "W": 64},
    "transformer": {"D": 64, "L": 6, "heads": 4, "N": 96},
    "gpt2": {"D": 64, "L": 6, "heads": 4, "N": 96, "V": 300},
    "llama": {"D": 64, "L": 6, "F": 96, "heads": 4, "kv_heads": 2, "N": 96, "V": 300},
    "ddpm": {"C": 32, "H": 16, "W": 16},
    "sd": {"C": 32, "X": 16, "H": 16, "W": 16, "heads": [2, 2, 2, 2]},
}


def kernel(name):
    from torch.nn.attention import SDPBackend, sdpa_kernel

    return sdpa_kernel(SDPBackend.MATH if name == "math" else SDPBackend.FLASH_ATTENTION)


def operands(g, device="cpu", dtype=torch.float32) -> list:
    kinds = {"int": torch.long, "float": dtype}
    types = g.inputs.values()
    return [torch.zeros(1, *map(int, t.sizes.values()), dtype=kinds[t.dtype], device=device) for t in types]


# -- what autograd keeps -------------------------------------------------------------------------------------


def kept_bytes(g, attention="math", device="meta", dtype=torch.float32) -> int:
    module = g.to_torch(device=device).to(dtype).train()
    with kernel(attention):
        return kept_while(module, lambda: module(*operands(g, device, dtype)))


FEWEST = {"unetr": 4}
"""Blocks of a short network, where two are too few."""


@pytest.mark.parametrize("name", shipped_names())
def test_saved_bytes_are_those_of_autograd(name):
    g = ag.load(name).bound(**({"L": FEWEST.get(name, 2)} if "L" in ag.load(name).symbols else {}))
    assert kept_bytes(g) == g.at().saved_bytes


@pytest.mark.parametrize("name", ["transformer", "gpt2", "llama"])
def test_the_fused_kernel_keeps_what_it_needs(name):
    g = ag.load(name).bound(**TINY[name])
    assert kept_bytes(g, "flash", "cpu") == g.at().saved_memory("flash")


@pytest.mark.parametrize("name", ["transformer", "swin", "resnet", "unet"])
def test_half_precision_keeps_statistics_and_scores_in_single(name):
    g = ag.load(name).bound(**TINY[name])
    measured = kept_bytes(g, dtype=torch.bfloat16)
    assert g.at().saved_memory(dtype="bf16") == pytest.approx(measured, rel=0.01)


# -- what is live --------------------------------------------------------------------------------------------


def live_tracker():
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_map_only

    class Live(TorchDispatchMode):
        """The bytes of all storages that exist, and the highest total after any operation."""

        def __init__(self):
            super().__init__()
            self.sizes = {}
            self.live = self.peak = 0

        def track(self, tensor):
            storage = tensor.untyped_storage()
            if storage._cdata not in self.sizes:
                self.sizes[storage._cdata] = storage.nbytes()
                self.live += storage.nbytes()
                weakref.finalize(storage, self.release, storage._cdata)

        def release(self, key):
            self.live -= self.sizes.pop(key, 0)

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            result = function(*args, **(kwargs or {}))
            tree_map_only(torch.Tensor, self.track, result)
            self.peak = max(self.peak, self.live)
            return result

    return Live()


def loss_class():
    class Loss(torch.autograd.Function):
        """Keeps nothing, and makes the gradients of all outputs."""

        @staticmethod
        def forward(ctx, *outputs):
            ctx.shapes = [output.shape for output in outputs]
            return outputs[0].new_zeros(())

        @staticmethod
        def backward(ctx, gradient):
            return tuple(gradient.new_ones(shape) for shape in ctx.shapes)

    return Loss


def measured_peak(g, mode, attention="math", checkpoint=False) -> int:
    module = g.to_torch().train(mode == "training")
    if checkpoint:
        checkpointed(g, module, "block")
    inputs = operands(g)
    live = live_tracker()
    for tensor in (*module.parameters(), *module.buffers(), *inputs):
        live.track(tensor)
    with kernel(attention), live, nullcontext() if mode == "training" else torch.no_grad():
        results = module(*inputs)
        if mode == "training":
            outputs = results if isinstance(results, tuple) else (results,)
            loss_class().apply(*outputs).backward()
    return live.peak


@pytest.mark.parametrize("mode", ["inference", "training"])
@pytest.mark.parametrize("name", TINY)
def test_peak_is_the_live_storage(name, mode):
    g = ag.load(name).bound(**TINY[name])
    assert g.peak_memory(mode).bytes == pytest.approx(measured_peak(g, mode), rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["inference", "training"])
@pytest.mark.parametrize("name", ["dit:S/2", "vit", "resnet", "swin", "ddpm", "convnext", "transformer"])
def test_peak_at_the_published_sizes(name, mode):
    g = ag.load(name).bound()
    assert g.peak_memory(mode).bytes == pytest.approx(measured_peak(g, mode), rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "values"), [("unet:padded-512", {}), ("nnunet", {"Z": 64, "H": 64, "W": 64})], ids=str
)
def test_peak_of_unets_at_the_published_width(name, values):
    g = ag.load(name).bound(**values)
    assert g.peak_memory().bytes == pytest.approx(measured_peak(g, "inference"), rel=0.02)


@pytest.mark.parametrize("name", ["dit", "transformer", "vit", "gpt2", "nnunet_resenc"])
def test_peak_with_repeats_computed_again(name):
    g = ag.load(name).bound(**TINY[name])
    peak = g.peak_memory("training", checkpoint=True).bytes
    assert peak == pytest.approx(measured_peak(g, "training", checkpoint=True), rel=0.02)


@pytest.mark.parametrize("mode", ["inference", "training"])
@pytest.mark.parametrize("name", ["transformer", "gpt2", "llama"])
def test_peak_with_the_fused_kernel(name, mode):
    g = ag.load(name).bound(**TINY[name])
    peak = g.peak_memory(mode, attention="flash").bytes
    assert peak == pytest.approx(measured_peak(g, mode, "flash"), rel=0.02)


def test_activations_alone_agree_too():
    """Without the weights, which both sides know."""
    for name in ("unet", "dit", "vit", "resnet", "nnunet"):
        g = ag.load(name).bound(**TINY[name])
        weights = int(Memory(g.graph, g.selected, Setting()).weights)
        ours, torchs = (x - weights for x in (g.peak_memory().bytes, measured_peak(g, "inference")))
        assert ours == pytest.approx(torchs, rel=0.02)
