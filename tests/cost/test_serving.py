"""Serving by hand: caches of windows and pages, shares of weights in fewer bits, and what cannot be served."""

import pytest

import archgraph as ag
from archgraph.cli import main
from archgraph.errors import QueryError


def small(**at):
    return ag.load("llama").at(**{"D": 24, "L": 3, "F": 40, "heads": 6, "kv_heads": 2, "V": 50, "N": 16, **at})


def test_a_cache_grows_by_keys_and_values_of_every_layer():
    g = small()
    served = g.serving(batch=5, past=11)
    assert served.cache_per_token == 2 * 3 * 2 * (24 // 6) * 2
    assert served.cache == 5 * 11 * served.cache_per_token
    assert served.by_kind["cache"] == 5 * 12 * served.cache_per_token
    assert g.serving(cache="fp32", past=11).cache == 11 * 2 * served.cache_per_token
    assert str(served.laws["cache"]) == "4*B*D*L*T*kv_heads/heads + 4*B*D*L*kv_heads/heads"


def test_operations_of_a_token_are_those_of_one_more_token_of_a_prompt():
    g = small()
    whole = [2 * int(g.at(N=n).at().macs) for n in (16, 17)]
    pairs = 4 * 3 * 24  # two products of D per layer and pair
    served = g.serving(past=16)
    # A longer prompt has 17 new pairs for the new query, and 16 that look ahead.
    assert served.decode_flops == whole[1] - whole[0] - 16 * pairs
    assert g.serving(logits="all").prefill_flops == whole[0]
    assert g.serving().prefill_flops == whole[0] - 2 * 15 * 24 * 50
    assert g.serving(batch=4, past=16).decode_flops == 4 * served.decode_flops


def test_weights_are_packed_where_they_are_hidden_matrices():
    g = small()
    plain, packed = g.serving(), g.serving(dtype="int8")
    hidden = 3 * (2 * 24 * 24 + 2 * 24 * 8 + 3 * 24 * 40)
    rows = 3 * (24 + 24 + 8 + 8 + 40 + 40 + 24)
    assert plain.by_kind["weights"] == 2 * int(g.at().params)
    assert packed.by_kind["packed weights"] == hidden + 4 * rows
    assert packed.by_kind["weights"] == 2 * (int(g.at().params) - hidden)
    assert packed.kind_of_number == "exact" and g.serving(dtype="int4-g128").kind_of_number == "estimate"


def test_a_span_of_a_spec_is_a_window():
    g = ag.load("mistral").at(D=24, L=3, F=40, heads=6, kv_heads=2, d=4, V=50, N=64, span=8)
    for past, held in ((3, 3), (7, 7), (8, 7), (63, 7)):
        assert g.serving(past=past).cache == held * 2 * 3 * 2 * 4 * 2
    near, far = g.serving(past=20), g.serving(past=60)
    assert near.decode_flops == far.decode_flops == g.serving(past=7).decode_flops


def test_pages_round_up_for_every_sequence():
    g = small()
    paged = g.serving(batch=3, past=16, page=16)
    assert paged.by_kind["cache"] == 3 * 32 * paged.cache_per_token
    assert g.serving(batch=3, past=15, page=16).by_kind["cache"] == 3 * 16 * paged.cache_per_token


def test_experts_are_read_the_more_the_larger_the_batch():
    g = ag.load("mixtral").at(D=32, L=2, F=48, heads=4, kv_heads=2, V=64, N=8, E=4, k=1)
    one, many = g.serving(past=4), g.serving(past=4, batch=64)
    experts = 2 * 2 * 3 * 32 * 48
    cached = [served.by_kind["cache"] + served.settings.batch * served.cache_per_token for served in (one, many)]
    tables = [served.settings.batch * 2 * 32 for served in (one, many)]
    read = [served.bytes_read - a - b for served, a, b in zip((one, many), cached, tables, strict=True)]
    assert one.decode_flops * 64 == many.decode_flops
    assert read[1] - read[0] == pytest.approx(3 * experts, rel=1e-3)


def test_what_is_largest_fits_and_one_more_does_not():
    g = small()
    for name, change in (("B", "batch"), ("T", "past")):
        found = g.serving(batch=2, past=10).largest(name, "2MB")
        at = {"batch": 2, "past": 10}
        assert g.serving(**{**at, change: found.value}).bytes == found.bytes <= 2_000_000
        assert g.serving(**{**at, change: found.value + 1}).bytes == found.next_bytes > 2_000_000


def test_time_is_bound_by_memory_for_one_sequence_and_grows_slower_than_the_batch():
    g = ag.load("llama:3-8b")
    one, many = g.serving(past=1000), g.serving(past=1000, batch=32)
    assert one.seconds("h100") == pytest.approx(one.bytes_read / 3.35e12)
    assert one.seconds("h100") < many.seconds("h100") < 8 * one.seconds("h100")
    assert "estimate" in repr(one.timed("h100"))


def test_memory_is_told_where_no_time_can_be(capsys):
    """Apple states no rate of products: what fits is answered all the same."""
    assert main(["serve", "gpt2", "--device", "m4-max"]) == 0
    told = capsys.readouterr().out
    assert "no time per token: the maker of Apple M4 Max" in told and " ms per token" not in told
    assert main(["serve", "gpt2", "llama", "--device", "m4-max"]) == 0
    assert "no time per token" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["dit", "unet", "vit", "bert"])
def test_what_is_not_made_token_by_token_is_refused(name):
    with pytest.raises(QueryError, match="token by token"):
        ag.load(name).serving()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"dtype": "int3"}, "int4-g128"),
        ({"batch": 0}, "from 1 on"),
        ({"past": -1}, "from 0 on"),
        ({"bath": 3}, "batch"),
        ({"paged": "never"}, "unified"),
    ],
)
def test_bad_settings_say_which_there_are(options, told):
    with pytest.raises(QueryError, match=told):
        small().serving(**options)


def test_more_tokens_than_places_are_refused():
    assert ag.load("gpt2").serving(past=1023).bytes
    with pytest.raises(QueryError, match="no place for 1,025 tokens"):
        ag.load("gpt2").serving(past=1024)


def test_the_command_says_what_python_says(capsys):
    assert main(["serve", "gpt2", "--device", "h100", "--batch", "4", "--format", "json"]) == 0
    assert str(ag.load("gpt2").serving(batch=4).by_kind["cache"]) in capsys.readouterr().out
    assert main(["serve", "llama:3-8b", "--device", "h100", "--past", "8192", "--largest", "B"]) == 0
    assert capsys.readouterr().out.startswith("B = 59")
    assert main(["serve", "llama", "gpt2", "--memory", "1GB"]) == 1
    assert "does not fit" in capsys.readouterr().err
