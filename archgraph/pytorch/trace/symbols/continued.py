"""A recording that was left after the last value that is known, continued as the laws say."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.recording.recording import Recording
from archgraph.pytorch.trace.symbols.integers import StepIntegers, write_integers

IntegersAt = Callable[[int], StepIntegers]
"""The integers of the step at a place of a recording."""


def telling_steps(recordings: Sequence[Recording]) -> int:
    """Return how many of the first steps tell what no law of integers does: values, and numbers that are no integers.

    Args:
        recordings: at several sizes, with the same steps.
    """
    same = list(zip(*(recording.calls for recording in recordings), strict=True))
    count = max((place + 1 for place, steps in enumerate(same) if _tells(steps)), default=0)
    # The parts of a result are steps of their own, and come with it.
    while 0 < count < len(same) and same[count][0].target is operator.getitem:
        count += 1
    return count


def _tells(steps: Sequence[RecordedNode]) -> bool:
    if any(step.held is not None or step.sees_changes for step in steps):
        return True
    # What weights hold is the same in all recordings; of other tensors it depends on what made them.
    if any(operand.kind == "constant" for operand in steps[0].all_input_nodes):
        return True
    first, *others = ([*_numbers((step.args, step.kwargs))] for step in steps)
    return any(other != first for other in others)


def _numbers(item: object) -> Iterator[float]:
    if isinstance(item, float):
        yield item
    elif isinstance(item, (list, tuple)):
        for part in item:
            yield from _numbers(part)
    elif isinstance(item, Mapping):
        yield from _numbers([*item.values()])


def continued(example: Recording, begun: Sequence[RecordedNode], integers: IntegersAt) -> Recording:
    """Return a recording whose first calls were recorded, and whose others are the example's, at other integers.

    Args:
        example: a whole recording with the same steps.
        begun: the first calls.
        integers: of the steps of the new recording.
    """
    found = _begun_by(example, begun)
    for place, node in enumerate(example.nodes):
        if node not in found:
            found[node] = _at_other_integers(node, found, integers(place))
    by_name = lambda nodes: {name: found[node] for name, node in nodes.items()}  # noqa: E731
    return Recording(
        tuple(map(found.__getitem__, example.nodes)),
        by_name(example.inputs),
        by_name(example.parameters),
        by_name(example.buffers),
        by_name(example.constants),
        by_name(example.outputs),
        example.regions,
        example.asks_traced,
    )


def _begun_by(example: Recording, begun: Sequence[RecordedNode]) -> dict[RecordedNode, RecordedNode]:
    """The steps that were recorded, and the tensors that they read, by those of the example."""
    read = {operand.name: operand for step in begun for operand in step.all_input_nodes if operand.op == "placeholder"}
    tensors = {node: read[node.name] for node in example.nodes if node.op == "placeholder" and node.name in read}
    return {**tensors, **dict(zip(example.calls, begun, strict=False))}


def _at_other_integers(
    node: RecordedNode, given: Mapping[RecordedNode, RecordedNode], integers: StepIntegers
) -> RecordedNode:
    operands = [given[operand] for operand in node.all_input_nodes]
    copy = RecordedNode(node.op, node.target, node.name, _with(node.args, given), _with(node.kwargs, given), operands)
    copy.meta = dict(node.meta)
    copy.stack, copy.line, copy.gradients, copy.kind = node.stack, node.line, node.gradients, node.kind
    copy.base = None if node.base is None else given[node.base]
    copy.writes = tuple(map(given.__getitem__, node.writes))
    copy.held = node.held
    write_integers(copy, *integers)
    return copy


def _with(item: Any, given: Mapping[RecordedNode, RecordedNode]) -> Any:
    """Return arguments with other nodes in the place of those of the example."""
    if isinstance(item, RecordedNode):
        return given[item]
    if isinstance(item, (list, tuple)):
        return type(item)([_with(part, given) for part in item])
    return {key: _with(part, given) for key, part in item.items()} if isinstance(item, Mapping) else item
