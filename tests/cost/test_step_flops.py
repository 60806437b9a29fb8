"""Operations of a training step, against numbers of PyTorch's counter; 6ND beside them, and utilisation."""

import pytest

import archgraph as ag
from archgraph.errors import QueryError

SMALL_LLAMA = {"D": 64, "L": 2, "F": 96, "heads": 8, "kv_heads": 2, "V": 128, "N": 16}


@pytest.mark.parametrize(
    ("spec", "at", "options", "forward", "backward"),
    [
        ("llama", SMALL_LLAMA, {"batch": 2}, 4456448, 8912896),
        ("llama", SMALL_LLAMA, {"batch": 2, "checkpoint": "block"}, 4456448, 12058624),
        ("llama", SMALL_LLAMA, {"batch": 2, "checkpoint": "attention"}, 4456448, 9043968),
        ("vit", {"D": 48, "L": 2, "heads": 3, "H": 64, "W": 64}, {}, 3266688, 5353728),
        (
            "mixtral",
            {"D": 32, "L": 2, "F": 48, "heads": 4, "kv_heads": 2, "V": 64, "N": 8, "E": 4, "k": 2},
            {},
            446464,
            892928,
        ),
        ("llama:3-8b", {"N": 8192}, {}, 158140695838720, 316281391677440),
        ("dit:S/2", {"D": 96, "L": 3, "heads": 3, "S": 16}, {"batch": 2}, 96423936, 192356352),
    ],
    ids=str,
)
def test_forward_and_backward(spec, at, options, forward, backward):
    step = ag.load(spec).at(**at).step_flops(**options)
    assert (step.forward, step.backward + step.again) == (forward, backward)


def test_without_an_early_stop_blocks_are_run_whole():
    g = ag.load("llama").at(**SMALL_LLAMA)
    early, whole = (g.step_flops(checkpoint="block", early_stop=stops).again for stops in (True, False))
    assert whole - early == 2 * 2 * 96 * 64 * 16
    assert whole == g.step_flops().forward - 2 * 64 * 128 * 16


def test_a_fused_kernel_makes_its_scores_again():
    g = ag.load("transformer").at(D=64, L=3, heads=4, N=32)
    assert g.step_flops().again == 0
    assert g.step_flops(attention="flash").again == 3 * 2 * 64 * 32 * 32


@pytest.mark.parametrize(
    ("spec", "at", "ratio"),
    [
        ("gpt2", {"N": 1024}, 0.874),
        ("llama:2-7b", {"N": 4096}, 0.877),
        ("llama:3-8b", {"N": 2048}, 0.999),
        ("llama:3-8b", {"N": 4096}, 0.936),
        ("llama:3-8b", {"N": 8192}, 0.832),
        ("llama:3-8b", {"N": 131072}, 0.192),
        ("dit:XL/2", {}, 1.46),
        ("mixtral", {}, 3.38),
    ],
    ids=str,
)
def test_six_n_d_is_an_approximation(spec, at, ratio):
    step = ag.load(spec).at(**at).step_flops()
    assert step.ratio == pytest.approx(ratio, rel=0.005)
    assert "approximation" in repr(step)


def test_utilisation_is_of_the_model_and_not_of_what_is_run_again():
    g = ag.load("llama:3-8b").at(N=8192)
    alone = g.mfu("h100", 9500, dtype="bf16-mixed")
    assert alone == g.mfu("h100", 9500, dtype="bf16-mixed", checkpoint="block")
    assert alone == pytest.approx(8 * g.mfu("h100", 9500, dtype="bf16-mixed", gpus=8))
    with pytest.raises(QueryError, match="positive"):
        g.mfu("h100", 0)


def test_half_of_the_pairs_of_causal_attention():
    """Of 12 N D L operations a token, there and back, half are of pairs that a causal mask leaves out."""
    g = ag.load("llama:3-8b").at(N=8192)
    whole, half = (
        g.mfu("h100", 9500, causal=count, dtype="bf16-mixed", attention="flash") for count in ("all", "half")
    )
    assert (whole - half) * 989.4e12 / 9500 == pytest.approx(6 * 8192 * 4096 * 32)
    full = ag.load("dit")
    assert full.mfu("h100", 9500, causal="half") == full.mfu("h100", 9500)
    with pytest.raises(QueryError, match="there is no way to count causal attention 'none'"):
        g.mfu("h100", 9500, causal="none")
