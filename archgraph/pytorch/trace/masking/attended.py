"""The mask of one attention in the words of its operation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from sympy import Expr

from archgraph.errors import ArchgraphError
from archgraph.ops.reach import SAME, All, Along, AtMost, AxisMap, Causal, Within
from archgraph.pytorch.trace.masking.forms import Recorded, kept_map, map_of
from archgraph.pytorch.trace.masking.partial import MOST_WEIGHED_PAIRS
from archgraph.pytorch.trace.masking.seen import UNKNOWN, SeenKeys
from archgraph.sizes.conventions import convention
from archgraph.sizes.symbols import assume

if TYPE_CHECKING:
    from torch import Tensor

FAR_BELOW = convention("a constant score at least 100 below the largest of its row counts as masked")
BETWEEN_SAMPLES = "the mask differs between samples"


@dataclass(frozen=True)
class KeyMask:
    """Which keys queries read, in every recording.

    Attributes:
        seen: what is known of the weights; None where nothing masks them.
        lengths: the numbers of queries and keys in every recording.
        sizes: these numbers as expressions.
        alike: whether queries, keys and values are made of one value position by position. Then what a query reads by
            its own score it reads as its own value too.
        weighs: whether it says what a softmax reads, which says itself that it does not read one key alone.
    """

    seen: Sequence[SeenKeys | None]
    lengths: Sequence[tuple[int, int]]
    sizes: tuple[Expr, Expr]
    alike: bool = False
    weighs: bool = False

    @property
    def open(self) -> bool:
        """Whether every query reads every key, and compares it."""
        return all(
            one is None or (_is_all(one.allowed) and _is_all(one.scored) and not one.doubtful) for one in self.seen
        )

    @property
    def causal(self) -> bool:
        """Whether every query reads the keys up to its own, of as many keys as there are queries."""
        return self.sizes[0] == self.sizes[1] and self.map() == Causal()

    def note(self) -> None:
        """Record what was taken to be masked."""
        if any(one is not None and one.counted for one in self.seen):
            assume(FAR_BELOW)

    def map(self, *, scored: bool = False, samples: Sequence[int] = ()) -> AxisMap | None:
        """Return how keys are read, None where all of them are.

        Args:
            scored: whether of the keys whose scores count, not of those whose values do.
            samples: dimensions of the weights before the last two that are not heads, counted from the right.
        """
        pairs = list(zip(self.seen, self.lengths, strict=True))
        exact = all(_is_same(_allowed(one, n, scored=scored), dim) for one, n in pairs for dim in samples)
        read = self._compared if scored else partial(_allowed, scored=False)
        told = [read(one, n)[..., : 0 if n[1] == 1 and (scored or self.weighs) else n[1]] for one, n in pairs]
        recorded = [Recorded(_together(allowed), n) for allowed, n in zip(told, self.lengths, strict=True)]
        found = map_of(recorded, self.sizes)
        reasons = [UNKNOWN] if self.doubtful else []
        reasons += [] if exact else [BETWEEN_SAMPLES]
        return AtMost(All() if found is None else found, reasons[0]) if reasons else found  # type: ignore[arg-type]

    def of_weights(self) -> KeyMask:
        """Return which scores the softmax of these weights reads: those of a query with one key it does not."""
        # Of the softmax by itself, whatever a query reads as its own value besides.
        plain = replace(self, alike=False)
        pairs = zip(self.seen, self.lengths, strict=True)
        seen = [one and replace(one, allowed=plain._compared(one, n), scored=None) for one, n in pairs]
        return replace(plain, seen=seen, weighs=True)

    def same(self, samples: Sequence[int]) -> bool:
        """Whether the mask is the same along some dimensions, counted from the right."""
        pairs = zip(self.seen, self.lengths, strict=True)
        return all(_is_same(_allowed(one, lengths, scored=False), dim) for one, lengths in pairs for dim in samples)

    def even(self, samples: Sequence[int]) -> bool:
        """Whether all heads read the same keys: dimensions other than those of samples, queries and keys are heads."""
        pairs = zip(self.seen, self.lengths, strict=True)
        every = [_allowed(one, lengths, scored=scored) for one, lengths in pairs for scored in (False, True)]
        return all(_is_same(one, dim) for one in every for dim in range(3, one.ndim + 1) if dim not in samples)

    def allowed(self, *, scored: bool = False) -> tuple[Tensor, str]:
        """Return which keys are read at the example's sizes, by head and window, and why less may be read, if so."""
        one, lengths = self.seen[0], self.lengths[0]
        found = self._compared(one, lengths) if scored else _allowed(one, lengths, scored=False)
        return found, UNKNOWN if one is not None and one.doubtful else ""

    @property
    def queries(self) -> AxisMap | None:
        """Which queries count, None where all do: with one key alone its weight is 1, and with none there is none."""
        # Where there is one key alone the operation says so itself: other recordings tell what a mask does.
        pairs = [pair for pair in zip(self.seen, self.lengths, strict=True) if pair[1][1] > 1]
        if self.doubtful or not pairs:
            return None
        recorded = [Recorded(_of_any(~self._alone(_allowed(one, n, scored=False))), n) for one, n in pairs]
        found = kept_map(recorded, self.sizes)
        known = found is None or isinstance(found, Within) or pairs[0][1] == self.lengths[0]
        return found if known else AtMost(SAME, UNKNOWN)

    @property
    def some_alone(self) -> bool:
        """Whether a query has one key at most, by head and window, in any recording of several keys."""
        pairs = [pair for pair in zip(self.seen, self.lengths, strict=True) if pair[1][1] > 1]
        return any(bool(self._alone(_allowed(one, n, scored=False)).any()) for one, n in pairs)

    def asked(self) -> Tensor:
        """Return which queries count at the example's sizes, as the matrix of what they read of themselves."""
        import torch

        counts = ~self._alone(self.allowed()[0])
        return counts[..., None] & torch.eye(counts.shape[-1], dtype=torch.bool)

    def _alone(self, allowed: Tensor) -> Tensor:
        """Whether a query has one key at most, by which it reads nothing more."""
        alone = allowed.sum(-1) < 2
        square = allowed.shape[-1] == allowed.shape[-2]
        return alone & ~allowed.diagonal(dim1=-2, dim2=-1) if self.alike and square else alone

    def _compared(self, one: SeenKeys | None, lengths: tuple[int, int]) -> Tensor:
        """Return the keys whose scores count: the weight of one alone does not depend on its score."""
        alone = self._alone(_allowed(one, lengths, scored=False))
        return _allowed(one, lengths, scored=True) & ~alone[..., None]

    @property
    def doubtful(self) -> bool:
        """Whether values that are not known take part."""
        return any(one is not None and one.doubtful for one in self.seen)

    @property
    def differs(self) -> bool:
        """Whether keys are read whose scores do not count."""
        return self.some_alone or any(one is not None and one.scored is not None for one in self.seen)


def check_pairs(queries: int, keys: int) -> None:
    """Refuse a mask that would fill memory.

    Raises:
        ArchgraphError: it has more than `MOST_WEIGHED_PAIRS` pairs.
    """
    if queries * keys > MOST_WEIGHED_PAIRS:
        raise ArchgraphError(
            f"a mask of {queries:,} queries and {keys:,} keys has {queries * keys:,} pairs: the limit is"
            f" {MOST_WEIGHED_PAIRS:,}",
            hint="trace it at a smaller length that `dynamic` makes a symbol: its laws hold at any",
        )


def up_to_own(queries: int, keys: int) -> SeenKeys:
    """Return that queries read the keys up to their own, counted from the first, as `is_causal` says."""
    import torch

    return SeenKeys(torch.ones(queries, keys, dtype=torch.bool).tril())


def along(axis: str, other: str, read: AxisMap) -> AxisMap:
    """Return how an axis of keys is read along an axis of queries."""
    if axis == other:
        return read
    if isinstance(read, AtMost):
        return AtMost(Along(other, read.map), read.reason)  # type: ignore[arg-type]
    return Along(other, read)  # type: ignore[arg-type]


def _allowed(one: SeenKeys | None, lengths: tuple[int, int], *, scored: bool) -> Tensor:
    import torch

    if one is None:
        return torch.ones(lengths, dtype=torch.bool)
    allowed = one.allowed if not scored or one.scored is None else one.allowed & one.scored
    return allowed.expand(*torch.broadcast_shapes(allowed.shape, lengths))


def _is_all(tests: Tensor | None) -> bool:
    return tests is None or bool(tests.all())


def _together(allowed: Tensor) -> Tensor:
    """Return what any of several heads or samples reads."""
    return allowed.flatten(0, -3).any(0) if allowed.ndim > 2 else allowed


def _of_any(queries: Tensor) -> Tensor:
    """Return which queries count in any of several heads or samples."""
    return queries.flatten(0, -2).any(0) if queries.ndim > 1 else queries


def _is_same(allowed: Tensor, dim: int) -> bool:
    if allowed.ndim < dim or allowed.shape[-dim] == 1:
        return True
    return bool((allowed == allowed.narrow(-dim, 0, 1)).all())
