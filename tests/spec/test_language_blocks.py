"""Blocks: arguments, defaults, inputs, outputs, scope, and the library."""

import pytest
from spec_text import nodes, shapes, spec

from archgraph import SpecError
from archgraph.spec.library import standard as library

BLOCKS = """\
blocks:
  dense:
    doc: A layer with options.
    args: {width: , bias: true, times: 2 * width, act: {one_of: [relu, none], default: none}}
    do:
      - linear: {out: times, bias: bias}
      - relu:
        when: act == relu
  listed:
    args: [width]
    do:
      - dense: {width: width}
  sized:
    inputs: [a, b]
    args: {width: a.c + b.c}
    do:
      - linear: {out: width}
        from: a
      - concat: [_, b]
  halves:
    do:
      - split: {parts: 2}
        as: [left, right]
    outputs: [right, left]
  constant:
    inputs: []
    do:
      - parameter: {shape: {c: C}}
  shadows:
    args: {C: 5}
    do:
      - linear: {out: C}
  mlp:
    do:
      - linear: {out: 3}
"""


def use(steps: str, **more: str):
    return spec(steps, more=BLOCKS, **more)


def test_arguments_have_defaults_that_use_earlier_ones():
    assert shapes(use("- dense: {width: 3}")) == ["{n: N, c: 6}"]
    assert shapes(use("- dense: {width: 3, times: C}")) == ["{n: N, c: C}"]


def test_arguments_may_be_booleans_and_words():
    g = use("- dense: {width: 3, bias: false, act: relu}")
    assert nodes(g) == ["dense.linear", "dense.relu"]
    assert g.at().params == 48


def test_a_list_of_arguments_is_required():
    assert shapes(use("- listed: {width: C}")) == ["{n: N, c: 2*C}"]
    with pytest.raises(SpecError, match="listed needs the argument 'width'"):
        use("- listed")


def test_a_word_may_come_through_a_symbol():
    g = use("- dense: {width: 3, act: act}", symbols="{C: 8, N: 16, act: {default: relu, one_of: [relu, none]}}")
    assert nodes(g.at(act="none")) == ["dense.linear"]


def test_defaults_use_the_inputs():
    g = use("- relu:\n  as: y\n- sized:\n  from: [x, y]")
    assert shapes(g) == ["{n: N, c: 3*C}"]


def test_outputs_may_be_named():
    g = use("- halves:\n  as: [r, l]\n- concat: [l, r, r]")
    assert [value.name for value in g.graph.nodes[-1].inputs] == ["halves#1", "halves#0", "halves#0"]


def test_a_block_may_take_no_input():
    assert shapes(use("- constant\n- add: [_, x]")) == ["{n: N, c: C}"]


def test_a_block_sees_the_symbols_of_its_file_and_its_arguments_shadow_them():
    assert shapes(use("- shadows")) == ["{n: N, c: 5}"]
    assert shapes(use("- shadows: {C: 2 * C}")) == ["{n: N, c: 2*C}"]


def test_a_block_of_the_spec_shadows_the_library():
    assert shapes(use("- mlp")) == ["{n: N, c: 3}"]
    assert shapes(spec("- mlp")) == ["{n: N, c: C}"]


def test_standard_blocks_use_their_own_blocks_not_those_of_the_spec():
    inputs, more = "{x: {n: N, c: C}, t: {c: C}}", "blocks: {modulate: {do: [relu]}}"
    g = spec("- dit_block: {heads: 2}\n  from: [x, t]", inputs=inputs, more=more)
    assert "dit_block.modulate.multiply" in g.nodes


def test_a_standard_block_does_not_see_the_symbols_of_the_spec():
    g = spec("- mlp: {hidden: 3}", "{C: 8, N: 16, hidden: 99}")
    assert g.at().params == 8 * 3 + 3 + 3 * 8 + 8


@pytest.fixture
def deep_block(monkeypatch, tmp_path):
    """A library of one standard block that loops over its argument."""
    block = "deep: {args: [depth], do: [{for: {i: 1..depth}, do: [{linear: {out: i * x.c}}]}]}"
    (tmp_path / "deep.yaml").write_text(f"{{archgraph: 1, blocks: {{{block}}}}}")
    caches = (library.library_names, library.library_file)
    monkeypatch.setattr(library, "library_folder", lambda: tmp_path)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


def test_symbols_become_structural_inside_a_standard_block(deep_block):
    g = spec("- deep: {depth: C - 5}")
    assert (g.structural, len(g.nodes)) == ({"C"}, 3)
    assert len(g.at(C=7).nodes) == 2


def test_equal_calls_share_one_body():
    call = "- dense: {width: %d}\n  from: x\n  as: %s\n"
    g = use(call % (4, "a") + call % (4, "b") + call % (3, "c") + "- concat: [a, b, c]")
    first, second, third = (node.body for node in g.graph.nodes[:3])
    assert first is second
    assert first is not third


def test_blocks_have_dotted_paths():
    g = use("- listed: {width: 3}\n  as: first\n- listed: {width: 3}\n  from: x\n- concat: [first, _]")
    assert g.scopes == ("first", "first.dense", "listed", "listed.dense")
    assert g.at()["first.dense.linear"].params == g.at()["listed"].params == 8 * 6 + 6
