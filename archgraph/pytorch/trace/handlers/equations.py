"""The equations of `einsum`: which dimensions they name alike, and which they sum over."""

from __future__ import annotations

from collections.abc import Sequence


def labelled(equation: str, ranks: Sequence[int]) -> tuple[list[list[int]], list[int]]:
    """Return the labels of every operand, and those of the result.

    A label is a letter's number, or a negative one for a dimension under an ellipsis, counted from the right.

    Args:
        equation: as PyTorch takes it.
        ranks: how many dimensions the operands have.

    >>> labelled("ij, jk -> ik", (2, 2))
    ([[105, 106], [106, 107]], [105, 107])
    >>> labelled("...i,i", (3, 1))
    ([[-2, -1, 105], [105]], [-2, -1])
    """
    terms, _, out = equation.replace(" ", "").partition("->")
    labels = [_letters(term, rank) for term, rank in zip(terms.split(","), ranks, strict=True)]
    if "->" not in equation:
        every = [label for term in labels for label in term]
        hidden = sorted({label for label in every if label < 0})
        return labels, [*hidden, *sorted({label for label in every if label >= 0 and every.count(label) == 1})]
    hidden = len({label for term in labels for label in term if label < 0})
    return labels, _letters(out, hidden + len(out.replace("...", "")))


def summed_alone(equation: str, shapes: Sequence[Sequence[int]]) -> list[list[bool]]:
    """Return which dimensions of the operands are summed and have one element: over these PyTorch multiplies only.

    >>> summed_alone("bij,bjd->bid", [(1, 4, 1), (1, 1, 8)])
    [[False, False, True], [False, True, False]]
    """
    labels, out = labelled(equation, [len(shape) for shape in shapes])
    return [
        [size == 1 and label not in out for size, label in zip(shape, term, strict=True)]
        for shape, term in zip(shapes, labels, strict=True)
    ]


def _letters(term: str, rank: int) -> list[int]:
    before, dots, after = term.partition("...")
    hidden = rank - len(before) - len(after) if dots else 0
    return [*map(ord, before), *range(-hidden, 0), *map(ord, after)]
