"""Attention that a module writes out: a product, a softmax, and another product."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, TypeAlias

ProgramNode: TypeAlias = Any
"""A step of an exported program."""
FUSED = "scaled_dot_product_attention"
CONTRACTIONS = frozenset(
    [
        "matmul",
        "bmm",
        "mm",
        "addmm",
        "baddbmm",
        "einsum",
        "linear",
        "conv1d",
        "conv2d",
        "conv3d",
        "convolution",
        "conv_transpose1d",
        "conv_transpose2d",
        "conv_transpose3d",
        "scaled_dot_product_attention",
        "bilinear",
        "dot",
        "mv",
        "addmv",
        "inner",
        "tensordot",
    ]
)
PRODUCTS = frozenset(("matmul", "bmm"))
TRANSPARENT = frozenset(("to", "_to_copy", "dropout", "type_as", "contiguous", "clone", "float", "native_dropout"))
SCALINGS = frozenset(("mul", "div"))
MASKS = frozenset(("add", "masked_fill", "where"))


@dataclass(frozen=True)
class Fused:
    """Attention found in a graph: operands as nodes, and the nodes it stands for.

    Attributes:
        keys: the second factor of the scores, of shape (…, channels, keys).
        masks: constants that are added to the scores, or that mask in them.
        scaled: whether queries, and keys, are scaled before their product.
        tests: masks of tests, which are kept for the backward pass.
        factors: constant tensors of one element that scale the scores.
        scores: the product of queries and keys.
    """

    queries: ProgramNode
    keys: ProgramNode
    values: ProgramNode
    masks: tuple[ProgramNode, ...]
    absorbed: frozenset[ProgramNode]
    scaled: tuple[bool, bool] = (False, False)
    tests: tuple[ProgramNode, ...] = ()
    factors: tuple[ProgramNode, ...] = ()
    scores: ProgramNode = None


def name_of(node: ProgramNode) -> str:
    """Return the name of the operator that a node calls."""
    schema = getattr(node.target, "_schema", None)
    return schema.name.removeprefix("aten::").rstrip("_") if node.op == "call_function" and schema else ""


def find_attentions(nodes: list[ProgramNode], constants: Set[ProgramNode]) -> Mapping[ProgramNode, Fused]:
    """Return the attentions that are written out, by the node of their last product.

    Masks may be made of the module's own tensors that are not learned, as they may be of sizes.
    """
    found = {}
    for node in nodes:
        if name_of(node) in ("softmax", "_softmax") and _over_last(node):
            fused = _match(node, constants)
            if fused is not None:
                found[fused[0]] = fused[1]
    return found


def _passes(node: ProgramNode) -> bool:
    """Whether a step hands on what it is given: dropout that is switched on does not."""
    name = name_of(node)
    return name in TRANSPARENT and not (name == "dropout" and node.args[1] and node.args[2])


def _over_last(node: ProgramNode) -> bool:
    rank = len(node.meta["val"].shape)
    return node.args[1] in (-1, rank - 1) and rank >= 3


def _match(softmax: ProgramNode, constants: Set[ProgramNode]) -> tuple[ProgramNode, Fused] | None:
    above = _scores(softmax.args[0], constants)
    below = _product(softmax)
    if above is None or below is None:
        return None
    scores, masks, between = above
    last, after = below
    queries, scaled = _unscaled(scores.args[0])
    keys, scaled_keys = _unscaled(scores.args[1])
    absorbed = {scores, softmax, *between, *after, *scaled, *scaled_keys}
    if any(map(_changes_type, absorbed)):
        return None
    tests = tuple(mask for node in between if name_of(node) in ("masked_fill", "where") for mask in _tests(node))
    factors = tuple(arg for node in between if name_of(node) in SCALINGS for arg in _fixed(node, constants))
    found = Fused(
        queries,
        keys,
        last.args[1],
        tuple(masks),
        frozenset(absorbed),
        (bool(scaled), bool(scaled_keys)),
        tests,
        factors,
        scores,
    )
    return last, found


def _changes_type(node: ProgramNode) -> bool:
    """Whether a step of attention is in another floating type than what it is made of: it keeps a copy then."""
    kinds = {arg.meta["val"].dtype for arg in node.args if hasattr(getattr(arg, "meta", {}).get("val"), "dtype")}
    return bool({kind for kind in kinds if kind.is_floating_point} - {node.meta["val"].dtype})


def _tests(node: ProgramNode) -> list[ProgramNode]:
    return [arg for arg in node.args if str(getattr(_value(arg), "dtype", "")) == "torch.bool"]


def _fixed(node: ProgramNode, constants: Set[ProgramNode]) -> list[ProgramNode]:
    return [arg for arg in node.args if hasattr(_value(arg), "shape") and _is_fixed(node, arg, constants)]


def _value(arg: ProgramNode) -> ProgramNode:
    return arg.meta.get("val") if hasattr(arg, "meta") else None


def _scores(
    node: ProgramNode, constants: Set[ProgramNode]
) -> tuple[ProgramNode, list[ProgramNode], list[ProgramNode]] | None:
    """Follow scaling and constant masks up to the product of queries and keys."""
    masks: list[ProgramNode] = []
    between: list[ProgramNode] = []
    while len(node.users) == 1:
        name = name_of(node)
        if name in PRODUCTS:
            return node, masks, between
        step = _step(node, name, constants)
        if step is None:
            return None
        between.append(node)
        masks += step[1]
        node = step[0]
    return None


def _step(node: ProgramNode, name: str, constants: Set[ProgramNode]) -> tuple[ProgramNode, list[ProgramNode]] | None:
    if _passes(node):
        return node.args[0], []
    operands = [arg for arg in node.args if hasattr(arg, "op")]
    tensors = [arg for arg in operands if hasattr(arg.meta.get("val"), "shape")]
    fixed = [arg for arg in tensors if _is_fixed(node, arg, constants)]
    live = [arg for arg in tensors if arg not in fixed]
    if len(live) != 1:
        return None
    if name in SCALINGS and (not fixed or all(arg.meta["val"].numel() == 1 for arg in fixed)):
        return live[0], []
    if name in MASKS and fixed:
        return live[0], fixed
    return None


def _is_fixed(step: ProgramNode, operand: ProgramNode, constants: Set[ProgramNode]) -> bool:
    return operand in constants or step.known_operand(operand) is not None


def _product(softmax: ProgramNode) -> tuple[ProgramNode, list[ProgramNode]] | None:
    """Follow the weights down to their product with the values."""
    node, after = softmax, []
    while len(node.users) == 1:
        (user,) = node.users
        name = name_of(user)
        if name in PRODUCTS:
            return (user, after) if user.args[0] is node and user.args[1] is not node else None
        if not _passes(user):
            return None
        after.append(user)
        node = user
    return None


def _unscaled(node: ProgramNode) -> tuple[ProgramNode, list[ProgramNode]]:
    """Return queries or keys before they were multiplied by a number: the scale is part of attention."""
    if name_of(node) in SCALINGS and len(node.users) == 1 and isinstance(node.args[1], (int, float)):
        return node.args[0], [node]
    return node, []
