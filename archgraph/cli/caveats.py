"""What a command's numbers rest on: assumptions, operators that are missing, work that nobody uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from archgraph.cli.output import remark

if TYPE_CHECKING:
    import argparse

    from archgraph.graph.network import Network

MOST_SHOWN = 8
ABOUT_MEMORY = frozenset(("memory", "fit", "solve", "scale", "sweep"))
"""Commands that print, or may print, what autograd keeps."""


def note_asked(options: argparse.Namespace, *networks: Network) -> None:
    """Note which networks a command answers about."""
    options.asked = (*getattr(options, "asked", ()), *networks)


def say_caveats(options: argparse.Namespace) -> None:
    """Say on standard error, so that tables stay tables, what the numbers of a command rest on."""
    networks: tuple[Network, ...] = getattr(options, "asked", ())
    for network in networks:
        memory = _of_memory(network) if options.command in ABOUT_MEMORY else ()
        for line in (*caveats(network), *memory):
            remark(f"{network.name}: {line}" if len(networks) > 1 else line)


def caveats(g: Network) -> Iterator[str]:
    """Yield a line per kind of what the numbers of a network rest on."""
    for line in g.origin.told:
        yield f"traced with {line}"
    assumed = dict.fromkeys(str(fact.shown(g.show)) for fact in g.assumptions)
    if assumed:
        yield f"assumed: {_listed(assumed)}"
    if g.origin.gaps:
        yield f"not counted, so that totals are at least what is said: {_listed(map(str, g.origin.gaps))}"
    if g.origin.dead:
        counted = "" if g.runs_dead else ", and not counted for these outputs"
        yield f"run though no output depends on it{counted}: {_listed(g.origin.dead)}"


def _of_memory(g: Network) -> Iterator[str]:
    if g.origin.module is not None and not g.origin.gaps:
        from archgraph.pytorch.verify.doubt import saved_doubt

        doubt = saved_doubt(g)
        if doubt:
            yield f"what autograd keeps is not exact: {doubt}"


def _listed(items: Iterable[str]) -> str:
    found = list(items)
    more = f"; and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
    return "; ".join(found[:MOST_SHOWN]) + more
