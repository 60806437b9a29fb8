"""Cross-entropy together with the last layer, part by part, against a loop of PyTorch that makes gradients at once."""

import pytest

import archgraph as ag
from archgraph.cost.memory.loss import LOSS_CHUNKS
from archgraph.errors import QueryError

torch = pytest.importorskip("torch")
from test_memory_torch import kernel, live_tracker  # noqa: E402
from test_training_torch import built, operands  # noqa: E402
from torch.nn import functional  # noqa: E402

pytestmark = pytest.mark.torch

LLAMA = {"D": 64, "L": 2, "F": 96, "heads": 8, "kv_heads": 2, "V": 1000, "N": 64}
WIDE = {**LLAMA, "L": 1, "V": 8000, "N": 256}
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


class Chunked(torch.autograd.Function):
    """The loss of all tokens, and the gradients of the layer's operand and weight, a part of the tokens a time."""

    @staticmethod
    def forward(ctx, hidden, weight, chunks):
        given, summed = torch.empty_like(hidden), torch.zeros_like(weight)
        tokens, total = hidden.detach().flatten(0, -2), hidden.new_zeros((), dtype=torch.float32)
        size = -(-len(tokens) // chunks)
        for start in range(0, len(tokens), size):
            with torch.enable_grad():
                part = tokens[start : start + size].detach().requires_grad_()
                own = weight.detach().requires_grad_()
                target = torch.zeros(len(part), dtype=torch.long)
                loss = functional.cross_entropy((part @ own.t()).float(), target, reduction="sum")
                first, second = torch.autograd.grad(loss, [part, own])
                del loss
            given.flatten(0, -2)[start : start + size] = first
            summed += second
            del first, second, part
        ctx.save_for_backward(given, summed)
        return total

    @staticmethod
    def backward(ctx, gradient):
        return (*ctx.saved_tensors, None)


def measured(g, dtype, chunks) -> int:
    module, inputs, live = built(g).to(dtype), operands(g, 2), live_tracker()
    for tensor in (*module.parameters(), *module.buffers(), *inputs):
        live.track(tensor)
    weight = module.logits.weight
    module.logits.forward = lambda hidden: Chunked.apply(hidden, weight, chunks)
    optimizer = torch.optim.AdamW(module.parameters())
    with kernel("math"), live:
        for _ in range(2):
            live.peak = live.live
            loss = module(*inputs)
            loss.backward()
            del loss
            passes = live.peak
            optimizer.step()
            optimizer.zero_grad()
    return passes


def passes_of(g, **options) -> int:
    moments = g.training_memory(batch=2, **options).moments
    return next(size for phase, size in moments.items() if phase != "step")


@pytest.mark.parametrize("chunks", [2, LOSS_CHUNKS])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("at", [LLAMA, WIDE], ids=["few words", "many words"])
def test_no_more_logits_are_there_than_those_of_a_part(at, dtype, chunks):
    g = ag.load("llama").bound(**at)
    found = passes_of(g, loss="chunked", dtype=dtype, chunks=chunks)
    assert found == pytest.approx(measured(g, DTYPES[dtype], chunks), rel=0.06)
    assert found < passes_of(g, loss="cross_entropy", dtype=dtype)


def test_more_parts_hold_fewer_logits():
    g = ag.load("llama").bound(**WIDE)
    sizes = [passes_of(g, loss="chunked", chunks=chunks) for chunks in (1, 2, 4, 8)]
    assert sizes == sorted({*sizes}, reverse=True)
    assert "loss chunked in 4 parts" in str(g.training_memory(loss="chunked", chunks=4))


def test_parts_are_of_a_chunked_loss():
    with pytest.raises(QueryError, match="chunks=4 are parts of a chunked loss, and loss='auto'") as told:
        ag.Training(chunks=4)
    assert told.value.hint == "loss='chunked'"


def test_weights_that_the_table_has_too_have_one_gradient():
    g = ag.load("gpt2").at(D=64, L=2, heads=4, N=24, V=100)
    both = [g.training_memory(batch=2, loss=loss, accumulate=1) for loss in ("chunked", "cross_entropy")]
    assert len({needed.by_kind["weights"] for needed in both}) == 1
    assert len({needed.moments["step"] for needed in both}) == 1


def test_a_network_without_a_last_layer_has_no_chunks():
    with pytest.raises(QueryError, match="loss='chunked' takes the last linear layer") as told:
        ag.load("dit:S/2").training_memory(loss="chunked")
    assert told.value.hint == "loss='cross_entropy'"


def test_chunks_are_proposed_where_logits_are_many():
    run = ag.Training(dtype="bf16-mixed", checkpoint="block", attention="flash", zero=3, gpus=64)
    fit = ag.load("llama:3-8b").at(N=8192).fits("80GB", run)
    assert "loss='chunked'" in [each.change for each in fit.remedies]
    assert "loss='chunked'" not in [each.change for each in ag.load("dit:S/2").fits("1GB", batch=64).remedies]
