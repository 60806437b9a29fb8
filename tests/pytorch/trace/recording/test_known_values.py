"""What depends on literals, sizes and stored tensors only has values; what is learned or given has not."""

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import numpy  # noqa: E402
from recorded_modules import CASES, Attention, Does, keep, linear, tokens  # noqa: E402
from torch import nn  # noqa: E402

from archgraph.errors import ArchgraphError  # noqa: E402
from archgraph.pytorch.trace.recording import known  # noqa: E402
from archgraph.pytorch.trace.recording.call import OperatorCall  # noqa: E402
from archgraph.pytorch.trace.recording.record import record  # noqa: E402


def operand_of(found, name):
    """The constant operand of the first step of that name, as the step found it."""
    node = next(node for node in found.calls if node.name == name)
    return next(value for value in map(node.known_operand, node.all_input_nodes) if value is not None)


def test_a_mask_has_its_values():
    mask = operand_of(record(Attention("written"), tokens()), "masked_fill")
    assert torch.equal(mask, ~torch.ones(8, 8).tril().bool())
    mask = operand_of(record(Attention("masked"), tokens()), "scaled_dot_product_attention")
    assert torch.equal(mask, torch.ones(8, 8).tril().bool())


def test_a_mask_that_is_filled_part_by_part_has_its_last_values_where_it_is_read():
    case = CASES["windows"]
    x = torch.zeros(4, 16, 8)
    found = record(case.build(), x)
    scores = next(node for node in found.calls if node.name == "add")
    mask = scores.known_operand(scores.args[1])
    real = torch.zeros(8, 8)
    for number, rows in enumerate((slice(0, -4), slice(-4, -2), slice(-2, None))):
        real[rows] = number
    groups = real.view(2, 4, 2, 4).permute(0, 2, 1, 3).reshape(-1, 16)
    assert torch.equal(mask == 0, groups.unsqueeze(1) == groups.unsqueeze(2))


def test_a_step_keeps_what_it_found_also_if_that_is_written_to_later():
    def forward(m, x):
        mask = torch.zeros(4)
        first = x * mask
        mask[1:] = 7
        return first + x * mask

    found = record(Does(forward), tokens(4))
    first, second = (node for node in found.calls if node.name in ("mul", "mul_1"))
    assert first.known_operand(first.args[1]).tolist() == [0, 0, 0, 0]
    assert second.known_operand(second.args[1]).tolist() == [0, 7, 7, 7]
    assert first.args[1] is second.args[1]
    assert first.args[1].known.tolist() == [0, 0, 0, 0]


def test_what_something_unknown_was_written_into_is_unknown():
    def forward(m, x):
        mask = torch.zeros(4)
        view = mask.view(2, 2)
        mask[1:] = x[0, 0, 1:]
        return x * view.view(4)

    found = record(Does(forward), tokens(4))
    product = found.calls[-1]
    assert product.name == "mul"
    assert product.known_operand(product.args[1]) is None


ASKED = []
"""Not in the reach of a module, which is left as it was."""


@pytest.mark.parametrize(
    "ask",
    [
        lambda t: t.tolist(),
        lambda t: t.numpy().tolist(),
        lambda t: [float(item) for item in t],
        lambda t: [item.item() for item in t],
        lambda t: list(t.to(torch.float64).cpu().numpy()),
    ],
    ids=["tolist", "numpy", "float", "item", "moved"],
)
def test_questions_to_a_buffer_are_answered(ask):
    ASKED.clear()

    def forward(m, x):
        ASKED.append(ask(m.keep))
        ASKED.append((bool((m.keep > 0).any()), torch.equal(m.keep, m.keep + 0), (m.keep > 0).nonzero().shape[0]))
        return x

    record(Does(forward, keep=keep()), tokens(4))
    assert ASKED == [[1.0, 0.0, 1.0, 1.0], (True, True, 3)]


def test_shapes_that_known_values_decide():
    def forward(m, x):
        chosen = m.keep > 0
        parts = [x[..., chosen], x.masked_select(chosen), x.repeat_interleave(m.keep.long() + 1, dim=-1)]
        return parts, torch.where(chosen)[0]

    found = record(Does(forward, keep=keep()), torch.zeros(2, 5, 4))
    shapes = [node.meta["val"].shape for node in found.outputs.values()]
    assert shapes == [(2, 5, 3), (30,), (2, 5, 7), (3,)]


def test_an_index_that_is_a_list_is_a_literal():
    def forward(m, x):
        y = torch.zeros(5)
        y[[0, 3]] = 1
        return x[:, [2, 0, 1]], x[..., [True, False, True, True]], x[numpy.arange(1)], x[y > 0]

    found = record(Does(forward), torch.zeros(5, 8, 4))
    assert [node.meta["val"].shape for node in found.outputs.values()] == [(5, 3, 4), (5, 8, 3), (1, 8, 4), (2, 8, 4)]
    chosen = next(node for node in found.calls if node.name == "index")
    assert chosen.args[1][1].known.tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    ("left", "right", "ends"),
    [((16, 32), (2, 32, 24), True), ((2, 16, 32), (2, 32, 24), False), ((8, 16), (16, 24), True),
     ((2, 16, 32), (32, 16), True)],
)  # fmt: skip
def test_grouped_products_have_the_shapes_of_torch(left, right, ends):
    def forward(m, x, y):
        return torch._grouped_mm(x, y, offs=torch.tensor([8, 16], dtype=torch.int32) if ends else None)

    inputs = torch.zeros(left, dtype=torch.bfloat16), torch.zeros(right, dtype=torch.bfloat16)
    expected = tuple(forward(None, *inputs).shape)
    for dtype in (torch.bfloat16, torch.float32):
        found = record(Does(forward), tuple(x.to(dtype) for x in inputs))
        assert found.outputs["output"].meta["val"].shape == expected


def test_a_module_knows_that_it_is_traced():
    def forward(m, x):
        return x if torch.compiler.is_exporting() or x.sum() > 0 else -x

    record(Does(forward), tokens(4))
    assert not torch.compiler.is_exporting()


@pytest.mark.parametrize("where", ["cpu", "meta"])
def test_frozen_tensors_are_constants_only_beside_learned_ones(where):
    def forward(m, x):
        return m.a(x * m.scale.exp())

    for learned, expected in ((True, where == "cpu"), (False, False)):
        scale = nn.Parameter(torch.ones(4), requires_grad=False)
        module = Does(forward, scale=scale, **linear()).to(where)
        module.a.requires_grad_(learned)
        found = record(module, tokens(4))
        exponential = next(node for node in found.calls if node.name == "exp")
        assert (exponential.known is not None) is expected


def test_learned_weights_have_no_values_but_shapes():
    found = record(Does(lambda m, x: x @ m.a.weight.exp() + torch.ones_like(m.a.bias), **linear()), tokens(4))
    by_name = {node.name: node for node in found.calls}
    assert by_name["exp"].known is None
    assert by_name["ones_like"].known.tolist() == [1, 1, 1, 1]


def test_what_is_drawn_is_unknown():
    found = record(Does(lambda m, x: x + torch.rand(4) + torch.zeros(4).uniform_()), tokens(4))
    assert [node.known is None for node in found.calls if node.name in ("rand", "uniform_")] == [True, True]


def test_large_values_are_not_kept(monkeypatch):
    monkeypatch.setattr(known, "MOST_KNOWN", 8)
    found = record(Does(lambda m, x: x + torch.zeros(3, 3).sum() + torch.zeros(8)[0]), tokens(4))
    assert [node.known is not None for node in found.calls if node.name in ("zeros", "sum", "zeros_1")] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("values", [torch.tensor([1.0, 2.0]), nn.Parameter(torch.ones(2))], ids=["given", "learned"])
def test_unknown_values_are_refused(values):
    module = Does(lambda m, x: x * m.values.sum().item(), values=values.to("meta"))
    with pytest.raises(ArchgraphError, match=r"^Does decides on the values of a tensor: item at test_known_values.py"):
        record(module, tokens(4))


class Rows(nn.Module):
    """Positions that are known, as rows of which one element is 1."""

    def __init__(self, classes):
        super().__init__()
        self.classes = classes

    def forward(self, x):
        return x @ nn.functional.one_hot(torch.arange(3000), self.classes).float()


@pytest.mark.parametrize("classes", [3000, -1])
def test_rows_that_are_too_large_are_not_computed(monkeypatch, classes):
    computed = []
    on_values = OperatorCall.on_values

    def counted(call, *args, **kwargs):
        value = on_values(call, *args, **kwargs)
        computed.append(value.numel() if isinstance(value, torch.Tensor) else 0)
        return value

    monkeypatch.setattr(OperatorCall, "on_values", counted)
    recording = record(Rows(classes), (torch.zeros(1, 3000),))
    assert max(computed) <= known.MOST_KNOWN < 3000 * 3000
    shapes = [tuple(node.meta["val"].shape) for node in recording.calls]
    assert shapes.count((3000, 3000)) == 2
