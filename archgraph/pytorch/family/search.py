"""Laws of a family of modules: from small members, proved at others and at the configuration itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from sympy import Expr, Symbol

from archgraph.errors import ArchgraphError
from archgraph.graph.ir import Graph
from archgraph.pytorch.family.alike import AlikeGraphs, SizesAlike, UnlikeError
from archgraph.pytorch.family.fitted import FieldLaws, at_numbers
from archgraph.pytorch.family.forms import FormSearch
from archgraph.pytorch.family.members import Members
from archgraph.pytorch.family.varied import FieldPlaces, VariedFields, default_places, values_at
from archgraph.pytorch.trace.module import TracedModule
from archgraph.spec.declarations import Declarations

Declare = Callable[[VariedFields], Declarations]
"""Makes symbols of fields whose steps are known."""


class UnfittedError(Exception):
    """A size of the members has no law, or breaks it.

    Attributes:
        place: the path of the node.
        told: its values, or what the law says, as text.
    """

    def __init__(self, place: str, told: str) -> None:
        super().__init__(told)
        self.place: str = place
        self.told: str = told


@dataclass(frozen=True)
class FamilyLaws:
    """What the members of a family have in common.

    Attributes:
        items: the fields, with the steps by which they vary and the least that was recorded.
        graph: with laws for sizes.
        fixed: places where numbers that are no sizes differ between members.
        seen: the values of every field at which a member was recorded and agrees.
    """

    items: VariedFields
    graph: Graph
    fixed: tuple[str, ...]
    seen: Mapping[str, tuple[int, ...]]


class FamilySearch:
    """Finds the laws of the fields that are asked for.

    Args:
        name: of the network.
        members: of the family, by the values of the fields.
        declare: makes symbols of fields whose form is known.
    """

    def __init__(self, name: str, members: Members, declare: Declare) -> None:
        self._name, self._members = name, members
        forms = FormSearch(members)
        self.items: VariedFields = forms.found()
        self._numbers, self._base = forms.numbers, forms.places
        self.declarations: Declarations = declare(self.items)
        self._known = [self.declarations.lookup(item.name) for item in self.items]
        self._carriers = {
            item.name: next(symbol for symbol in law.free_symbols if symbol not in self._symbols_of(item.multiple_of))
            for item, law in zip(self.items, self._known, strict=True)
        }

    def _symbols_of(self, name: str) -> set[Symbol]:
        return set(self.declarations.lookup(name).free_symbols) if name else set()

    def found(self) -> FamilyLaws:
        """Return the laws, proved at members that took no part in finding them.

        Raises:
            ArchgraphError: the members differ in more than sizes, or a size is no polynomial.
        """
        star = self._star()
        proofs = [self._all(2), default_places(self.items)]
        try:
            graph, fixed = self._merged(star, proofs)
        except UnfittedError:
            star = [*star, *self._quadratic()]
            try:
                graph, fixed = self._merged(star, proofs)
            except UnfittedError as error:
                raise self._no_law(error, star) from None
        used = [*star, *proofs]
        least = self._least(graph, used)
        seen = [values_at(self.items, places) for places in [*used, *least]]
        low = {item.name: min(places[item.name] for places in [*used, *least]) for item in self.items}
        items = tuple(replace(item, least=low[item.name]) for item in self.items)
        values = {item.name: tuple(sorted({each[item.name] for each in seen})) for item in items}
        return FamilyLaws(items, graph, fixed, values)

    # -- members -----------------------------------------------------------------------------------------

    def _all(self, number: int) -> dict[str, int]:
        """Every field at another value, which no other field has."""
        return {item.name: self._numbers[item.name][number + place % 3] for place, item in enumerate(self.items)}

    def _star(self) -> list[FieldPlaces]:
        """A small member, and one more for every field."""
        return [self._base, *({**self._base, name: self._numbers[name][1]} for name in self._base)]

    def _quadratic(self) -> list[FieldPlaces]:
        """Further members, with which laws may be of degree 2."""
        third = [{**self._base, name: self._numbers[name][5]} for name in self._base]
        pairs = combinations(self._base, 2)
        return [*third, *({**self._base, a: self._numbers[a][1], b: self._numbers[b][1]} for a, b in pairs)]

    def _point(self, places: FieldPlaces) -> dict[Symbol, int]:
        return {self._carriers[item.name]: places[item.name] for item in self.items}

    def member(self, places: FieldPlaces) -> TracedModule:
        """Return the member at some places.

        Raises:
            ArchgraphError: it cannot be built or traced; it says at which values.
        """
        values = values_at(self.items, places)
        try:
            return self._members.at(values)
        except ArchgraphError as error:
            raise ArchgraphError(f"{self._name} has no member at {_told(values)}: {error.message}") from None

    # -- laws --------------------------------------------------------------------------------------------

    def _merged(self, star: Sequence[FieldPlaces], proofs: Sequence[FieldPlaces]) -> tuple[Graph, tuple[str, ...]]:
        """One graph of the configuration and all members, with laws from those of `star`."""
        laws = FieldLaws(self._known, [self._point(places) for places in star])
        last = [proofs[-1], *star, *proofs[:-1]]
        points = [self._point(places) for places in last]

        def law(place: str, sizes: SizesAlike) -> Expr:
            samples = sizes[1 : len(star) + 1]
            found = samples[0] if all(size == samples[0] for size in samples) else laws.law(samples)
            if found is None:
                raise UnfittedError(place, ", ".join(map(str, dict.fromkeys(samples))))
            for size, point in zip(sizes, points, strict=True):
                if not _agrees(found, point, size):
                    raise UnfittedError(place, f"{size}, where smaller members say {at_numbers(found, point)}")
            return found

        alike = AlikeGraphs(law)
        try:
            graph = alike.graph([self.member(places).graph for places in last])
        except UnlikeError as error:
            here, there = (values_at(self.items, last[number]) for number in (0, error.number))
            raise ArchgraphError(
                f"{self._name} has no law in {' and '.join(map(repr, here))}: {error.place} {error.rule}, "
                f"at {_told(there)} and at {_told(here)}",
                hint=self._way_on([*star, *proofs[:-1]]),
            ) from None
        return graph, tuple(alike.fixed)

    def _way_on(self, others: Sequence[FieldPlaces]) -> str:
        """What helps where members differ: larger values, if the configuration is too small to be as others are."""
        if not self._are_alike(others):
            return "leave out the field that changes it, or let what it depends on follow: one symbol for both"
        larger = _told(values_at(self.items, others[-1]))
        return f"all are alike but the configuration itself: give it values such as {larger}"

    def _are_alike(self, members: Sequence[FieldPlaces]) -> bool:
        try:
            AlikeGraphs(lambda _, sizes: sizes[0]).graph([self.member(places).graph for places in members])
        except UnlikeError:
            return False
        return True

    def _least(self, graph: Graph, used: Sequence[FieldPlaces]) -> list[FieldPlaces]:
        """Members with a smaller value of one field at which the laws hold too."""
        found: list[FieldPlaces] = []
        for name in self._base:
            for number in (1, 2):
                places = {**self._base, name: number}
                if places not in used and self._holds(graph, places):
                    found.append(places)
                    break
        return found

    def _holds(self, graph: Graph, places: FieldPlaces) -> bool:
        try:
            member = self._members.at_numbers(values_at(self.items, places))
        except ArchgraphError:
            return False
        point = {**self._point(places), **self._members.small_inputs}

        def law(place: str, sizes: SizesAlike) -> Expr:
            if not _agrees(sizes[0], point, sizes[1]):
                raise UnfittedError(place, "")
            return sizes[0]

        try:
            AlikeGraphs(law).graph([graph, member.graph])
        except (UnfittedError, UnlikeError):
            return False
        return True

    def _no_law(self, error: UnfittedError, star: Sequence[FieldPlaces]) -> ArchgraphError:
        names = " and ".join(f"'{item.name}'" for item in self.items)
        values = [values_at(self.items, places) for places in star]
        at = "; ".join(
            f"{item.name} = {', '.join(map(str, dict.fromkeys(v[item.name] for v in values)))}" for item in self.items
        )
        return ArchgraphError(
            f"{self._name} has no law in {names}: a size of {error.place} is no polynomial: {error.told} "
            f"(members at {at})",
            hint="leave out the field that is rounded, or make what is made of it a field of its own",
        )


def _agrees(law: Expr, point: Mapping[Symbol, int], size: Expr) -> bool:
    return at_numbers(law, point) == size


def _told(values: Mapping[str, int]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items())
