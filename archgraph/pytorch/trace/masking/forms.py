"""From a matrix of allowed keys to the words in which an operation says what it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sympy import Expr, Integer

from archgraph.ops.position_sets import MOST_LISTED_BITS, PositionSets
from archgraph.ops.reach import All, AnyOf, AtMost, AxisMap, Blocks, Causal, Later, Listed, Window, Within
from archgraph.pytorch.trace.masking.fitting import FormNumbers, Recorded, Wider, fitted_laws, is_drawn, one_wider
from archgraph.pytorch.trace.masking.listings import proved

if TYPE_CHECKING:
    from torch import Tensor

Make = Callable[..., Window | Causal | Blocks | Listed]


def _more_teeth(numbers: FormNumbers, place: int) -> FormNumbers:
    furthest, count, step = numbers
    return one_wider(numbers, 2) if place == 2 else (furthest + (0 if place else step), count + 1, step)


@dataclass(frozen=True)
class MaskForm:
    """A kind of mask.

    Attributes:
        measure: gives the numbers that a matrix would have if it were of this kind, or None.
        draw: makes the matrix of these numbers.
        make: makes the words, of expressions.
        wider: gives numbers with one of them larger, by its place.
    """

    measure: Callable[[Tensor], FormNumbers | None]
    draw: Callable[[int, int, FormNumbers], Tensor]
    make: Make
    wider: Wider = one_wider


def _distances(allowed: Tensor) -> Tensor:
    """How far the key of every allowed pair lies before its query."""
    import torch

    rows, columns = allowed.nonzero(as_tuple=True)
    return rows - columns if len(rows) else torch.zeros(0, dtype=torch.long)


def _far(rows: int, columns: int) -> Tensor:
    import torch

    return torch.arange(rows)[:, None] - torch.arange(columns)[None]


def _ahead(allowed: Tensor) -> FormNumbers | None:
    far = _distances(allowed)
    return (int(-far.min()),) if len(far) else None


def _until(rows: int, columns: int, numbers: FormNumbers) -> Tensor:
    return _far(rows, columns) >= -numbers[0]


def _band(allowed: Tensor) -> FormNumbers | None:
    far = _distances(allowed)
    return (int(far.max()), int(-far.min())) if len(far) else None


def _within(rows: int, columns: int, numbers: FormNumbers) -> Tensor:
    far = _far(rows, columns)
    return (far <= numbers[0]) & (far >= -numbers[1])


def _dilated(allowed: Tensor) -> FormNumbers | None:
    far = _distances(allowed).unique()
    if len(far) < 2:
        return None
    step = int((far[1:] - far[:-1]).min())
    return (int(far.max()), len(far), step)


def _combed(rows: int, columns: int, numbers: FormNumbers) -> Tensor:
    back = numbers[0] - _far(rows, columns)
    return (back >= 0) & (back % numbers[2] == 0) & (back < numbers[1] * numbers[2])


def _blocked(allowed: Tensor) -> FormNumbers | None:
    first = int(allowed[0].sum())
    if not first or first >= len(allowed) or not bool(allowed[first].any()):
        return None
    second = int(allowed[first].sum())
    # The first block may begin before the axis does, and the last one end behind it.
    size = max(first, second)
    return (size, first % size)


def _in_blocks(rows: int, columns: int, numbers: FormNumbers) -> Tensor:
    import torch

    size, shift = numbers
    if size < 1:
        return torch.zeros(rows, columns, dtype=torch.bool)
    return ((torch.arange(rows) - shift) // size)[:, None] == ((torch.arange(columns) - shift) // size)[None]


def _window(before: Expr, after: Expr) -> Window:
    return Window(kernel=before + after + 1, before=before)


def _comb(furthest: Expr, count: Expr, step: Expr) -> Window:
    return Window(kernel=count, dilation=step, before=furthest)


FORMS: Sequence[MaskForm] = (
    MaskForm(_ahead, _until, lambda ahead: Causal(ahead)),
    MaskForm(_blocked, _in_blocks, lambda size, shift: Blocks(size, shift)),
    MaskForm(_band, _within, _window),
    MaskForm(_dilated, _combed, _comb, _more_teeth),
)
"""In the order in which they are tried."""


def map_of(recorded: Sequence[Recorded], sizes: Sequence[Expr]) -> AxisMap | None:
    """Return how keys are read, None where all of them are.

    Args:
        recorded: the matrix in every recording; the first is the one of the example.
        sizes: the numbers of queries and of keys as expressions.
    """
    if all(bool(one.allowed.all()) for one in recorded):
        return None
    found = next(_forms(recorded, sizes), None)
    if found is not None:
        return found
    found = next(_laters(recorded, sizes), None)
    if found is not None:
        return found
    found = next(_unions(recorded, sizes), None)
    if found is not None:
        return found
    first = listed(recorded[0].allowed)
    return proved(first) if all(one.allowed.equal(recorded[0].allowed) for one in recorded) else first


def kept_map(recorded: Sequence[Recorded], sizes: Sequence[Expr]) -> Within | Listed | AtMost | None:
    """Return which positions of an axis are kept, each for itself; None where all of them are.

    Args:
        recorded: whether a position is kept, in every recording; the first is the one of the example.
        sizes: what the ends of a stretch may grow with, as expressions.
    """
    if all(bool(one.allowed.all()) for one in recorded):
        return None
    laws = fitted_laws(_stretch, lambda one, ends: _between(len(one), ends), recorded, sizes)
    if laws is not None:
        return Within(*laws)
    tests = recorded[0].allowed
    sets = PositionSets((1 << index if kept else 0 for index, kept in enumerate(tests.tolist())), len(tests))
    found = Listed(sets, own=True)
    return proved(found) if all(one.allowed.equal(tests) for one in recorded) else found


def _stretch(kept: Tensor) -> FormNumbers | None:
    """The ends of the only stretch of positions that are kept."""
    places = kept.nonzero().flatten()
    return (int(places[0]), int(places[-1]) + 1) if len(places) else None


def _between(length: int, ends: FormNumbers) -> Tensor:
    import torch

    places = torch.arange(length)
    return (places >= ends[0]) & (places < ends[1])


def _forms(recorded: Sequence[Recorded], sizes: Sequence[Expr]) -> Iterator[AxisMap]:
    for form in FORMS:
        laws = fitted_laws(
            form.measure,
            lambda one, numbers, form=form: form.draw(one.shape[0], one.shape[1], numbers),
            recorded,
            sizes,
            form.wider,
        )
        if laws is not None:
            yield form.make(*laws)


def _laters(recorded: Sequence[Recorded], sizes: Sequence[Expr]) -> Iterator[AxisMap]:
    """Yield a form that begins with a query behind the first: those before it read nothing."""
    if bool(max(recorded, key=lambda one: one.allowed.numel()).allowed[0].any()):
        return
    for form in FORMS:
        laws = fitted_laws(
            lambda allowed, form=form: _with_start(form, allowed),
            lambda allowed, numbers, form=form: _from_start(form, allowed, numbers),
            recorded,
            sizes,
            lambda numbers, place, form=form: _later_by_one(form, numbers, place),
        )
        made = None if laws is None else form.make(*laws[:-1])
        if laws is not None and isinstance(made, Causal | Window):
            yield Later(made, laws[-1])


def _with_start(form: MaskForm, allowed: Tensor) -> FormNumbers | None:
    numbers = form.measure(allowed)
    return None if numbers is None else (*numbers, int(allowed.any(1).long().argmax()))


def _from_start(form: MaskForm, allowed: Tensor, numbers: FormNumbers) -> Tensor:
    drawn = _drawn(form, allowed, numbers[:-1])
    drawn[: max(numbers[-1], 0)] = False
    return drawn


def _later_by_one(form: MaskForm, numbers: FormNumbers, place: int) -> FormNumbers:
    if place == len(numbers) - 1:
        return one_wider(numbers, place)
    return (*form.wider(numbers[:-1], place), numbers[-1])


def _unions(recorded: Sequence[Recorded], sizes: Sequence[Expr]) -> Iterator[AxisMap]:
    """Yield a form beside which the first keys are read by all: a prefix, or positions that everybody sees."""
    first = _first(max(recorded, key=lambda one: one.allowed.numel()).allowed)
    if not first:
        return
    for form in FORMS:
        laws = fitted_laws(
            lambda allowed, form=form: form.measure(_without(allowed, first)),
            lambda allowed, numbers, form=form: _with_first(
                form.draw(allowed.shape[0], allowed.shape[1], numbers), first
            ),
            recorded,
            sizes,
            form.wider,
        )
        if laws is not None:
            yield AnyOf((Window(Integer(first), Integer(0)), form.make(*laws)))


def goes_on(mask: Tensor, dim: int, length: int) -> int | None:
    """Return how many positions of a mask, at least those of its first part, are of the form that this part has.

    Args:
        mask: which keys are read.
        dim: along which it has a first part.
        length: how long that is.

    Returns:
        None where all of it is of that form, and where the part is of none.

    >>> import torch
    >>> goes_on(torch.ones(64, 64).tril() - torch.ones(64, 64).tril(-50) == 1, -2, 24)
    50
    """
    first = mask.narrow(dim, 0, length)
    drawn = mask | True if bool(first.all()) else next(_continued(first, mask), None)
    if drawn is None or bool((drawn == mask).all()):
        return None
    return int((drawn != mask).any(-1 if dim == -2 else -2).long().argmax())


def _continued(first: Tensor, whole: Tensor) -> Iterator[Tensor]:
    for form in FORMS:
        numbers = form.measure(first)
        if numbers is not None and is_drawn(_drawn(form, first, numbers), first):
            yield _drawn(form, whole, numbers)


def _drawn(form: MaskForm, allowed: Tensor, numbers: FormNumbers) -> Tensor:
    return form.draw(allowed.shape[0], allowed.shape[1], numbers)


def _with_first(drawn: Tensor, first: int) -> Tensor:
    drawn[:, :first] = True
    return drawn


def _first(allowed: Tensor) -> int:
    """How many of the first keys everybody reads."""
    full = allowed.all(0)
    return len(full) if bool(full.all()) else int((~full).long().argmax())


def _without(allowed: Tensor, first: int) -> Tensor:
    cut = allowed.clone()
    cut[:, :first] = False
    return cut


def listed(allowed: Tensor) -> AxisMap:
    """Return the keys of every query one by one, or that they are too many to hold."""
    rows, columns = allowed.shape
    if rows * columns > MOST_LISTED_BITS:
        return AtMost(All(), f"a mask of {rows:,} x {columns:,} is too large to be held")
    return Listed(PositionSets(map(mask_of, allowed), columns))


def mask_of(row: Tensor) -> int:
    """Return a row of tests as bits, the first one lowest."""
    import torch

    weights = 1 << torch.arange(8, dtype=torch.uint8)
    bits = torch.zeros(-(-len(row) // 8) * 8, dtype=torch.uint8)
    bits[: len(row)] = row
    return int.from_bytes(bytes((bits.view(-1, 8) * weights).sum(1, dtype=torch.uint8).tolist()), "little")
