"""What stands before and behind a U at its finest resolution belongs to its first row: a stem, a head, a fork."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from archgraph.outline.forms.form import Leaf, OutlinePart, U, in_series, leaves_of

_Level = Callable[[Leaf], object]


def absorbed(steps: Sequence[OutlinePart], level: _Level) -> list[OutlinePart]:
    """Return steps in a row, where each U has taken up its neighbours.

    Of what lies between two, the second takes the last step, from which its skip leaves, and the first the rest.
    """
    found: list[OutlinePart] = []
    index = free = 0
    while index < len(steps):
        step = steps[index]
        index += 1
        if not isinstance(step, U):
            found.append(step)
            continue
        stem = _run(found[free:][::-1], step, level)
        before = found[len(found) - stem :]
        del found[len(found) - stem :]
        after = _run(steps[index:], step, level)
        goes_on = index + after < len(steps) and isinstance(steps[index + after], U)
        taken = steps[index : index + (after - 1 if goes_on and after > 1 else after)]
        index += len(taken)
        found.append(_widened(step, before, taken))
        free = len(found)
    return found


def _run(steps: Sequence[OutlinePart], u: U, level: _Level) -> int:
    """How many steps from the first on are at the finest resolution of a U, and none themselves."""
    count = 0
    for step in steps:
        if isinstance(step, U) or any(level(leaf) != u.rows[0].level for leaf in leaves_of(step)):
            break
        count += 1
    return count


def _widened(u: U, before: Sequence[OutlinePart], after: Sequence[OutlinePart]) -> U:
    first = u.rows[0]
    encoder, decoder = in_series([*before, first.encoder]), in_series([first.decoder, *after])
    return replace(u, rows=(replace(first, encoder=encoder, decoder=decoder), *u.rows[1:]))
