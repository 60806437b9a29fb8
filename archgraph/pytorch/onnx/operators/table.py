"""The table of operators of ONNX: what each is in PyTorch's functions, one row per name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from archgraph.pytorch.onnx.reading import STANDARD

if TYPE_CHECKING:
    from onnx import NodeProto
    from torch import Tensor

Results: TypeAlias = "Tensor | Sequence[Tensor]"
OnnxRule: TypeAlias = "Callable[..., Results]"
"""Takes the operands, None for one that is left out, and the attributes by name."""

OPERATORS: dict[str, OnnxRule] = {}
"""Rules by the name of an operator in the standard's own domain."""
BY_VERSION: set[str] = set()
"""Operators whose rule asks for the version of the operator set: `opset`."""
SEVERAL: set[str] = set()
"""Operators whose rule asks how many results are wanted: `outputs`."""
STRUCTURE = frozenset(("Constant", "If"))
"""Operators that a network reads by itself."""


def operator(*names: str, version: bool = False, several: bool = False) -> Callable[[OnnxRule], OnnxRule]:
    """Register the rule of some operators.

    Args:
        names: of the operators.
        version: whether the rule takes the version of the operator set as `opset`.
        several: whether the rule takes the number of results as `outputs`.
    """

    def register(rule: OnnxRule) -> OnnxRule:
        OPERATORS.update(dict.fromkeys(names, rule))
        BY_VERSION.update(names if version else ())
        SEVERAL.update(names if several else ())
        return rule

    return register


def rule_name(node: NodeProto) -> str:
    """Return the name that rules know an operator by; one of another domain than the standard's is none of them.

    >>> from onnx import helper
    >>> [rule_name(helper.make_node("Conv", [], [], domain=domain)) for domain in ("", "ai.onnx", "com.own")]
    ['Conv', 'Conv', 'com.own::Conv']
    """
    return node.op_type if node.domain in STANDARD else f"{node.domain}::{node.op_type}"


def has_onnx_rule(node: NodeProto) -> bool:
    """Whether an operator has a row in the table, or is read by the network itself."""
    return rule_name(node) in OPERATORS or rule_name(node) in STRUCTURE


def numbers(given: Tensor | Sequence[int] | None) -> list[int]:
    """Return whole numbers that are an attribute in some versions, and an operand in others.

    >>> numbers([1, 2]), numbers(None)
    ([1, 2], [])
    """
    if given is None:
        return []
    found = given if isinstance(given, (list, tuple)) else given.reshape(-1).tolist()  # type: ignore[union-attr]
    return [int(number) for number in found]


def from_start(places: Tensor, length: int) -> Tensor:
    """Return indices counted from the start, where some that the file holds count from the end."""
    import torch

    if places.is_meta or not bool((places < 0).any()):
        return places
    return torch.where(places < 0, places + length, places)
