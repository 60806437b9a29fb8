"""What cannot be recorded is refused with the operator, the line and what helps, and never by another error."""

import inspect

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from recorded_modules import Does, linear, tokens  # noqa: E402
from torch import nn  # noqa: E402

from archgraph.errors import ArchgraphError  # noqa: E402
from archgraph.pytorch.trace.recording.record import record  # noqa: E402


def line_of(function, words):
    lines, first = inspect.getsourcelines(function)
    return first + next(number for number, line in enumerate(lines) if words in line)


def refusal(module, inputs):
    with pytest.raises(ArchgraphError) as caught:
        record(module, inputs)
    return str(caught.value)


class Router(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(4, 2)

    def forward(self, x):
        chosen = self.gate(x).argmax(-1)
        return x[chosen.nonzero()[:, 0]]


class Asks(nn.Module):
    def __init__(self, question) -> None:
        super().__init__()
        self.question = question

    def forward(self, x):
        return self.question(x)


def test_a_shape_that_depends_on_data():
    line = line_of(Router.forward, "nonzero")
    assert refusal(nn.Sequential(Router()), tokens(4)) == (
        f"Router decides on the values of a tensor: nonzero at test_refusals.py:{line}, which a graph cannot follow\n"
        "  at    0\n"
        "  hint  give the value as an input, or trace the part whose steps are fixed"
    )


QUESTIONS = {
    "item": lambda x: x.sum().item(),
    "is_nonzero": lambda x: x if x.sum() else -x,
    "tolist": lambda x: x.tolist(),
    "numpy": lambda x: x.cpu().numpy(),
    "equal": lambda x: torch.equal(x, x * 2),
    "allclose": lambda x: torch.allclose(x, x * 2),
    "index": lambda x: x[x > 0],
    "masked_select": lambda x: x.masked_select(x > 0),
    "unique_dim": lambda x: x.unique(dim=0),
    "_unique2": lambda x: x.unique(),
    "repeat_interleave": lambda x: x.repeat_interleave(x[0, :, 0].long(), dim=1),
    "where": lambda x: torch.where(x > 0),
    "bincount": lambda x: x.flatten().long().bincount(),
}


@pytest.mark.parametrize("operator", QUESTIONS)
def test_a_question_to_values(operator):
    text = refusal(Asks(QUESTIONS[operator]), tokens(4))
    assert text.startswith(f"Asks decides on the values of a tensor: {operator} at test_refusals.py:")
    assert text.endswith("hint  give the value as an input, or trace the part whose steps are fixed")


def test_a_refusal_that_the_module_goes_past_comes_back():
    def forward(x):
        try:
            return x * x.sum().item()
        except Exception:
            return x

    assert refusal(Asks(forward), tokens(4)).startswith("Asks decides on the values of a tensor: item")


def test_an_operator_that_does_not_take_its_operands():
    text = refusal(Asks(lambda x: x @ x), tokens(4))
    line = inspect.currentframe().f_lineno - 1
    assert text == (
        f"Asks cannot call aten::matmul at test_refusals.py:{line}: "
        "Expected size for first two dimensions of batch2 tensor to be: [2, 4] but got: [2, 8]\n"
        "  hint  give inputs of the shapes that the module takes"
    )


def test_an_operator_without_a_rule_for_shapes():
    with torch.library._scoped_library("recorded", "DEF") as library:
        library.define("unknown(Tensor x) -> Tensor")
        library.impl("unknown", lambda x: x.clone(), "CPU")
        text = refusal(Asks(lambda x: torch.ops.recorded.unknown(x)), tokens(4))
        line = inspect.currentframe().f_lineno - 1
    assert text == (
        f"Asks calls recorded::unknown at test_refusals.py:{line}, which does not say what shape its result has\n"
        "  hint  torch.library.register_fake('recorded::unknown') says it"
    )


def test_an_error_of_the_module_says_where():
    class Picky(nn.Module):
        def forward(self, x):
            raise ValueError("no, thank you")

    line = line_of(Picky, "raise")
    assert refusal(nn.Sequential(nn.Sequential(Picky())), tokens(4)) == (
        f"Picky stops with ValueError at test_refusals.py:{line}: no, thank you\n"
        "  at    0.0\n"
        "  hint  it was called in evaluation mode, on tensors without values"
    )


def test_inputs_that_do_not_fit():
    text = refusal(nn.Linear(4, 4), (tokens(4), tokens(4)))
    assert text == (
        "the inputs do not fit Linear: too many positional arguments\n"
        "  hint  it takes (input: torch.Tensor) -> torch.Tensor"
    )
    assert refusal(nn.Linear(4, 4), {"x": tokens(4)}).startswith("the inputs do not fit Linear: ")
    assert refusal(Does(lambda m, x: x, **linear()), {"x": 3}) == "a recording needs at least one input tensor"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_scripted_modules():
    scripted = torch.jit.script(nn.Linear(4, 4))
    assert refusal(scripted, tokens(4)) == (
        "RecursiveScriptModule is a scripted module, whose steps cannot be recorded\n"
        "  hint  give the module that it was scripted from"
    )
    assert refusal(nn.Sequential(nn.ReLU(), scripted), tokens(4)) == (
        "Sequential holds a scripted module, '1', whose steps cannot be recorded\n"
        "  hint  give the module that it was scripted from"
    )


OVERLAPPING = {
    "shifted": lambda y: y[:, 1:].copy_(y[:, :-1]),
    "some channels": lambda y: y[:, 1:, :2].copy_(y[:, :-1, :2]),
    "turned": lambda y: y[:, :3, :3].copy_(y[:, :3, :3].transpose(1, 2)),
    "added": lambda y: y[:, 1:, 1:].add_(y[:, :-1, :-1]),
}
APART = {
    "halves": lambda y: y[:, :2].copy_(y[:, 2:]),
    "every second": lambda y: y[:, ::2].copy_(y[:, 1::2]),
    "itself": lambda y: y[:, 1:].add_(y[:, 1:]),
    "a copy": lambda y: y[:, 1:].copy_(y[:, :-1].clone()),
    "channels": lambda y: y[..., :2].copy_(y[..., 2:]),
}


def changed(change):
    def run(x):
        y = x * 2
        change(y)
        return y

    return Asks(run)


@pytest.mark.parametrize("name", OVERLAPPING)
def test_what_is_read_while_it_is_written_depends_on_the_order(name):
    found = refusal(changed(OVERLAPPING[name]), torch.rand(1, 4, 4))
    assert "writes with aten::" in found and "into elements that it reads for others" in found
    assert "hint  give it a copy: y[1:] = y[:-1].clone()" in found


@pytest.mark.parametrize("name", APART)
def test_what_is_read_beside_what_is_written_is_followed(name):
    assert record(changed(APART[name]), torch.rand(1, 4, 4)).outputs


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("layout", [torch.jagged, torch.strided])
def test_nested_tensors(layout):
    class Ragged(nn.Module):
        def forward(self, x):
            return torch.nested.nested_tensor([x[0, :3], x[0, 3:]], layout=layout).to_padded_tensor(0.0)

    with pytest.raises(ArchgraphError, match=r"Ragged makes a nested tensor with .*: its samples differ in length"):
        record(Ragged(), torch.zeros(1, 8, 4))


class Holds(nn.Module):
    def __init__(self, tensor) -> None:
        super().__init__()
        self.register_buffer("held", tensor)

    def forward(self, x):
        return x + self.held


def ragged(**options):
    return torch.nested.nested_tensor([torch.zeros(2, 4), torch.zeros(3, 4)], **options)


def quantized():
    return torch.quantize_per_tensor(torch.zeros(1, 4, 4), 0.1, 0, torch.qint8)


SIDE_BY_SIDE = "tensor, whose shape does not say what it holds"
ODD = {
    "nested": (lambda: (nn.Linear(4, 4), ragged()), f"Linear: an input is a nested {SIDE_BY_SIDE}"),
    "jagged": (lambda: (nn.Linear(4, 4), ragged(layout=torch.jagged)), f"Linear: an input is a nested {SIDE_BY_SIDE}"),
    "sparse": (lambda: (nn.Linear(4, 4), tokens(4).to_sparse()), f"Linear: an input is a sparse {SIDE_BY_SIDE}"),
    "quantized": (lambda: (nn.Linear(4, 4), quantized()), f"Linear: an input is a quantized {SIDE_BY_SIDE}"),
    "sparse buffer": (
        lambda: (Holds(tokens(4).to_sparse()), tokens(4)),
        f"Holds: buffer 'held' is a sparse {SIDE_BY_SIDE}",
    ),
    "lazy": (lambda: (nn.LazyLinear(3), tokens(4)), "LazyLinear: parameter 'weight' is lazy: it has no shape yet"),
    "lazy norm": (
        lambda: (nn.Sequential(nn.Linear(4, 4), nn.LazyBatchNorm1d(affine=False)), tokens(4)),
        "Sequential: buffer '1.running_mean' is lazy: it has no shape yet",
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ODD)
def test_tensors_of_other_kinds(name):
    make, text = ODD[name]
    said = refusal(*make())
    assert said.startswith(text)
    assert "\n  hint  " in said


def test_a_branch_that_torch_runs():
    asks = Asks(lambda x: torch.cond(x.sum() > 0, lambda y: y + 1, lambda y: y * 2, (x,)))
    said = refusal(asks, tokens(4))
    assert said.startswith("Asks calls torch's cond at test_refusals.py:")
    assert "which runs functions as values decide\n  hint  call the function itself" in said
