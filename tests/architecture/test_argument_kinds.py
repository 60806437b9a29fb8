"""A value of a wrong kind is an error of ours that says what the argument takes, from the annotation of every call."""

import inspect
import math

import pytest
from public_kinds import answers, methods

import archgraph as ag
from archgraph.argument_kinds import kind_of
from archgraph.errors import ArchgraphError, QueryError
from tests.architecture.test_keywords import CALLS

WRONG = (3.5, math.nan, object(), b"x", [], {}, "no-such-thing", None, [3], -1, (1, "x"))


def asked(call, word, value):
    """A call with one argument of some kind, the receiver being any object: it is not reached."""
    words = inspect.signature(call).parameters
    given = {each.name: value for each in words.values() if each.name == word}
    return call(object(), **given) if "self" in words else call(**given)


ARGUMENTS = [
    pytest.param(call, each.name, kind, id=f"{name} {each.name}")
    for name, call in CALLS.items()
    for each in inspect.signature(call).parameters.values()
    if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY) and (kind := kind_of(each.annotation))
]


@pytest.mark.parametrize(("call", "word", "kind"), ARGUMENTS)
def test_every_argument_of_a_known_kind_refuses_others(call, word, kind):
    for value in WRONG:
        if not kind.holds(value):
            with pytest.raises(QueryError, match=rf"(?s){word} of .* is .*, and not|needs "):
                asked(call, word, value)


def test_most_arguments_have_a_known_kind():
    total = sum(len(inspect.signature(call).parameters) for call in CALLS.values())
    assert len(ARGUMENTS) > 0.5 * total - sum(map(len, map(methods, answers())))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda g: g.hops(distance=2.5), "distance of hops is a whole number or None, and not 2.5"),
        (lambda g: g.hops(distance=math.nan), "and not nan"),
        (lambda g: g.diff("vgg"), "after of diff is an architecture, and not 'vgg'"),
        (lambda g: g[3], r"path of \[\] is text, and not 3"),
        (lambda g: "x" in g, r"path of \[\] is text, and not 0"),
        (lambda g: g.select(None), "outputs of select is text, and not None"),
        (lambda g: g.evaluate("C"), "expression of evaluate is a law, and not 'C'"),
        (lambda g: g.receptive_field().probe(h=0.5, w=0), "h of probe is a whole number, and not 0.5"),
        (lambda g: g.sweep({"C": 3}), "is a mapping of text to a list, and not a dict with 'C': 3"),
        (lambda g: g.table("node", [3]), "metrics of table is a list of text, and not a list with 3"),
        (lambda g: g.solve("C", params=("<=", 1e6), within=[1, 2]), "within of solve is a pair of whole numbers"),
        (lambda g: g.table("node", None), "metrics of table is a list of text"),
        (lambda g: g.table("node", "macs"), "metrics of table is a list of text, and not 'macs'"),
        (lambda g: g.rows(1, 2), "rows takes "),
        (lambda g: g.report(["macs"]), "report needs numbers"),
        (lambda g: ag.loads(b"archgraph: 1"), "text of loads is text, and not a bytes"),
        (lambda g: ag.verify("vgg"), "architecture of verify is an architecture"),
        (lambda g: g.draw().save(None), "path of save is text or a path, and not None"),
        (lambda g: g.largest("B", 10**400), "memory of largest has 401 digits: the limit is "),
        (lambda g: ag.Training(ema="no"), "ema of Training is True or False, and not 'no'"),
        (lambda g: g.draw(values="yes"), "values of draw is True or False or None, and not 'yes'"),
        (lambda g: g.where(3, multiple_of=2), "name of where is text"),
    ],
)
def test_what_is_meant_is_said(call, message):
    with pytest.raises(ArchgraphError, match=message):
        call(ag.load("conv_stack"))


def test_numbers_of_other_libraries_are_numbers():
    numpy = pytest.importorskip("numpy")
    g = ag.load("conv_stack")
    assert g.depth_to_cover(numpy.int64(3)) == g.depth_to_cover(3)
    assert ag.Training(batch=numpy.int64(4)) == ag.Training(batch=4)
    assert ag.Training(ema=numpy.bool_(True)).ema


def test_values_of_a_sweep_are_numbers():
    pytest.importorskip("numpy")
    with pytest.raises(QueryError, match="the sweep has values of the type <U1"):
        ag.load("conv_stack").sweep({"C": ["4"]})


def test_a_device_that_pytorch_does_not_have():
    pytest.importorskip("torch")
    for device in ("no-such-thing", [3]):
        with pytest.raises(QueryError, match="PyTorch has no device"):
            ag.load("conv_stack").to_torch(device)
