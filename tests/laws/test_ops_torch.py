"""Laws of every operation against PyTorch: what it lowers to, what autograd keeps, what is read."""

from collections.abc import Iterator
from itertools import product

import pytest
from op_cases import Case, cases
from read_sets import reads

from archgraph.graph.execution import Execution
from archgraph.sizes.symbols import size

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
torch.set_num_threads(1)

BATCHES = (1, 2, 3)
UNMEASURED = {
    "einsum over several axes": "PyTorch copies an operand or not by the layout of both",
    "batch_norm of one position": "PyTorch takes no statistics over a single value, so that a batch of 1 is refused",
}
"""Operations whose fact `saved` is not compared with autograd, and why."""
UNCOUNTED = {"distances": "the product is inside a kernel, where PyTorch's counter does not look"}
"""Operations whose MACs are not compared with PyTorch's counter, and why."""


def shape(type_) -> tuple[int, ...]:
    return tuple(int(length) for length in type_.sizes.values())


def operands(case: Case, batch: int, device: str | None = None, grad: bool = False) -> list:
    made = []
    for type_ in case.types:
        size = (batch, *shape(type_))
        if not type_.has_gradient:
            made.append(torch.randint(0, 2, size, device=device))
        else:
            own = torch.complex64 if type_.dtype == "complex64" else None
            made.append((torch.rand(size, dtype=own, device=device) + 0.5).requires_grad_(grad))
    return made


def outputs_of(module, tensors: list) -> tuple:
    results = module(*tensors)
    return tuple(results) if isinstance(results, (tuple, list)) else (results,)


@pytest.mark.parametrize("case", cases(), ids=str)
def test_module_has_the_shapes_weights_and_macs(case):
    from torch.utils.flop_counter import FlopCounterMode

    op, types = case
    with torch.device("meta"):
        module = op.lower(*types).eval()
    weights = weights_of(module)
    module.requires_grad_(False)
    with FlopCounterMode(display=False) as counter:
        results = outputs_of(module, operands(case, 1, "meta"))
    assert [tuple(result.shape[1:]) for result in results] == [shape(out) for out in op.infer(*types)]
    assert counter.get_total_flops() == (0 if op.kind in UNCOUNTED else 2 * op.macs(*types))
    assert weights == {
        name: (tuple(map(int, weight.shape)), weight.kind) for name, weight in op.weights(*types).items()
    }


def weights_of(module) -> dict:
    kinds = {True: "trainable", False: "frozen"}
    found = {name: (tuple(p.shape), kinds[p.requires_grad]) for name, p in module.named_parameters()}
    return {**found, **{name: (tuple(b.shape), "buffer") for name, b in module.named_buffers()}}


def unmeasured(case: Case, batch: int) -> str | None:
    """Return what a case is called in the table of those that are not measured."""
    op, types = case
    if op.kind == "einsum" and isinstance(op.over, tuple):
        return "einsum over several axes"
    if op.kind == "batch_norm" and batch == 1 and types[0].area == 1:
        return "batch_norm of one position"
    return op.kind if op.kind in UNMEASURED else None


def measured() -> list[tuple[Case, int]]:
    return [(case, batch) for case in cases() for batch in BATCHES if unmeasured(case, batch) is None]


def test_every_exception_is_needed():
    found = {unmeasured(case, batch) for case in cases() for batch in BATCHES}
    assert found == {None, *UNMEASURED}


def some_need_a_gradient() -> Iterator[tuple[Case, int]]:
    """Yield the measured cases that keep something although an operand needs no gradient."""
    for case, batch in measured():
        if batch == 1 and (len(case.types) > 1 or case.op.weights(*case.types)):
            yield case, batch


@pytest.mark.parametrize(("case", "batch"), measured(), ids=str)
def test_saved_is_what_autograd_keeps(case, batch):
    op, types = case
    module = op.lower(*types).train()
    check_saved(case, module, operands(case, batch, grad=op.kind != "sinusoid"), op.saved(*types), batch)


@pytest.mark.parametrize(("case", "batch"), [*some_need_a_gradient()], ids=str)
def test_saved_for_some_operands_is_what_autograd_keeps(case, batch):
    op, types = case
    able = [index for index, type_ in enumerate(types) if type_.has_gradient]
    for flags in product((True, False), repeat=len(able)):
        needed = frozenset(index for index, flag in zip(able, flags, strict=True) if flag)
        module = op.lower(*types).train()
        if needed or any(True for _ in module.parameters()):
            tensors = operands(case, batch)
            for index in needed:
                tensors[index].requires_grad_()
            check_saved(case, module, tensors, op.saved_for(needed, "math", *types), batch)


def check_saved(case, module, tensors: list, said, batch: int) -> None:
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    with sdpa_math(), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        results = outputs_of(module, tensors)
    for weight in (*module.parameters(), *module.buffers()):
        kept.pop(weight.untyped_storage().data_ptr(), None)
    saved = said.of(batch)
    inputs, outputs = (places(values) for values in (tensors, results))
    assert {index for index, place in enumerate(inputs) if place in kept} == set(saved.inputs)
    assert {i for i, place in enumerate(outputs) if place in kept and place not in inputs} == set(saved.outputs)
    fresh = [size for place, (size, _) in kept.items() if place not in (*inputs, *outputs)]
    assert sum(fresh) == Execution(samples=size(batch)).fresh(saved)
    for output, operand in saved.aliases:
        assert outputs[output] == inputs[operand]


def sdpa_math():
    from torch.nn.attention import SDPBackend, sdpa_kernel

    return sdpa_kernel(SDPBackend.MATH)


def places(tensors) -> list[int]:
    return [tensor.untyped_storage().data_ptr() for tensor in tensors]


@pytest.mark.parametrize("case", cases(), ids=str)
def test_reach_is_where_gradients_flow(case):
    op, types = case
    torch.manual_seed(0)
    module = op.lower(*types).eval()
    for weight in module.parameters():
        torch.nn.init.uniform_(weight, 0.5, 1.5)
    tensors = operands(case, 1, grad=True)
    results = outputs_of(module, tensors)
    exact = len(results) == 1 and not is_sparse(op)
    for type_, result in zip(op.infer(*types), results, strict=True):
        tensor = (torch.view_as_real(result) * torch.tensor([1.0, 2.3])).sum(-1) if result.is_complex() else result
        weighted = move_positions_first(tensor[0] * torch.rand(tensor.shape[1:]), type_)
        for place in product(*(range(int(type_.size(axis))) for axis in type_.positions)):
            output = dict(zip(type_.positions, place, strict=True))
            check_reads(case, tensors, weighted[place].sum(), output, exact)


def is_sparse(op) -> bool:
    """Maxima let one tap through; a block that a border cuts to one position has no gradient to its scores."""
    cut = op.kind == "scaled_dot_product_attention" and op.shift is not None
    return op.kind in ("max_pool", "adaptive_max_pool", "global_max_pool") or cut


def move_positions_first(tensor, type_):
    return tensor.permute(
        [type_.names.index(axis) for axis in type_.positions]
        + [type_.names.index(axis) for axis in type_.names if axis == "c"]
    )


def check_reads(case: Case, tensors: list, scalar, output: dict[str, int], exact: bool) -> None:
    differentiable = [x for x in tensors if x.requires_grad]
    if not scalar.requires_grad or not differentiable:
        return
    gradients = iter(torch.autograd.grad(scalar, differentiable, retain_graph=True, allow_unused=True))
    for tensor, type_, reach in zip(tensors, case.types, case.op.reach(*case.types), strict=True):
        gradient = next(gradients) if tensor.requires_grad else None
        if gradient is None:
            found = set()
        else:
            moved = move_positions_first(gradient[0], type_)
            flat = moved.flatten(len(type_.positions)).abs().sum(-1) if type_.has("c") else moved.abs()
            # A kernel that computes a weight of 1 again from its logarithm leaves what it rounds off.
            found = {tuple(index.tolist()) for index in (flat > 1e-6).nonzero()}
        sizes = {axis: int(type_.size(axis)) for axis in type_.positions}
        predicted = set(reads(reach, output, sizes)) if tensor.requires_grad else set()
        assert found <= predicted, f"{type_} at {output}"
        assert found == predicted or not (exact and sizes), f"{type_} at {output}"
