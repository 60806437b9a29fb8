"""Layouts of weights that are stored in fewer bits, with their scales: a new one is one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sympy import Expr, Integer, ceiling

from archgraph.ops.base import Weight
from archgraph.sizes.symbols import ZERO, product

MatrixBytes = Callable[[Expr, Expr], Expr]
"""Bytes of a matrix of so many rows and columns."""
HALVED = 2


@dataclass(frozen=True)
class WeightLayout:
    """How the matrices of hidden linear layers are stored; everything else is stored in `others` bytes each.

    Attributes:
        others: bytes of a scalar of embeddings, heads, norms and biases.
        matrix: the bytes of a matrix, scales and codes included; None where matrices are as everything else.
        kind_of_number: "exact" where it was held against a library, "estimate" where it follows a format alone.
        meaning: the layout in words.
    """

    others: int
    matrix: MatrixBytes | None = None
    kind_of_number: str = "exact"
    meaning: str = ""

    def bytes(self, weight: Weight) -> Expr:
        """Return the bytes of a matrix of a hidden linear layer.

        >>> from archgraph.sizes.symbols import size
        >>> matrix = Weight((size(96), size(64)))
        >>> [LAYOUTS[name].bytes(matrix) for name in ("bf16", "int8", "nf4", "nf4-double", "int4-g128")]
        [12288, 6528, 3520, 4264, 3264]
        """
        if self.matrix is None:
            return self.others * weight.numel
        return self.matrix(*weight.shape)


def _nf4(rows: Expr, columns: Expr) -> Expr:
    scalars = product((rows, columns))
    return ceiling(scalars / 2) + 4 * ceiling(scalars / 64) + 64


def _nf4_double(rows: Expr, columns: Expr) -> Expr:
    scalars = product((rows, columns))
    blocks = ceiling(scalars / 64)
    return ceiling(scalars / 2) + blocks + 4 * ceiling(blocks / 256) + 4 + 1088


def _int8(rows: Expr, columns: Expr) -> Expr:
    return product((rows, columns)) + 4 * rows


def _fp8(rows: Expr, columns: Expr) -> Expr:
    return product((rows, columns)) + 4


def _fp8_block(rows: Expr, columns: Expr) -> Expr:
    return product((rows, columns)) + 4 * ceiling(rows / 128) * ceiling(columns / 128)


def _int4(zeros: Expr) -> MatrixBytes:
    def law(rows: Expr, columns: Expr) -> Expr:
        groups = product((rows, ceiling(columns / 128)))
        return ceiling(product((rows, columns)) / 2) + 2 * groups + ceiling(zeros * groups)

    return law


LAYOUTS: Mapping[str, WeightLayout] = {
    "fp32": WeightLayout(4, meaning="single precision"),
    "bf16": WeightLayout(HALVED, meaning="half precision"),
    "fp16": WeightLayout(HALVED, meaning="half precision"),
    "int8": WeightLayout(HALVED, _int8, meaning="a byte per scalar, a scale of 4 bytes per row (bitsandbytes)"),
    "nf4": WeightLayout(HALVED, _nf4, meaning="4 bits, a scale of 4 bytes per 64, codes of 64 bytes (bitsandbytes)"),
    "nf4-double": WeightLayout(
        HALVED, _nf4_double, meaning="4 bits, scales in a byte per 64 with scales of their own (bitsandbytes)"
    ),
    "fp8": WeightLayout(HALVED, _fp8, "estimate", "a byte per scalar, one scale of 4 bytes per matrix"),
    "fp8-block": WeightLayout(HALVED, _fp8_block, "estimate", "a byte per scalar, a scale of 4 bytes per 128 x 128"),
    "int4-g128": WeightLayout(HALVED, _int4(ZERO), "estimate", "4 bits, a scale of 2 bytes per 128 of a row (GPTQ)"),
    "int4-g128-zeros": WeightLayout(
        HALVED,
        _int4(Integer(1) / 2),
        "estimate",
        "as int4-g128, with a zero point of 4 bits per 128 (GPTQ, asymmetric)",
    ),
}
"""Dettmers et al. 2022, arXiv:2208.07339; Dettmers et al. 2023, arXiv:2305.14314; Frantar et al. 2022,
arXiv:2210.17323."""
CACHE_TYPES: Mapping[str, int] = {"fp32": 4, "bf16": 2, "fp16": 2, "fp8": 1}
"""Bytes of a scalar of the cache; the one scale per tensor of fp8 is not counted."""
