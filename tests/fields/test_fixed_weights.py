"""Fields through fixed weights alone: learned mixing stays, mixing by weights of the input goes."""

import pytest

import archgraph as ag

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
