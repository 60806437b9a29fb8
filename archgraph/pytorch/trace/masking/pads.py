"""What pads and joins put beside what is computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from archgraph.pytorch.trace.attention_patterns import name_of
from archgraph.pytorch.trace.masking.partial import MASKED_BELOW
from archgraph.pytorch.trace.recording.node import RecordedNode

if TYPE_CHECKING:
    from torch import Tensor

PADS = frozenset(("constant_pad_nd", "pad"))


def padded_by_zeros(step: RecordedNode, part: Tensor, rest: Sequence[object], kwargs: Mapping[str, object]) -> Tensor:
    if name_of(step) == "constant_pad_nd":
        return step.target(part, rest[0])
    return step.target(part, *rest[:2], **{key: item for key, item in kwargs.items() if key == "mode"})


def pad_value(step: RecordedNode) -> float | None:
    """Return the number that a pad puts around; None where it repeats what is there."""
    names = [argument.name for argument in step.target._schema.arguments]
    given = dict(zip(names, step.args, strict=False)) | dict(step.kwargs)
    return None if given.get("mode", "constant") != "constant" else float(given.get("value") or 0)


def constants_of(step: RecordedNode, nodes: Iterable[object]) -> Iterator[Tensor]:
    """Yield the constants among operands."""
    values = (step.known_operand(node) for node in nodes if isinstance(node, RecordedNode))
    yield from (value for value in values if value is not None and value.numel() and not value.is_complex())


def is_low(value: Tensor | float | None) -> bool:
    """Whether scores that are put beside others count as masked."""
    return value is not None and float(value if isinstance(value, (int, float)) else value.min()) <= -MASKED_BELOW
