"""What the reference says that PyTorch calls an operation or a block is what runs, with the weights of the block."""

import importlib
import inspect

import pytest
import torch_names
from reference import reference_page

import archgraph as ag
from archgraph.spec.library.standard import library_names
from archgraph.spec.operations import operations
from tests.laws.op_cases import substitute, valuations

UNSEEN = {
    "dropout": "the identity, since what is counted is inference",
    "parameter": "held, and not called",
    "pixel_shuffle": "several calls, so that any number of positions will do",
    "pixel_unshuffle": "several calls, so that any number of positions will do",
}
"""Operations whose lowered module calls no function of the name that their readers know, and what it does."""


def resolved(name):
    """The object behind a dotted name of PyTorch."""
    first, *rest = name.split(".")
    found = importlib.import_module(first)
    for part in rest:
        found = getattr(found, part)
    return found


def test_every_operation_and_block_has_a_line():
    assert set(torch_names.OPERATIONS) == set(operations())
    assert set(torch_names.BLOCKS) <= set(library_names())
    page = reference_page()
    assert page.count("\nPyTorch: ") == len(operations()) + len(library_names())


def test_the_argument_of_a_family_is_one_of_its_operation():
    for kind, argument in torch_names.FAMILIES.items():
        names = inspect.signature(operations()[kind]).parameters
        assert argument in names, kind


def lowered(kind):
    """The module of an operation's example, and random operands for it."""
    import torch

    op, types = operations()[kind].example()
    values = next(valuations(op, types))
    given = [substitute(type_, values) for type_ in types]
    operands = [
        torch.ones((2, *map(int, x.sizes.values())), dtype=torch.float32 if x.has_gradient else torch.long)
        for x in given
    ]
    return substitute(op, values).lower(*given).eval(), operands


def called(module, operands):
    """Every function of PyTorch that a module calls, and the classes that it is made of."""
    import torch
    from torch.overrides import TorchFunctionMode

    found = {type(each) for each in module.modules()}

    class Seen(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            found.add(function)
            return function(*args, **(kwargs or {}))

    with Seen(), torch.no_grad():
        module(*operands)
    return found


def counterparts(name):
    """The same call as a function of torch and as a method."""
    last = name.rpartition(".")[2]
    yield resolved(name)
    for place in ("torch", "torch.Tensor", "torch.functional"):
        if hasattr(resolved(place), last):
            yield getattr(resolved(place), last)


@pytest.mark.torch
@pytest.mark.parametrize("kind", [kind for kind, names in torch_names.OPERATIONS.items() if names])
def test_an_operation_calls_what_it_is_called(kind):
    pytest.importorskip("torch")
    seen = called(*lowered(kind))
    found = any(each in seen for name in torch_names.OPERATIONS[kind] for each in counterparts(name))
    assert found == (kind not in UNSEEN), seen


@pytest.mark.torch
def test_every_name_is_one_of_pytorch():
    pytest.importorskip("torch")
    for names in torch_names.OPERATIONS.values():
        assert all(callable(resolved(name)) for name in names)


@pytest.mark.torch
@pytest.mark.parametrize("block", sorted(torch_names.BLOCKS))
def test_the_module_of_a_block_has_as_many_weights(block):
    torch = pytest.importorskip("torch")
    module = eval(torch_names.BLOCKS[block], {"torch": torch, "D": 8, "heads": 2})
    context = ", context: {n: 6, c: 8}" if block == "cross_attention" else ""
    step = f"{block}: {{heads: 2}}" + (", from: [x, context]" if context else "")
    g = ag.loads(f"archgraph: 1\ninputs: {{x: {{n: 5, c: 8}}{context}}}\nnetwork: [{{{step}}}]\n")
    assert g.params == sum(weight.numel() for weight in module.parameters())
