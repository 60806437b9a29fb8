"""Which tool or convention each number of a published table comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from archgraph.cost.audit.conventions import CONVENTIONS, Counted, grouped
from archgraph.cost.audit.published import SCALES, Heading, Published, Reading
from archgraph.graph.network import Network
from archgraph.report.table import Table

COLUMNS = ("network", "column", "published", "is", "value", "also")
UNPROVED = "not known: operators without a rule are missing in our counts"


@dataclass(frozen=True)
class Entry:
    """A number of a published table: the network as it is called there, the column, and the number."""

    name: str
    network: Network
    column: str
    heading: Heading
    number: Published


@dataclass(frozen=True)
class Match:
    """A number that a printed one may stand for: the conventions that give it, and how it was read."""

    value: int
    names: tuple[str, ...]
    reading: Reading


@dataclass(frozen=True)
class Explained:
    """A published number and all conventions that give it; where none does, the `nearest` value and convention."""

    entry: Entry
    matches: tuple[Match, ...]
    nearest: tuple[int, str] | None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All conventions that give it."""
        return tuple(name for match in self.matches for name in match.names)


def explained(entry: Entry, of: Counted) -> Explained:
    """Hold a published number against every convention of its kind."""
    kind = entry.heading.kind
    if entry.network.origin.gaps and kind != "params":
        return Explained(entry, (), None)
    groups = grouped(CONVENTIONS[kind](of))
    matches = tuple(_matches(entry.number, groups))
    return Explained(entry, matches, None if matches else _nearest(entry.number, groups))


def _matches(number: Published, groups: dict[int, tuple[str, ...]]) -> Iterator[Match]:
    """The numbers within the first reading that any is in: rounding before cutting off, a unit before another."""
    for reading in number.readings():
        found = [Match(value, names, reading) for value, names in groups.items() if value and reading.holds(value)]
        if found:
            yield from found
            return


def _nearest(number: Published, groups: dict[int, tuple[str, ...]]) -> tuple[int, str] | None:
    """The value that is nearest by ratio, under any unit that may be meant."""
    said = [number.value * SCALES[unit] for unit in number.units]
    known = [(value, names[0]) for value, names in groups.items() if value]
    pairs = [(_ratio(each, value), value, name) for each in said for value, name in known if each]
    return min(pairs)[1:] if pairs else None


def _ratio(one: Fraction, other: int) -> Fraction:
    return max(one / other, other / one)


def audit_table(entries: Iterable[Entry], remarks: Iterable[str] = ()) -> Table:
    """Return a row per published number: the convention that gives it, its exact value, and what gives it too.

    Where several conventions give a number, the one that explains most of its column is named.

    >>> from archgraph import load
    >>> from archgraph.cost.audit.published import heading, published
    >>> vgg = load("vgg").network
    >>> entry = Entry("VGG-16", vgg, "GFLOPs", heading("GFLOPs"), published("15.5", "g"))
    >>> [(row["is"], row["value"]) for row in audit_table([entry]).rows]
    [('MACs', 15470264320)]
    """
    counted: dict[int, Counted] = {}
    found = [explained(each, counted.setdefault(id(each.network), Counted(each.network))) for each in entries]
    votes = {column: _votes(found, column) for column in dict.fromkeys(each.entry.column for each in found)}
    rows = [_row(each, votes[each.entry.column]) for each in found]
    mixed = [text for column in votes if (text := _mixed(rows, column))]
    missed = sum(not each.matches for each in found)
    title = f"{len(found)} published numbers, " + (f"{missed} not explained" if missed else "all explained")
    return Table(title, COLUMNS, rows, remarks=(*mixed, *remarks))


def _votes(found: list[Explained], column: str) -> Counter[str]:
    return Counter(name for each in found if each.entry.column == column for name in each.names)


def _row(found: Explained, votes: Counter[str]) -> dict[str, Any]:
    entry = found.entry
    row = {"network": entry.name, "column": entry.column, "published": entry.number.text}
    if not found.matches:
        return {**row, **_unexplained(found)}
    best = max(found.names, key=lambda name: votes[name])
    chosen = next(match for match in found.matches if best in match.names)
    others = [name for match in found.matches for name in match.names if name != best and _told(match, chosen, entry)]
    return {**row, "is": best + _how(entry, chosen.reading), "value": chosen.value, "also": "; ".join(others)}


def _told(match: Match, chosen: Match, entry: Entry) -> bool:
    """Whether other conventions are worth a word: those of another value, and tools that agree."""
    return match is not chosen or entry.heading.kind == "operations"


def _how(entry: Entry, reading: Reading) -> str:
    """How a number had to be read, where that is not what is expected."""
    guessed = f"read in {reading.unit.upper()}" if len(entry.number.units) > 1 and reading.unit else ""
    words = [word for word in ("cut off, not rounded" if reading.cut else "", guessed) if word]
    return f" ({', '.join(words)})" if words else ""


def _unexplained(found: Explained) -> dict[str, Any]:
    if found.nearest is None:
        return {"is": UNPROVED if found.entry.network.origin.gaps else "nothing", "value": None, "also": ""}
    value, name = found.nearest
    number = found.entry.number
    said = min((number.value * SCALES[unit] for unit in number.units), key=lambda each: _ratio(each, value))
    return {
        "is": "nothing",
        "value": None,
        "also": f"nearest: {name}, {value:,} ({100 * float(said / value - 1):+.2g} %)",
    }


def _mixed(rows: list[dict[str, Any]], column: str) -> str:
    """That the rows of a column do not count alike, in words; empty where they do."""
    counts = Counter(row["is"].partition(" (")[0] for row in rows if row["column"] == column and row["value"])
    if len(counts) < 2:
        return ""
    return f"{column} mixes conventions: " + ", ".join(f"{name} ({times})" for name, times in counts.most_common())
