"""Receptive fields of traced networks: the shipped specs, the three kinds, repeats."""

from __future__ import annotations

from fractions import Fraction
from textwrap import indent

import pytest
from sympy import Expr

import archgraph as ag
from archgraph.errors import QueryError, UnboundSymbolError
from archgraph.fields.report.axis_field import AxisField
from archgraph.fields.report.receptive_field import ReceptiveFields, receptive_field
from archgraph.fields.rules.node_reads import node_reads
from archgraph.fields.sets.field import NOTHING, identity, same
from archgraph.fields.sets.indices import interval
from archgraph.fields.sets.readings import HalfLine, Moving, Pieces, Whole
from archgraph.fields.sets.terms import own_index
from archgraph.fields.sets.windows import shift
from archgraph.graph.ir import Graph, Node, Value
from archgraph.ops.catalogue import registry
from archgraph.sizes.symbols import evaluate, symbol


def fields_of(g: ag.Architecture, input: str | None = None) -> ReceptiveFields:
    return ReceptiveFields(g.graph, input, evaluate=g.evaluate)


def network(
    steps: str, inputs: str = "{x: {c: 8, h: 64, w: 64}}", blocks: str = "{}", more: str = ""
) -> ag.Architecture:
    head = f"archgraph: 1\ninputs: {inputs}\n{more}\n"
    return ag.loads(f"{head}blocks:\n{indent(blocks, '  ')}\nnetwork:\n{indent(steps, '  ')}")


HERE = Whole((3,), "here")
UNSTATED = {"move"}


def sizes(axis: AxisField) -> set[int]:
    return {phase.size for phase in axis.phases}


# Shipped specs


def test_padded_unet():
    every = fields_of(ag.load("unet:padded-512")).every()
    encoder = [every[name].h for name in ("enc(0)", "enc(1)", "enc(2)", "enc(3)", "bottleneck")]
    assert [axis.size_max for axis in encoder] == [5, 14, 32, 68, 140]
    assert [axis.stride for axis in encoder] == [1, 2, 4, 8, 16]
    decoder = [every[name].w for name in ("up", "dec(3)", "dec(2)", "dec(1)", "dec(0)", "logits")]
    assert [sizes(axis) for axis in decoder] == [{140}, {172}, {188}] + [{188, 204}] * 3
    assert [axis.period for axis in decoder] == [2, 2, 4, 8, 16, 16]
    assert every["logits"].h.size_mean == 200
    assert all(field.box_exact for field in every.values())
    assert every["logits"].h.global_since is None


def test_valid_unet():
    logits = fields_of(ag.load("unet")).at("logits")
    for axis in logits.axes.values():
        assert axis.read_interval() == (0, 571)
        assert axis.read_interval(0) == (0, 571)
        assert axis.read_interval(0, 0) == (0, 187)
        assert axis.read_interval(387) == (384, 571)


@pytest.mark.parametrize(("levels", "expected"), [(1, {18}), (2, {44}), (3, {92, 100}), (5, {380, 412})])
def test_unet_by_depth(levels, expected):
    g = ag.load("unet:padded-512").bind(levels=levels)
    assert sizes(fields_of(g).at("logits").h) == expected


def test_dit_reads_everything_from_the_first_block_on():
    every = fields_of(ag.load("dit")).every()
    assert every["tokens"].h.size_max == 2
    assert every["blocks.layer_norm"].h.is_global
    for path in ("blocks", "blocks.mlp", "noise_and_variance"):
        assert every[path].h.size_max == every[path].h.extent == 32
        assert every[path].h.global_since == "blocks.attention.scaled_dot_product_attention"
    assert every["cond"].h.size_max == 0
    assert (every["blocks.attention"].iterations, every["final"].iterations) == (28, 1)


def test_dit_of_one_block_names_the_field_before_attention():
    every = fields_of(ag.load("dit").at(L=1)).every()
    assert every["blocks.attention.qkv"].h.size_max == 2
    assert every["blocks.attention"].h.is_global


def test_nnunet():
    steps = """
- for: {i: 0..S-1}
  do:
    - conv: {out: 8, kernel: 3, stride: "min(i, 1) + 1", padding: same}
    - instance_norm
    - leaky_relu
    - conv: {out: 8, kernel: 3, padding: same}
    - instance_norm: {}
      as: enc(i)
- for: {i: S-2..0 by -1}
  do:
    - conv_transpose: {out: 8, kernel: 2, stride: 2}
    - concat: [enc(i), _]
    - conv: {out: 8, kernel: 3, padding: same}
    - conv: {out: 8, kernel: 3, padding: same}
      as: dec(i)
"""
    g = network(steps, inputs="{x: {c: 1, h: 2**S * 8}}", more="symbols: {S: {default: 6}}")
    every = fields_of(g).every()
    assert sizes(every["enc(5)"].h) == {191}
    output = every["dec(0)"].h
    assert (output.size_min, output.size_max) == (287, 319)
    assert (output.global_since, output.gate_since, output.stat_since) == (None, None, "instance_norm")
    assert (output.stat.size_max, output.gate.size_max) == (512, 319)


# The three kinds

POOLED = """
- conv: {out: 8, kernel: 3, padding: same}
  as: local
- parameter: {shape: {c: 8}}
  as: query
- scaled_dot_product_attention: [query, local, local]
  as: pooled
- linear: {out: 8}
  as: weight
"""


def test_a_broadcast_factor_is_a_gate():
    steps = POOLED + "- multiply: [local, weight]\n- conv: {out: 8, kernel: 3, padding: same}\n  as: gated"
    every = fields_of(network(steps)).every()
    gated = every["gated"]
    assert (gated.h.size_max, gated.h.global_since) == (5, None)
    assert (gated.h.gate_since, gated.h.stat_since) == ("pooled", "pooled")
    assert gated.h.gate.is_global
    assert every["weight"].h.global_since == "pooled"


def test_a_broadcast_summand_is_content():
    output = fields_of(network(POOLED + "- add: [local, weight]")).at()
    assert output.h.global_since == "pooled"


def test_a_product_of_vectors_is_content():
    output = fields_of(network(POOLED + "- multiply: [pooled, weight]")).at()
    assert output.h.is_global


def test_statistics_are_a_kind_of_their_own():
    conv = "- conv: {out: 32, kernel: 3, padding: same}\n"
    steps = f"{conv}- group_norm\n{conv}"
    output = fields_of(network(steps)).at()
    assert (output.h.size_max, output.h.gate.size_max, output.h.stat.size_max) == (5, 5, 64)
    assert (output.h.global_since, output.h.gate_since, output.h.stat_since) == (None, None, "group_norm")
    assert "statistics: global since group_norm, O(1/N) per position" in repr(output)
    assert output.of("stat").w.is_global


def test_batch_and_layer_norm_stay_local():
    output = fields_of(network("- batch_norm\n- layer_norm\n- conv: {out: 8, kernel: 3, padding: same}")).at()
    assert output.h.stat.size_max == 3


def test_one_axis_alone():
    steps = "- softmax: {axis: h}\n- conv: {out: 8, kernel: {h: 3, w: 5}, padding: same}"
    output = fields_of(network(steps)).at()
    assert (output.h.is_global, output.w.size_max) == (True, 5)
    assert output.box_exact
    assert output.h.global_since == "softmax"
    assert "along h" in repr(output)


def test_branches_that_do_not_nest_are_no_box():
    output = fields_of(network("- parallel: [[softmax: {axis: h}], [softmax: {axis: w}]]\n- add")).at()
    assert not output.box_exact
    assert output.area == (127, 127)
    assert "127 positions in 2 boxes" in repr(output)
    conv = "conv: {out: 8, kernel: 3, padding: same}"
    nested = f"- parallel: [[{conv}], [softmax: {{axis: h}}, softmax: {{axis: w}}]]\n- add"
    assert fields_of(network(nested)).at().box_exact


def test_misaligned_branches_name_both_strides():
    steps = """
- conv: {out: 8, kernel: 2, stride: 2}
  as: half
- conv: {out: 8, kernel: 3, padding: same}
  from: x
- crop_like: [_, half]
- add: [_, half]
- conv: {out: 8, kernel: 3, padding: same}
"""
    every = fields_of(network(steps)).every()
    last = list(every.values())[-1]
    assert not last.h.settled
    assert "h  misaligned" in repr(last)
    with pytest.raises(QueryError, match="stride 1 and 2"):
        _ = last.h.size_max


def at_64(size: Expr) -> int:
    return evaluate(size, {symbol(str(name)): 64 for name in size.free_symbols})


@pytest.mark.parametrize("kind", sorted(registry()))
def test_every_operation_says_how_it_reads_every_axis(kind):
    op, types = registry()[kind].example()
    values = [Value(type_, f"x{index}") for index, type_ in enumerate(types)]
    outputs = tuple(Value(type_, f"y{index}") for index, type_ in enumerate(op.infer(*types)))
    for row in node_reads(Node(kind, op, tuple(values), outputs), at_64, HERE):
        for index, region in row.items():
            for axis in types[index].positions:
                stated = region.fields[axis].content
                assert isinstance(stated, Moving | Whole | HalfLine | Pieces) or kind in UNSTATED


# Repeats

BODY = """
body:
  args: []
  do:
    - residual:
        - conv: {out: 8, kernel: 3, padding: same}
        - relu
        - conv: {out: 8, kernel: 5, dilation: 2, padding: same}
"""
DOWN_UP = """
body:
  args: []
  do:
    - conv: {out: 8, kernel: 3, stride: 2, padding: same}
    - conv_transpose: {out: 8, kernel: 4, stride: 2, padding: 1}
    - add: [x, _]
"""
TWO = """
body:
  inputs: [a, b, k]
  outputs: [b2, a2]
  do:
    - conv: {out: 8, kernel: 3, padding: same}
      from: a
    - add: [_, k]
      as: b2
    - conv: {out: 8, kernel: 5, padding: {before: 4, after: 0}}
      from: b
    - add: [_, a]
      as: a2
"""
NESTED = """
inner:
  args: []
  do:
    - conv: {out: 8, kernel: 3, padding: same}
body:
  args: []
  do:
    - inner
    - inner: {}
      repeat: 2
    - batch_norm
"""


@pytest.mark.parametrize("count", [0, 1, 2, 5])
@pytest.mark.parametrize(
    ("blocks", "call"),
    [
        (BODY, "- body: {}\n  repeat: N"),
        (DOWN_UP, "- body: {}\n  repeat: N"),
        (NESTED, "- body: {}\n  repeat: N"),
        (TWO, "- relu: {}\n  as: r\n- body: [x0, r, x0]\n  repeat: N\n  as: [p, q]\n- add: [p, q]"),
    ],
    ids=["residual", "phases", "nested", "two carried values and an invariant one"],
)
def test_repeated_is_unrolled(blocks, call, count):
    steps = "- conv: {out: 8, kernel: 3, stride: 2, padding: same}\n  as: x0\n"
    g = network(steps + call, blocks=blocks, more=f"symbols: {{N: {{default: {count}}}}}").at(N=count)
    folded = fields_of(g).at()
    flat = receptive_field(g.flat())
    assert {name: axis.map for name, axis in folded.axes.items()} == {
        name: axis.map for name, axis in flat.axes.items()
    }
    assert folded.box_exact == flat.box_exact


def test_inside_repeats_is_the_last_iteration():
    g = network("- body: {}\n  repeat: N", blocks=BODY, more="symbols: {N: {default: 4}}")
    flat = ReceptiveFields(g.flat()).every()
    every = fields_of(g).every()
    for name in ("conv", "relu", "conv_2", "add"):
        assert every[f"body.{name}"].h.map == flat[f"body.3.{name}"].h.map
        assert every[f"body.{name}"].iterations == 4
    assert "the last of 4 times" in repr(every["body.relu"])
    assert every["body.relu"] == fields_of(g).at("body.relu")


def test_a_million_iterations():
    g = network("- body: {}\n  repeat: N", blocks=BODY, more="symbols: {N: {default: 1000000}}")
    output = fields_of(g).at()
    assert output.h.size_max == 10 * 10**6 + 1
    assert output.h.exact


def test_a_block_without_inputs_can_be_entered():
    g = network("- table\n- add: [x, _]", blocks="table:\n  inputs: []\n  do:\n    - parameter: {shape: {c: 8}}\n")
    assert fields_of(g).at("table.parameter").h.size_max == 0


def test_no_iteration_reads_nothing_inside():
    g = network("- body: {}\n  repeat: N", blocks=BODY, more="symbols: {N: {default: 3}}").at(N=0)
    every = fields_of(g).every()
    assert every["body"].h.size_max == 1
    assert every["body.relu"].h.size_max == 0


# Queries


def test_every_agrees_with_at():
    for name, input in (("unet", "image"), ("dit", "latent")):
        fields = fields_of(ag.load(name), input)
        every = fields.every()
        assert every.keys() == dict(fields.graph.walk()).keys()
        assert all(fields.at(path) == field for path, field in every.items())


def test_inputs_and_nodes_that_do_not_exist():
    g = ag.load("dit")
    with pytest.raises(QueryError, match="Did you mean 'latent'"):
        fields_of(g, "latents")
    with pytest.raises(QueryError, match=r"no node 'blocks\.atention\.proj'\. Did you mean 'attention'"):
        fields_of(g).at("blocks.atention.proj")
    with pytest.raises(QueryError, match="nothing lies inside"):
        fields_of(g).at("final.linear")
    two = "{x: {c: 8, h: 8}, y: {c: 8, h: 8}}"
    with pytest.raises(QueryError, match="x, y"):
        fields_of(network("- add: [x, y]", inputs=two))
    assert fields_of(network("- add: [x, y]", inputs=two), "y").at().h.size_max == 1


def test_several_outputs_need_a_name():
    g = network("- relu: {}\n  as: a\n- silu: x\n  as: b", more="outputs: [a, b]")
    with pytest.raises(QueryError, match="a, b"):
        fields_of(g).at()
    assert fields_of(g).at(g.graph.outputs[1]).node == "b"


def test_symbols_need_values():
    graph: Graph = ag.load("unet").graph
    with pytest.raises(UnboundSymbolError):
        receptive_field(graph)


def test_unknown_axes_are_attribute_errors():
    field = fields_of(ag.load("unet")).at()
    with pytest.raises(AttributeError, match="the axes are h, w"):
        _ = field.d
    assert not hasattr(field, "_missing")


def test_repr_is_the_report():
    assert repr(fields_of(ag.load("unet:padded-512")).at("dec(0)")) == (
        "receptive field of dec(0) on image\n"
        "  h  188-204, mean 200, 16 phases, stride 1\n"
        "  w  188-204, mean 200, 16 phases, stride 1"
    )


# Numbers


def test_causal_numbers():
    since = Whole((0,), "scan", interval(0, 49))
    axis = AxisField("n", same(HalfLine(own_index("n", 50), shift(-1), since)), extent=100, outputs=50)
    assert (axis.size_max, axis.is_causal, axis.is_global) == (50, True, False)
    assert str(axis) == "causal, up to 50"


def test_axis_field_of_nothing():
    axis = AxisField("n", NOTHING, extent=100)
    assert (axis.size_max, axis.read_interval(), str(axis)) == (0, None, "nothing")
    assert AxisField("n", identity("n", 100), extent=100).read_interval(200) is None
    assert AxisField("n", identity("n", 9), extent=9, outputs=9).size_mean == Fraction(1)
