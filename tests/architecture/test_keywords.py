"""A keyword that a question does not have is an error of ours, which names the nearest."""

import inspect

import pytest

import archgraph as ag
from archgraph.errors import QueryError


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda g: g.draw(veiw="blocks"), "no argument of draw 'veiw'. Did you mean 'view'"),
        (lambda g: g.receptive_field(nodes="x"), "no argument of receptive_field 'nodes'. Did you mean 'node'"),
        (lambda g: g.table(metric=["params"]), "no argument of table 'metric'. Did you mean 'metrics'"),
        (lambda g: g.peak_memory(precision="bf16"), "no argument of peak_memory 'precision'"),
        (lambda g: ag.contrast(g, g, venu="icml"), "no argument of contrast 'venu'. Did you mean 'venue'"),
        (lambda g: ag.loads("", varient="x"), "no argument of loads 'varient'. Did you mean 'variant'"),
    ],
)
def test_unknown_keywords(call, message):
    with pytest.raises(QueryError, match=message):
        call(ag.load("conv_stack"))


def test_every_question_without_free_keywords_refuses_unknown_ones():
    g = ag.load("conv_stack")
    for name, function in inspect.getmembers(ag.Architecture, inspect.isfunction):
        parameters = inspect.signature(function).parameters.values()
        if name.startswith("_") or any(each.kind is each.VAR_KEYWORD for each in parameters):
            continue
        with pytest.raises(QueryError, match=f"no argument of {name} 'no_such_thing'"):
            getattr(g, name)(no_such_thing=1)
