"""The dimensions of attention before its tokens: heads, and what is stacked besides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Expr

from archgraph.pytorch.trace.builder import Tracked
from archgraph.pytorch.trace.layout import COPIES, AxisDigit, Dim, Layout, extent, merged_digits
from archgraph.sizes.symbols import product
from archgraph.sizes.types import CHANNEL


@dataclass(frozen=True)
class Stacked:
    """A tensor (…, tokens, channels) of attention, whose leading digits are heads or stacked: windows, frames.

    Digits of the axis that the channels are made of are heads, and so is what repeats them; digits of other axes are
    not, wherever they stand: many modules put windows and heads into one dimension.

    Attributes:
        t: the tensor with a dimension per stacked digit, one of heads, tokens, and channels.
        lead: the digits of the dimensions that it had before its tokens.
        heads_of: the axes whose digits are heads.
    """

    t: Tracked
    lead: tuple[Dim, ...]
    heads_of: frozenset[str]

    @property
    def head(self) -> int:
        """The dimension of the heads."""
        return self.t.rank - 3

    @property
    def batch(self) -> tuple[int, ...]:
        """The dimensions of stacked digits."""
        return tuple(range(self.head))

    @property
    def heads(self) -> Expr:
        """The number of heads that have values of their own: repetitions are left out."""
        return extent(d for d in self.t.layout[self.head] if d.axis != COPIES)

    def restored(self, stacked: Sequence[AxisDigit], width: Expr) -> Layout:
        """Return the leading dimensions of a result with its own stacked digits, and heads of some width."""
        found, inner = iter(stacked), product((width, self.heads))
        dims: list[list[AxisDigit]] = []
        for dim in self.lead:
            dims.append([])
            for digit in dim:
                if digit.axis in self.heads_of:
                    inner = product((inner, 1 / digit.size))
                    dims[-1].append(AxisDigit(CHANNEL, inner, digit.size))
                else:
                    dims[-1].append(next(found))
        return tuple(map(merged_digits, dims))


def stacked(t: Tracked, *, inner: bool) -> Stacked:
    """Tell heads from stacked digits; with `inner`, all of the dimension before the tokens counts as heads."""
    lead = t.layout[:-2]
    # Heads and channels were one axis before they were cut: a digit of that axis is a head wherever it was put.
    heads_of = frozenset({CHANNEL, COPIES, *(d.axis for d in (*t.layout[-1], *(lead[-1] if inner else ())))})
    digits = [digit for dim in lead for digit in dim]
    heads = merged_digits(digit for digit in digits if digit.axis in heads_of)
    apart = [(digit,) for digit in digits if digit.axis not in heads_of]
    return Stacked(t.with_layout([*apart, heads, *t.layout[-2:]]), lead, heads_of)
