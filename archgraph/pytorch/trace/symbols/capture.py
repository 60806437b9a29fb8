"""A module with symbolic sizes, from recordings at several numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sympy import Symbol

from archgraph.pytorch.trace.recording.module_parts import ModuleParts
from archgraph.pytorch.trace.recording.recording import Recording
from archgraph.pytorch.trace.sizes import Progression, TracedSizes, declared_sizes
from archgraph.pytorch.trace.symbols.asked import Dynamic, SymbolSizes
from archgraph.pytorch.trace.symbols.sampling import First, Sampler
from archgraph.pytorch.trace.symbols.search import NoLawError, Search
from archgraph.pytorch.trace.symbols.steps import SteppedSizes, find_steps

NEXT_SIZES = 4
"""Sizes in a row at which a law in wider steps has to hold: what is rounded differs from one to the next."""
WIDER = (2, 3, 4, 8, 16)
"""Multiples of the smallest steps that are tried where sizes have no law in them, such as of code that rounds up."""


def capture_symbolic(
    parts: ModuleParts, inputs: Any, dynamic: Dynamic, name: str, first: First | None = None
) -> tuple[Recording, TracedSizes]:
    """Record a module at several sizes, and return the example's recording with laws of the symbols.

    Args:
        parts: of the module.
        first: the example, where it was recorded before.

    Raises:
        ArchgraphError: a dimension cannot vary, or has no law; or what `record` says of the example.

    >>> import torch
    >>> conv = torch.nn.Conv2d(3, 4, 4, stride=4, device="meta")
    >>> found, sizes = capture_symbolic(ModuleParts(conv), torch.zeros(1, 3, 16, 16), {"input": {3: "w"}}, "conv")
    >>> found.calls[0].meta["val"].shape, sizes.conditions
    ((1, 4, 4, floor(w/4)), ('w >= 4', 'recorded at w = 4, 16, 33, 83'))
    """
    sampler = Sampler(parts, inputs, dynamic, first)
    items = find_steps(sampler)
    search = _searched(sampler, items, name)
    samples = search.seen()
    sizes = declared_sizes(name, _progressions(search.items))
    seen = _recorded(search.items, [sampler.sizes, *(sample.sizes for sample in samples)])
    facts = search.decided(samples)
    recording = search.unified.written([sample.recording for sample in samples])
    told = [str(fact.shown(sizes.declarations.show)) for fact in facts]
    return recording, replace(
        sizes,
        conditions=(*dict.fromkeys([*sizes.conditions, *told]), seen),
        assumptions=(*sizes.assumptions, *facts),
        points=tuple(search.values(sample) for sample in samples),
        proof=search.proof.recording,
    )


def _searched(sampler: Sampler, items: SteppedSizes, name: str) -> Search:
    """Find laws in the steps that were found, else in multiples of them: what the module's code rounds then is whole.

    Raises:
        NoLawError: there is none in any of them; it is that of the smallest steps.
    """
    refusals: list[NoLawError] = []
    for factor in (1, *WIDER):
        wider = tuple(item.with_step(item.step * factor) for item in items)
        if all(item.step <= item.default // 2 for item in wider) or factor == 1:
            try:
                search = Search(sampler, wider, carriers(declared_sizes(name, _progressions(wider)), wider))
            except NoLawError as error:
                refusals.append(error)
                continue
            if factor == 1 or search.holds_beside(NEXT_SIZES):
                return search
    raise refusals[0]


def _progressions(items: SteppedSizes) -> list[Progression]:
    return [
        Progression(
            item.name,
            item.default,
            item.step,
            item.size(item.least),
            None if item.most is None else item.size(item.most),
        )
        for item in items
    ]


def carriers(sizes: TracedSizes, items: SteppedSizes) -> tuple[Symbol, ...]:
    """Return the symbol k of every size `offset + step*k`."""
    return tuple(next(iter(sizes.declarations.lookup(item.name).free_symbols)) for item in items)


def _recorded(items: SteppedSizes, seen: Sequence[SymbolSizes]) -> str:
    told = []
    for item in items:
        sizes = sorted({sizes[item.name] for sizes in seen})
        told.append(f"{item.name} = {', '.join(map(str, sizes))}")
    return f"recorded at {'; '.join(told)}"
