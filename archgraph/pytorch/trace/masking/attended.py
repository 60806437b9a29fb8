"""The mask of one attention in the words of its operation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sympy import Expr

from archgraph.ops.position_sets import PositionSets
from archgraph.ops.reach import All, Along, AtMost, AxisMap, Causal, Listed
from archgraph.pytorch.trace.masking.forms import Recorded, map_of
from archgraph.pytorch.trace.masking.listings import proved
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
    """

    seen: Sequence[SeenKeys | None]
    lengths: Sequence[tuple[int, int]]
    sizes: tuple[Expr, Expr]

    @property
    def open(self) -> bool:
        """Whether every query reads every key."""
        return all(one is None or (bool(one.allowed.all()) and not one.doubtful) for one in self.seen)

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
        recorded, exact = [], True
        for one, lengths in zip(self.seen, self.lengths, strict=True):
            allowed = _allowed(one, lengths, scored=scored)
            exact = exact and all(_is_same(allowed, dim) for dim in samples)
            recorded.append(Recorded(_together(allowed), lengths))
        found = map_of(recorded, self.sizes)
        reasons = [UNKNOWN] if self.doubtful else []
        reasons += [] if exact else [BETWEEN_SAMPLES]
        return AtMost(All() if found is None else found, reasons[0]) if reasons else found  # type: ignore[arg-type]

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
        one = self.seen[0]
        return _allowed(one, self.lengths[0], scored=scored), UNKNOWN if one is not None and one.doubtful else ""

    @property
    def queries(self) -> AxisMap | None:
        """Which queries count, None where all do: with one key alone its weight is 1, and with none there is none."""
        # Of one key alone all queries are, with a mask and without: other recordings tell what a mask does.
        pairs = [
            pair for pair in zip(self.seen, self.lengths, strict=True) if pair[1] == self.lengths[0] or pair[1][1] > 1
        ]
        alone = [_alone(_allowed(one, lengths, scored=False), lengths) for one, lengths in pairs]
        if not any(bool(one.any()) for one in alone) or self.doubtful:
            return None
        count = self.lengths[0][0]
        found = Listed(PositionSets((0 if one else 1 << i for i, one in enumerate(alone[0].tolist())), count), own=True)
        return proved(found) if all(one.equal(alone[0]) for one in alone) else found

    @property
    def doubtful(self) -> bool:
        """Whether values that are not known take part."""
        return any(one is not None and one.doubtful for one in self.seen)

    @property
    def differs(self) -> bool:
        """Whether keys are read whose scores do not count."""
        return any(one is not None and one.scored is not None for one in self.seen)


def _alone(allowed: Tensor, lengths: tuple[int, int]) -> Tensor:
    """Whether a query has one key at most, which is not its own."""
    allowed = _together(allowed)
    alone = allowed.sum(-1) < 2
    # What reads its own key reads its own position anyhow.
    return alone & ~allowed.diagonal() if lengths[0] == lengths[1] else alone


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


def _together(allowed: Tensor) -> Tensor:
    """Return what any of several heads or samples reads."""
    return allowed.flatten(0, -3).any(0) if allowed.ndim > 2 else allowed


def _is_same(allowed: Tensor, dim: int) -> bool:
    if allowed.ndim < dim or allowed.shape[-dim] == 1:
        return True
    return bool((allowed == allowed.narrow(-dim, 0, 1)).all())
