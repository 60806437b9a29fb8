"""Laws of every registered operation: its facts agree with one another, and with PyTorch."""

import inspect

import pytest
from op_cases import cases, examples, free_symbols, kinds, substitute, valuations
from sympy import Expr

from archgraph.ops.base import Saved, Weight
from archgraph.ops.catalogue import registry, summary
from archgraph.sizes.types import TensorType

KERNELS = ("math", "upcast", "flash")


def facts(op, types):
    """Every fact but the lowering."""
    return {
        "infer": op.infer(*types),
        "weights": dict(op.weights(*types)),
        "macs": op.macs(*types),
        "elementwise": op.elementwise(*types),
        "saved": op.saved(*types),
        "saved by": [op.saved_by(kernel, *types) for kernel in KERNELS],
        "workspace": [op.workspace(kernel, *types) for kernel in KERNELS],
        "reach": op.reach(*types),
    }


@pytest.mark.parametrize("kind", kinds())
def test_is_documented(kind):
    text = inspect.getdoc(registry()[kind]) or ""
    assert summary(registry()[kind]).strip()
    assert "{" in text or "Any type stays" in text, "no line says what shapes it takes and gives"
    assert ">>>" in text


@pytest.mark.parametrize("case", examples(), ids=str)
def test_facts_of_the_example_are_well_formed(case):
    op, types = case
    found = facts(op, types)
    assert found["infer"] and all(isinstance(out, TensorType) for out in found["infer"])
    assert all(isinstance(weight, Weight) for weight in found["weights"].values())
    assert isinstance(found["macs"], Expr) and isinstance(found["elementwise"], Expr)
    assert isinstance(hash(op), int) and op == type(op)(**vars(op))


@pytest.mark.parametrize("case", [*examples(), *cases()], ids=str)
def test_reach_and_saved_fit_the_operands(case):
    op, types = case
    reach, saved, outputs = op.reach(*types), op.saved(*types), op.infer(*types)
    assert len(reach) == len(types)
    for operand, read in zip(types, reach, strict=True):
        covered = [axis for axis, _ in read.maps]
        assert not read.reads or sorted(covered) == sorted(operand.positions)
        assert set(read.statistics) <= set(operand.positions)
    assert isinstance(saved, Saved)
    assert set(saved.inputs) <= set(range(len(types)))
    assert set(saved.outputs) <= set(range(len(outputs)))
    assert all(out < len(outputs) and operand < len(types) for out, operand in saved.aliases)
    for kernel in KERNELS:
        assert set(op.workspace(kernel, *types).passes) <= set(range(len(types)))
        assert set(op.saved_by(kernel, *types).inputs) <= set(range(len(types)))


@pytest.mark.parametrize("case", examples(), ids=str)
def test_symbols_then_numbers_is_numbers_then_facts(case):
    op, types = case
    symbolic = facts(op, types)
    for values in valuations(op, types):
        bound, operands = substitute(op, values), substitute(types, values)
        assert not free_symbols((bound, operands))
        assert facts(bound, operands) == substitute(symbolic, values)
