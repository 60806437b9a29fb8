"""Outlines of traced modules, as a person describes them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

pytest.importorskip("torch")

from outlined_modules import MODULES

import archgraph as ag
from archgraph.architecture.architecture import Architecture
from archgraph.outline.forms.form import Dense, Gate, Grid, Lanes, Times, U, walked
from archgraph.outline.items import flow_of
from archgraph.outline.structure import structure

pytestmark = pytest.mark.torch


@cache
def traced(name: str) -> Architecture:
    module, inputs, _ = MODULES[name]
    return ag.trace(module().eval(), inputs())


def test_outlines_are_as_they_were_read(golden):
    """The text is in words of a person first, so that a change is judged by what it means."""
    told = [f"{name}: {said}\n\n{traced(name).outline()}\n" for name, (_, _, said) in MODULES.items()]
    golden(Path(__file__).parent / "golden" / "traced.txt", "\n".join(told))


@pytest.mark.parametrize(("name", "kind", "count"), [
    ("u", U, 1), ("wrapped u", U, 1), ("w", U, 2), ("dense", Dense, 1), ("squeeze", Gate, 1), ("u++", Grid, 1),
    ("towers", Lanes, 1), ("loop", Times, 1), ("squeeze", U, 0), ("pyramid", U, 0), ("encoder", U, 0),
])  # fmt: skip
def test_forms_are_found_in_modules(name, kind, count):
    assert sum(isinstance(part, kind) for part in walked(traced(name).outline().tree)) == count


@pytest.mark.parametrize("name", ["u", "wrapped u"])
def test_a_traced_u_is_drawn_as_a_u(name):
    boxes = [box for box in traced(name).draw().diagram.boxes if box.kind == "node"]
    assert len(boxes) == 5 and len({round(box.y) for box in boxes}) == 3


def test_a_box_says_the_size_of_what_it_makes():
    """What is put beside it belongs to what follows."""
    graph = traced("late fusion").graph
    assert [group.output.type.channels for group in structure(flow_of(graph)).chain] == [6, 5]


def test_attention_to_a_memory_is_no_second_attention_to_itself():
    """Both are calls of one class, one of them with a second operand."""
    import torch
    from torch import nn

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.query, self.key = nn.Linear(8, 8), nn.Linear(8, 8)

        def forward(self, x, memory=None):
            keys = self.key(x if memory is None else memory)
            return torch.softmax(self.query(x) @ keys.transpose(1, 2), -1) @ keys

    class Decoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.own, self.other = Attention(), Attention()

        def forward(self, x, memory):
            x = x + self.own(x)
            return x + self.other(x, memory)

    tree = ag.trace(Decoder().eval(), (torch.zeros(1, 6, 8), torch.zeros(1, 6, 8))).outline().tree
    assert not any(isinstance(part, Times) for part in walked(tree))
