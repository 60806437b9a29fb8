"""Many equal pairs of parts of a U as one pair: blocks that hand a copy each to the block across from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from archgraph.outline.groups import shape_of_member
from archgraph.outline.u_parts import UPart, UParts, USkip

_MANY = 8


def pairs_together(u: UParts) -> UParts:
    """The same U, with more than a few equal pairs in a row as one; every skip remains.

    Pairs are equal if their parts are and nothing but one copy leaves or enters either, so that what is true of one is
    true of all, and the last copy goes to the first part on the way up.
    """
    across = _across(u)
    runs = [run for run in _runs(u, across) if len(run) > _MANY]
    home: dict[UPart, UPart] = {}
    for run in runs:
        up = [across[part].target for part in reversed(run)]
        home |= dict.fromkeys(run, _one(run)) | dict.fromkeys(up, _one(up))
    return _moved(u, home) if runs else u


def _across(u: UParts) -> dict[UPart, USkip]:
    """The skip of each part that gives one copy, unchanged, to a part that takes no other."""
    given, taken = (Counter(getattr(skip, end) for skip in u.skips) for end in ("source", "target"))
    leaving = {part for part, _ in u.exits}
    alone = (skip for skip in u.skips if given[skip.source] == taken[skip.target] == 1 and not skip.way)
    return {skip.source: skip for skip in alone if not leaving.intersection((skip.source, skip.target))}


def _runs(u: UParts, across: dict[UPart, USkip]) -> Iterator[list[UPart]]:
    """Equal parts in a row on the way down whose copies enter equal parts in a row on the way up."""
    place = {part: index for index, part in enumerate(u.decoder)}
    run: list[UPart] = []
    for part in u.encoder:
        if run and (part not in across or not _goes_on(u, across[run[-1]], across[part], place)):
            yield run
            run = []
        run = [*run, part] if part in across else []
    yield run


def _goes_on(u: UParts, before: USkip, after: USkip, place: dict[UPart, int]) -> bool:
    mirrored = place[before.target] == place[after.target] + 1
    plain = not (after.source.before or before.target.before or after.source.beside or before.target.beside)
    return mirrored and plain and _alike(u, before.source, after.source) and _alike(u, before.target, after.target)


def _alike(u: UParts, one: UPart, other: UPart) -> bool:
    same = all((one in condition.taken) == (other in condition.taken) for condition in u.conditions)
    return same and one.value is None and other.value is None and _shape(one) == _shape(other)


def _shape(part: UPart) -> tuple[object, ...]:
    return tuple((shape_of_member(item.member), item.outputs[0].type) for item in part.line)


def _one(parts: Sequence[UPart]) -> UPart:
    """Parts in a row as one."""
    return replace(parts[0], line=tuple(chain.from_iterable(part.line for part in parts)))


def _moved(u: UParts, home: dict[UPart, UPart]) -> UParts:
    def homes(parts: Sequence[UPart]) -> tuple[UPart, ...]:
        return tuple(dict.fromkeys(home.get(part, part) for part in parts))

    return replace(
        u,
        encoder=homes(u.encoder),
        decoder=homes(u.decoder),
        skips=tuple(
            replace(skip, source=home.get(skip.source, skip.source), target=home.get(skip.target, skip.target))
            for skip in u.skips
        ),
        exits=tuple((home.get(part, part), value) for part, value in u.exits),
        conditions=tuple(replace(one, taken=homes(one.taken)) for one in u.conditions),
    )
