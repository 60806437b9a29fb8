"""Operands of one operation brought into common axes: broadcasting, joining and contraction by dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sympy import Expr, Integer

from archgraph.errors import ShapeError
from archgraph.graph.ir import Value
from archgraph.pytorch.trace.axis_names import AxisNames
from archgraph.pytorch.trace.builder import Axis, Builder, Pending, Tracked
from archgraph.pytorch.trace.layout import COPIES, AxisDigit, Dim, Layout, equal, extent, merged_digits, refine
from archgraph.sizes.symbols import product
from archgraph.sizes.types import CHANNEL

NAMED = ("c", "d", "h", "w")
"""Axes that keep their place: what has other axes there is brought to them."""
DimensionKey = tuple[int, int]
"""A label and the number of a digit in it."""


@dataclass
class Operand:
    """A tensor whose dimensions carry labels; dimensions of one label are matched."""

    tracked: Tracked
    labels: tuple[int, ...]

    def content(self, label: int) -> Dim:
        """The digits under a label."""
        return self.tracked.layout[self.labels.index(label)] if label in self.labels else ()


class Alignment:
    """Common axes of several operands.

    Args:
        joined: the label of the dimension that is one axis in every operand, of any size.
        own: labels whose repeated digits must be real: what a contraction multiplies or sums.
        fill: whether an operand must repeat what another one has as an axis.
        summed: labels that the result does not have.
    """

    def __init__(
        self,
        builder: Builder,
        operands: Sequence[Operand],
        joined: int | None = None,
        own: Sequence[int] = (),
        summed: Sequence[int] = (),
        *,
        fill: bool = False,
    ) -> None:
        self.builder = builder
        self.operands: list[Operand] = list(operands)
        self.joined = joined
        self.own: set[int] = set(own)
        self.fill = fill
        self.summed: set[int] = set(summed)
        # By operand, not in one table: two operands may hold a digit of equal size under one key and still walk their
        # own axes.
        self.parts: list[dict[DimensionKey, AxisDigit]] = [{} for _ in operands]
        self.names: dict[DimensionKey, str] = {}
        self.kept: dict[str, tuple[DimensionKey, ...]] = {}
        self.labels: list[int] = sorted({label for operand in operands for label in operand.labels})
        for label in self.labels:
            if label != joined:
                # First all dimensions are joined, then all are cut: a cut depends on what the others were joined to.
                self._coarsen(label)
        for label in self.labels:
            self._match(label)
        self._name()

    def _coarsen(self, label: int) -> None:
        """Join the digits of a dimension that is one named axis in another operand."""
        contents = [operand.content(label) for operand in self.operands]
        named = [
            len(content) == 1 and content[0].axis in NAMED and operand.tracked.is_whole(content[0])
            for operand, content in zip(self.operands, contents, strict=True)
        ]
        for i, (operand, content) in enumerate(zip(self.operands, contents, strict=True)):
            # A pending operand is not written yet and takes whatever form is asked for; only a value has to be
            # regrouped.
            if any(named) and len(content) > 1 and isinstance(operand.tracked.value, Value) and extent(content) != 1:
                dim = operand.labels.index(label)
                if all(digit.axis != COPIES for digit in content):
                    self.operands[i] = Operand(
                        self.builder.grouped(operand.tracked, [(None, (dim,))])[0], operand.labels
                    )

    def _match(self, label: int) -> None:
        """Cut the digits of a label alike in all operands that have it."""
        if label == self.joined:
            return
        present = [i for i, operand in enumerate(self.operands) if operand.content(label)]
        if not present:
            return
        # The coarsest digits that both have: every cut of one is a cut of the other, or the shapes cannot be matched.
        cut = refine([self.operands[i].content(label) for i in present])
        if cut is None:
            shapes = ", ".join(str(self.operands[i].tracked.shape) for i in present)
            raise ShapeError(f"dimensions of {shapes} are cut at places that do not match")
        for i, digits in zip(present, cut, strict=True):
            for k, digit in enumerate(digits):
                self.parts[i][label, k] = digit

    # -- names -------------------------------------------------------------------------------------------

    def _order(self) -> list[int]:
        """Operands by how much they say about names: settled before pending ones, wide before narrow."""

        def rank(i: int) -> tuple[bool, int]:
            real = sum(d.axis != COPIES for d in self.parts[i].values())
            return isinstance(self.operands[i].tracked.value, Pending), -real

        return sorted(range(len(self.operands)), key=rank)

    def _name(self) -> None:
        names = AxisNames(())
        order = self._order()
        keys = list(dict.fromkeys(key for part in self.parts for key in part))
        if self.joined is not None:
            self.joined_name: str = self._name_joined(names, order)
        self._keep_whole(names, order[0])
        # A digit that is a whole axis has the first claim on its name; a part of an axis gets it only if nobody else
        # asked.
        for accept in (self._whole_name, self._outer_name):
            for key in keys:
                if key not in self.names:
                    wish = accept(key, order)
                    if wish and names.free(wish):
                        self.names[key] = names.claim(wish)
        # Features stand last in what torch calls tokens, so that what is left without a name there is the channels.
        last = max((key for key in keys if key[0] == self.labels[-1]), default=None)
        if last not in self.names and last is not None and names.free(CHANNEL):
            self.names[last] = names.claim(CHANNEL)
        for key in keys:
            if key not in self.names:
                self.names[key] = names.fresh()

    def _name_joined(self, names: AxisNames, order: list[int]) -> str:
        assert self.joined is not None
        for i in order:
            content = self.operands[i].content(self.joined)
            if len(content) == 1 and self.operands[i].tracked.is_whole(content[0]) and "?" not in content[0].axis:
                return names.claim(content[0].axis)
        contents = [self.operands[i].content(self.joined) for i in order]
        content = next((c for c in contents if any(d.axis for d in c)), ())
        if any(d.axis.startswith("?") for d in content) and self.joined == self.labels[-1] and names.free(CHANNEL):
            return names.claim(CHANNEL)
        leader = self.operands[order[0]].tracked
        return names.for_content(content, leader.axes)

    def _keep_whole(self, names: AxisNames, leader: int) -> None:
        """Axes that all operands have split in the same way stay whole."""
        groups: dict[str, list[DimensionKey]] = {}
        for key, digit in self.parts[leader].items():
            groups.setdefault(digit.axis, []).append(key)
        tracked = self.operands[leader].tracked
        for axis, keys in groups.items():
            split = len(keys) > 1 and axis != COPIES and not axis.startswith("?")
            # Half of an axis that is summed away and half that stays cannot be one axis of the result.
            split = split and len({key[0] in self.summed for key in keys}) == 1
            split = split and names.free(axis)
            split = split and extent(self.parts[leader][k] for k in keys) == tracked.axes[axis]
            # In the order of the axis: labels may stand in another one.
            ordered = _outermost_first({key: self.parts[leader][key] for key in keys}) if split else ()
            if ordered and all(self._alike(i, leader, keys) for i in range(len(self.operands))):
                self.kept[names.claim(axis)] = ordered
                self.names.update(dict.fromkeys(keys, axis))

    def _alike(self, i: int, leader: int, keys: list[DimensionKey]) -> bool:
        mine = [self.parts[i].get(key) for key in keys]
        if not any(mine):
            return True
        digits = [d for d in mine if d is not None]
        # It can still be written in that order, whatever it is made of, unless it only repeats.
        if isinstance(self.operands[i].tracked.value, Pending) and len(digits) == len(keys):
            return all(d.axis != COPIES for d in digits)
        if len(digits) < len(keys) or len({d.axis for d in digits}) != 1 or digits[0].axis in ("",):
            return False
        theirs = [self.parts[leader][key] for key in keys]
        same = all(a.stride == b.stride and a.size == b.size for a, b in zip(digits, theirs, strict=True))
        return same and extent(digits) == self.operands[i].tracked.axes.get(digits[0].axis)

    def _whole_name(self, key: DimensionKey, order: list[int]) -> str | None:
        for i in order:
            digit = self.parts[i].get(key)
            if digit and self.operands[i].tracked.is_whole(digit) and not digit.axis.startswith("?"):
                return digit.axis
        return None

    def _outer_name(self, key: DimensionKey, order: list[int]) -> str | None:
        for i in order:
            digit = self.parts[i].get(key)
            if digit and digit.axis != COPIES and not digit.axis.startswith("?"):
                return digit.axis
        return None

    # -- results -----------------------------------------------------------------------------------------

    def _is_repeated(self, key: DimensionKey) -> bool:
        """Whether an operand may leave its repetitions to another one, which has them as an axis."""
        alone = key[0] in self.own or self.fill
        return not alone and any(part[key].axis != COPIES for part in self.parts if key in part)

    def values(self) -> list[Value]:
        """Return the operands in their common axes."""
        return [self._value(i) for i in range(len(self.operands))]

    def _value(self, i: int) -> Value:
        target: list[Axis] = []
        part = self.parts[i]
        for axis, keys in self.kept.items():
            digits = [part[key] for key in keys if key in part]
            if digits:
                target.append((axis, merged_digits(digits)))
        for key, digit in part.items():
            # Already part of a whole axis, or left to broadcasting: a copy that is written out would cost memory it
            # does not take.
            if key in self.kept.get(self.names[key], ()) or (digit.axis == COPIES and self._is_repeated(key)):
                continue
            target.append((self.names[key], (digit,)))
        if self.joined is not None and self.operands[i].content(self.joined):
            target.append((self.joined_name, self.operands[i].content(self.joined)))
        return self.builder.arrange(self.operands[i].tracked, target)

    def digits(self, label: int) -> Dim:
        """Return what a dimension of the result is made of."""
        found: list[AxisDigit] = []
        for key in sorted({key for part in self.parts for key in part if key[0] == label}):
            stride = self._stride(key) if key in self.kept.get(self.names[key], ()) else Integer(1)
            found.append(AxisDigit(self.names[key], stride, self._size(key)))
        return merged_digits(found)

    def _stride(self, key: DimensionKey) -> Expr:
        """Return how many positions of the axis that is kept lie between two of a digit."""
        # Not what an operand has: in one that is written as it is asked for, a digit may be of another axis.
        keys = self.kept[self.names[key]]
        return product(self._size(inner) for inner in keys[keys.index(key) + 1 :])

    def _size(self, key: DimensionKey) -> Expr:
        return next(part[key].size for part in self.parts if key in part)


def _outermost_first(digits: Mapping[DimensionKey, AxisDigit]) -> tuple[DimensionKey, ...]:
    """Return the digits of an axis in its own order; none where some of it is missing."""
    left, found = dict(digits), []
    stride: Expr = Integer(1)
    while left:
        key = next((key for key, digit in left.items() if equal(digit.stride, stride)), None)
        if key is None:
            return ()
        stride = product((stride, left.pop(key).size))
        found.append(key)
    return tuple(reversed(found))


def broadcast_dimensions(builder: Builder, tensors: Sequence[Tracked]) -> tuple[list[Value], Layout]:
    """Return values in common axes, as torch broadcasts dimensions from the right, and the result's layout."""
    rank = max(t.rank for t in tensors)
    operands = [Operand(t, tuple(range(rank - t.rank, rank))) for t in tensors]
    if _alike(tensors):
        return [t.value for t in tensors if isinstance(t.value, Value)], tensors[0].layout
    alignment = Alignment(builder, operands)
    return alignment.values(), tuple(alignment.digits(label) for label in range(rank))


def _alike(tensors: Sequence[Tracked]) -> bool:
    first = tensors[0]
    repeats = any(digit.axis == COPIES for dim in first.layout for digit in dim)
    return not repeats and all(
        isinstance(t.value, Value) and t.layout == first.layout and t.axes == first.axes for t in tensors
    )
