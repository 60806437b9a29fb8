"""Fifty bad values for every argument of every public call: an answer, or an error of ours, and nothing else.

`pytest -m slow` tries all of them, the gate some for each argument; `MAKERS` must know every class that answers.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from random import Random
from typing import Any

import pytest
from sympy import Integer, Symbol, nan, oo

import archgraph as ag
from archgraph.errors import ArchgraphError
from tests.architecture.test_keywords import CALLS

np = pytest.importorskip("numpy")
torch = pytest.importorskip("torch")

TEXT = """\
archgraph: 1
symbols: {C: 4, H: {default: 8, multiple_of: 2}, L: 2}
inputs: {x: {c: 3, h: H, w: 8}}
network:
  - conv: {out: C, kernel: 3, padding: same}
    as: stem
  - residual: [{conv: {out: C, kernel: 3, padding: same}}, relu]
    repeat: L
  - conv: {out: 2, kernel: 1}
"""
TOKENS = """\
archgraph: 1
symbols: {D: 8, N: 6}
inputs: {x: {n: N, c: D}}
network:
  - attention: {heads: 2, causal: true}
"""
NUMBERS = (
    *(-1, 0, 1, 7, -(10**30), 10**30, 2**63, 10**400, 0.5, -0.5, 1e308, math.inf, -math.inf, math.nan, True, 1j),
    *(Integer(0), oo, nan, Symbol("q"), np.int64(-1), np.int8(100), np.float64("nan"), np.array([]), np.zeros((2, 2))),
)
WORDS = ("", "  ", "x", "no-such", "C", "h", "macs", "\x00", "a" * 1000, "é\u202e", "-1", "1e400", "1/0", "C=1", b"x")
LISTS = (
    *((), (1,), (-1, -1), (5, 1), ("<=", -1), ("<=", "x"), ("~", 3), [], [0], [""], ["x", 1], set(), range(3)),
    *({}, {"C": 0}, {"x": 1}, {"": ""}, {"C": [0]}, {"C": []}, {"C": (2, 1)}, {"C": {}}),
)
OTHERS = (None, object(), torch.zeros(1), torch.zeros(1, device="meta"), lambda: 1, type)
BAD = (*NUMBERS, *WORDS, *LISTS, *OTHERS)
SOME = 6
FREE = ("C", "H", "macs", "batch", "mode", "dtype", "optimizer", "no_such")


@cache
def network(text: str = TEXT) -> Any:
    return ag.loads(text)


MAKERS: Mapping[str, Callable[[], Any]] = {
    "Architecture": network,
    "AxisField": lambda: network().receptive_field().h,
    "CostRow": lambda: network().rows()[0],
    "Costs": lambda: network().costs,
    "Diff": lambda: network().diff(network()),
    "Figure": lambda: network().draw(),
    "Graph": lambda: network().graph,
    "GrowthPath": lambda: network().growth("C"),
    "NetworkOutline": lambda: network().outline(),
    "Part": lambda: network()["stem"],
    "Paths": lambda: network().paths("h"),
    "Productivity": lambda: network().productivity(),
    "ReceptiveField": lambda: network().receptive_field(),
    "ReceptiveFields": lambda: network().receptive_fields(),
    "Served": lambda: network(TOKENS).serving(),
    "Solution": lambda: network().solve("C", params=("<=", 1e4)),
    "Sweep": lambda: network().sweep({"C": [4, 8]}),
    "Table": lambda: network().table(),
    "TensorType": lambda: next(iter(network().inputs.values())),
}
INSIDE = {
    *(
        "Assumption",
        "CachedLayer",
        "Changes",
        "Check",
        "Decoder",
        "Device",
        "LayerField",
        "Places",
        "StoredType",
        "Tool",
    ),
}
"""Parts of answers that are handed around inside, and whose methods nobody calls with values of his own."""
GIVEN: Mapping[str, Callable[[], Any]] = {
    "after": network,
    "architecture": network,
    "architectures": lambda: [network()],
    "axis": lambda: "h",
    "by": lambda: "op",
    "devices": lambda: ["a100"],
    "channels": lambda: Integer(3),
    "changes": dict,
    "expression": lambda: network().expression("macs"),
    "grid": lambda: {"C": [2, 4]},
    "index": lambda: {"h": 3},
    "inputs": lambda: torch.zeros(1, 3, 8, 8),
    "inside": MAKERS["TensorType"],
    "metrics": lambda: ["macs"],
    "module": lambda: torch.nn.Conv2d(3, 4, 3),
    "network": network,
    "numbers": lambda: network().at(),
    "over": lambda: {"H": [8, 16]},
    "panels": lambda: {"a": [network().growth("C")]},
    "paths": lambda: [network().growth("C")],
    "walks": lambda: [(network().growth("C"), [4, 8])],
    **{
        name: (lambda value=value: value)  # type: ignore[misc]
        for name, value in {
            "above": "macs",
            "below": "params",
            "first": "conv",
            "second": "relu",
            "format": "csv",
            "kept": 1,
            "device": "a100",
            "distance": 3,
            "dtype": "bf16",
            "memory": "1GB",
            "metric": "macs",
            "name": "C",
            "batch": 1,
            "output": 5,
            "outputs": [5],
            "past": 10,
            "position": 5,
            "symbol": "C",
            "tool": "thop",
            "tokens_per_second": 100.0,
            "value": 8,
            "where": "a100",
            "text": TEXT,
            "kind": "content",
            "path": "x.svg",
        }.items()
    },
}
"""What a call needs beside the argument that is tried."""
SKIPPED = {
    "Graph.live",
    "Graph.running",
    "Graph.substitute",
    "Costs.member",
    "NetworkOutline.inside",
    "Productivity.of",
}
"""Calls that need parts of the graph, of which there is nothing to guess."""


def _arguments() -> Iterator[Any]:
    for name, call in CALLS.items():
        if name in SKIPPED or name.rpartition(".")[0] in INSIDE:
            continue
        for each in inspect.signature(call).parameters.values():
            if each.name != "self":
                yield pytest.param(name, each, id=f"{name} {each.name}")


ARGUMENTS = list(_arguments())


def calls(name: str, tried: inspect.Parameter, values: tuple[object, ...]) -> Iterator[tuple[tuple, dict[str, Any]]]:
    """The arguments by place and by name of calls in which one is bad."""
    known = inspect.signature(CALLS[name]).parameters.values()
    needed = {
        each.name: GIVEN[each.name]
        for each in known
        if each.name not in ("self", tried.name) and each.default is each.empty and each.kind in NAMED
    }
    for value in values:
        given = {word: made() for word, made in needed.items()}
        receiver = (MAKERS[name.rpartition(".")[0]](),) if "self" in {each.name for each in known} else ()
        if tried.kind is tried.VAR_POSITIONAL:
            yield (*receiver, value), given
        elif tried.kind is tried.VAR_KEYWORD:
            yield from ((receiver, {**given, word: value}) for word in FREE if word not in given)
        else:
            yield receiver, {**given, tried.name: value}


NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def hold(name: str, tried: inspect.Parameter, values: tuple[object, ...]) -> None:
    for by_place, by_name in calls(name, tried, values):
        try:
            CALLS[name](*by_place, **by_name)
        except ArchgraphError as error:
            assert str(error)
        except AssertionError:
            if name != "assert_cost":
                raise


@pytest.fixture(autouse=True)
def in_an_empty_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("name", "tried"), ARGUMENTS)
def test_some_bad_values_of_every_argument(name, tried):
    hold(name, tried, tuple(Random(f"{name} {tried.name}").sample(BAD, SOME)))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "tried"), ARGUMENTS)
def test_all_bad_values_of_every_argument(name, tried):
    hold(name, tried, BAD)
