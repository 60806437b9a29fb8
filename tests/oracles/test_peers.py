"""Our account of other tools against the tools themselves, on networks as their users write them."""

import inspect
import io
import logging
import warnings
from contextlib import redirect_stderr, redirect_stdout

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
import peer_networks as peers  # noqa: E402

pytestmark = [pytest.mark.torch, pytest.mark.peers, pytest.mark.filterwarnings("ignore")]
torch.set_num_threads(1)

NETWORKS = {
    "unet": (peers.UNet, {"C": 8, "H": 188, "W": 188}),
    "dit": (peers.DiT, {"D": 64, "L": 2, "heads": 4, "S": 16}),
    "vit": (peers.ViT, {"D": 64, "L": 2, "heads": 4, "H": 64, "W": 64}),
    "resnet": (peers.ResNet, {"H": 64, "W": 64}),
    "sd": (peers.stable_diffusion, {"C": 32, "X": 16, "H": 16, "W": 16, "heads": [2, 2, 2, 2]}),
}
FUNCTIONAL = {"sd": ["upsample", "gelu"]}
"""What diffusers calls as functions."""


def needed(name, attribute=None):
    """Import a tool, or skip; some fail in other ways than by being missing."""
    try:
        module = __import__(name, fromlist=[attribute or "_"])
    except Exception as error:
        pytest.skip(f"{name} cannot be imported: {error}")
    return getattr(module, attribute) if attribute else module


def thop(module, inputs):
    return int(needed("thop", "profile")(module, inputs=inputs, verbose=False)[0])


def fvcore(module, inputs):
    counter = needed("fvcore.nn", "FlopCountAnalysis")(module, inputs)
    counter.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
    return int(counter.total())


def torchinfo(module, inputs):
    summary = needed("torchinfo", "summary")
    return summary(module, input_data=list(inputs), verbose=0, depth=20, device="cpu").total_mult_adds


def ptflops(module, inputs):
    count = needed("ptflops", "get_model_complexity_info")
    named = dict(zip(inspect.signature(module.forward).parameters, inputs, strict=False))
    options = {"print_per_layer_stat": False, "as_strings": False, "backend": "pytorch"}
    return count(module, (1,), input_constructor=lambda size: named, **options)[0]


def calflops(module, inputs):
    count = needed("calflops", "calculate_flops")
    return count(module, args=list(inputs), output_as_string=False, print_results=False)[1]


def deepspeed(module, inputs):
    count = needed("deepspeed.profiling.flops_profiler", "get_model_profile")
    return count(module, args=list(inputs), print_profile=False, as_string=False, warm_up=0)[1]


def flopcounter_cpu(module, inputs):
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*inputs)
    return counter.get_total_flops() // 2


def flopcounter(module, inputs):
    return flopcounter_cpu(module.to("meta"), tuple(x.to("meta") for x in inputs))


TOOLS = {
    "thop": thop,
    "fvcore": fvcore,
    "torchinfo": torchinfo,
    "ptflops": ptflops,
    "calflops": calflops,
    "deepspeed": deepspeed,
    "flopcounter-cpu": flopcounter_cpu,
    "flopcounter": flopcounter,
}


def printed(tool, module) -> int:
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            return TOOLS[tool](module.eval(), module.inputs)
    finally:
        logging.disable(logging.NOTSET)


@pytest.mark.parametrize("size", ["small", pytest.param("published", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("tool", TOOLS)
def test_the_tool_prints_what_we_say_it_prints(tool, name, size):
    make, values = NETWORKS[name]
    if name == "sd":
        needed("diffusers")
    if (tool, name) == ("torchinfo", "sd"):
        pytest.skip("diffusers writes linear projections as convolutions, which torchinfo tells apart")
    values = values if size == "small" else {}
    found = printed(tool, make(**values))
    assert ag.load(name).at(**values).count_as(tool, FUNCTIONAL.get(name, ())).theirs == found
