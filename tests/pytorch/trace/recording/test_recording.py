"""A recording sees the operators that torch.export sees, in its order, and says where they were called."""

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from recorded_modules import CASES, Attention, Autocast, Does, linear, tokens  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from torch.utils.checkpoint import checkpoint  # noqa: E402

from archgraph.pytorch.trace.recording.node import Shaped  # noqa: E402
from archgraph.pytorch.trace.recording.record import record  # noqa: E402
from archgraph.pytorch.trace.recording.recording import Recording  # noqa: E402

SKIPPED = frozenset(
    {
        "_assert_scalar",
        "_assert_async",
        "_assert_tensor_metadata",
        "sym_constrain_range",
        "sym_constrain_range_for_size",
        "sym_size",
        "sym_numel",
        "sym_stride",
        "_local_scalar_dense",
    }
)
"""Operators of an exported program that compute nothing."""
NOT_EXPORTED = {
    "control flow": "it asks for the value of a buffer",
    "windows": "export keeps the device, and torch fills a slice on the CPU by another operator than elsewhere",
}
Step = tuple[str, tuple[int | None, ...]]


def recorded(name: str) -> Recording:
    case = CASES[name]
    torch.manual_seed(0)
    return record(case.build(), case.inputs())


def name_of(node: Any) -> str:
    # Export copies a literal that it keeps, a recording does not need to.
    return node.target._schema.name.removeprefix("aten::").replace("lift_fresh_copy", "lift_fresh")


def steps(nodes: list[Any]) -> list[Step]:
    """Operators with the shapes of their results, without those that nobody reads."""
    live: set[Any] = set()
    for node in reversed(nodes):
        schema = getattr(node.target, "_schema", None)
        changes = schema is not None and schema.is_mutable and name_of(node) not in SKIPPED
        if node.op == "output" or changes or any(user in live for user in node.users):
            live.add(node)
    kept = [node for node in nodes if node in live and hasattr(node.target, "_schema")]
    return [(name_of(node), shape(node.meta["val"])) for node in kept if name_of(node) not in SKIPPED]


def shape(value: Any) -> tuple[int | None, ...]:
    first = value[0] if isinstance(value, (list, tuple)) else value
    return tuple(size if isinstance(size, int) else None for size in first.shape)


def exported_nodes(graph_module: Any) -> list[Any]:
    """The nodes of an export, those of its regions in their place."""
    found: list[Any] = []
    for node in graph_module.graph.nodes:
        inner = [getattr(graph_module, arg.target) for arg in node.args if getattr(arg, "op", "") == "get_attr"]
        region = next((part for part in inner if isinstance(part, torch.fx.GraphModule)), None)
        found += exported_nodes(region) if region is not None else [node]
    return found


def exported(name: str) -> list[Any]:
    case = CASES[name]
    inputs = case.inputs()
    args = inputs if isinstance(inputs, tuple) else (inputs,)
    with torch.no_grad():
        program = torch.export.export(case.build().eval(), args, strict=False)
    return exported_nodes(program.graph_module)


@pytest.mark.parametrize("name", [name for name in CASES if name not in NOT_EXPORTED])
@pytest.mark.filterwarnings("ignore")
def test_the_operators_are_those_of_export(name):
    ours, theirs = steps(list(recorded(name).nodes)), steps(exported(name))
    if name == "mask of a buffer":  # Export does not know how many elements a mask keeps.
        ours, theirs = ([operator for operator, _ in side] for side in (ours, theirs))
    if name == "tables":  # Export returns the buffers that a module changed beside its output.
        theirs = [step for step in theirs if step not in (("add", (1,)), ("copy_", (1,)))]
    assert ours == theirs


@pytest.mark.parametrize("name", ["unet", "attention written out", "encoder", "nested", "norms"])
def test_modules_around_a_step_are_those_of_export(name):
    def places(nodes: list[Any]) -> list[list[str]]:
        return [paths(node) for node in nodes if hasattr(node.target, "_schema") and node.users]

    def paths(node: Any) -> list[str]:
        if hasattr(node, "stack"):
            return [call.path for call in node.stack]
        return [path for path, _ in node.meta["nn_module_stack"].values() if path]

    assert places(list(recorded(name).calls)) == places(exported(name))


@pytest.mark.parametrize("name", CASES)
def test_every_operand_stands_before_its_reader(name):
    found = recorded(name)
    before: set[Any] = set()
    for node in found.nodes:
        assert before.issuperset(node.all_input_nodes)
        assert all(node in operand.users for operand in node.all_input_nodes)
        before.add(node)
    assert len({node.name for node in found.nodes}) == len(found.nodes)
    assert all(node.name.isidentifier() for node in found.nodes)


def whole(x: Any, parts: Any) -> Any:
    y = F.scaled_dot_product_attention(x, x, x)
    y = parts.norm(parts.linear(y))
    y = F.dropout(y, 0.1, training=False)
    return parts.lstm(torch.einsum("bnc,bmc->bnm", y, y) @ y)[0]


def test_composite_operators_arrive_whole():
    parts = {"norm": nn.LayerNorm(16), "linear": nn.Linear(16, 16), "lstm": nn.LSTM(16, 16, batch_first=True)}
    found = record(Does(lambda m, x: whole(x, m), **parts), tokens())
    names = [name_of(node) for node in found.calls if hasattr(node.target, "_schema")]
    attention = ["scaled_dot_product_attention", "linear", "layer_norm", "dropout", "einsum", "matmul"]
    assert names == [*attention, "zeros", "zeros", "lstm"]


def test_outputs_have_the_names_of_their_places():
    places = ["logits", "past_key_values[0][0]", "past_key_values[1][0]", "past_key_values[1][1]", "pair.left"]
    assert list(recorded("nested").outputs) == [*places, "pair.right"]
    assert list(recorded("lstm").outputs) == ["output[0]", "output[1][0]", "output[1][1]"]


def test_a_module_may_return_its_input_or_nothing():
    found = record(nn.Identity(), tokens())
    assert found.outputs == {"output": found.inputs["input"]}
    assert record(Does(lambda m, x: None), tokens()).outputs == {}
    inner = Does(lambda m, x: m.a(x) or x + 1, a=Does(lambda m, x: None))
    assert [name_of(node) for node in record(inner, tokens()).calls] == ["add"]


def test_inputs_have_the_names_of_their_arguments():
    class Takes(nn.Module):
        def forward(self, x, sizes, *, batch, factor):
            return x * sizes[0] * batch["image"] * factor

    one = torch.zeros(1)
    found = record(Takes(), {"x": one, "sizes": [one, one], "batch": {"image": one}, "factor": 3})
    assert list(found.inputs) == ["x", "sizes_0", "sizes_1", "batch_image"]
    assert list(record(Does(lambda m, x, *rest: x), (one, one, one)).inputs) == ["x", "rest_0", "rest_1"]


def test_weights_have_the_names_of_the_module_and_tied_ones_are_one():
    found = recorded("tied")
    assert list(found.parameters) == ["a.weight", "a.bias"]
    assert len(found.parameters["a.weight"].users) == 2
    assert list(recorded("attention written out").buffers) == ["mask"]


def test_calls_of_one_module_have_keys_of_their_own():
    assert [node.stack[-1] for node in recorded("shared").calls] == [("a", "a", "Linear"), ("a@1", "a", "Linear")]


def test_a_module_that_catches_an_error_goes_on_in_its_own_place():
    def stops(m, x):
        raise ValueError

    def forward(m, x):
        try:
            x = m.a(x)
        except ValueError:
            x = x + 1
        return m.b(x)

    found = record(Does(forward, a=Does(stops), b=nn.Linear(4, 4)), tokens(4))
    assert [[call.path for call in node.stack] for node in found.calls] == [[], ["b"]]


def test_a_step_names_the_innermost_line_of_the_user():
    (node,) = (node for node in recorded("attention fused").calls if "attention" in node.name)
    assert node.line is not None
    assert node.line.file.endswith("recorded_modules.py")
    assert "is_causal=True" in Path(node.line.file).read_text().splitlines()[node.line.number - 1]


def test_regions_of_gradients_are_told():
    found = recorded("regions")
    assert [name_of(node) for node in found.calls] == ["abs", "amax", "detach", "div", "linear"]
    assert [node.gradients.enabled for node in found.calls] == [False, False, True, True, True]


@pytest.mark.parametrize("reentrant", [True, False])
def test_checkpoints_are_told(reentrant):
    def forward(m, x):
        x = checkpoint(m.a, x, use_reentrant=reentrant)
        return checkpoint(lambda y: m.a(y).relu(), x, use_reentrant=reentrant) + x

    found = record(Does(forward, **linear()), tokens(4))
    regions = [node.gradients.region and node.gradients.region.number for node in found.calls]
    assert regions == [0, 1, 1, None]
    assert all(node.gradients.enabled for node in found.calls)
    assert len(found.regions) == 2


def test_steps_of_a_function_with_a_backward_pass_of_its_own_are_told():
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    found = record(Does(lambda m, x: Double.apply(x) + 1), tokens())
    assert [(node.gradients.function, node.gradients.enabled) for node in found.calls] == [(True, False), (False, True)]


@pytest.mark.parametrize("device", ["cpu", "cuda", None])
def test_autocast_changes_no_operator_and_is_told(device):
    found = record(Autocast(device), tokens(8))
    assert [name_of(node) for node in found.calls] == ["linear", "to", "linear"]
    assert [node.gradients.autocast for node in found.calls] == [torch.bfloat16, None, None]


def test_views_and_writes_say_whose_memory_they_use():
    found = recorded("in place")
    by_name = {node.name: node for node in found.nodes}
    assert by_name["slice"].base is by_name["zeros_like"]
    assert by_name["add_"].writes == (by_name["slice"],)
    assert by_name["add"].base is None
    assert by_name["mul_"].meta["val"].storage == by_name["zeros_like"].meta["val"].storage


def test_what_only_passes_through_is_a_step_of_its_own():
    found = record(Does(lambda m, x: F.dropout(x, 0.5, training=False) + x), tokens())
    dropout, add = found.calls
    assert add.args == (dropout, found.inputs["x"])
    assert dropout.base is found.inputs["x"]


def test_dead_steps_stay_and_are_told():
    found = recorded("dead")
    assert [name_of(node) for node in found.calls] == ["linear", "sum", "add"]
    assert {node.name for node in found.dead} == {"linear", "sum"}
    assert not recorded("in place").dead


def test_numbers_are_plain_and_can_be_replaced():
    for name in ("convolutions", "encoder", "lstm"):
        for node in recorded(name).nodes:
            shapes = node.meta.get("val")
            for value in shapes if isinstance(shapes, tuple) else [shapes]:
                assert value is None or isinstance(value, Shaped)
                assert value is None or all(type(size) is int for size in value.shape)


def test_scripted_functions_are_seen_through():
    with pytest.warns(DeprecationWarning):
        scripted = torch.jit.script(_swish)
    found = record(Does(lambda m, x: scripted(x)), tokens())
    assert [name_of(node) for node in found.calls] == ["sigmoid", "mul"]


def _swish(x):
    return x * torch.sigmoid(x)


def test_where_modules_lie_does_not_matter():
    targets = []
    for device in ("cpu", "meta"):
        with torch.device(device):
            found = record(Attention("written"), tokens())
        targets.append([str(node.target) for node in found.calls])
    assert targets[0] == targets[1]
