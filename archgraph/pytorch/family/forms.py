"""By which steps fields may vary, and which of them divide others: found by building at a few values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count, islice, permutations

from sympy import Expr

from archgraph.errors import ArchgraphError
from archgraph.graph.ir import Graph
from archgraph.pytorch.family.alike import AlikeGraphs, SizesAlike, UnlikeError
from archgraph.pytorch.family.fitted import FieldLaws, at_numbers
from archgraph.pytorch.family.members import Members
from archgraph.pytorch.family.varied import VariedField, VariedFields, values_at
from archgraph.sizes.primes import prime_divisors
from archgraph.sizes.symbols import symbol

COUNTING_WORDS = ("layer", "depth", "block")
"""Words in the names of fields that count something; a wrong guess takes time and nothing else."""
DEGREE = 2
"""Of a size in one field."""
LARGEST_STEP_POWER = 64
"""The largest power of two that is tried as a step by itself."""
MOST_TOGETHER = 2
"""Fields that may have to follow another one for it to vary."""


class FormSearch:
    """Finds how every field may vary, the smallest first: heads before widths, which they divide.

    Attributes:
        items: the fields as far as they are known.
        places: the k of every field at a small member of the family.
    """

    def __init__(self, members: Members) -> None:
        items = members.items
        self._members = members
        self._order = tuple(item.name for item in items)
        self._open = set(self._order)
        self.numbers: dict[str, list[int]] = {item.name: tellers(item, items) for item in items}
        self.items: dict[str, VariedField] = {item.name: replace(item, step=item.default) for item in items}
        self.places: dict[str, int] = dict.fromkeys(self.items, 1)
        for item in sorted(items, key=lambda each: each.default):
            self._find(item)

    def found(self) -> VariedFields:
        """Return the fields in the order in which they were asked for."""
        return tuple(self.items[name] for name in self._order)

    def _find(self, item: VariedField) -> None:
        own = self.items[item.name]
        before = self.items
        failed: list[ArchgraphError] = []
        for following in self._followers(item):
            self.items = {**before, **following}
            for step in _steps(own.step):
                tried = replace(own, step=step)
                told = self._lines_up(tried)
                if told is None:
                    self.items = {**self.items, item.name: tried}
                    self.places[item.name] = self.numbers[item.name][0]
                    self._open.discard(item.name)
                    return
                failed.append(told)
            self.items = before
        raise failed[0]

    def _followers(self, item: VariedField) -> Iterator[dict[str, VariedField]]:
        """Fields that are to be multiples of one: none, one, or one and another that is a multiple of that."""
        yield {}
        others = [self.items[name] for name in self._order if name in self._open and name != item.name]
        for size in range(1, MOST_TOGETHER + 1):
            for chain in permutations(sorted(others, key=lambda each: each.default), size):
                links = list(zip((item, *chain), chain, strict=False))
                if all(b.default % a.default == 0 and not self.items[b.name].multiple_of for a, b in links):
                    yield {b.name: replace(b, step=b.default // a.default, multiple_of=a.name) for a, b in links}

    def _lines_up(self, tried: VariedField) -> ArchgraphError | None:
        """What is against a step, or None: sizes have to be polynomials in how many steps there are."""
        items = tuple({**self.items, tried.name: tried}.values())
        numbers = self.numbers[tried.name][: DEGREE + 2]
        values = [values_at(items, {**self.places, tried.name: number}) for number in numbers]
        steps = symbol("steps")
        laws = FieldLaws([steps], [{steps: number} for number in numbers[:-1]])

        def law(place: str, sizes: SizesAlike) -> Expr:
            found = laws.law(sizes[:-1])
            if found is None or at_numbers(found, {steps: numbers[-1]}) != sizes[-1]:
                told = ", ".join(map(str, sizes))
                at = ", ".join(str(each[tried.name]) for each in values)
                raise cannot_vary(tried, values[0], values[-1], f"a size of {place} is {told} at {at}")
            return sizes[0]

        graphs: list[Graph] = []
        try:
            graphs.extend(self._members.at_numbers(each).graph for each in values)
            AlikeGraphs(law).graph(graphs)
        except UnlikeError as error:
            return cannot_vary(tried, values[0], values[error.number], f"{error.place} {error.rule}")
        except UnvariedError as error:
            return error
        except ArchgraphError as error:
            return cannot_vary(tried, {tried.name: tried.default}, values[len(graphs)], error.message)
        return None


class UnvariedError(ArchgraphError):
    """A field has no law."""


def cannot_vary(item: VariedField, here: Mapping[str, int], there: Mapping[str, int], why: str) -> UnvariedError:
    """Return the error for a field that has no law."""
    return UnvariedError(
        f"'{item.name}' cannot vary from {here[item.name]} to {there[item.name]}: {why}",
        hint="leave it out of `fields`, or name the fields that have to vary with it too",
    )


def tellers(item: VariedField, items: VariedFields) -> list[int]:
    """Return numbers of steps that divide no default, so that a small member lines up by no coincidence.

    What is counted takes the least with which a first layer may differ from a repeat of others: nothing has to
    divide it, and a member takes time by its layers.

    >>> H, L = VariedField("H", ("heads",), 12), VariedField("L", ("num_layers",), 12)
    >>> tellers(H, (H, L))[:3], tellers(L, (H, L))[:3]
    ([5, 7, 22], [3, 4, 5])
    """
    if any(word in name for word in COUNTING_WORDS for name in item.sets):
        return [*range(3, 11)]
    taken = {prime for item in items for prime in prime_divisors(item.default)}
    primes = (number for number in count(3, 2) if list(prime_divisors(number)) == [number])
    found = islice((prime for prime in primes if prime not in taken), 8)
    # Some are even: halves that are rounded look like a polynomial where all are odd.
    return [prime * 2 if place % 3 == 2 else prime for place, prime in enumerate(found)]


def _steps(default: int) -> Iterator[int]:
    """Divisors of what is known to work: powers of two, the smallest first, then all others."""
    powers = [2**power for power in range(LARGEST_STEP_POWER.bit_length()) if default % 2**power == 0]
    yield from powers
    divisors = {d for root in range(1, int(default**0.5) + 1) if default % root == 0 for d in (root, default // root)}
    yield from sorted(divisors - {*powers, default})
