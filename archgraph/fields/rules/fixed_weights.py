"""What operations read with weights that do not depend on the network's inputs: convolution, not attention."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from archgraph.graph.ir import Graph, Node, Repeat, Value
from archgraph.ops.reach import SAME, Reach


def learned_values(graph: Graph) -> frozenset[Value]:
    """Return the values, those of bodies included, that are computed from weights and constants alone.

    The input of a body is one where it is in every call of the body.
    """
    # From below: what one round leaves out, a later one may know better, and none ever says too much.
    given: frozenset[Value] = frozenset()
    while True:
        found, next_given = _learned(graph, given)
        if next_given == given:
            return found
        given = next_given


def _learned(graph: Graph, given: frozenset[Value]) -> tuple[frozenset[Value], frozenset[Value]]:
    """The learned values where some inputs of bodies are, and which of those inputs are then learned in every call."""
    found, computed, visited = set(given), set[Value](), {graph}

    def visit(body: Graph) -> None:
        for member in body.nodes:
            if isinstance(member, Repeat):
                if member.body not in visited:
                    visited.add(member.body)
                    visit(member.body)
                computed.update(_computed_inputs(member, found))
                # What a router picks, or none at all, is no fixed value.
                pairs = zip(member.outputs, member.body.outputs, strict=True) if member.once else ()
                found.update(output for output, inner in pairs if inner in found)
            elif all(value in found for value in member.inputs):
                found.update(member.outputs)

    visit(graph)
    return frozenset(found), frozenset(value for body in visited - {graph} for value in body.inputs) - computed


def _computed_inputs(call: Repeat, learned: Collection[Value]) -> Iterator[Value]:
    """Inputs of a body that a call computes from the network's, or that an earlier iteration may."""
    carried = 0 if call.once else len(call.outputs)
    for index, (value, inner) in enumerate(zip(call.inputs, call.body.inputs, strict=True)):
        if index < carried or value not in learned:
            yield inner


def mixing_kinds(node: Node, learned: Collection[Value]) -> Iterator[tuple[str, Reach, Value]]:
    """Yield how each operand that the network's inputs reach is mixed: `dynamic` where they reach the weights too."""
    computed = [value not in learned for value in node.inputs]
    for index, (reach, value) in enumerate(zip(node.reach, node.inputs, strict=True)):
        if computed[index] or not any(computed):
            lone = len(computed) > 1 and not any(computed[:index] + computed[index + 1 :])
            yield "static" if lone and reach.mixing == "dynamic" else reach.mixing, reach, value


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
