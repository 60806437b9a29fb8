"""What graphs look like from afar: main lines, sides, stages, and which of them are a U."""

import pytest

import archgraph as ag
from archgraph.figures.facts.facts import Facts
from archgraph.outline.items import flow_of
from archgraph.outline.mixing import kinds_of
from archgraph.outline.resolution import scale
from archgraph.outline.stages import stages
from archgraph.outline.structure import merged_groups, structure
from archgraph.outline.u_parts import us_of

HEAD = "archgraph: 1\nsymbols: {C: {default: 8}, H: {default: 64, multiple_of: 8}}\n"
IMAGE = HEAD + "inputs: {image: {c: 3, h: H, w: H}}\nnetwork:\n"


def found(text):
    return structure(flow_of(ag.loads(text).graph))


def names(groups):
    return [[item.path for item in group.items] for group in groups]


def test_activations_and_norms_join_the_convolution_before_them():
    text = IMAGE + "  - conv: {out: C, kernel: 3}\n  - batch_norm\n  - relu\n  - conv: {out: 1, kernel: 1}\n"
    assert names(found(text).chain) == [["conv", "batch_norm", "relu"], ["conv_2"]]


def test_equal_neighbours_become_one_group():
    layer = "  - conv: {out: C, kernel: 3, padding: same}\n  - relu\n"
    (group,) = found(IMAGE + 3 * layer).chain
    assert group.times == 3


def test_neighbours_with_another_kernel_stay_apart():
    text = IMAGE + "".join(f"  - conv_norm_act: {{out: C, kernel: {k}}}\n" for k in (1, 3, 1))
    assert [group.times for group in found(text).chain] == [1, 1, 1]


def test_a_branch_is_not_merged_unless_asked():
    layer = "  - conv: {out: C, kernel: 3, padding: same}\n"
    one = found(IMAGE + layer + "    as: a\n" + layer + layer + "  - add: [_, a]\n")
    assert [group.times for group in one.chain] == [1, 2, 1]
    assert [group.times for group in merged_groups(one)] == [3, 1]


def test_pools_are_written_beside_the_arrow():
    text = IMAGE + "  - conv: {out: C, kernel: 3}\n  - max_pool: {kernel: 2}\n  - conv: {out: C, kernel: 3}\n"
    first, second = found(text).chain
    assert [item.label for item in second.before] == ["max_pool"] and not first.before


def test_a_position_table_is_absorbed():
    one = found(IMAGE + "  - patchify: {patch: 4, out: C}\n  - position_embedding\n  - layer_norm\n")
    assert not one.sides


def test_a_constant_of_a_pool_stands_with_the_group_after_it():
    pool = "blocks: {placed: {inputs: [x, p], do: [{add: [x, p]}, {max_pool: {kernel: 2}}]}}\n"
    text = IMAGE.replace("network:", pool + "network:") + (
        "  - conv: {out: C, kernel: 1}\n    as: a\n  - parameter: a\n    as: table\n"
        "  - placed: [a, table]\n  - conv: {out: C, kernel: 1}\n"
    )
    one = found(text)
    _, last = one.chain
    assert not one.sides and [item.path for item in last.beside] == ["table"]


def test_the_main_line_of_constants_alone_is_a_path():
    text = IMAGE + (
        "  - parameter: image\n    as: a\n  - parameter: image\n    as: b\n"
        "  - add: [a, b]\n  - conv: {out: C, kernel: 1}\n"
    )
    line = [item.path for group in found(text).chain for item in group.items]
    assert line == ["a", "add", "conv"]


def test_a_block_costs_what_its_read_results_cost():
    twins = "blocks: {twins: {do: [{linear: {out: 4}, as: a}, {linear: {out: 5}, from: x, as: b}], outputs: [a, b]}}\n"
    g = ag.loads(IMAGE.replace("network:", twins + "network:") + "  - twins:\n    as: [a, b]\n  - relu: a\n")
    block = flow_of(g.graph).items[0]
    assert Facts(g.network).macs([block]) == g.macs and [value.name for value in block.unread] == ["twins#1"]


def test_conditioning_stands_beside_the_main_line():
    one = structure(flow_of(ag.load("dit").graph))
    assert [next(item.label for item in group.items) for group in one.sides] == ["timestep_embedding", "silu"]
    assert one.entry is not None and one.entry.name == "latent"


def test_the_main_line_enters_a_repeat_by_what_it_hands_on():
    text = HEAD + (
        "inputs: {memory: {n: 8, c: C}, x: {n: 8, c: C}}\n"
        "blocks: {cross: {inputs: [x, m], do: [{add: [x, m]}]}}\n"
        "network:\n  - cross: \n    from: [x, memory]\n    repeat: 3\n"
    )
    one = found(text)
    assert one.entry is not None and one.entry.name == "x"


def test_a_repeat_of_zero_is_not_drawn():
    one = found(IMAGE + "  - conv: {out: C, kernel: 3}\n  - relu:\n    repeat: 0\n")
    assert names(one.chain) == [["conv"]]


def test_a_block_that_is_opened_twice_keeps_its_calls_apart():
    body = "blocks: {chapter: {do: [{relu: , repeat: 2}, {conv: {out: x.c, kernel: 3, padding: same}}]}}\n"
    text = IMAGE.replace("network:", body + "network:") + "  - chapter\n  - chapter\n"
    assert [path for group in names(found(text).chain) for path in group] == [
        "chapter.relu", "chapter.conv", "chapter_2.relu", "chapter_2.conv",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["unet", "unet:padded-512", "nnunet", "unet3d", "sd", "ddpm", "adm", "uvit"])
def test_encoder_decoders_are_a_u(name):
    (u,) = us_of(ag.load(name).outline())
    # Every part that a skip leaves is across from one that it goes to.
    assert len({skip.source for skip in u.skips}) == len({skip.target for skip in u.skips}) > 2


@pytest.mark.parametrize("name", ["dit", "transformer", "conv_stack", "resnet", "vgg", "swin", "vit", "flux"])
def test_others_are_not(name):
    assert us_of(ag.load(name).outline()) == ()


def test_valid_convolutions_do_not_change_the_level():
    g = ag.load("unet")
    assert scale(g.graph.nodes[0]) == 1 and scale(g.graph.nodes[1]) == 2
    assert [stage.level for stage in stages(structure(flow_of(g.graph)))] == [1, 2, 4, 8, 16, 8, 4, 2, 1]


def test_skips_to_another_level_are_no_u():
    text = IMAGE + (
        "  - conv: {out: C, kernel: 3, padding: same}\n    as: a\n  - max_pool: {kernel: 2}\n"
        "  - conv: {out: C, kernel: 3, padding: same}\n    as: b\n  - max_pool: {kernel: 2}\n"
        "  - conv: {out: C, kernel: 3, padding: same}\n  - upsample: {factor: 4}\n    as: u\n"
        "  - upsample: {factor: 2}\n    from: b\n    as: v\n  - concat: [u, v, a]\n  - conv: {out: C, kernel: 1}\n"
    )
    assert us_of(ag.loads(text).outline()) == ()


def test_conditions_of_a_u_name_their_inputs():
    (u,) = us_of(ag.load("sd").outline())
    assert {one.inputs for one in u.conditions} == {("t",), ("text",)}
    assert {one.inputs: len(one.taken) for one in u.conditions} == {("t",): len(u.parts), ("text",): len(u.parts) - 2}


def test_what_a_block_does_not_read_does_not_enter_it():
    """A condition that took the attention away took the text with it."""
    flow = flow_of(ag.load("sd").graph)
    text = next(value for value in flow.inputs if value.name == "text")
    readers = [item for item in flow.items if text in item.inputs]
    assert len(readers) == 16 and all("dynamic" in kinds_of(item.member) for item in readers)
