"""Training runs against PyTorch: states, what autograd keeps of several samples, operations, and the highest moment."""

import pytest

import archgraph as ag
from tests.oracles.kept_storages import kept_while
from tests.oracles.recomputed import checkpointed

torch = pytest.importorskip("torch")
from test_memory_torch import TINY, kernel, live_tracker, loss_class  # noqa: E402

pytestmark = pytest.mark.torch

GALLERY = {
    **TINY,
    "resnet": {"H": 32, "W": 32},
    "convnext": {"H": 64, "W": 64},
    "mixtral": {"D": 32, "L": 2, "F": 48, "heads": 4, "kv_heads": 2, "V": 64, "N": 8, "E": 4, "k": 2},
    "vgg": {"H": 224, "W": 224},
}
SMALL = {
    name: {**at, **({"L": 3} if at.get("L") else {}), **({"N": 24} if at.get("N") else {})}
    for name, at in GALLERY.items()
}
MIXING = ("transformer", "gpt2", "dit", "swin", "sd")
LIGHT = [name for name in SMALL if name not in ("vgg", "unet3d")]


def bound(name):
    return ag.load(name).bound(**SMALL[name])


def operands(g, batch, device="cpu") -> list:
    kinds = {"int": torch.long, "float": torch.float32}
    types = g.inputs.values()
    return [torch.zeros(batch, *map(int, t.sizes.values()), dtype=kinds[t.dtype], device=device) for t in types]


def built(g, how="none", device="cpu"):
    module = g.to_torch(device=device).train()
    checkpointed(g, module, how)
    return module


# -- what autograd keeps -------------------------------------------------------------------------------------


def kept_bytes(g, batch, how="none", attention="math") -> int:
    device = "meta" if attention == "math" else "cpu"
    module = built(g, how, device)
    with kernel(attention):
        return kept_while(module, lambda: module(*operands(g, batch, device)))


@pytest.mark.parametrize("batch", [2, 3])
@pytest.mark.parametrize("name", SMALL)
def test_kept_of_several_samples(name, batch):
    g = bound(name)
    needed = g.training_memory(batch=batch, peak="saved")
    assert needed.by_kind["kept by autograd"] == kept_bytes(g, batch)


@pytest.mark.parametrize(
    ("name", "how"),
    [*((name, "block") for name in LIGHT), *((name, how) for name in MIXING for how in ("attention", 2, "sqrt"))],
)
def test_kept_with_checkpoints(name, how):
    g = bound(name)
    needed = g.training_memory(batch=2, peak="saved", checkpoint=how)
    assert needed.by_kind["kept by autograd"] == kept_bytes(g, 2, how)


# -- operations ----------------------------------------------------------------------------------------------


def counted(g, batch, how) -> tuple[int, int]:
    from torch.utils.flop_counter import FlopCounterMode

    module, inputs = built(g, how, "meta"), operands(g, batch, "meta")
    with kernel("math"):
        with FlopCounterMode(display=False) as forward:
            results = module(*inputs)
        outputs = results if isinstance(results, tuple) else (results,)
        with FlopCounterMode(display=False) as backward:
            loss_class().apply(*outputs).backward()
    return forward.get_total_flops(), backward.get_total_flops()


GROUPED = {"convnext"}
"""PyTorch's counter takes every channel in the backward pass of a grouped convolution as connected with every other."""


@pytest.mark.parametrize(
    ("name", "how"),
    [
        *((name, how) for name in SMALL if name not in GROUPED for how in ("none", "block")),
        *((name, "attention") for name in MIXING),
    ],
)
def test_operations_of_a_step(name, how):
    g = bound(name)
    step = g.step_flops(batch=2, checkpoint=how)
    assert (step.forward, step.backward + step.again) == counted(g, 2, how)


# -- states --------------------------------------------------------------------------------------------------

MADE = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "adamw": torch.optim.AdamW,
    "amsgrad": lambda p: torch.optim.AdamW(p, amsgrad=True),
    "adafactor": torch.optim.Adafactor,
}


STATED = ("unet", "dit", "swin", "mixtral", "nnunet", "convnext")
"""Networks of which every optimiser is asked; of the others one."""


@pytest.mark.parametrize(
    ("name", "optimizer"), [(name, each) for name in LIGHT for each in (MADE if name in STATED else ["adamw"])]
)
def test_states_are_those_of_the_state_dict(name, optimizer):
    g = bound(name)
    weights = [weight for weight in g.to_torch().parameters() if weight.requires_grad]
    for weight in weights:
        weight.grad = torch.zeros_like(weight)
    made = MADE[optimizer](weights)
    made.step()
    tensors = [value for state in made.state_dict()["state"].values() for value in state.values()]
    measured = sum(t.numel() * t.element_size() for t in tensors if torch.is_tensor(t))
    assert g.training_memory(optimizer=optimizer).by_kind.get("optimizer states", 0) == measured


# -- shards --------------------------------------------------------------------------------------------------


@pytest.fixture
def group(request):
    """A process group of one process that takes itself for the first of several."""
    from torch.distributed import destroy_process_group, init_process_group

    fake = pytest.importorskip("torch.testing._internal.distributed.fake_pg")
    init_process_group("fake", rank=0, world_size=request.param, store=fake.FakeStore())
    yield request.param
    destroy_process_group()


@pytest.mark.parametrize("group", [3, 8], indirect=True)
@pytest.mark.parametrize("name", LIGHT)
def test_rows_of_weights_are_those_of_fully_shard(name, group):
    """What a rank stores of every weight, padding included, and of the gradients its own rows; buffers are whole."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    g = bound(name)
    module = g.to_torch(device="meta")
    fully_shard(module, mesh=init_device_mesh("cpu", (group,)))
    parts = [weight.to_local() for weight in module.parameters()]
    trained = [weight.to_local() for weight in module.parameters() if weight.requires_grad]
    buffers = sum(buffer.numel() * buffer.element_size() for buffer in module.buffers())
    needed = g.training_memory(zero=3, gpus=group, peak="saved").by_kind
    assert needed["weights"] == sum(part.untyped_storage().nbytes() for part in parts) + buffers
    assert needed["weight gradients"] == sum(part.numel() * part.element_size() for part in trained)


# -- the highest moment --------------------------------------------------------------------------------------


def measured_moments(g, batch, how, accumulate, make) -> tuple[int, int]:
    module, inputs = built(g, how), operands(g, batch)
    live = live_tracker()
    for tensor in (*module.parameters(), *module.buffers(), *inputs):
        live.track(tensor)
    optimizer = make(module.parameters())
    with kernel("math"), live:
        for _ in range(2):
            live.peak = live.live
            for _ in range(accumulate):
                results = module(*inputs)
                loss = loss_class().apply(*(results if isinstance(results, tuple) else (results,)))
                del results
                loss.backward()
                del loss
            passes, live.peak = live.peak, live.live
            optimizer.step()
            step = live.peak
            optimizer.zero_grad()
    return passes, step


@pytest.mark.parametrize(
    ("name", "batch", "how", "accumulate"),
    [
        ("transformer", 3, "none", 1),
        ("transformer", 2, "block", 2),
        ("gpt2", 2, 2, 1),
        ("llama", 2, "sqrt", 1),
        ("dit", 2, "attention", 1),
        ("dit", 3, "none", 2),
        ("vit", 2, "block", 1),
        ("unet", 2, "block", 1),
        ("nnunet", 3, "none", 2),
        ("swin", 2, "none", 1),
        ("ddpm", 2, "none", 1),
        ("resnet", 2, "none", 1),
    ],
    ids=str,
)
def test_the_highest_moment(name, batch, how, accumulate):
    g = bound(name)
    passes, step = measured_moments(g, batch, how, accumulate, lambda p: torch.optim.AdamW(p, foreach=True))
    needed = g.training_memory(batch=batch, checkpoint=how, accumulate=accumulate, loss="none")
    found = next(size for phase, size in needed.moments.items() if phase != "step")
    assert found == pytest.approx(passes, rel=0.01)
    assert needed.moments["step"] == step
