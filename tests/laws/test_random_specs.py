"""Random small specs against the modules that they lower to, and against themselves."""

import re

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import archgraph as ag
from archgraph.cost.costs import METRICS, Costs
from archgraph.errors import ArchgraphError, ShapeError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
torch.set_num_threads(1)

small = st.integers(1, 3)
widths = st.sampled_from(["C", "2*C", "C + 1", "4", "x.c", "3*x.c"])
odd = st.sampled_from([1, 3])


def step(kind: str, **arguments) -> st.SearchStrategy:
    """One step with some of its arguments drawn."""
    return st.fixed_dictionaries(arguments).map(lambda drawn: {kind: drawn or None})


def widening() -> st.SearchStrategy:
    """Steps that may change channels and positions."""
    return st.one_of(
        step("conv", out=widths, kernel=odd, stride=small, padding=st.just("same"), bias=st.booleans()),
        step("conv", out=widths, kernel=small, dilation=small, padding=small),
        step("conv_transpose", out=widths, kernel=st.just(2), stride=st.sampled_from([1, 2])),
        step("linear", out=widths, bias=st.booleans()),
        step("max_pool", kernel=st.just(2)),
        step("avg_pool", kernel=st.just(3), stride=small, padding=st.just(1)),
        step("upsample", factor=st.just(2)),
        step("conv_norm_act", out=widths, norm=st.sampled_from(["batch", "instance", "none"])),
        step("concat").map(lambda _: {"concat": ["_", "_"]}),
        step("split", parts=st.just(1)),
    )


def keeping() -> st.SearchStrategy:
    """Steps that keep their type, as the body of a repeat must."""
    return st.one_of(
        step("conv", out=st.just("x.c"), kernel=odd, padding=st.just("same")),
        step("linear", out=st.just("x.c")),
        step("mlp", hidden=widths),
        step("attention", heads=st.just(1), bias=st.booleans()),
        step("layer_norm", affine=st.booleans()),
        step("batch_norm"),
        step("group_norm", groups=st.just(1)),
        st.sampled_from(["relu", "silu", "gelu", "softmax"]).map(lambda kind: {kind: None}),
        step("add", constant=small),
        step("multiply").map(lambda _: {"multiply": ["_", "_"]}),
    )


def bodies() -> st.SearchStrategy:
    return st.lists(keeping(), min_size=1, max_size=3)


def nested() -> st.SearchStrategy:
    """Residuals, repeats with a symbolic count, and repeats with one set of weights."""
    residual = bodies().map(lambda steps: {"residual": steps})
    counts = st.sampled_from(["L", "L - 1", "2", "0"])
    repeat = st.tuples(bodies(), counts).map(lambda drawn: {"do": drawn[0], "repeat": drawn[1]})
    shared = bodies().map(lambda steps: {"do": steps, "repeat": "L", "share": "same"})
    return st.one_of(residual, repeat, shared)


@st.composite
def specs(draw) -> str:
    """A network of a few steps on an image, as YAML."""
    steps = draw(st.lists(st.one_of(widening(), keeping(), nested()), min_size=2, max_size=8))
    for index, item in enumerate(steps):
        if "share" in item:
            item["share"] = f"group{index}"
    symbols = {
        name: draw(st.integers(low, high)) for name, low, high in [("C", 1, 4), ("H", 5, 9), ("W", 4, 7), ("L", 1, 3)]
    }
    return yaml.safe_dump(
        {
            "archgraph": 1,
            "symbols": symbols,
            "inputs": {"image": {"c": draw(widths.filter(lambda width: "x" not in width)), "h": "H", "w": "W"}},
            "network": [{"do": [rename(item) for item in steps]}],
        },
        sort_keys=False,
    )


def rename(item):
    """In a network `x.c` has no x: `_` is the value that a step takes."""
    if isinstance(item, dict):
        return {key: rename(value) for key, value in item.items()}
    if isinstance(item, list):
        return [rename(value) for value in item]
    return item.replace("x.c", "_.c") if isinstance(item, str) else item


@settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(specs())
def test_random_specs_agree_with_torch_and_themselves(text):
    from archgraph import verify

    try:
        g = ag.loads(text)
    except ShapeError as error:
        assert "does not fit" in str(error) or "changed" in str(error), text
        return
    try:
        report = verify(g)
    except ArchgraphError as error:
        refused = r"Expected more than 1 (spatial element|value per channel)"  # by torch's norms, of one position
        assert re.search(refused, str(error)), text
        return
    assert report.ok, f"{text}\n{report}"
    numbers, bound, flat = g.at(), g.bound(), Costs(g.flat())
    rows = numbers.table(by="node", metrics=METRICS).rows
    for metric in METRICS:
        assert numbers.metric(metric) == bound.metric(metric) == flat.total(metric), text
        assert numbers.metric(metric) == sum(row[metric] for row in rows), text
