"""What gathers everything, followed by holes: some outputs read all, the others nothing."""

import pytest

import archgraph as ag

ATTENTION = "  - scaled_dot_product_attention: {heads: 1}\n    from: [x, x, x]\n"
HOLES = "  - conv_transpose: {out: 4, kernel: 1, stride: 2}\n"
FILL = "  - conv: {out: 4, kernel: 3, padding: same}\n    as: fill\n"


def field(steps, axes="h: 8"):
    g = ag.loads(f"archgraph: 1\ninputs: {{x: {{c: 4, {axes}}}}}\nnetwork:\n{steps}")
    return g.receptive_field()


@pytest.mark.parametrize(
    ("steps", "pattern"),
    [
        (ATTENTION + HOLES, [8, 0]),
        (ATTENTION + HOLES + "  - relu\n", [8, 0]),
        (ATTENTION + HOLES + HOLES, [8, 0, 0, 0]),
        (ATTENTION + "  - conv_transpose: {out: 4, kernel: 2, stride: 3}\n", [8, 8, 0]),
        (ATTENTION + f"  - do:\n  {HOLES}    as: block\n", [8, 0]),
        (ATTENTION + HOLES + "  - max_pool: {kernel: 2}\n", [8]),
        ("  - attention: {heads: 1}\n" + HOLES, [8, 0]),
    ],
)
def test_sizes_are_those_that_probes_count(steps, pattern):
    found = field(steps)
    assert [len(found.probe(h=i)) for i in range(2 * len(pattern))] == pattern * 2
    assert (found.h.size_min, found.h.size_max) == (min(pattern), 8)
    assert found.area == (min(pattern), 8)
    assert found.h.is_global == (min(pattern) == 8)


def test_what_fills_the_holes_is_where_everything_is_seen():
    for more in ("", "  - relu\n"):
        found = field(ATTENTION + HOLES + FILL + more)
        assert (found.h.global_since, found.h.size_min) == ("fill", 8)
    again = field(ATTENTION + HOLES + ATTENTION.replace("[x, x, x]", "[_, _, _]") + "  - relu\n")
    assert again.h.global_since == "scaled_dot_product_attention_2"
    assert field(ATTENTION + HOLES).h.global_since is None


def test_a_skip_past_the_holes_is_global_since_what_gathered():
    attention = ATTENTION.replace("[x, x, x]\n", "[x, x, x]\n    as: seen\n")
    holes = HOLES.replace("stride: 2", "stride: 2, output_padding: 1").rstrip("\n") + "\n    from: seen\n"
    skip = "  - upsample: {factor: 2}\n    as: up\n"
    assert field(attention + skip + holes + "  - add: [up, _]\n").h.global_since == "seen"


def test_holes_along_two_axes():
    found = field(ATTENTION + HOLES, "h: 6, w: 4")
    assert (found.h.size_min, found.w.size_min, found.area) == (0, 0, (0, 24))
    filled = field(ATTENTION + HOLES + FILL, "h: 6, w: 4")
    assert (filled.h.size_min, filled.w.size_min) == (6, 4)


def test_positions_picked_one_by_one_are_everything_once_all_are_there():
    picks = [f"  - take: {{axis: h, index: {i}}}\n    from: x\n    as: p{i}\n" for i in range(3)]
    sums = "  - add: [p0, p1]\n    as: two\n  - add: [two, p2]\n    as: three\n  - relu\n"
    g = ag.loads("archgraph: 1\ninputs: {x: {c: 4, h: 3}}\nnetwork:\n" + "".join(picks) + sums)
    two, three = g.receptive_field("two"), g.receptive_field()
    assert (two.h.is_global, two.h.global_since, two.h.size_max) == (False, None, 2)
    assert (three.h.is_global, three.h.global_since, three.h.size_max) == (True, "three", 3)
