"""Questions to all shipped specs in a warm process: the median and the most.

Figures are asked for twice, and so are contrasts: at first each question behind them is asked too. What this process
keeps of all specs is looked through for garbage now and then, by whichever question comes next; that has a row of
its own, and is done before each question.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from statistics import median

from table import Row, alone, of_all_kept

import archgraph as ag
from archgraph.spec.load import shipped_names

Question = Callable[[str], object]
COSTS = ("params", "macs", "flops", "activations")
CHAINED = 6
"""Every how many of the shipped specs is held beside the next one, unless all are asked for."""


def _hops(name: str) -> object:
    from archgraph.figures.facts.facts import Facts

    facts = Facts(ag.load(name).network)
    return facts.hops(facts.last_located)


QUESTIONS: dict[str, tuple[Question, str]] = {
    "load and laws": (lambda name: [ag.load(name).metric(cost) for cost in COSTS], "10 / 69"),
    "macs at numbers": (lambda name: ag.load(name).at().macs, "0.8 / 3.5"),
    "receptive fields": (lambda name: ag.load(name).receptive_field_table(_main(name)), "16 / 109"),
    "hops of all pairs, as charts show them": (_hops, "118 / 1,977"),
    "peak of memory": (lambda name: ag.load(name).at().peak_memory().bytes, "23 / 133"),
    "overview": (lambda name: ag.load(name).draw().svg, "96 / 393"),
}


def _main(name: str) -> str | None:
    from archgraph.figures.facts.facts import Facts

    found = Facts(ag.load(name).network).input
    return None if found is None else found.name


def rows(*, whole: bool) -> Iterator[Row]:
    """Yield the median and the largest time of every question, and of contrasts of neighbours."""
    names = shipped_names()
    for question, (ask, before) in QUESTIONS.items():
        yield _row(f"{question}, of {len(names)} specs", before, {name: _asked(ask, name) for name in names})
    draw, _ = QUESTIONS["overview"]
    yield _row(f"overview again, of {len(names)} specs", "", {name: _asked(draw, name) for name in names})
    pairs = list(zip(names, [*names[1:], names[0]], strict=True))[:: 1 if whole else CHAINED]
    yield _row(f"contrast, of {len(pairs)} pairs", "500 - 2,000", {" ".join(pair): _contrast(pair) for pair in pairs})
    yield _row(f"contrast again, of {len(pairs)} pairs", "", {" ".join(pair): _contrast(pair) for pair in pairs})
    yield Row("sd in full, twice", "", " ".join(f"{alone(_in_full) * 1e3:.0f}" for _ in range(2)))
    yield Row("a search for garbage in all that is kept", "", f"{of_all_kept(gc.collect) * 1e3:.0f}")


def _asked(ask: Question, name: str) -> float:
    ag.load(name)
    return alone(lambda: ask(name))


def _contrast(pair: Sequence[str]) -> float:
    return alone(lambda: ag.contrast(*map(ag.load, pair)).svg)


def _in_full() -> object:
    return ag.load("sd").draw(view="full", depth=9).svg


def _row(question: str, before: str, times: dict[str, float]) -> Row:
    slowest = max(times, key=lambda name: times[name])
    middle, most = median(times.values()) * 1e3, times[slowest] * 1e3
    return Row(f"{question}: median / most", before, f"{middle:.1f} / {most:.1f} ({slowest})")
