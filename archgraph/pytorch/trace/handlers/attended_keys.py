"""Which keys attention reads, in the words of its operation."""

from __future__ import annotations

from collections.abc import Sequence

from archgraph.ops.position_sets import PositionSets
from archgraph.ops.reach import AtMost, Causal, Listed
from archgraph.pytorch.trace.builder import Tracked
from archgraph.pytorch.trace.handlers.stacked_heads import Stacked
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.masking.attended import KeyMask, along
from archgraph.pytorch.trace.masking.forms import mask_of
from archgraph.pytorch.trace.masking.stacked import keys_by_axis


def read_keys(parts: list[Tracked], keys: KeyMask, samples: Sequence[int] = ()) -> dict[str, object]:
    """Return which keys are read, of queries and keys that have one axis each."""
    if keys.open:
        return {}
    # A triangle has a word in the language; what has none is a map of axes.
    apart = {} if keys.even(samples) else {"apart": True}
    if keys.causal and not samples and not apart and parts[0].layout[-2]:
        return {"causal": True}
    (ours, theirs) = ([d.axis for d in part.layout[-2]] for part in parts[:2])
    if not ours or not theirs:
        return {**_by_one(keys, theirs), **apart}
    return {**_by_several(keys, ours[0], theirs[0], samples), **apart}


def _by_one(keys: KeyMask, theirs: Sequence[str]) -> dict[str, object]:
    """Return which keys the only query reads, where there are several."""
    rows = {"mask": keys.allowed()[0], "scored": keys.allowed(scored=True)[0]}
    sets = {name: PositionSets([mask_of(row.flatten(0, -2).any(0))], row.shape[-1]) for name, row in rows.items()}
    maps = {name: Listed(found, alike=True) for name, found in sets.items()}
    doubt = keys.allowed()[1]
    read = {name: AtMost(found, doubt) if doubt else found for name, found in maps.items()}
    return {name: ((axis, found),) for name, found in read.items() for axis in theirs}


def _by_several(keys: KeyMask, ours: str, theirs: str, samples: Sequence[int]) -> dict[str, object]:
    # Whose scores count is said in any case: where it is not, it follows from the mask.
    found = {name: keys.map(scored=name == "scored" and keys.differs, samples=samples) for name in ("mask", "scored")}
    maps = {name: ((theirs, along(theirs, ours, read)),) for name, read in found.items() if read is not None}
    queries = keys.queries
    return {**maps, **({} if queries is None else {"asked": ((ours, queries),)})}


def read_stacked_keys(
    i: ProgramInterpreter, queries: Tracked, s: Stacked, tokens: tuple[str, ...], keys: KeyMask
) -> dict[str, object]:
    """Return which keys are read where every window, or whatever else is stacked, may have a mask of its own."""
    if keys.open:
        return {}
    samples = [
        len(s.lead) + 2 - place for place, dim in enumerate(s.lead) if any(d.axis not in s.heads_of for d in dim)
    ]
    if len(tokens) == 1 and keys.same(samples):
        rows = read_keys([queries, queries], keys, samples)
        return {name: ((tokens[0], Causal()),) for name in ("mask", "scored")} if rows.get("causal") else rows
    number = i.sizes.number
    apart = {} if keys.even(samples) else {"apart": True}
    names = iter(d.axis for dim in queries.layout[: s.head] for d in dim)
    lead = [[("" if d.axis in s.heads_of else next(names), number(d.size)) for d in dim] for dim in s.lead]
    within = [(d.axis, number(d.size)) for d in queries.layout[-2]]
    found = {"mask": keys_by_axis(keys.allowed(), lead, within)}
    found["scored"] = keys_by_axis(keys.allowed(scored=True), lead, within) if keys.differs else found["mask"]
    if keys.some_alone:
        found["asked"] = keys_by_axis((keys.asked(), ""), lead, within)
    return {**found, **apart}
