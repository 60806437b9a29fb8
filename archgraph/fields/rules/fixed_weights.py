"""What operations read with weights that do not depend on the network's inputs: convolution, not attention."""

from __future__ import annotations

from dataclasses import replace

from archgraph.graph.ir import Graph, Node, Repeat, Value
from archgraph.ops.reach import SAME, Reach


def learned_values(graph: Graph) -> frozenset[Value]:
    """Return the values, those of bodies included, that are computed from weights and constants alone.

    The inputs of a body count as computed from the network's inputs.
    """
    # Bodies are shared by their calls, so that their inputs count as computed for all: this may leave out too much of
    # what is read, and never too little.
    found: set[Value] = set()
    for node in graph.nodes:
        if isinstance(node, Repeat):
            found |= learned_values(node.body)
        elif all(value in found for value in node.inputs):
            found.update(node.outputs)
    return frozenset(found)


def by_fixed_weights(node: Node, reaches: tuple[Reach, ...], learned: frozenset[Value]) -> tuple[Reach, ...]:
    """Return the same reaches without what is mixed with weights computed from the network's inputs."""
    computed = [reach.reads and value not in learned for reach, value in zip(reaches, node.inputs, strict=True)]
    return tuple(
        _without_mixing(reach)
        if _depends(reach, len(reaches), others=any(computed[:index] + computed[index + 1 :]))
        else reach
        for index, reach in enumerate(reaches)
    )


def _depends(reach: Reach, operands: int, *, others: bool) -> bool:
    """Return whether the weights of a mixture depend on the input: on another operand, or on the only one."""
    # Beside other operands the weights are those: q and k for v, a kernel that is computed. One operand alone has
    # weights of its own unless it says `dynamic`.
    return reach.mixing != "none" and (others or (operands == 1 and reach.mixing == "dynamic"))


def _without_mixing(reach: Reach) -> Reach:
    # A scan also hands on x itself, by learned weights: that way stays, position by position.
    if not reach.beside:
        return replace(reach, reads=False)
    return replace(reach, maps=tuple((axis, SAME) for axis, _ in reach.maps), mixing="none")
