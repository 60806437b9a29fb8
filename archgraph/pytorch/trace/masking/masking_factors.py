"""Which factor of a product masks what it reads, and whether zeros of others leave out more."""

from __future__ import annotations

from archgraph.pytorch.trace.attention_patterns import CONTRACTIONS, name_of
from archgraph.pytorch.trace.masking.product_forms import PRODUCT_FORMS, factors_of, leaves_places_out
from archgraph.pytorch.trace.masking.states import States, is_matrix
from archgraph.pytorch.trace.masking.vacancies import takes_weights, weighs
from archgraph.pytorch.trace.recording.node import RecordedNode

CONVOLUTIONS = frozenset(name for name in CONTRACTIONS if name.startswith("conv"))
ALONE = frozenset(("prod", "cumprod", "glu"))
"""Those that multiply what lies in one tensor."""


def sums(step: RecordedNode) -> bool:
    """Whether a step adds up what it multiplies, so that zeros leave out what they stand for and nothing else."""
    if name_of(step) == "einsum":
        read, _, made = str(step.args[0]).replace(" ", "").partition("->")
        return bool(set(read) - set(made) - {","})
    return name_of(step) not in ALONE


def multiplies_computed(step: RecordedNode) -> bool:
    """Whether a step is a product of two computed tensors that are neither scores nor weights, nor made to be."""
    if name_of(step) not in PRODUCT_FORMS or len(factors_of(step)) != 2 or weighs(step):
        return False
    return all(_is_computed(step, node) for node in factors_of(step))


def may_lose(step: RecordedNode, factor: RecordedNode) -> bool:
    """Whether anything computed is multiplied with a factor: parameters are read by nobody."""
    others = [node for node in step.all_input_nodes if node is not factor or _is_squared(step, node)]
    return any(_is_computed(step, node) for node in others) or name_of(step) in ALONE


def _is_computed(step: RecordedNode, node: RecordedNode) -> bool:
    return node.kind not in ("parameter", "buffer") and step.known_operand(node) is None


def masking_factor(step: RecordedNode, states: States) -> tuple[RecordedNode | None, bool]:
    """Return the operand that masks what a step reads, and whether others do as well.

    That is one of which single elements are zero, if there is: where whole positions are, what made them says so. Of a
    constant factor nothing does.
    """
    # What is added to a product masks nothing of it.
    read = factors_of(step) if name_of(step) in PRODUCT_FORMS else step.all_input_nodes
    known = [node for node in read if states.has(node)]
    fixed = [node for node in read if _has_zeros(step, node)]
    matrices = [node for node in (*known, *fixed) if is_matrix(states.operand(step, node))]
    masking = [*matrices, *(node for node in fixed if node not in matrices)]
    chosen = next(iter((*masking, *known)), None)
    others = [
        node for node in known if (node is not chosen or _is_squared(step, node)) and name_of(step) in PRODUCT_FORMS
    ]
    return chosen, len(masking) > 1 or any(_leaves_out(step, node, states) for node in others)


def leave_out_together(step: RecordedNode, masking: RecordedNode, states: States) -> bool:
    """Whether zeros of the other factor leave out more than a mask does: of weights, whole places of the result."""
    if name_of(step) not in PRODUCT_FORMS or not is_matrix(states.operand(step, masking)):
        return False
    others = [node for node in factors_of(step) if node is not masking and states.has(node)]
    if not takes_weights(step):
        # What is multiplied with nothing is not read, whatever the mask lets through.
        return any(bool(states.operand(step, node).zero.any()) for node in others)
    both, alone = states.product(step), states.product(step, but=masking)
    return bool(others) and (both is None or alone is None or not bool((both.live == alone.live).all()))


def _leaves_out(step: RecordedNode, node: RecordedNode, states: States) -> bool:
    """Whether a factor is zero at whole places of the result, where another computed one is not read either."""
    return may_lose(step, node) and leaves_places_out(
        step, node, states.operand(step, node).within(states.shape(node)).zero
    )


def _is_squared(step: RecordedNode, node: RecordedNode) -> bool:
    """Whether a product takes a tensor twice: zeros of one factor meet what the other has there."""
    listed = (part for item in step.args for part in (item if isinstance(item, (list, tuple)) else (item,)))
    return sum(part is node for part in listed) > 1


def _has_zeros(step: RecordedNode, node: RecordedNode) -> bool:
    """Whether this is a constant factor of a product some elements of which are zero."""
    value = step.known_operand(node) if name_of(step) in PRODUCT_FORMS else None
    return value is not None and bool((value == 0).any())


def is_kernel_with_holes(step: RecordedNode, node: RecordedNode) -> bool:
    value = step.known_operand(node) if name_of(step) in CONVOLUTIONS and node is step.args[1] else None
    return value is not None and bool((value == 0).any())


def is_kernel_of_zeros(step: RecordedNode) -> bool:
    """Whether a convolution has a constant kernel that lets nothing through."""
    value = step.known_operand(step.args[1]) if name_of(step) in CONVOLUTIONS else None
    return value is not None and not bool(value.any())
