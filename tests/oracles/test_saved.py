"""What we say autograd keeps, against what it keeps: every storage of a whole network, once."""

import pytest

import archgraph as ag
from archgraph.cost.memory.saved import SavedBytes

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
torch.set_num_threads(1)

BATCH = 1
"""As in the published figures; with more samples the heads of v are copied where v is a part of a larger tensor."""
TINY = {
    "unet": {"C": 2, "H": 188, "W": 188},
    "unet:padded-512": {"C": 2, "H": 32, "W": 16},
    "nnunet": {"features": [2, 4, 4], "Z": 8, "H": 8, "W": 12},
    "nnunet:inference": {"features": [2, 4, 4], "Z": 8, "H": 8, "W": 12},
    "dit": {"D": 8, "L": 2, "heads": 2, "S": 8},
    "transformer": {"D": 8, "L": 2, "heads": 2, "N": 5},
    "conv_stack": {"C": 2, "L": 3, "H": 6, "W": 5},
    "vit": {"D": 8, "L": 2, "heads": 2, "H": 32, "W": 32},
    "convnext": {"C": 4, "H": 64, "W": 64},
}


@pytest.mark.parametrize("name", TINY)
def test_saved_bytes_are_those_of_autograd(name):
    from torch.nn.attention import SDPBackend, sdpa_kernel

    g = ag.load(name).bound(**TINY[name])
    module = g.to_torch().train()
    weights = {tensor.untyped_storage().data_ptr() for tensor in (*module.parameters(), *module.buffers())}
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    with sdpa_kernel(SDPBackend.MATH), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        results = module(*operands(g))
    assert results is not None
    measured = sum(size for size, _ in kept.values())
    assert measured == BATCH * SavedBytes().total(g.graph, g.selected)


def operands(g) -> list:
    sizes = [(type_.dtype, (BATCH, *map(int, type_.sizes.values()))) for type_ in g.inputs.values()]
    return [torch.randint(0, 9, size) if dtype == "int" else torch.randn(size) for dtype, size in sizes]
