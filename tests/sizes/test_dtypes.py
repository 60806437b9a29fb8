"""The table of stored types against PyTorch: bytes, kinds, and what types become together."""

from itertools import product

import pytest

from archgraph.errors import ShapeError
from archgraph.sizes.dtypes import DTYPES, promoted, stored_type
from archgraph.sizes.types import tensor

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
TORCH = {"float": "float32", "int": "int64"}
FIXED_NAMES = [name for name in DTYPES if not name.startswith(("float8", "uint16", "uint32", "uint64"))]


def dtype(name: str):
    return getattr(torch, TORCH.get(name, name))


@pytest.mark.parametrize("name", DTYPES)
def test_a_type_has_the_bytes_and_the_kind_of_pytorch(name):
    row, known = stored_type(name), dtype(name)
    assert row.width(4) == known.itemsize
    assert (row.kind == "complex", row.kind == "float") == (known.is_complex, known.is_floating_point)
    assert row.has_gradient == tensor(name, c=2).has_gradient


@pytest.mark.parametrize(("one", "other"), [*product(FIXED_NAMES, FIXED_NAMES)])
def test_types_become_together_what_pytorch_makes_of_them(one, other):
    assert dtype(promoted([one, other])) == torch.promote_types(dtype(one), dtype(other))


def test_a_type_that_there_is_not():
    with pytest.raises(ShapeError, match=r"'flaot' is no type of values\. Did you mean 'float'"):
        stored_type("flaot")
