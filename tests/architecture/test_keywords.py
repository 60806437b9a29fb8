"""A keyword that a question does not have is an error of ours, which names the nearest."""

import inspect

import pytest
from public_kinds import answers, methods, public_functions

import archgraph as ag
from archgraph.errors import QueryError
from archgraph.testing import assert_cost


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


def free(function):
    """Whether a function takes keywords of any name: symbols, metrics, settings."""
    return any(each.kind is each.VAR_KEYWORD for each in inspect.signature(function).parameters.values())


# What a page calls from outside takes what JSON says, and answers with data, mistakes included.
FUNCTIONS = {name: each for name, each in public_functions().items() if each.__module__ != "archgraph.web"}
CALLS = FUNCTIONS | {f"{kind.__name__}.{name}": each for kind in answers() for name, each in methods(kind).items()}


@pytest.mark.parametrize("call", [name for name, each in CALLS.items() if not free(each)])
def test_every_public_call_refuses_unknown_keywords(call):
    with pytest.raises(QueryError, match=f"no argument of {call.rpartition('.')[2]} 'no_such_thing'"):
        CALLS[call](no_such_thing=1)


@pytest.mark.parametrize("kind", [ag.Training, ag.Architecture])
def test_what_users_make_refuses_unknown_keywords(kind):
    with pytest.raises(QueryError, match=f"no argument of {kind.__name__} 'no_such_thing'"):
        kind(no_such_thing=1)


def test_the_nearest_is_named():
    with pytest.raises(QueryError, match=r"no argument of Training 'bacth'\. Did you mean 'batch'"):
        ag.Training(bacth=8)
    with pytest.raises(QueryError, match="no argument of to_latex 'captoin'"):
        ag.load("conv_stack").table().to_latex(captoin="x")


NO = {"no_such_thing": 1}
FREE = {
    "Architecture.at": lambda g: g.at(**NO),
    "Architecture.bind": lambda g: g.bind(**NO),
    "Architecture.bound": lambda g: g.bound(**NO),
    "Architecture.fits": lambda g: g.fits("t4", **NO),
    "Architecture.iso": lambda g: g.iso("H", {"W": [12]}, **NO),
    "Architecture.largest": lambda g: g.largest("B", "1GB", **NO),
    "Architecture.mfu": lambda g: g.mfu("h100", 1, **NO),
    "Architecture.scale": lambda g: g.scale(**NO),
    "Architecture.serving": lambda g: g.serving(**NO),
    "Architecture.solve": lambda g: g.solve("H", **NO),
    "Architecture.step_flops": lambda g: g.step_flops(**NO),
    "Architecture.communication": lambda g: g.communication(**NO),
    "Architecture.training_memory": lambda g: g.training_memory(**NO),
    "Architecture.what_if": lambda g: g.what_if(**NO),
    "Architecture.to_torch": lambda g: g.to_torch(**NO),
    "ReceptiveField.probe": lambda g: g.receptive_field().probe(**NO),
    "assert_cost": lambda g: assert_cost(g, **NO),
    "load": lambda g: ag.load("conv_stack", **NO),
    "Architecture.frontier": lambda g: g.frontier("params", {"macs": None}, {"H": [8]}, **NO),
    "Architecture.growth": lambda g: g.growth("B", **NO),
    "fits_figure": lambda g: ag.fits_figure({"": [g.growth("B")]}, "1GB", [1], **NO),
    "fits_table": lambda g: ag.fits_table([g], ["t4"], **NO),
    "largest_table": lambda g: ag.largest_table([g.growth("B")], "1GB", {}, **NO),
    "memory_figure": lambda g: ag.memory_figure([g], "1GB", **NO),
    "verify": lambda g: ag.verify(g, **NO),
}


def test_every_call_with_free_keywords_is_asked():
    assert {name for name, each in CALLS.items() if free(each)} == FREE.keys()


@pytest.mark.parametrize("call", FREE)
def test_free_keywords_are_names_that_exist(call):
    if call in ("Architecture.to_torch", "verify"):
        pytest.importorskip("torch")
    with pytest.raises(ag.ArchgraphError, match="no_such_thing"):
        FREE[call](ag.load("conv_stack"))
