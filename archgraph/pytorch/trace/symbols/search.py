"""Laws from recordings: enough of them to find the laws, one more to prove them, and the sizes at which they end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations, product

from sympy import Symbol

from archgraph.errors import ArchgraphError
from archgraph.pytorch.trace.symbols.conditions import decided, decides_without_law
from archgraph.pytorch.trace.symbols.differences import Difference
from archgraph.pytorch.trace.symbols.laws import FittedLaws
from archgraph.pytorch.trace.symbols.roundings import telling_rests
from archgraph.pytorch.trace.symbols.sampling import Sample, Sampler
from archgraph.pytorch.trace.symbols.stepped import SteppedSize, telling_move
from archgraph.pytorch.trace.symbols.steps import SteppedSizes, below, cannot_vary, far, places_at, sizes_at
from archgraph.pytorch.trace.symbols.unify import Unified
from archgraph.sizes.symbols import Assumption

SamplePlaces = Mapping[str, int]
"""The k of some symbols."""


class NoLawError(ArchgraphError):
    """An integer of a recording follows no law in steps of these sizes."""


NEXT_DECISIONS = 8
"""Sizes in a row at which a law is proved where code decides by a rest or another number without a law."""
NEXT_MASKS = 64
"""Sizes in a row at which masks are looked at where known tensors are compared with a number without a law."""
SMALLEST = 6
"""The smallest sizes, at which masks are looked at: half of a size is nothing there, and blocks are single places."""
_NARROW = 2
"""Up to this k, all symbols start where the first of them has to."""


class Search:
    """Finds laws of a module's sizes in steps that are known.

    Attributes:
        items: the symbols with their bounds, as they are found.
        unified: the laws.
        proof: the recording that took no part in finding them.
    """

    def __init__(self, sampler: Sampler, items: SteppedSizes, symbols: tuple[Symbol, ...]) -> None:
        self.sampler = sampler
        self.items = items
        self._symbols = symbols
        self._second = {item.name: self._second_place(item) for item in items}
        self.unified = self._unify([])
        self.proof: Sample = self._proof()
        self.items = self._from_below()
        for item in self.items:
            self._refuse_narrow(item)
        self._prove_roundings()
        self._prove_decisions()
        if sampler.makes_masks:
            self._see_smallest()
            self._see_next()

    # -- samples -----------------------------------------------------------------------------------------

    def _attempt(self, places: SamplePlaces) -> Sample | Difference:
        return self.sampler.attempt(sizes_at(self.items, places))

    def _second_place(self, item: SteppedSize) -> int:
        """A k at which the symbol alone may stand: about twice the example, or the next that there is."""
        found: Sample | Difference = Difference("")
        for place in (item.place + telling_move(item.place + 1), item.place + 1, below(item, 0), item.place - 1):
            found = self._attempt({item.name: place}) if place else found
            if isinstance(found, Sample):
                return place
        assert isinstance(found, Difference)
        raise cannot_vary(item, item.place + 1, found)

    def _unify(self, more: list[SamplePlaces]) -> Unified:
        samples = [self._attempt(places) for places in ({}, *({n: k} for n, k in self._second.items()), *more)]
        held = [sample for sample in samples if isinstance(sample, Sample)]
        return Unified(self._symbols, [self._point(s) for s in held], [s.recording for s in held])

    def values(self, sample: Sample) -> dict[Symbol, int]:
        """Return the value of every symbol of the laws at a recording."""
        return dict(zip(self._symbols, self._point(sample), strict=True))

    def _point(self, sample: Sample) -> tuple[int, ...]:
        return tuple((sample.sizes[item.name] - item.offset) // item.step for item in self.items)

    def _quadratic(self) -> list[SamplePlaces]:
        """Further samples, with which laws may be of degree 2."""
        third = {item.name: k for item in self.items if (k := self._third_place(item)) is not None}
        pairs = combinations(self._second.items(), 2)
        return [*({name: place} for name, place in third.items()), *(dict(pair) for pair in pairs)]

    def _third_place(self, item: SteppedSize) -> int | None:
        second = self._second[item.name]
        middle = (item.place + second) // 2
        wanted = (second + telling_move(item.place), middle, item.place - 1, 1)
        return next((k for k in wanted if k not in (item.place, second, 0) and self._lines_up({item.name: k})), None)

    def _lines_up(self, places: SamplePlaces) -> bool:
        return isinstance(self._attempt(places), Sample)

    def seen(self) -> list[Sample]:
        """The samples, but for the example, at which the laws hold; the last is the proof."""
        known = [sample for sample in self.sampler.samples() if sample is not self.proof and self._allows(sample)]
        held = [s for s in known if self.unified.broken(self._point(s), s.recording) is None]
        return [*held, self.proof]

    def _allows(self, sample: Sample) -> bool:
        """Whether a recording is within the steps and the bounds that were found."""
        places = zip(self.items, self._point(sample), strict=True)
        return all(item.size(k) == sample.sizes[item.name] and item.allows(k) for item, k in places)

    def decided(self, seen: list[Sample]) -> list[Assumption]:
        """What the module's code decided about sizes at all samples."""
        return decided(*self._compared(seen))

    def _compared(self, seen: list[Sample]) -> tuple[list[Sample], list[dict[Symbol, int]], FittedLaws, list[int]]:
        """All samples with their points, and those among them that laws are found from, as `decided` takes them."""
        order = {id(recording): place for place, recording in enumerate(self.unified.recordings)}
        samples = [self.sampler.first, *seen]
        among = sorted(
            (place for place, sample in enumerate(samples) if id(sample.recording) in order),
            key=lambda place: order[id(samples[place].recording)],
        )
        return samples, [self.values(sample) for sample in samples], self.unified.laws, among

    # -- proof -------------------------------------------------------------------------------------------

    def holds(self, places: SamplePlaces) -> bool:
        """Whether the laws hold at other sizes."""
        return self._broken(places) is None

    def holds_beside(self, count: int) -> bool:
        """Whether the laws hold at the sizes next to the example, of every symbol by itself."""
        near = ({item.name: item.place + move} for item in self.items for move in range(1, count + 1))
        return all(map(self.holds, near))

    def _broken(self, places: SamplePlaces) -> Difference | None:
        sample = self._attempt(places)
        if isinstance(sample, Difference):
            return sample
        return self.unified.broken(self._point(sample), sample.recording)

    def _proof(self) -> Sample:
        """Prove the laws at a further size of every symbol at once; where it is too large, find where they end."""
        places = self._far()
        if self.unified.without is None and self.holds(places):
            return self._sample(places)
        if self.unified.without is not None or self._lines_up(places):
            self.unified: Unified = self._unify(self._quadratic())
        if self.unified.without is not None:
            raise self._no_law(self.unified.without)
        if self.holds(places):
            return self._sample(places)
        self.items: SteppedSizes = tuple(map(self._from_above, self.items))
        found = next((places for places in self._smaller_proofs() if self.holds(places)), None)
        if found is None:
            broken = self._broken(places)
            assert broken is not None
            raise self._no_law(broken)
        return self._sample(found)

    def _prove_roundings(self) -> None:
        """Prove what laws round at all sizes at which another way to round would differ.

        Raises:
            NoLawError: it is rounded another way.
        """
        for divisor in sorted(self.unified.laws.divisors):
            for item, rest in product(self.items, telling_rests(divisor)):
                self._prove_at(item, item.place + (rest - item.place) % (2 * divisor))

    def _prove_decisions(self) -> None:
        """Where the module's code decides by a size without a law, prove the laws at the next sizes.

        Raises:
            NoLawError: it decides otherwise at one of them.
        """
        if decides_without_law(*self._compared(self.seen())):
            for item, move in product(self.items, range(1, NEXT_DECISIONS + 1)):
                self._prove_at(item, item.place + move)

    def _see_smallest(self) -> None:
        """Record the smallest sizes of every symbol, that what masks are there is `seen`."""
        for item, more in product(self.items, range(SMALLEST)):
            if item.allows(item.least + more):
                self._attempt({item.name: item.least + more})

    def _see_next(self) -> None:
        """Record the next sizes of every symbol where masks are made of numbers without a law, such as of rests."""
        if self._masks_without_law():
            for item, move in product(self.items, range(1, NEXT_MASKS + 1)):
                if item.allows(item.place + move):
                    self._attempt({item.name: item.place + move})

    def _masks_without_law(self) -> bool:
        """Whether masks are made of numbers without a law.

        Below the example, what is compared may come out both ways, and what came out is seen in the masks.
        """
        large = [sample for sample in self.seen() if all(sample.sizes[i.name] >= i.default for i in self.items)]
        return decides_without_law(*self._compared(large))

    def _prove_at(self, item: SteppedSize, place: int) -> None:
        broken = self._broken({item.name: place}) if item.allows(place) else None
        if broken is not None:
            raise self._no_law(broken, {item.name: place})

    def _sample(self, places: SamplePlaces) -> Sample:
        sample = self._attempt(places)
        assert isinstance(sample, Sample)
        return sample

    def _far(self) -> SamplePlaces:
        return places_at(self.items, far)

    def _smaller_proofs(self) -> Iterator[SamplePlaces]:
        """Points that took no part in finding the laws, the largest first."""
        used = {item.name: (item.place, self._second[item.name]) for item in self.items}
        for part in (1, 2, 4, 8, 16):
            places = {}
            for number, item in enumerate(self.items):
                top = far(item, number) if item.most is None else item.most
                wanted = max(1, item.place + (top - item.place) // part if top > item.place else top * 3 // (4 * part))
                free = (k for k in (*range(wanted, 0, -1), *range(wanted, top + 1)) if k not in used[item.name])
                places[item.name] = next(free, 0)
            if all(places.values()):
                yield places

    def _no_law(self, found: Difference, places: SamplePlaces | None = None) -> NoLawError:
        names = " and ".join(f"'{item.name}'" for item in self.items)
        there = ", ".join(f"{name} = {size}" for name, size in sizes_at(self.items, places or self._far()).items())
        here = ", ".join(f"{item.name} = {item.default}" for item in self.items)
        line = f" ({found.line})" if found.line and found.line not in found.rule else ""
        return NoLawError(
            f"the module has no law in {names}: {found.told(here, there)}{line}",
            path=found.path,
            hint="trace it at numbers, or leave sizes out of `dynamic`",
        )

    # -- bounds ------------------------------------------------------------------------------------------

    def _from_above(self, item: SteppedSize) -> SteppedSize:
        """The largest k at which the laws hold, where there is one below four times the example."""
        top = far(item, 0)
        if self.holds({item.name: top}):
            return item
        inside = max(item.place, self._second[item.name])
        return replace(item, most=_border(inside, top, lambda k: self.holds({item.name: k})))

    def _from_below(self) -> SteppedSizes:
        """The smallest k of every symbol from which the laws hold, at once and each by itself."""
        inside = {item.name: min(item.place, self._second[item.name]) for item in self.items}
        together = lambda floor: {name: min(most, floor) for name, most in inside.items()}  # noqa: E731
        outside, floor, top = 0, 1, max(inside.values())
        while floor < top and not self.holds(together(floor)):
            outside, floor = floor, min(2 * floor, top)
        floor = _border(floor, outside, lambda k: self.holds(together(k)))
        least = together(floor)
        if floor > _NARROW:
            for name, place in least.items():
                least[name] = self._lowered(least, name, place)
        return tuple(replace(item, least=least[item.name]) for item in self.items)

    def _refuse_narrow(self, item: SteppedSize) -> None:
        """Refuse a size that rounding alone lets vary, such as one that a table of positions fixes."""
        if item.most is not None and item.size(item.most) < 2 * item.size(item.least):
            broken = self._broken({item.name: item.most + 1})
            assert broken is not None
            raise cannot_vary(item, item.most + 1, broken)

    def _lowered(self, least: SamplePlaces, name: str, place: int) -> int:
        """The smallest k of one symbol, with the others at theirs."""
        at = lambda k: self.holds({**least, name: k})  # noqa: E731
        return 1 if at(1) else _border(place, 1, at)


def _border(inside: int, outside: int, holds: Callable[[int], bool]) -> int:
    """Return the last number from `inside` towards `outside` that holds, if what holds is one piece.

    >>> _border(16, 80, lambda k: k <= 40), _border(16, 1, lambda k: k >= 7)
    (40, 7)
    """
    while abs(outside - inside) > 1:
        middle = (inside + outside) // 2
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return inside
