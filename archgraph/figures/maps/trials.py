"""Which scene on which scale is drawn: the best trial, found without laying out those that cannot be better."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from archgraph.figures.maps.drawn_map import MapScale
from archgraph.figures.maps.feature_map import MapScene

_SHARES = (0.15, 0.2, 0.27, 0.36, 0.48, 0.62, 0.8, 1.0, 1.2, 1.5)
"""Of the usual width of a map."""
_GAPS = (8.0, 5.2)
_PER_POINT, _PER_SCENE, _PER_SHARE, _WIDE_ENOUGH = 10.0, 0.7, 2.2, 0.9


@dataclass(frozen=True)
class Trial:
    """A scene on a scale.

    Attributes:
        index: the place of the scene among those that close more and more blocks.
        share: how wide maps are, of what is usual.
    """

    index: int
    share: float
    scene: MapScene
    scale: MapScale

    @property
    def price(self) -> float:
        """What closed blocks, thin maps and small gaps count against it, whatever comes of the layout."""
        thin = max(0.0, _WIDE_ENOUGH - self.share) * _PER_SHARE
        return _PER_SCENE * self.index + thin + _GAPS[0] - self.scale.gap


@dataclass(frozen=True)
class Outcome:
    """What a layout is like: by how many points it is too wide, and what else counts against it."""

    over: float
    fault: float

    @property
    def cost(self) -> float:
        return _PER_POINT * self.over + self.fault


class TrialSearch:
    """Finds the trial with the least cost; of equal ones the first.

    Args:
        trials: of every scene, from the one that shows most to the one that shows least: gaps, then shares.
        lay_out: what lays a trial out, which takes long.
    """

    def __init__(self, trials: Sequence[Sequence[Trial]], lay_out: Callable[[Trial], Outcome]) -> None:
        self._trials = trials
        self._lay_out = lay_out
        self._known: dict[Trial, float] = {}
        self._best: Trial | None = None

    def best(self) -> Trial:
        """The trial that is drawn."""
        least = {index: self._narrowest(of_scene) for index, of_scene in enumerate(self._trials)}
        for index in sorted(least, key=lambda index: least[index]):
            self._search(self._trials[index], least[index])
        assert self._best is not None
        return self._best

    def _narrowest(self, of_scene: Sequence[Trial]) -> float:
        """The least that a scene can cost, for wider maps and gaps make a U no narrower."""
        if len(of_scene[0].scene.rows) < 2:
            return min(one.price for one in of_scene)
        trial = min(of_scene, key=lambda one: (one.scale.gap, one.share))
        return _PER_POINT * self._laid_out(trial).over + min(one.price for one in of_scene)

    def _search(self, of_scene: Sequence[Trial], least: float) -> None:
        """A U by halves. Lines break elsewhere at every width: fewer of them may be narrower, so that all are tried."""
        if len(of_scene[0].scene.rows) < 2:
            for trial in of_scene:
                self._halve([trial], 0, 1, 0.0)
            return
        for gap in _GAPS:
            trials = sorted((one for one in of_scene if one.scale.gap == gap), key=lambda one: one.share)
            self._halve(trials, 0, len(trials), least)

    def _halve(self, trials: Sequence[Trial], low: int, high: int, least: float) -> None:
        """The best of some trials, the widest of which that fits is better than all narrower ones."""
        if low >= high or not self._can_win(trials[low:high], least):
            return
        middle = (low + high) // 2
        outcome = self._laid_out(trials[middle])
        wider = max(least, _PER_POINT * outcome.over + min(one.price for one in trials[middle:high]))
        self._halve(trials, middle + 1, high, wider)
        if outcome.over > 0:
            self._halve(trials, low, middle, least)

    def _can_win(self, trials: Sequence[Trial], least: float) -> bool:
        bound = max(least, min(one.price for one in trials))
        return self._best is None or bound <= self._known[self._best]

    def _laid_out(self, trial: Trial) -> Outcome:
        outcome = self._lay_out(trial)
        cost = trial.price + outcome.cost
        self._known[trial] = cost
        if self._best is None or (cost, self._place(trial)) < (self._known[self._best], self._place(self._best)):
            self._best = trial
        return outcome

    def _place(self, trial: Trial) -> tuple[int, float, float]:
        return trial.index, -trial.share, -trial.scale.gap


def trials_of(scene: MapScene, index: int, scale: Callable[[float, float], MapScale]) -> Iterator[Trial]:
    """Yield a scene on every scale, which is made from the share of the usual width and the gap."""
    for share in reversed(_SHARES):
        # Only a U has arrows between its rows that wider gaps make room for.
        for gap in _GAPS if len(scene.rows) > 1 else _GAPS[:1]:
            yield Trial(index, share, scene, scale(share, gap))
