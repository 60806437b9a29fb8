"""Which tool or convention each number of a published table comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from archgraph.cost.audit.conventions import COUNTINGS, CountsOf, by_value
from archgraph.cost.audit.published import UNIT_SCALES, ColumnHeading, Printed, PrintedRange
from archgraph.errors import counted
from archgraph.graph.network import Network
from archgraph.report.table import Table

AUDIT_COLUMNS = ("network", "column", "published", "is", "value", "also")
UNPROVED = "not known: operators without a rule are missing in our counts"


@dataclass(frozen=True)
class PublishedNumber:
    """A number of a published table: the network as it is called there, the column, and the number."""

    name: str
    network: Network
    column: str
    heading: ColumnHeading
    number: Printed


@dataclass(frozen=True)
class Fitting:
    """A number that a printed one may stand for: the conventions that give it, and how it was read."""

    value: int
    names: tuple[str, ...]
    reading: PrintedRange


@dataclass(frozen=True)
class ExplainedNumber:
    """A published number and all conventions that give it; where none does, the `nearest` value and convention."""

    entry: PublishedNumber
    matches: tuple[Fitting, ...]
    nearest: tuple[int, str] | None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All conventions that give it."""
        return tuple(name for match in self.matches for name in match.names)


def explained(entry: PublishedNumber, of: CountsOf) -> ExplainedNumber:
    """Hold a published number against every convention of its kind."""
    kind = entry.heading.kind
    if entry.network.origin.gaps and kind != "params":
        return ExplainedNumber(entry, (), None)
    groups = by_value(COUNTINGS[kind](of))
    matches = tuple(_matches(entry.number, groups))
    return ExplainedNumber(entry, matches, None if matches else _nearest(entry.number, groups))


def _matches(number: Printed, groups: dict[int, tuple[str, ...]]) -> Iterator[Fitting]:
    """The numbers within the first reading that any is in."""
    for reading in number.readings():
        found = [Fitting(value, names, reading) for value, names in groups.items() if value and reading.holds(value)]
        if found:
            yield from found
            return


def _nearest(number: Printed, groups: dict[int, tuple[str, ...]]) -> tuple[int, str] | None:
    """The value that is nearest by ratio, under any unit that may be meant."""
    said = [number.value * UNIT_SCALES[unit] for unit in number.units]
    known = [(value, names[0]) for value, names in groups.items() if value]
    pairs = [(_ratio(each, value), value, name) for each in said for value, name in known if each]
    return min(pairs)[1:] if pairs else None


def _ratio(one: Fraction, other: int) -> Fraction:
    return max(one / other, other / one)


def audit_table(entries: Iterable[PublishedNumber], remarks: Iterable[str] = ()) -> Table:
    """Return a row per published number: the convention that gives it, its exact value, and what gives it too.

    Where several conventions give a number, the one that explains most of its column is named, as likely where the
    digits leave room for the numbers of others.

    >>> from archgraph import load
    >>> from archgraph.cost.audit.published import heading, printed_number
    >>> vgg = load("vgg").network
    >>> entry = PublishedNumber("VGG-16", vgg, "GFLOPs", heading("GFLOPs"), printed_number("15.5", "g"))
    >>> [(row["is"], row["value"]) for row in audit_table([entry]).rows]
    [('likely MACs', 15470264320)]
    """
    numbers: dict[int, CountsOf] = {}
    found = [explained(each, numbers.setdefault(id(each.network), CountsOf(each.network))) for each in entries]
    votes = {column: _votes(found, column) for column in dict.fromkeys(each.entry.column for each in found)}
    best = [_best(each, votes[each.entry.column]) for each in found]
    rows = [_row(each, name) for each, name in zip(found, best, strict=True)]
    mixed = [text for column in votes if (text := _mixed(found, best, column))]
    missed = sum(not each.matches for each in found)
    title = f"{counted(len(found), 'published number')}, " + (f"{missed} not explained" if missed else "all explained")
    return Table(title, AUDIT_COLUMNS, rows, remarks=(*mixed, *remarks))


def _votes(found: list[ExplainedNumber], column: str) -> Counter[str]:
    return Counter(name for each in found if each.entry.column == column for name in each.names)


def _best(found: ExplainedNumber, votes: Counter[str]) -> str:
    """The convention that explains most of the column, the most usual first; empty where there is none."""
    return max(found.names, key=lambda name: votes[name], default="")


def _row(found: ExplainedNumber, best: str) -> dict[str, object]:
    entry = found.entry
    row = {"network": entry.name, "column": entry.column, "published": entry.number.text}
    if not best:
        return {**row, **_unexplained(found)}
    chosen = next(match for match in found.matches if best in match.names)
    others = [
        other for match in found.matches for other in match.names if other != best and _told(match, chosen, entry)
    ]
    # Where numbers of several conventions are printed alike, the digits alone do not say which it is.
    likely = "likely " if len(found.matches) > 1 else ""
    # Of parameters, what is counted alike has the most usual name; of operations, tools that agree are told apart.
    name = best if entry.heading.kind == "operations" else chosen.names[0]
    words = f"{likely}{name}{_how(entry, chosen.reading)}"
    return {**row, "is": words, "value": chosen.value, "also": "; ".join(others)}


def _told(match: Fitting, chosen: Fitting, entry: PublishedNumber) -> bool:
    """Whether other conventions are worth a word: those of another value, and tools that agree."""
    return match is not chosen or entry.heading.kind == "operations"


def _how(entry: PublishedNumber, reading: PrintedRange) -> str:
    """How a number had to be read, where that is not what is expected."""
    guessed = f"read in {reading.unit.upper()}" if len(entry.number.units) > 1 and reading.unit else ""
    words = [word for word in (reading.how, guessed) if word]
    return f" ({', '.join(words)})" if words else ""


def _unexplained(found: ExplainedNumber) -> dict[str, object]:
    if found.nearest is None:
        return {"is": UNPROVED if found.entry.network.origin.gaps else "nothing", "value": None, "also": ""}
    value, name = found.nearest
    number = found.entry.number
    said = min((number.value * UNIT_SCALES[unit] for unit in number.units), key=lambda each: _ratio(each, value))
    return {
        "is": "nothing",
        "value": None,
        "also": f"nearest: {name}, {value:,} ({100 * float(said / value - 1):+.2g} %)",
    }


def _mixed(found: list[ExplainedNumber], best: list[str], column: str) -> str:
    """That no convention explains all of a column, in words; empty where one does."""
    names = Counter(name for each, name in zip(found, best, strict=True) if name and each.entry.column == column)
    if len(names) < 2:
        return ""
    return f"{column} mixes conventions: " + ", ".join(f"{name} ({times})" for name, times in names.most_common())
