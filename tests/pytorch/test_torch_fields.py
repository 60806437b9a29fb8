"""What the output of a traced module reads, against the structural gradient of that module itself."""

from __future__ import annotations

from itertools import islice, product

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch_modules import EXAMPLES, traced  # noqa: E402

from archgraph.graph.ir import Value  # noqa: E402
from archgraph.pytorch.measure.structure import GradientStructure  # noqa: E402

CHANNELS_LAST = {"plain windows"}
ONE_AT_A_TIME = {"torch transformer"}
"""What fixes the size of its batch when it is exported."""
MOST = 17
"""How many positions are compared."""


def spread(sizes: list[int]) -> list[tuple[int, ...]]:
    """Positions all over the output, of every phase."""
    positions = list(product(*map(range, sizes)))
    return list(islice(positions, 0, None, max(1, len(positions) // MOST)))


def channel(name: str, value: Value) -> int | None:
    names = value.type.names
    if "c" not in names:
        return None
    return len(names) if name in CHANNELS_LAST and value.name != "x" else names.index("c") + 1


@pytest.mark.parametrize("name", EXAMPLES, ids=lambda name: name.replace(" ", "-"))
def test_fields_of_modules(name):
    torch.set_num_threads(1)
    example = EXAMPLES[name]
    module, inputs = example.build().to("meta").eval(), example.inputs()
    g = traced(name)
    (out,), source = g.graph.outputs, next(value for value in g.graph.inputs if value.type.positions)
    fields = g.receptive_fields(source.name)
    node = next(member.name for member in g.graph.nodes if out in member.outputs)
    positions = spread([g.evaluate(out.type.size(axis)) for axis in out.type.positions])
    structure = GradientStructure(module, list(inputs.values()), batch=1 if name in ONE_AT_A_TIME else 8)
    place = [value.name for value in g.graph.inputs].index(source.name)
    for kind in ("content", "stat"):
        channels = (channel(name, source), channel(name, out))
        measured = structure.of(kind).reads(positions, 0, place, channels)
        for position, read in zip(positions, measured, strict=True):
            index = dict(zip(out.type.positions, position, strict=True))
            assert set(fields.places.probe(node, index, kind)) == read, (kind, index)


def test_switching_gradients_hides_no_dependence():
    class Halved(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv1d(4, 4, 3, padding=1)

        @torch.no_grad()
        def doubled(self, x):
            return 2 * x

        def forward(self, x):
            with torch.enable_grad():
                return self.conv(x + self.doubled(x))

    assert GradientStructure(Halved(), [torch.zeros(1, 4, 9)]).reads([(4,)]) == [{(3,), (4,), (5,)}]
    assert torch.is_grad_enabled()


def test_measuring_leaves_buffers_as_they_are():
    class Counts(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("calls", torch.zeros(()))

        def forward(self, x):
            self.calls += 1
            return x * self.calls

    module = Counts()
    structure = GradientStructure(module, [torch.zeros(1, 4, 9)])
    for _ in range(2):
        assert structure.reads([(4,)]) == [{(4,)}]
    assert module.calls == 0


@pytest.mark.parametrize("learned", [True, False])
def test_a_product_of_positions_with_learned_weights_is_fixed(learned):
    class Product(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(15, 15))

        def forward(self, x):
            return (self.weight if learned else x @ x.transpose(1, 2)) @ x

    field = ag.trace(Product(), {"x": torch.zeros(1, 15, 4)}).receptive_field(fixed_weights=True)
    assert len(field.probe()) == (15 if learned else 0)


def test_a_sum_over_one_place_has_no_gates():
    """Of an einsum both factors are content, however many places it sums over."""

    class Outer(torch.nn.Module):
        def forward(self, x):
            return torch.einsum("bnc,bnd->bcd", x[:, 6:7], x[:, 1:2])[:, 2:]

    field = ag.trace(Outer(), torch.rand(1, 8, 4)).receptive_field()
    (place,) = field.outputs
    assert set(field.probe(**{place: 1})) == {(1,), (6,)}
