"""Walks back through a network: from one position of an output, or from many at once."""

from __future__ import annotations

from archgraph.errors import QueryError
from archgraph.fields.paths.connections import Connection
from archgraph.fields.paths.courses import Course, alike, read_of, together
from archgraph.fields.paths.index_rules import IndexRule
from archgraph.fields.paths.walk import Levels, PathWalk, PlaceSet
from archgraph.fields.sets.indices import Indices, union


class SingleWalk(PathWalk[Indices]):
    """From one position."""

    def read(self, rule: IndexRule, places: Indices) -> Indices:
        """Return what some coordinates read.

        Raises:
            QueryError: it has too many holes.
        """
        found = rule.of(places)
        if not found.exact:
            raise QueryError("the positions on these paths have too many holes to be kept one by one")
        return found

    def union(self, left: Indices, right: Indices) -> Indices:
        """Return the union of two sets."""
        return left if left == right else union((left, right))

    def same(self, left: Indices, right: Indices) -> bool:
        """Say whether two sets are equal."""
        return left == right

    def empty(self, places: Indices) -> bool:
        """Say whether a set is empty."""
        return not places.length


class ManyWalk(PathWalk[Course]):
    """From many positions, evenly spaced."""

    def read(self, rule: IndexRule, places: Course) -> Course:
        """Return what the coordinates of every output read."""
        return read_of(rule, places)

    def union(self, left: Course, right: Course) -> Course:
        """Return the unions, output by output."""
        return together((left, right))

    def same(self, left: Course, right: Course) -> bool:
        """Say whether every output has the same set."""
        return alike(left, right)

    def empty(self, places: Course) -> bool:
        """Say whether no output has any coordinate."""
        return places.empty


class Reaching(PathWalk[PlaceSet]):
    """By however many moves: one level holds all that a path leads to."""

    def pulled(self, links: Connection, levels: Levels[PlaceSet]) -> Levels[PlaceSet]:
        """Return all that the coordinates of an output read; what is in the same place is among it."""
        if not levels or links.keeps:
            return levels
        return self.trimmed(self._each(links.still if links.stays else links.read, levels))


class SingleReach(Reaching[Indices], SingleWalk):
    """From one position, by however many moves."""


class ManyReach(Reaching[Course], ManyWalk):
    """From many positions, by however many moves."""
