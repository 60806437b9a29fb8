"""Fields through fixed weights alone: learned mixing stays, mixing by weights of the input goes."""

import pytest

import archgraph as ag
from archgraph.comparison.mixing import mixing

HEADER = "archgraph: 1\ninputs:\n  x: {n: 15, c: 4}\nnetwork:\n"
CONV = "  - conv: {out: 4, kernel: 5, padding: same}\n    from: x\n    as: seen\n"
MATRIX = "  - parameter: {shape: {n: 15, m: 15}}\n    as: matrix\n"
ATTENTION = "  - scaled_dot_product_attention: {heads: 2}\n    from: [seen, x, x]\n"


def sizes(steps: str) -> tuple[int, int]:
    """Return how much is read, with and without what weights of the input mix."""
    g = ag.loads(HEADER + steps)
    return tuple(g.receptive_field(fixed_weights=fixed).axes["n"].size_max for fixed in (False, True))


def test_attention_reads_its_queries():
    assert sizes(CONV + ATTENTION) == (15, 5)


def test_what_a_residual_carries_stays():
    assert sizes(CONV + "  - residual: [attention: {heads: 2}]\n") == (15, 5)


def test_a_learned_matrix_is_a_fixed_weight_and_a_computed_one_is_not():
    product = "  - einsum: {over: n}\n    from: [seen, matrix]\n    as: out\n"
    learned = ag.loads(HEADER + CONV + MATRIX + product)
    assert len(learned.receptive_field("out", fixed_weights=True).probe(m=3)) == 15
    two = HEADER.replace("network", "  matrix: {n: 15, m: 15}\nnetwork")
    given = ag.loads(two + CONV + product)
    assert len(given.receptive_field("out", "x").probe(m=3)) == 15
    assert len(given.receptive_field("out", "x", fixed_weights=True).probe(m=3)) == 0


def test_the_probe_and_the_field_say_so():
    field = ag.load("sd").receptive_field("noise", "latent", fixed_weights=True)
    assert repr(field).startswith("receptive field of noise on latent through fixed weights alone")
    assert repr(field.probe(h=0, w=0)).startswith("noise reads latent through fixed weights alone: ")


def test_a_scan_reads_its_own_position():
    """y = C h + D x: of what it mixes, x itself is weighed by D."""
    names = ("u", "dt", "b", "c")
    steps = "".join(f"  - linear: {{out: 4}}\n    from: x\n    as: {name}\n" for name in names[1:])
    scan = "  - selective_scan:\n    from: [seen, dt, b, c]\n    as: out\n"
    g = ag.loads(HEADER + CONV + steps + scan)
    assert len(g.receptive_field("out", fixed_weights=True).probe(n=7)) == 5
    assert len(g.receptive_field("out").probe(n=7)) == 10


@pytest.mark.parametrize("name", ["unet", "vgg", "convnext", "nnunet:inference"])
def test_nothing_changes_where_all_weights_are_fixed(name):
    fields = [ag.load(name).receptive_field(fixed_weights=fixed) for fixed in (False, True)]
    first, second = (list(map(repr, field.axes.values())) for field in fields)
    assert first == second


BLOCK = """\
blocks:
  mix:
    inputs: [x, weights]
    do:
      - einsum: {over: n}
        from: [x, weights]
"""


def with_weights(steps: str, *, learned: bool, head: str = "") -> ag.Architecture:
    """A network in which `matrix` is a table of weights, or an input."""
    header = head + HEADER
    header = header if learned else header.replace("network", "  matrix: {n: 15, m: 15}\nnetwork")
    return ag.loads(header + (MATRIX if learned else "") + steps)


@pytest.mark.parametrize("learned", [True, False])
def test_weights_of_a_block_may_come_from_outside(learned):
    """They are fixed where no call computes them from an input, however deep the blocks are."""
    outer = "  outer:\n    inputs: [x, weights]\n    do:\n      - mix: {}\n        from: [x, weights]\n"
    call = "  - outer: {}\n    from: [seen, matrix]\n    as: out\n"
    g = with_weights(CONV + call, learned=learned, head=BLOCK + outer)
    assert len(g.receptive_field("out", "x").probe(m=3)) == 15
    assert len(g.receptive_field("out", "x", fixed_weights=True).probe(m=3)) == (15 if learned else 0)


@pytest.mark.parametrize("learned", [True, False])
def test_what_mixes_is_named_by_where_its_weights_come_from(learned):
    g = with_weights("  - einsum: {over: n}\n    from: [x, matrix]\n    as: out\n", learned=learned)
    assert mixing(g.network).text == f"einsum ({'static' if learned else 'dynamic'} weights)"
    drawn = {text.string for text in g.draw(style="maps").diagram.texts()}
    assert ("attention" in drawn) == (not learned)
