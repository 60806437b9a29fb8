"""What changed between two states of a network: every kind of change is seen, and nothing else."""

import json

import pytest

import archgraph as ag
from archgraph.comparison.change_report import annotation, change_text
from archgraph.comparison.limits import limit_of
from archgraph.comparison.node_changes import MetricChange
from archgraph.errors import QueryError

BASE = """
archgraph: 1
name: own
symbols: {C: 8}
inputs: {x: {c: C, h: 32, w: 32}}
network:
  - conv: {out: C, kernel: 3, padding: same}
    as: first
  - conv: {out: C, kernel: 3, padding: same}
    as: second
  - concat: [first, second]
"""


def difference(old, new, text=BASE):
    assert old in text
    return ag.loads(text).diff(ag.loads(text.replace(old, new, 1)))


def node(found, path):
    return next(node for node in found.nodes if node.path == path)


def test_nothing_changed():
    found = difference("", "")
    assert not found.nodes and not found.laws and not found.symbols and not found.at_old_defaults
    assert all(change.same for change in found.totals)
    assert all(row.same and row.exact for row in found.fields)
    assert found.broken("params=+0%", "macs=same", "activations=+0", "field=same") == ()
    assert str(found).startswith("own: nothing changed\n")


def test_a_default():
    found = difference("C: 8", "C: 16")
    assert found.symbols == {"C": (8, 16)} and not found.laws
    params = found.totals[0]
    assert (params.before, params.after) == (2 * (9 * 64 + 8), 2 * (9 * 256 + 16))
    assert all(change.same for change in found.at_old_defaults)


def test_a_law():
    found = difference("kernel: 3", "kernel: 5")
    assert set(found.laws) == {"params", "macs", "flops"}
    assert found.laws["params"] == ("18*C**2 + 2*C", "34*C**2 + 2*C")
    changed = node(found, "first")
    assert (changed.what, changed.before) == ("changed", "conv kernel 3 {c: 8, h: 32, w: 32}")
    assert [(change.before, change.after) for change in changed.changes] == [(584, 1608), (589824, 1638400)]
    row = found.fields[0]
    assert (row.axis, row.before, row.after, row.same) == ("h", "5, stride 1", "7, stride 1", False)


def test_an_argument_that_costs_nothing():
    found = difference("kernel: 3", "dilation: 2, kernel: 3")
    assert all(change.same for change in found.totals)
    assert node(found, "first").after == "conv dilation 2 {c: 8, h: 32, w: 32}"
    assert found.broken("macs=same") == ()
    assert found.broken("field=same") == ("the field of output on x along h was 5, stride 1, and is 7, stride 1",)


def test_other_wires():
    found = difference("[first, second]", "[second, first]")
    assert [(node.path, node.before, node.after) for node in found.nodes] == [
        ("concat", "concat of first, second {c: 16, h: 32, w: 32}", "concat of second, first {c: 16, h: 32, w: 32}")
    ]


def test_wires_into_a_block():
    text = BASE.replace("network:", "blocks: {b: {inputs: [p, q], do: [{add: [p, q]}]}}\nnetwork:")
    text = text.replace("concat: [first, second]", "b: [first, second]")
    found = difference("b: [first, second]", "b: [second, first]", text)
    assert [(node.path, node.before) for node in found.nodes] == [
        ("b.add", "add of first, second {c: 8, h: 32, w: 32}")
    ]


def test_nodes_that_are_new_and_gone():
    found = difference("concat: [first, second]", "gelu:", BASE)
    assert {node.path: node.what for node in found.nodes} == {"concat": "gone", "gelu": "new"}


def test_the_same_sizes_at_other_positions():
    found = ag.load("unet").diff(ag.load("unet:padded-512"))
    assert found.fields[0].told == "188-204, mean 200, 16 phases, stride 1 at other positions"
    assert found.at_old_defaults == "symbol 'H' must be a multiple of 16, and is 572"
    assert len(found.broken("field=same")) == 1


def test_a_field_that_becomes_global():
    found = difference("- concat: [first, second]", "- global_max_pool")
    assert [(row.before, row.after, row.since) for row in found.fields] == 2 * [
        ("5, stride 1", "all 32", ("", "global_max_pool"))
    ]


def test_groups():
    found = difference("kernel: 3", "kernel: 5")
    sizes = {(change.subject, change.metric): change.by for change in found.groups("op")}
    assert sizes["conv", "params"] == found.totals[0].by and sizes["concat", "params"] == 0
    with pytest.raises(QueryError, match="no grouping 'opp'"):
        found.groups("opp")


@pytest.mark.parametrize(
    ("limit", "before", "most"),
    [
        ("macs=+5%", 200, 210),
        ("macs=-5%", 200, 190),
        ("macs=+7", 200, 207),
        ("macs=+0.5%", 1000, 1005),
        ("macs=+5%", 0, 0),
    ],
)
def test_the_most_a_limit_allows(limit, before, most):
    assert limit_of(limit).most(before) == most


def test_a_limit_is_exact():
    found = difference("C: 8", "C: 9")  # params 1168 -> 1476: 26.36986... %
    assert found.broken("params=+308") == () and found.broken("params=+26.37%") == ()
    assert found.broken("params=+307", "params=+26.36%") == (
        "params may be 1,475 at most (params=+307, from 1,168), and is 1,476",
        "params may be 1,475 at most (params=+26.36%, from 1,168), and is 1,476",
    )


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("macz=+5%", "no metric of a limit 'macz'. Did you mean 'macs'"),
        ("macs", "cannot read the limit 'macs'"),
        ("macs=5%", r"cannot read the limit 'macs=5%'\n  hint  write macs=\+5%, macs=\+4096 or macs=same"),
        ("macs=+nan%", "cannot read the limit"),
        ("macs=+1e9%", "cannot read the limit"),
        ("field=+3", r"cannot read the limit 'field=\+3'\n  hint  write field=same"),
        ("macs=+٣%", "cannot read the limit"),
    ],
)
def test_what_is_no_limit(limit, message):
    with pytest.raises(QueryError, match=message):
        limit_of(limit)


def test_networks_that_share_no_node_are_said_to_be_two():
    found = ag.load("unet").diff(ag.load("dit"))
    told = "no node of one stands in the other: these are two networks, not two states of one"
    assert found.unrelated == told and json.loads(found.report("json"))["unrelated"] == told
    assert str(found).startswith(f"U-Net → DiT\n{told}; `archgraph contrast` compares them\n\ntotals\n")
    assert f"\n\n**{told}; " in found.report("markdown")
    assert found.report("github").splitlines()[0].endswith(f"::{told}; `archgraph contrast` compares them")
    assert difference("kernel: 3", "kernel: 5").unrelated == ""


def test_json_holds_everything():
    found = json.loads(difference("kernel: 3", "kernel: 5").report("json", by="level"))
    assert found["totals"][0] == {"metric": "params", "before": 1168, "after": 2192, "at_least": False}
    assert found["laws"]["params"] == ["18*C**2 + 2*C", "34*C**2 + 2*C"]
    assert found["nodes"][0]["macs"] == [589824, 1638400]
    assert found["by_level"][0]["level"] == "32 x 32"
    assert found["fields"][0]["same"] is False and found["broken"] == []


def test_an_unknown_format():
    with pytest.raises(QueryError, match="no format 'yaml'"):
        difference("", "").report("yaml")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (MetricChange("", "macs", 200, 225), "+12.5 %"),
        (MetricChange("", "macs", 3, 3), "same"),
        (MetricChange("", "macs", 0, 1234), "+1,234"),
        (MetricChange("", "macs", 5, None), "gone"),
    ],
)
def test_changes_in_words(change, text):
    assert change_text(change) == text


def test_an_annotation_is_one_line_whatever_it_says():
    text = annotation("error", "a\nb%\r::error::c", "x:y,z\n.yaml", 1, 2)
    assert text == "::error file=x%3Ay%2Cz%0A.yaml,line=1,col=2::a%0Ab%25%0D::error::c"


def test_a_lower_bound_keeps_no_limit():
    torch = pytest.importorskip("torch")

    class Gap(torch.nn.Module):
        def forward(self, x):
            return torch.linalg.matrix_exp(x)

    g = ag.trace(Gap(), torch.zeros(1, 4, 4), allow_unsupported=True)
    assert g.gaps
    found = g.diff(g)
    assert found.broken("params=+0%") == ()
    assert found.broken("macs=+0%") == (
        "macs cannot be held against macs=+0%: operators without a rule are missing in it",
    )
