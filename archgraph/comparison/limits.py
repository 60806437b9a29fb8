"""Limits on a changes: how much more a network may cost, and whether it must read what it read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from archgraph.comparison.changes import CHANGED_METRICS, Changes
from archgraph.errors import QueryError, not_among, quoted

LIMITED = (*CHANGED_METRICS, "field")
"""What a limit may be about."""
_INCREASE = re.compile(r"([+-])(\d+(?:\.\d+)?)(%?)", re.ASCII)


@dataclass(frozen=True)
class Limit:
    """How much one metric may grow.

    Attributes:
        metric: one of `LIMITED`.
        text: the limit as it was written.
        increase: the most it may grow; None where nothing may change.
        relative: whether that is a part of what was there.
    """

    metric: str
    text: str
    increase: Fraction | None = None
    relative: bool = False

    def most(self, before: int) -> Fraction:
        """Return the largest value that keeps the limit.

        >>> limit_of("macs=+5%").most(200)
        Fraction(210, 1)
        """
        increase = self.increase or Fraction(0)
        return before + (increase * before if self.relative else increase)


def limit_of(text: str) -> Limit:
    """Read a limit: `params=+0%`, `macs=+5%`, `saved_bytes=+4096`, `field=same`.

    Raises:
        QueryError: it is none of these.

    >>> limit_of("params=-1.5%").increase
    Fraction(-3, 200)
    """
    metric, equals, most = (part.strip() for part in text.partition("="))
    if equals and metric not in LIMITED:
        raise not_among("metric of a limit", metric, LIMITED)
    found = _INCREASE.fullmatch(most)
    if most == "same":
        return Limit(metric, text)
    if metric == "field" or not found:
        name = metric or "macs"
        known = "field=same" if metric == "field" else f"{name}=+5%, {name}=+4096 or {name}=same"
        raise QueryError(f"cannot read the limit {quoted(text)}", hint=f"write {known}")
    sign, number, percent = found.groups()
    return Limit(metric, text, Fraction(sign + number) / (100 if percent else 1), bool(percent))


def broken(changes: Changes, limit: Limit) -> str:
    """Return how a difference breaks a limit, in words; empty where it keeps it.

    What is a bound keeps no limit: it proves nothing.
    """
    if limit.metric == "field":
        return _field_broken(changes)
    change = next(change for change in changes.totals if change.metric == limit.metric)
    before, after = change.before or 0, change.after or 0
    if None in (change.before, change.after):
        return f"{limit.metric} cannot be held against {limit.text}: they are not those that PyTorch keeps"
    if change.at_least:
        return f"{limit.metric} cannot be held against {limit.text}: operators without a rule are missing in it"
    if limit.increase is None:
        return "" if change.same else f"{limit.metric} must stay {before:,}, and is {after:,}"
    most = limit.most(before)
    if after <= most:
        return ""
    return f"{limit.metric} may be {most.__floor__():,} at most ({limit.text}, from {before:,}), and is {after:,}"


def _field_broken(changes: Changes) -> str:
    for row in changes.fields:
        if not row.exact and row.before and row.after:
            return f"the field of {row.output} along {row.axis} is a bound, which cannot be held against field=same"
        if not row.same:
            where = f"of {row.output} on {row.input} along {row.axis}"
            return f"the field {where} was {row.before or 'none'}, and is {row.told}"
    return ""
