"""Valid specs by a grammar of steps, and what holds of every one of them."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from random import Random

import jsonschema
import yaml
from sympy import Expr

import archgraph as ag
from archgraph.spec.schema import json_schema

VALID = jsonschema.Draft202012Validator(json_schema())
WIDTHS = ("C", "2*C", "C + 4", "x.c", "8")


def spec(random: Random) -> str:
    """A network of some steps, repeats, residuals, loops, branches and blocks over an image."""
    network = [step(random, depth=2) for _ in range(random.randint(1, 5))]
    network.append({"conv": {"out": 10, "kernel": 1}, "as": "logits"})
    symbols = {"C": random.choice((8, 12, 16)), "L": random.randint(1, 4), "H": {"default": 32, "multiple_of": 8}}
    tree = {"archgraph": 1, "symbols": symbols, "inputs": {"x": {"c": random.choice((3, "C")), "h": "H", "w": "H"}}}
    if random.random() < 0.5:
        tree["blocks"] = {"mine": {"args": ["width"], "do": [conv(random, "width"), {"gelu": None}]}}
        network.insert(0, {"mine": {"width": random.choice(WIDTHS[:3])}})
    return yaml.safe_dump({**tree, "network": network}, sort_keys=False)


def step(random: Random, depth: int) -> dict:
    """One step; those that hold others hold shallower ones."""
    kinds = [widening, keeping, keeping] + ([repeated, residual, looped, joined] if depth else [])
    return random.choice(kinds)(random, depth)


def conv(random: Random, width: object) -> dict:
    """A convolution that keeps the size of the image."""
    return {
        "conv": {"out": width, "kernel": random.choice((1, 3, 5)), "padding": "same", "bias": random.random() < 0.5}
    }


def widening(random: Random, depth: int) -> dict:
    """A step that may change channels."""
    width = random.choice(WIDTHS[:3])
    return random.choice((conv(random, width), {"linear": {"out": width}}, {"conv_norm_act": {"out": width}}))


def keeping(random: Random, depth: int) -> dict:
    """A step that keeps its type."""
    own = {"conv": {"out": "_.c", "kernel": random.choice((1, 3)), "padding": "same"}}
    norms = ({"layer_norm": None}, {"batch_norm": None}, {"group_norm": {"groups": 1}})
    rest = ({"relu": None}, {"silu": None}, {"multiply": ["_", "_"]}, {"add": {"constant": 1}})
    return random.choice((own, *norms, *rest))


def repeated(random: Random, depth: int) -> dict:
    """A body of steps that keep their type, a symbolic or fixed number of times."""
    steps = [keeping(random, 0) for _ in range(random.randint(1, 3))]
    return {"do": steps, "repeat": random.choice(("L", 2, "L + 1"))}


def residual(random: Random, depth: int) -> dict:
    """A residual of steps that keep their type."""
    return {"residual": [keeping(random, 0) for _ in range(random.randint(1, 3))]}


def looped(random: Random, depth: int) -> dict:
    """A loop over a fixed range."""
    return {
        "for": {"i": f"0..{random.randint(0, 2)}"},
        "do": [{"conv": {"out": "C * 2**i", "kernel": 1}}, keeping(random, 0)],
    }


def joined(random: Random, depth: int) -> dict:
    """Two branches, joined."""
    branches = [[step(random, 0)], [step(random, 0)]]
    return {"do": [{"parallel": branches}, {"concat": None}]}


def check(text: str, random: Random) -> None:
    """Hold a valid spec against everything that is true of every spec."""
    assert not list(VALID.iter_errors(yaml.safe_load(text))), "the schema refuses it"
    g = ag.loads(text)
    sizes = {"C": random.choice((8, 20)), "L": random.randint(1, 5), "H": random.choice((16, 64))}
    numbers, bound = g.at(**sizes), g.bound(**sizes)
    point = {g.symbols[name]: value for name, value in sizes.items() if name in g.symbols}
    for metric in ("params", "macs", "flops", "activations"):
        law = g.metric(metric)
        assert (law.xreplace(point) if isinstance(law, Expr) else law) == numbers.metric(metric)
        assert bound.at().metric(metric) == numbers.metric(metric)
        rows = numbers.table("node", [metric]).rows
        assert sum(row[metric] for row in rows) == numbers.metric(metric)
    again = ag.loads(g.to_spec())
    assert (again.params, again.macs, again.activations) == (g.params, g.macs, g.activations)
    nodes = numbers.flat().nodes
    assert len({node.name for node in nodes}) == len(nodes)
    small, large = (g.at(**{**sizes, "C": width}).params for width in (8, 16))
    assert small <= large
    if random.random() < 0.1:
        ElementTree.fromstring(g.draw().svg)
