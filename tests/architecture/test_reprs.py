"""What an answer prints at a prompt says what it is, in bounded length."""

import inspect
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from importlib.util import find_spec

import pytest
from public_kinds import answers

import archgraph as ag
from archgraph.laws.domain import Domain
from archgraph.report.brief import COLUMNS, LINES
from archgraph.report.table import Table
from archgraph.sizes.dtypes import FLOAT
from archgraph.sizes.symbols import Assumption

LONGEST = 2500
"""Characters: a screen of text. Tables are their rows, and are held to none."""
ANSWERS = {
    "architecture": lambda g: g,
    "network": lambda g: g.network,
    "graph": lambda g: g.graph,
    "part": lambda g: g[g.nodes[0]],
    "costs": lambda g: g.costs,
    "diff": lambda g: g.diff(g),
    "draw": lambda g: g.draw(),
    "halo": lambda g: g.halo(),
    "hops": lambda g: g.hops(distance=2, axis="h"),
    "paths": lambda g: g.paths("h"),
    "productivity": lambda g: g.productivity(axis="h"),
    "receptive_field": lambda g: g.receptive_field(),
    "receptive_fields": lambda g: g.receptive_fields(),
    "axis": lambda g: g.receptive_field().h,
    "probe": lambda g: g.receptive_field().probe(h=0, w=0),
    "receptive_field_law": lambda g: g.receptive_field_law(),
    "effective_field": lambda g: g.effective_field(),
    "peak_memory": lambda g: g.peak_memory("training"),
    "roofline": lambda g: g.roofline("a100"),
    "fits": lambda g: g.fits("t4", batch=2),
    "largest": lambda g: g.largest("B", "80GB"),
    "growth": lambda g: g.growth("B"),
    "frontier": lambda g: g.frontier("params", {"memory": None}, {"B": [1, 2]}),
    "training_memory": lambda g: g.training_memory(batch=2),
    "communication": lambda g: g.communication(gpus=2),
    "step_flops": lambda g: g.step_flops(batch=2),
    "outline": lambda g: g.outline(),
    "count_as": lambda g: g.count_as("thop"),
}


@pytest.fixture(scope="module", params=["dit:S/2", "unet"])
def network(request):
    return ag.load(request.param)


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_says_what_it_is(answer, network):
    if answer == "frontier":
        pytest.importorskip("numpy")
    text = repr(ANSWERS[answer](network))
    assert len(text) < LONGEST
    assert not re.search(r" at 0x[0-9a-f]+|Field\(content=|Graph\(inputs=", text)


def test_a_sweep_says_its_axes():
    pytest.importorskip("numpy")
    swept = ag.load("transformer").sweep({"D": [64, 128], "L": range(1, 1000)}, ["params"])
    assert repr(swept) == "<sweep of Transformer over D, L: params at 1,998 points>"


def test_a_long_path_is_cut_in_the_middle():
    path = ag.load("dit").hops(distance=2, axis="h")
    lines = repr(path).splitlines()
    assert len(lines) == 41 and len(path.steps) > 100
    assert lines[20].strip() == f"… {len(path.steps) + 1 - 40} more steps"
    assert lines[-1].strip() == str(path.steps[-1])


WORD = 60
"""Characters of a name, at most."""
MANY = 20
"""Symbols: enough that their names alone are longer than what is printed of a law."""


def named(letter: str, number: int | str = "") -> str:
    return f"{letter}{number}_".ljust(WORD, "x")


def crowded(inputs: str, steps: str) -> ag.Architecture:
    """A network of many symbols with long names, a layer for each, before some other steps."""
    declared = "".join(f"  {named('s', i)}: {4 + i % 5}\n" for i in range(MANY))
    layers = "".join(f"  - linear: {{out: {named('s', i)}}}\n    as: {named('y', i)}\n" for i in range(MANY))
    return ag.loads(
        f"archgraph: 1\nname: {'n' * 300}\nsymbols:\n{declared}  N: {{default: 64, doc: {'d' * 300}}}\n"
        f"inputs: {{{named('i')}: {inputs}}}\nnetwork:\n{layers}{steps}"
    )


CONVS = "".join(f"  - conv: {{out: 4, kernel: 3, padding: same}}\n    as: {named('c', i)}\n" for i in range(25))
DECODER = "  - linear: {out: 8}\n  - gpt_block: {heads: 2}\n  - linear: {out: 9}\n"


def asked() -> Iterator[object]:
    """Every answer of networks of which every text is long."""
    image, text = crowded("{c: 3, h: N, w: 8}", CONVS), crowded("{n: N, c: 3}", DECODER)
    width = named("s", 0)
    for name, answer in ANSWERS.items():
        with suppress(ag.ArchgraphError):
            # The search repeats the sum of all laws; what it returns has no part of them.
            yield answer(image if name != "largest" else ag.load("conv_stack"))
    yield image.diff(crowded("{c: 3, h: N, w: 8}", CONVS.replace("3,", "5,")))
    yield from (image.rows(), image.table(), image.efficiency(), image.table(by="level"), image.draw("ladder"))
    yield from (image.solve(width, params=("<=", 1e9)), image.fits("t4", batch=10**9))
    yield from (image.hops(distance=20, axis="h"), image.what_if(**{width: 16}), image.receptive_field_table())
    yield image.where("N", multiple_of=8)
    yield ag.Progress("sweep: blocks", 1, 2)
    if find_spec("numpy") and find_spec("torch"):
        yield from (image.sweep({width: [4, 8]}, ["params"]), ag.verify(image))
    yield ag.load("dit").outline()
    yield from (text.serving(), text.serving().largest("B", "80GB"), text.costs.rows())
    yield from (Domain(image.symbols[width]), image.symbols and Assumption(image.macs, "==", image.params), FLOAT)


def held(answer: object, depth: int = 3) -> Iterator[object]:
    """An answer and what it holds, in its public attributes and in lists."""
    yield answer
    inner: list[object] = []
    if isinstance(answer, dict):
        inner = list(answer.values())
    elif isinstance(answer, (list, tuple)):
        inner = list(answer)
    elif type(answer).__module__.startswith("archgraph.") and not isinstance(answer, ag.Architecture):
        inner = list(attributes(answer))
    for each in inner[:20] if depth else ():
        yield from held(each, depth - 1)


def attributes(answer: object) -> Iterator[object]:
    for name, member in inspect.getmembers_static(type(answer)):
        if not name.startswith("_") and isinstance(member, (property, cached_property)):
            with suppress(ag.ArchgraphError):
                yield getattr(answer, name)
    yield from (value for name, value in getattr(answer, "__dict__", {}).items() if not name.startswith("_"))


@pytest.fixture(scope="module")
def lengths():
    """The longest text at a prompt of every kind of answer."""
    found: dict[type, int] = {}
    for answer in asked():
        for each in held(answer):
            if type(each) in KINDS:
                found[type(each)] = max(found.get(type(each), 0), len(repr(each)))
    return found


KINDS = answers()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_kind_of_answer_is_a_tuple(kind):
    """Of which `"%s" % answer` would take the first part alone, or fail."""
    assert not issubclass(kind, tuple)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_kind_of_answer_grows_with_the_network(kind, lengths):
    if kind.__name__ in ("Check", "Frontier", "FrontierMember", "Report", "Sweep"):
        pytest.importorskip("torch")
        pytest.importorskip("numpy")
    of_kind = [length for each, length in lengths.items() if issubclass(each, kind)]
    of_rows = kind is Table or hasattr(kind, "table")
    assert of_kind and max(of_kind) < (LINES * (COLUMNS + 40) if of_rows else 2 * LONGEST)
