"""`for`: ranges, lists, several in lockstep, tables; and what outlives a loop."""

import pytest
from spec_text import nodes, spec

from archgraph import SpecError


def widths(loop: str, out: str = "i", symbols: str = "{C: 8, N: 16}") -> list[int]:
    """The channels that the linear layers of a loop give."""
    g = spec(f"- for: {loop}\n  do:\n    - linear: {{out: {out}}}\n- relu", symbols).at()
    return [g.evaluate(node.outputs[0].type.channels) for node in g.graph.nodes[:-1]]


@pytest.mark.parametrize(
    ("loop", "expected"),
    [
        ("{i: 1..4}", [1, 2, 3, 4]),
        ("{i: 4..1}", []),
        ("{i: 4..1 by -1}", [4, 3, 2, 1]),
        ("{i: 1..4 by -1}", []),
        ("{i: 1..8 by 3}", [1, 4, 7]),
        ("{i: 9..1 by -4}", [9, 5, 1]),
        ("{i: 3..3}", [3]),
        ("{i: C // 4..2 * C by C}", [2, 10]),
        ("{i: [5, 2, 9]}", [5, 2, 9]),
        ("{i: sizes}", [7, 8]),
        ("{i: []}", []),
        ("{i: 2..len(sizes) + 2}", [2, 3, 4]),
    ],
)
def test_ranges_and_lists(loop, expected):
    assert widths(loop, symbols="{C: 8, N: 16, sizes: {default: [7, C]}}") == expected


def test_lists_go_in_lockstep():
    assert widths("{i: 1..3, depth: [2, 4, 8], wide: [true, false, true]}", "depth * i") == [2, 8, 24]


def test_a_table_of_stages():
    assert widths("{each: [{width: 3, more: 1}, {more: 10, width: C}]}", "width + more") == [4, 18]


def test_a_table_of_lists_and_mappings():
    steps = """
    - for: {each: [{kernel: [3, 1], pad: {h: 1, w: 0}}, {kernel: 1, pad: 0}]}
      do:
        - conv: {out: 4, kernel: kernel, padding: pad}
    """
    g = spec(steps, inputs="{x: {c: 1, h: N, w: N}}")
    assert [str(type_) for type_ in g.outputs.values()] == ["{c: 4, h: N, w: N}"]


def test_booleans_loop_too():
    steps = "- for: {wide: [true, false], i: [3, 4]}\n  do:\n    - linear: {out: i}\n      when: wide\n- relu"
    assert nodes(spec(steps)) == ["linear", "relu"]


def test_an_indexed_name_outlives_the_loop_and_a_plain_one_its_turn_only():
    loop = "- for: {i: 0..2}\n  do:\n    - relu:\n      as: y\n    - silu: y\n      as: z(i)\n"
    assert nodes(spec(loop + "- add: [z(0), z(2), x]")) == ["y", "z(0)", "y_2", "z(1)", "y_3", "z(2)", "add"]
    with pytest.raises(SpecError, match="no value is named 'y'"):
        spec(loop + "- add: [y, x]")


def test_a_loop_may_stand_beside_one_operation():
    assert nodes(spec("- linear: {out: C + i}\n  for: {i: 1..3}\n  as: y(i)")) == ["y(1)", "y(2)", "y(3)"]


def test_a_loop_decides_in_every_turn():
    g = spec("- linear: {out: C}\n  for: {i: 0..3}\n  when: i % 2 == 1\n  as: y(i)\n- add: [y(0), y(3)]")
    assert nodes(g) == ["y(1)", "y(3)", "add"]
    assert [value.name for value in g.graph.nodes[-1].inputs] == ["x", "y(3)"]


def test_skips_in_reverse_are_indices():
    steps = """
    - for: {i: 0..levels-1}
      do:
        - linear: {out: C * 2**i}
          as: skip(i)
    - for: {i: levels-1..0 by -1}
      do:
        - concat: [_, skip(i)]
        - linear: {out: C * 2**i}
    """
    g = spec(steps, "{C: 8, N: 16, levels: 3}")
    assert str(g.graph.nodes[-1].outputs[0].type) == "{n: N, c: C}"
    assert len(g.at(levels=5).nodes) == 15


def test_loops_nest_and_see_the_outer_variables():
    g = spec("- for: {i: 1..2}\n  do:\n    - for: {j: i..3}\n      do:\n        - linear: {out: 10 * i + j}\n")
    assert [int(node.outputs[0].type.channels) for node in g.graph.nodes] == [11, 12, 13, 22, 23]


def test_a_loop_variable_cannot_shadow_a_symbol():
    with pytest.raises(SpecError, match="'N' is already the name of a symbol"):
        spec("- for: {N: 1..2}\n  do: [relu]")
