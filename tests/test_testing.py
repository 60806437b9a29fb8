"""`archgraph.testing`: what holds passes in silence, what does not shows its law."""

import pytest

import archgraph as ag
from archgraph.errors import QueryError
from archgraph.testing import assert_cost


def test_what_holds():
    assert_cost("dit:S/2", params=32_963_360, macs=("<=", 7e9), flops=(">", 1), field="all")
    assert_cost(ag.load("unet:padded-512"), field=204)
    assert_cost("unet:padded-512", at={"C": 32}, params=7_759_554, field={"h": 204})


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        (
            {"params": 1},
            r"^U-Net padded-512 at C=64, H=512, W=512\n  params: 7574\*C\*\*2 .* = 31,030,658 and not == 1$",
        ),
        ({"macs": ("<", 5), "params": ("<=", 6)}, "and not < 5\n  params: .* and not <= 6"),
        ({"field": 200}, "field along h: 188-204, .* and not 200\n  field along w"),
        ({"field": "all"}, "field along h: .* and not all"),
    ],
)
def test_what_does_not(keywords, message):
    with pytest.raises(AssertionError, match=message):
        assert_cost("unet:padded-512", **keywords)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"parms": 1}, "no metric 'parms'. Did you mean 'params'"),
        ({"params": ("=<", 1)}, "no relation '=<'"),
        ({"params": "1"}, "params is held to a number, and not to '1'"),
        ({"field": "some"}, "a field is a whole number or 'all'"),
        ({"field": {"d": 3}}, "no axis 'd'"),
    ],
)
def test_what_cannot_be_asked(keywords, message):
    with pytest.raises(QueryError, match=message):
        assert_cost("unet:padded-512", **keywords)
