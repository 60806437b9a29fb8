"""Single positions: what they read at borders of every kind, what reads no padding, what nobody reads."""

from __future__ import annotations

import pytest

import archgraph as ag
from archgraph.errors import QueryError

HEADER = "archgraph: 1\nname: line\ninputs:\n  x: {c: 8, n: 10}\nnetwork:\n"
PADDED = "  - pad: {{by: 2, mode: {}}}\n  - conv: {{out: 8, kernel: 5}}\n    as: out\n"


def reads(steps: str, index: int, node: str | None = None) -> list[int]:
    probe = ag.loads(HEADER + steps).receptive_field(node).probe(n=index)
    return [place for (place,) in probe]


@pytest.mark.parametrize(
    ("mode", "first", "last"),
    [
        ("zero", [0, 1, 2], [7, 8, 9]),
        ("replicate", [0, 1, 2], [7, 8, 9]),
        ("reflect", [0, 1, 2], [7, 8, 9]),
        ("circular", [0, 1, 2, 8, 9], [0, 1, 7, 8, 9]),
    ],
)
def test_borders(mode, first, last):
    assert reads(PADDED.format(mode), 0) == first
    assert reads(PADDED.format(mode), 9) == last
    assert reads(PADDED.format(mode), 5) == [3, 4, 5, 6, 7]


def test_borders_differ_where_taps_leave_gaps():
    """Taps at -2, 0 and 2: zeros are dropped, others land on the border, or as far inside it."""
    steps = "  - pad: {{by: 3, mode: {}}}\n  - conv: {{out: 8, kernel: 3, dilation: 3}}\n    as: out\n"
    found = {mode: reads(steps.format(mode), 1) for mode in ("zero", "replicate", "reflect", "circular")}
    assert found == {"zero": [1, 4], "replicate": [0, 1, 4], "reflect": [1, 2, 4], "circular": [1, 4, 8]}


def test_interior():
    field = ag.loads(HEADER + "  - conv: {out: 8, kernel: 5, padding: same}\n    as: out\n").receptive_field()
    assert [place for (place,) in field.interior] == [2, 3, 4, 5, 6, 7]
    assert repr(field.interior) == "positions of out that no border touches: n 2..7"


def test_interior_of_windows_that_the_border_cuts():
    """Shifted windows of 5 over 10 positions: 0..2, 3..7, 8..9; only the whole one is as the table says."""
    step = "  - scaled_dot_product_attention: {heads: 2, window: {n: 5}, shift: {n: 3}}\n"
    field = ag.loads(HEADER + step + "    from: [x, x, x]\n    as: out\n").receptive_field()
    assert field.axes["n"].size_max == 5
    assert [place for (place,) in field.interior] == [3, 4, 5, 6, 7]
    assert [len(field.probe(n=place)) for place in (0, 5, 9)] == [3, 5, 2]


def test_unread_positions():
    field = ag.loads(HEADER + "  - conv: {out: 8, kernel: 2, stride: 3}\n    as: out\n").receptive_field()
    assert [place for (place,) in field.unread] == [2, 5, 8, 9]
    assert repr(field.unread) == "unread by out of x: n 2..9, 4 positions of this box"
    whole = ag.load("unet").receptive_field("logits")
    assert len(whole.unread) == 0


def test_unet_of_2015_at_its_corners():
    field = ag.load("unet").receptive_field("logits")
    assert field.probe(h=0, w=387).intervals == {"h": (0, 187), "w": (384, 571)}


def test_statistics_are_asked_for():
    steps = "  - conv: {out: 8, kernel: 3, padding: same}\n  - group_norm: {groups: 2}\n    as: out\n"
    field = ag.loads(HEADER + steps).receptive_field()
    assert (len(field.probe(n=0)), len(field.probe("stat", n=0))) == (2, 10)


def test_without_an_index_all_outputs_together():
    steps = "  - conv: {out: 8, kernel: 2, stride: 3}\n    as: out\n"
    found = ag.loads(HEADER + steps).receptive_field().probe()
    assert [place for (place,) in found] == [0, 1, 3, 4, 6, 7]


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ({"n": 10}, "n=10 lies outside"),
        ({"n": -1}, "n=-1 lies outside"),
        ({"m": 1}, "no axis 'm'"),
    ],
)
def test_mistakes(index, message):
    with pytest.raises(QueryError) as error:
        ag.loads(HEADER + "  - relu\n").receptive_field().probe(**index)
    assert message in str(error.value)
