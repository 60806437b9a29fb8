"""Short ways to write a spec in a test and to say what came of it."""

from __future__ import annotations

from textwrap import dedent, indent

from archgraph import Architecture, loads


def spec(
    steps: str, symbols: str = "{C: 8, N: 16}", inputs: str = "{x: {n: N, c: C}}", more: str = "", variant: str = ""
) -> Architecture:
    """Return the architecture of some steps."""
    head = f"archgraph: 1\nsymbols: {symbols}\ninputs: {inputs}\n{dedent(more)}\n"
    return loads(f"{head}network:\n{indent(dedent(steps), '  ')}\n", variant)


def shapes(g: Architecture) -> list[str]:
    """Return the types of the outputs as text."""
    return [str(type_) for type_ in g.outputs.values()]


def nodes(g: Architecture) -> list[str]:
    """Return the paths of all primitive nodes."""
    return list(g.nodes)
