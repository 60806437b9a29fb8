"""The table of pointwise functions, row by row against PyTorch: what autograd keeps, and that each is pointwise."""

from itertools import product
from weakref import ref

import pytest
from sympy import Integer

from archgraph.errors import UnsupportedOpError
from archgraph.ops.activations import Dropout
from archgraph.ops.base import REGISTERED
from archgraph.ops.functions import FUNCTIONS, ROWS, function_row, torch_function
from archgraph.ops.pointwise import Activation, Relu
from archgraph.ops.traced.values import Function
from archgraph.sizes.dtypes import stored_type
from archgraph.sizes.types import tensor

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
torch.set_num_threads(1)

SIZE = 6
NUMBERS = {
    "pow.Tensor_Scalar": (None, 2.5),
    "threshold": (None, 0.5, 0.1),
}
"""Functions that PyTorch calls only with a number somewhere."""
CALLS = {
    "add": [(None, 2.5)],
    "celu": [(None, 1.5)],
    "clamp": [(None, 0.3, 0.6), (None, 0.3, float("inf"))],
    "clamp_max": [(None, 0.3)],
    "clamp_min": [(None, 0.3)],
    "copysign": [(None, 2.5)],
    "div": [(None, 2.5), (2.5, None)],
    "floor_divide": [(None, 2.5)],
    "fmod": [(None, 2.5)],
    "hardshrink": [(None, 0.5)],
    "hardtanh": [(None, 0.2, 0.6)],
    "leaky_relu": [(None, 0.2)],
    "lerp": [(None, None, 0.3)],
    "logit": [(None, 0.01)],
    "masked_fill": [(None, None, 2.5)],
    "mul": [(None, 2.5), (2.5, None)],
    "nan_to_num": [(None, 0.0)],
    "pow": [(None, 2.5), (None, 2.0), (2.5, None)],
    "remainder": [(None, 2.5)],
    "rsub": [(None, 2.5)],
    "softplus": [(None, 2.0, 10.0)],
    "softshrink": [(None, 0.3)],
    "sub": [(None, 2.5), (2.5, None)],
    "where": [(None, None, 0.0), (None, 0.0, None)],
    "xlogy": [(None, 2.5), (2.5, None)],
}
"""Calls with numbers among the arguments, which have no gradient and are not kept."""
MASKS = {"where": (0,), "masked_fill": (1,)}
"""Operands that are tests."""
ONE_ELEMENT = {"masked_fill": (2,)}
"""Operands that PyTorch takes as a single element."""
INTEGERS = frozenset(name for name in FUNCTIONS if name.startswith("bitwise_"))
ALWAYS = frozenset(["pow"])
"""Functions that keep a result which only the gradient of an operand reads that needs none here."""
CASES = [(row.name, NUMBERS.get(row.name)) for row in ROWS] + [
    (name, call) for name, calls in CALLS.items() for call in calls
]


def spread(name: str) -> float:
    """Samples lie between 0.1 and 0.9; the inverse of cosh begins at 1."""
    return 1.0 if name == "acosh" else 0.0


def operand(name: str, place: int, flows: bool):
    """Return a sample of one operand and its type."""
    size = 1 if place in ONE_ELEMENT.get(name, ()) else SIZE
    if place in MASKS.get(name, ()):
        return torch.rand(size) > 0.5, tensor("bool", c=size)
    if name in INTEGERS:
        return torch.randint(1, 5, (size,)), tensor("int", c=size)
    x = torch.rand(() if size == 1 else size) * 0.8 + 0.1 + spread(name)
    return x.requires_grad_(flows), tensor(c=size)


def compute(name: str, call):
    function = torch_function(name.partition(".")[0])

    def apply(*tensors):
        values = iter(tensors)
        return function(*(next(values) if place is None else place for place in call))

    return apply


class Box:
    def __init__(self, tensor) -> None:
        self.tensor = tensor


def kept_by(function, tensors: list):
    """Return the result, and by storage the bytes that its graph holds: what is dropped at once does not count."""
    boxes: list = []

    def pack(tensor):
        box = Box(tensor)
        boxes.append(ref(box))
        return box

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda box: box.tensor):
        out = function(*tensors)
    alive = [box().tensor.untyped_storage() for box in boxes if box() is not None]
    return out, {storage.data_ptr(): storage.nbytes() for storage in alive}


def place(tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def floating(name: str, call) -> list[int]:
    """Return the arguments through which a gradient may flow."""
    return [p for p, number in enumerate(call) if number is None and p not in MASKS.get(name, ())]


def arguments(name: str, call):
    return call or (None,) * len(function_row(name).gradients)


@pytest.mark.parametrize(("name", "call"), CASES, ids=str)
def test_a_row_says_what_autograd_keeps(name, call):
    call = arguments(name, call)
    able = floating(name, call)
    for flags in product((True, False), repeat=len(able)):
        if any(flags) and (all(flags) or name not in ALWAYS):
            check_kept(name, call, {p for p, flag in zip(able, flags, strict=True) if flag})


def check_kept(name: str, call, flowing: set[int]) -> None:
    places = [p for p, number in enumerate(call) if number is None]
    tensors, types = zip(*(operand(name, p, p in flowing) for p in places), strict=True)
    out, kept = kept_by(compute(name, call), list(tensors))
    needed = {index for index, p in enumerate(places) if p in flowing}
    saved = function_row(name, call).saved(types, Integer(SIZE), call, needed)
    inputs = [place(x) for x in tensors]
    assert {index for index, x in enumerate(inputs) if x in kept} == set(saved.inputs)
    assert (place(out) in kept) == (saved.outputs == (0,))
    fresh = [size for x, size in kept.items() if x not in (*inputs, place(out))]
    assert sum(fresh) == sum(int(numel) * stored_type(dtype).width(4) for numel, dtype in saved.fresh)


@pytest.mark.parametrize(("name", "call"), CASES, ids=str)
def test_a_row_says_what_the_result_is(name, call):
    call = arguments(name, call)
    given = [operand(name, p, False) for p, number in enumerate(call) if number is None]
    out = compute(name, call)(*(x for x, _ in given))
    kind = function_row(name, call).dtype([type_ for _, type_ in given], call)
    assert {"float": "float32", "int": "int64"}.get(kind, kind) == str(out.dtype).removeprefix("torch.")
    assert out.shape == (SIZE,)


@pytest.mark.parametrize(("name", "call"), CASES, ids=str)
def test_a_row_says_what_the_result_of_integers_is(name, call):
    call = arguments(name, call)
    kinds = ["bool" if p in MASKS.get(name, ()) else "int" for p, number in enumerate(call) if number is None]
    try:
        out = compute(name, call)(*(torch.ones(SIZE).to(torch.bool if k == "bool" else torch.long) for k in kinds))
    except (RuntimeError, NotImplementedError):
        return
    found = function_row(name, call).dtype([tensor(k, c=SIZE) for k in kinds], call)
    assert {"float": "float32", "int": "int64"}.get(found, found) == str(out.dtype).removeprefix("torch.")


@pytest.mark.parametrize(("name", "call"), CASES, ids=str)
def test_a_result_reads_its_own_position_only(name, call):
    call = arguments(name, call)
    able = floating(name, call)
    tensors = {p: operand(name, p, p in able)[0] for p, number in enumerate(call) if number is None}
    out = compute(name, call)(*tensors.values())
    if not out.requires_grad or "NotImplemented" in out.grad_fn.name():
        assert not any(function_row(name).gradients)
        return
    whole = [x for p, x in tensors.items() if x.requires_grad and p not in ONE_ELEMENT.get(name, ())]
    for position, element in enumerate(torch.view_as_real(out).sum(-1) if out.is_complex() else out):
        for gradient in torch.autograd.grad(element, whole, retain_graph=True):
            assert set(gradient.nonzero().flatten().tolist()) <= {position}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_reads_position_by_position(row):
    assert row.reach(("h", "w")).maps == tuple(Function("sin").reach(tensor(c=2, h=3, w=4))[0].maps)
    assert row.operations == 1


def test_a_function_without_a_row_is_refused_by_name():
    with pytest.raises(UnsupportedOpError, match=r"function 'sinn' has no rule\. Did you mean 'sin'\?"):
        Function("sinn")


def test_a_tensor_where_the_row_knows_numbers_only_is_refused():
    with pytest.raises(UnsupportedOpError, match="nothing is known of argument 2 of function 'celu' as a tensor"):
        Function("celu").saved(tensor(c=3), tensor(c=3))


def test_rows_are_in_order_and_named_once():
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)


def test_activations_of_specs_read_their_rows():
    activations = [op for op in REGISTERED.values() if issubclass(op, Activation)]
    assert len(activations) >= 11
    for op in activations:
        x = tensor(c=2, h=3)
        assert op().saved(x) == Function(op.function).saved(x), op.kind
    assert Relu().saved(tensor(c=2)).outputs == (0,)
    assert not issubclass(Dropout, Activation)
