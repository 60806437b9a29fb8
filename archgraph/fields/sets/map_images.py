"""What a set of outputs reads by a set map, and which outputs read any of a set: exact, and for whole sets at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from archgraph.fields.sets.index_sets import bits_within, common, plain, taken, united
from archgraph.fields.sets.indices import EMPTY, FEW_RUNS, Indices, interval, of_bits
from archgraph.fields.sets.limits import check_span
from archgraph.fields.sets.setmap import SetMap


def image(reads: SetMap, outputs: Indices) -> Indices:
    """Return what some outputs read together, borders ignored.

    >>> from archgraph.fields.sets.windows import window
    >>> list(image(window(2, stride=3), interval(1, 2)))
    [3, 4, 6, 7]
    """
    if not outputs.length:
        return EMPTY
    if outputs.runs_count <= FEW_RUNS:
        found = reads.image(outputs)
        if found.exact or not all(phase.exact for phase in reads.phases):
            return taken(found)
    return united(_by_phases(reads, outputs))


def _by_phases(reads: SetMap, outputs: Indices) -> Iterator[Indices]:
    start = outputs.lo - outputs.lo % reads.period
    turns = start // reads.period
    bits = bits_within(outputs, start, outputs.hi)
    check_span((outputs.hi - start) // reads.period * reads.advance + 1)
    for phase, read in enumerate(reads.phases):
        chosen = _every(bits >> phase, reads.period)
        if chosen and read.length:
            spaced = _spaced(chosen, reads.advance) if reads.advance else 1
            yield of_bits(turns * reads.advance + read.lo, _times(spaced, read))


def repeated(found: Indices, step: int, count: int) -> Indices:
    """Return the union of a set shifted by 0, step, ..., (count - 1) * step.

    >>> list(repeated(interval(0, 1), 5, 2))
    [0, 1, 5, 6]
    """
    quick = found.spread(step, count)
    if quick.exact:
        return quick
    check_span(found.size + step * (count - 1))
    return of_bits(found.lo, _dilated(bits_within(found, found.lo, found.hi), step, count))


def _times(bits: int, taps: Indices) -> int:
    """Return the sums of every index in some bits and every tap, the first of which counts as 0."""
    found = 0
    for start, step, length in taps.runs():
        found |= _dilated(bits, step, length) << start - taps.lo
    return found


def _dilated(bits: int, step: int, count: int) -> int:
    done = 1
    while done < count:
        more = min(done, count - done)
        bits |= bits << more * step
        done += more
    return bits


def _every(bits: int, step: int) -> int:
    """Return the bits 0, step, 2 * step, ... side by side."""
    return bits if step == 1 or not bits else int(f"{bits:b}"[::-1][::step][::-1], 2)


def _spaced(bits: int, step: int) -> int:
    """Return the same bits with a distance between them."""
    return bits if step == 1 else int(("0" * (step - 1)).join(f"{bits:b}"), 2)


def readers(reads: SetMap, read: Indices, count: int) -> Indices:
    """Return which of so many outputs read any of a set, borders ignored.

    >>> from archgraph.fields.sets.windows import window
    >>> list(readers(window(3, before=1), interval(4, 5), 100))
    [3, 4, 5, 6]
    """
    if not read.length:
        return EMPTY
    if not plain(read) and read.runs_count <= FEW_RUNS:
        runs = (interval(start, start + length - 1) for start, step, length in read.runs() if step == 1)
        combs = (Indices(start, step, length) for start, step, length in read.runs() if step > 1)
        return united([*(readers(reads, run, count) for run in runs), *(_readers(reads, c, count) for c in combs)])
    return _readers(reads, read, count)


def _readers(reads: SetMap, read: Indices, count: int) -> Indices:
    found = [_turns(reads, phase, read, -(-(count - phase) // reads.period)) for phase in range(reads.period)]
    return common(_interleaved(found), interval(0, count - 1))


def _turns(reads: SetMap, phase: int, read: Indices, count: int) -> Indices:
    """Return the periods, out of so many, in which the output of a phase reads any of a set."""
    taps = reads.phases[phase]
    if not taps.length or count <= 0:
        return EMPTY
    every = interval(0, count - 1)
    if not reads.advance:
        return every if common(taken(taps), read).length else EMPTY
    if plain(read) and taps.teeth is None and taps.step <= read.length:
        # No gap between taps is as long as the set: whoever reaches around it reads of it.
        first, last = -((taps.hi - read.lo) // reads.advance), (read.hi - taps.lo) // reads.advance
        return common(interval(first, last), every)
    return _turns_of_bits(reads.advance, taps, read, every)


def _turns_of_bits(advance: int, taps: Indices, read: Indices, every: Indices) -> Indices:
    """Look from every index of the set back by every tap, and take those from which a whole period leads."""
    lo, hi = read.lo - (taps.hi - taps.lo), read.hi
    mirrored = replace(taps, start=-taps.hi, teeth=_reversed(taps))
    seen = of_bits(lo, _times(bits_within(read, read.lo, hi), mirrored))
    # In period k the first tap stands at taps.lo + k * advance.
    first = -((taps.lo - seen.lo) // advance)
    bits = bits_within(seen, taps.lo + first * advance, seen.hi)
    return common(of_bits(first, _every(bits, advance)), every)


def _reversed(taps: Indices) -> int | None:
    return None if taps.teeth is None else int(f"{taps.teeth:b}"[::-1], 2)


def _interleaved(turns: list[Indices]) -> Indices:
    """Return the outputs of the given periods, one set of them for every phase."""
    period = len(turns)
    if period == 1:
        return turns[0]
    if not any(found.length for found in turns):
        return EMPTY
    # All phases between the latest first and the earliest last are in: an interval, with few on either side.
    first, last = max(found.lo for found in turns), min(found.hi for found in turns)
    whole = all(plain(found) and found.length for found in turns) and first <= last
    if not whole:
        return united(_outputs(found, phase, period) for phase, found in enumerate(turns))
    middle = interval(first * period, last * period + period - 1)
    outside = [(found.clip(found.lo, first - 1), found.clip(last + 1, found.hi)) for found in turns]
    return united([middle, *(_outputs(part, phase, period) for phase, parts in enumerate(outside) for part in parts)])


def _outputs(turns: Indices, phase: int, period: int) -> Indices:
    if turns.length < 2:
        return Indices(turns.start * period + phase, 1, turns.length) if turns.length else EMPTY
    return replace(turns, start=turns.start * period + phase, step=turns.step * period)
