"""What boxes say about how often a block is applied, what they are called, and what is copied."""

import pytest
from gallery_pages import figure_of

import archgraph as ag
from archgraph.comparison.mixing import mixing
from archgraph.figures.facts.facts import Facts

DOUBLING = "\n".join(f"  b{level}: {{do: [b{level - 1}, b{level - 1}]}}" for level in range(1, 24))
BOMB = f"""
archgraph: 1
name: doubled again and again
inputs: {{x: {{c: 8, h: 64, w: 64}}}}
blocks:
  b0: {{do: [{{conv: {{out: 8, kernel: 3, padding: same}}}}, relu]}}
{DOUBLING}
network: [b23, b23, {{linear: {{out: 3}}}}]
"""


def strings(figure) -> list[str]:
    return [text.string for text in figure.diagram.texts()]


def titles(figure, start: str) -> list[str]:
    return [text for text in strings(figure) if text.startswith(start)]


def test_a_stage_counts_its_blocks():
    found = titles(figure_of("nnunet_resenc"), "Basic block d")
    assert found == [f"Basic block d ×{count}" for count in (3, 4, 6, 6, 6)]


def test_stages_are_called_by_what_they_hold():
    found = titles(figure_of("mobilenet_v2"), "Inverted residual")
    assert found == [f"Inverted residual{f' ×{count}' if count > 1 else ''}" for count in (2, 3, 4, 3, 3, 1)]
    assert not titles(figure_of("mobilenet_v2"), "Stage")


def test_symbolic_counts_stay_symbolic():
    text = """
archgraph: 1
symbols: {L: {default: 5}}
inputs: {x: {c: 3, h: 64, w: 64}}
blocks:
  unit: {args: {out: x.c}, do: [{residual: [{conv: {out: out, kernel: 3, padding: same}}, relu]}]}
network:
  - for: {i: 0..7}
    do:
      - max_pool: {kernel: 2}
        when: i > 2
      - conv: {out: 8 * (i + 1), kernel: 3, padding: same}
      - unit
      - unit:
        repeat: L - 1
"""
    found = [text for text in strings(ag.loads(text).draw()) if "unit" in text.lower()]
    assert found and all("L× unit" in text and "1" not in text for text in found)


def test_the_first_stage_has_no_lone_letter():
    assert "d" not in strings(figure_of("nnunet_resenc"))


def test_nothing_is_cropped_where_the_margin_is_zero():
    assert "crop" in " ".join(strings(figure_of("unet")))
    assert "crop" not in " ".join(strings(figure_of("unet:padded-512")))


@pytest.mark.parametrize("pair", [("vgg", "resnet"), ("gpt2", "mobilenet_v2")])
def test_no_matrix_is_blank(pair):
    networks = [ag.load(name) for name in pair]
    percents = [text for text in strings(ag.contrast(*networks)) if text.endswith("% of pairs")]
    assert len(percents) == 2
    assert all(Facts(g.network).connections(Facts(g.network).last_located, 4) for g in networks)


def test_squares_that_would_all_be_solid_are_a_sentence():
    said = " ".join(strings(ag.contrast(ag.load("swin"), ag.load("vit"))))
    assert "% of pairs" not in said and "in all of them every output position reads every input position" in said


def test_what_mixes_most_comes_first():
    text = mixing(ag.load("swin").network).text
    assert text == "attention (dynamic weights); global avg pool (static weights)"


@pytest.mark.dot
@pytest.mark.timeout(60)  # walked call by call, it would take days
@pytest.mark.parametrize("view", ["overview", "ladder", "matrix"])
def test_nested_doubling_is_no_bomb(view):
    ag.loads(BOMB).draw(view)


LISTED = "operations are too many to be listed one by one: the limit is 200,000"
ASKED_ONE_BY_ONE = {
    "levels": (lambda g: g.draw("levels"), LISTED),
    "contrast": (lambda g: ag.contrast(g, ag.load("dit")), LISTED),
    "comparison": (lambda g: ag.compare(g, g), LISTED),
    "spec": (lambda g: g.to_spec(), LISTED),
    "page": (lambda g: g.draw().html, "the law of a field walks through 33,554,433 operations"),
    "hops": (lambda g: g.hops(1), "paths walk through 33,554,433 operations"),
}


@pytest.mark.dot
@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", ASKED_ONE_BY_ONE)
def test_what_goes_through_operations_one_by_one_has_a_limit(name):
    ask, rule = ASKED_ONE_BY_ONE[name]
    with pytest.raises(ag.ArchgraphError, match=rule):
        ask(ag.loads(BOMB))


@pytest.mark.timeout(60)
def test_what_asks_for_totals_and_fields_has_none():
    g = ag.loads(BOMB)
    assert g.receptive_fields() and g.effective_field() and g.macs > 0


def test_a_full_drawing_of_too_much_is_closed_and_refused_where_its_depth_is_asked_for():
    g = ag.loads(BOMB)
    assert "more than 1,500 operations have no room" in g.draw("full").notes[0]
    with pytest.raises(ag.ArchgraphError, match="operations are too many"):
        g.draw("full", depth=40)
