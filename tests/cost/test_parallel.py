"""Runs on several ranks that differ: channels, stages and experts that are shared, and what ranks send."""

from itertools import pairwise

import pytest

import archgraph as ag
from archgraph.cost.parallel.interleaving import in_flight
from archgraph.cost.parallel.pipeline import pipeline_stages
from archgraph.cost.parallel.tensor_parallel import tensor_parallel
from archgraph.errors import QueryError
from archgraph.graph.ir import Node

LLAMA = {"D": 64, "L": 6, "F": 96, "heads": 8, "kv_heads": 4, "V": 128, "N": 16}
MIXTURE = {"D": 64, "L": 2, "F": 96, "E": 8, "heads": 8, "kv_heads": 4, "V": 128, "N": 16}


def small(name="llama"):
    return ag.load(name).at(**{"llama": LLAMA, "mixtral": MIXTURE}[name])


def needed(g, **options):
    return g.training_memory(optimizer="adamw", attention="flash", **options)


def names(found, nodes):
    return [path.rpartition(".")[2] for path in found.paths(nodes.__contains__)]


# -- channels ------------------------------------------------------------------------------------------------


def test_the_plan_of_a_transformer_is_that_of_megatron():
    g = ag.load("llama").network
    found = tensor_parallel(g.graph, 8, g.evaluate, split_outputs=True)
    assert names(found, found.columns) == ["q", "k", "v", "gate", "up", "logits"]
    assert names(found, found.rows) == ["tokens", "proj", "down"]
    assert found.whole == ()


def test_outputs_that_must_be_whole_keep_their_layer_whole():
    g = ag.load("llama").network
    assert tensor_parallel(g.graph, 8, g.evaluate, split_outputs=False).whole == ("logits",)


@pytest.mark.parametrize(
    ("name", "count"), [("gpt2", 3), ("dit", 4), ("sd3", 4), ("flux", 4), ("mixtral", 2), ("bert", 4)]
)
def test_what_a_rank_computes_adds_up(name, count):
    """Split layers cost a share each, with one channel more at most, and whole ones everything."""
    g = ag.load(name).network
    found = tensor_parallel(g.graph, count, g.evaluate, split_outputs=True)
    split = set(found.paths((found.columns | found.rows).__contains__))
    macs = lambda graph: {p: g.evaluate(m.op.macs(*m.types)) for p, m in graph.walk() if isinstance(m, Node)}  # noqa: E731
    whole, own = macs(g.graph), macs(found.graph)
    assert whole.keys() == own.keys()
    for path, law in whole.items():
        if path in split or "attention" in path.rpartition(".")[2]:
            assert law <= count * own[path] <= law * 1.01
        else:
            assert own[path] == law


def test_heads_that_ranks_do_not_divide_are_refused():
    with pytest.raises(QueryError, match="tp=3 does not divide the 8 heads") as told:
        small().training_memory(tp=3, gpus=3)
    assert told.value.hint == "tp: 1, 2, 4, 8"


def network(steps: str):
    return ag.loads(f"archgraph: 1\nname: own\ninputs: {{x: {{n: 8, c: 16}}}}\nnetwork:\n{steps}")


def weights(g, **options) -> int:
    return g.training_memory(**options).by_kind["weights"]


def test_weights_that_two_layers_have_are_split_alike():
    """A table and a head by words both; but not where the head must be whole, and then the table is too."""
    g = ag.load("gpt2")
    share = -(-50257 // 3)
    assert weights(g, loss="none", tp=3, gpus=3) - weights(g, tp=3, gpus=3) == 4 * 768 * (50257 - share)
    assert "logits" in g.training_memory(loss="none", tp=3, gpus=3).rank[0]


def test_one_matrix_by_outputs_and_by_inputs_is_whole():
    """Both ways need other parts of it: beside it, two layers of their own are split."""
    tied = (
        "  - linear: {out: 16, bias: false}\n    share: w\n  - relu\n  - linear: {out: 16, bias: false}\n    share: w\n"
    )
    with pytest.raises(QueryError, match="none do"):
        weights(network(tied), tp=4, gpus=4)
    own = tied.replace("    share: w\n", "")
    assert weights(network(own + tied), tp=4, gpus=4) == 4 * (2 * 16 * 4 + 16 * 16)


def test_pairs_of_channels_stay_together():
    """20 channels are 5 a rank, which are no pairs: this layer is whole."""
    gate = "  - linear: {out: 20, bias: false}\n  - gated_linear_unit\n  - linear: {out: 16, bias: false}\n"
    assert weights(network(gate), tp=2, gpus=2) == 4 * (10 * 16 + 5 * 16)
    with pytest.raises(QueryError, match="none do"):
        weights(network(gate), tp=4, gpus=4)


def test_layers_without_end_are_counted():
    (words,) = ag.load("sd").training_memory(tp=2, gpus=2).rank
    assert words.endswith(" and 50 more")


def test_convolutions_alone_cannot_be_split():
    with pytest.raises(QueryError, match="none do"):
        ag.load("unet").training_memory(tp=2, gpus=2)


def test_positions_that_ranks_do_not_divide_are_refused():
    with pytest.raises(QueryError, match="sequence splits the 197 positions of axis n over tp=2"):
        ag.load("vit").training_memory(tp=2, gpus=2, sequence=True)


@pytest.mark.parametrize("name", ["llama", "mixtral"])
def test_parts_of_a_sequence_keep_less(name):
    keeps = lambda **options: needed(small(name), batch=2, peak="saved", tp=4, gpus=4, **options).bytes  # noqa: E731
    assert keeps(sequence=True) < keeps()


# -- stages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_stages_are_the_network_in_parts(count):
    g = ag.load("flux").network
    found = pipeline_stages(g.graph, count, g.evaluate)
    assert sum(stage.blocks for stage in found) == 57
    assert max(stage.blocks for stage in found) - min(stage.blocks for stage in found) <= 1
    costs = [sum(g.evaluate(law) for law in _macs(stage.graph, 1)) for stage in found]
    assert sum(costs) == ag.load("flux").at().macs
    for before, after in pairwise(found):
        assert {value.name for value in before.graph.outputs} & {value.name for value in after.received}


def _macs(graph, times):
    for member in graph.nodes:
        if isinstance(member, Node):
            yield times * member.op.macs(*member.types)
        else:
            yield from _macs(member.body, times * member.count)


def test_the_first_stage_waits_for_most_micro_batches():
    assert [in_flight(stage, 4, 8) for stage in range(4)] == [4, 3, 2, 1]
    assert [in_flight(stage, 4, 2) for stage in range(4)] == [2, 2, 2, 1]


def test_what_a_stage_keeps_is_its_blocks_for_every_micro_batch():
    g = small()
    kept = lambda **options: needed(g, batch=2, peak="saved", loss="none", **options)  # noqa: E731
    one = kept().by_kind["kept by autograd"]
    split = kept(pp=2, gpus=2, accumulate=8)
    assert "stage 1 of 2, with 3 blocks, holds 2 micro-batches (1F1B)" in split.rank
    # Two micro-batches of half of the blocks, without norm and head: a little less than all of one.
    assert one * 0.8 < split.by_kind["kept by autograd"] < one


def test_more_stages_than_blocks_are_refused():
    with pytest.raises(QueryError, match="pp=8 stages share the iterations of the outermost repeats, and there are 6"):
        small().training_memory(pp=8, gpus=8, accumulate=8)


def test_more_parts_than_blocks_are_refused():
    message = "pp=2 ranks with virtual=4 parts each share the iterations of the outermost repeats, and there are 6"
    with pytest.raises(QueryError, match=message) as told:
        small().training_memory(pp=2, virtual=4, gpus=2, accumulate=8)
    assert told.value.hint == "virtual=1"


def test_parts_of_a_rank_are_the_network_in_turns():
    """All weights are on some rank, once; more parts make more of them wait on the first rank."""
    g = small()
    weights = lambda **options: needed(g, batch=2, pp=2, gpus=2, accumulate=4, **options)  # noqa: E731
    one, several = weights(), weights(virtual=3)
    assert several.by_kind["weights"] == one.by_kind["weights"]
    assert several.by_kind["micro-batches on their way"] > one.by_kind["micro-batches on their way"]
    assert "in 3 parts, holds" in several.rank[0]


# -- experts -------------------------------------------------------------------------------------------------


def test_ranks_that_share_experts_have_fewer_weights_and_as_many_tokens():
    g = small("mixtral")
    alone, shared = needed(g, batch=2, gpus=4), needed(g, batch=2, gpus=4, ep=4)
    experts = 3 * 64 * 96 * 8 * 2
    assert alone.by_kind["weights"] - shared.by_kind["weights"] == 4 * experts * 3 // 4
    keeps = lambda **options: needed(g, batch=2, peak="saved", **options).by_kind["kept by autograd"]  # noqa: E731
    assert keeps(gpus=4, ep=4) == keeps()


def test_states_of_experts_are_shared_among_all():
    """Those of one expert among the ranks that have it: all in all what they are without sharing experts."""
    g = small("mixtral")
    states = lambda **options: needed(g, gpus=4, zero=2, **options).by_kind["optimizer states"]  # noqa: E731
    assert states(ep=2) == states()


def test_rows_of_experts_are_shared_among_those_that_have_them():
    """With as many ranks as share experts every one has its own whole, and of all else a row each."""
    g = small("mixtral")
    rows = lambda **options: needed(g, gpus=8, zero=3, **options).by_kind["weights"]  # noqa: E731
    experts = 3 * 64 * 96 * 8 * 2
    assert rows(ep=8) == rows(ep=4) == rows() and rows() >= 4 * experts // 8


# -- settings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"tp": 2}, "tp=2 and pp=1 need a multiple of 2 GPUs, and gpus=1", "gpus=2"),
        ({"tp": 2, "pp": 3, "gpus": 8}, "tp=2 and pp=3 need a multiple of 6 GPUs, and gpus=8", "gpus=12"),
        ({"tp": 2, "gpus": 2, "zero": 1}, "zero=1 shards over several GPUs, and there is one beside tp=2", "gpus=16"),
        ({"sequence": True}, "sequence=True splits positions over the ranks that split channels, and tp=1", "tp=8"),
        ({"pp": 2, "gpus": 2}, "pp=2 stages run at least as many micro-batches, and accumulate=1", "accumulate=8"),
        ({"virtual": 2}, "virtual=2 deals out the stages of a pipeline in turns, and pp=1", "pp=4"),
        (
            {"pp": 2, "virtual": 2, "gpus": 2, "accumulate": 3},
            "virtual=2 runs rounds of pp=2 micro-batches, and accumulate=3",
            "accumulate=4",
        ),
        ({"ep": 3, "gpus": 4}, "ep=3 shares experts among the 4 ranks", "gpus=3"),
        ({"tp": 0}, "tp is a whole number from 1 on, and not 0", ""),
    ],
)
def test_settings_that_contradict_each_other(options, message, hint):
    with pytest.raises(QueryError) as told:
        ag.Training(**options)
    assert told.value.message.startswith(message)
    assert hint in (told.value.hint or "")


def test_experts_of_a_network_without_any():
    with pytest.raises(QueryError, match="ep=2 shares experts, and the network has none"):
        small().training_memory(ep=2, gpus=2)


def test_ways_of_splitting_together_are_a_bound():
    assert needed(small(), tp=2, gpus=2).kinds_of_number["weights"] == "exact"
    assert needed(small(), tp=2, gpus=4, zero=1).kinds_of_number["weights"] == "bound"


# -- what is sent --------------------------------------------------------------------------------------------


def test_a_ring_of_gradients():
    g = small()
    params = g.at(**LLAMA).params
    sent = lambda **options: dict(g.communication(**options).by_kind)  # noqa: E731
    assert sent(gpus=4) == {"gradients": 2 * 4 * params * 3 // 4}
    assert sent(gpus=4, zero=1) == {"gradients": 4 * params * 3 // 4, "sharded weights": 4 * params * 3 // 4}
    assert sent(gpus=4, zero=3, accumulate=2) == {
        "gradients": 2 * 4 * params * 3 // 4,
        "sharded weights": 4 * 4 * params * 3 // 4,
    }


def test_channels_are_summed_four_times_a_block():
    """Two row splits there and two operands of column splits back, and the table and the logits of the network."""
    sent = small().communication(gpus=4, tp=4, batch=3)
    value = 3 * 4 * 16 * 64
    assert sent.by_kind == {"channels": 2 * 3 * (4 * 6 + 2) * value // 4}


def test_a_stage_in_the_middle_sends_on_and_back():
    sent = small().communication(gpus=3, pp=3, batch=2, accumulate=5)
    assert sent.by_kind == {"stages": 5 * 2 * (2 * 4 * 16 * 64)}
    assert "stage 2 of 3" in sent.rank[0]


def test_nobody_sends_on_one_gpu():
    assert small().communication().bytes == 0
