"""Which keys every query of attention may read, as the constants of a recording say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

from archgraph.pytorch.trace.attention_patterns import CONTRACTIONS, FUSED, name_of
from archgraph.pytorch.trace.masking.attending import leaves_rows_out, lost_by_zeros
from archgraph.pytorch.trace.masking.constant_zeros import attends_to_nothing, is_beside_zeros
from archgraph.pytorch.trace.masking.letting import PASSAGES, tells
from archgraph.pytorch.trace.masking.masking_factors import (
    is_kernel_of_zeros,
    is_kernel_with_holes,
    leave_out_together,
    masking_factor,
    may_lose,
    multiplies_computed,
    sums,
)
from archgraph.pytorch.trace.masking.partial import MASKED_BELOW, Partial
from archgraph.pytorch.trace.masking.product_forms import PRODUCT_FORMS, factors_of
from archgraph.pytorch.trace.masking.product_zeros import sides_of_single, sums_over_zeros, zeros_of
from archgraph.pytorch.trace.masking.rules import POOLING, softmax
from archgraph.pytorch.trace.masking.states import NumberOf, States, passed
from archgraph.pytorch.trace.masking.taken import is_taken_alone
from archgraph.pytorch.trace.masking.vacancies import (
    SOFTMAX,
    SPREADING_OUT,
    is_value,
    may_be_weights,
    scores,
    takes_weights,
    vacant_factors,
)
from archgraph.pytorch.trace.recording.node import RecordedNode

if TYPE_CHECKING:
    from torch import Tensor

LOGARITHMS = frozenset(("log_softmax", "_log_softmax"))
"""Those of weights: of what is masked, they still read the score."""
MAXIMA = frozenset(("amax", "max", "logsumexp"))
"""Those that what lies far below the largest has no part in."""
UNKNOWN = "values that are not known mask some of what is read"
CONSTANTS_MASK = "constants mask some of what is read"
NOTHING_THERE = "zeros of a pad, a join or a copy may be all that some of what is read is multiplied with"


@dataclass(frozen=True)
class SeenKeys:
    """What is known of the weights with which queries read keys.

    Attributes:
        allowed: whether a weight may be other than zero, of any shape that broadcasts to that of the weights.
        weights: the step that gives them, None for a mask that attention takes by itself.
        scored: whether the score of a key depends on it; None where it does wherever it is allowed.
        doubtful: whether what is allowed may be masked by values that are not known.
        counted: whether a finite constant counts as masked.
    """

    allowed: Tensor
    scored: Tensor | None = None
    doubtful: bool = False
    counted: bool = False
    weights: RecordedNode | None = None


class RecordedMasks:
    """The masks of a recording, and of those at other sizes.

    Args:
        steps: all steps of the recording, in order.
        number: gives the integer of a size at the recording's own inputs.
    """

    def __init__(self, steps: Sequence[RecordedNode], number: NumberOf) -> None:
        self._seen: dict[RecordedNode, SeenKeys] = {}
        self._limits: dict[RecordedNode, str] = {}
        self._nonzero: dict[tuple[RecordedNode, RecordedNode], Tensor] = {}
        self._factors: dict[RecordedNode, dict[RecordedNode, Tensor]] = {}
        self._sides: dict[RecordedNode, Mapping[int, Tensor]] = {}
        self._put: set[RecordedNode] = set()
        self._counted: set[RecordedNode] = set()
        self._vague: set[RecordedNode] = set()
        self._weights: set[RecordedNode] = set()
        self._pass(steps, number)
        others = [step.elsewhere for step in steps]
        for same in zip(*others, strict=False) if all(others) else ():
            self._pass(same, lambda size: size)

    def of(self, step: RecordedNode) -> list[SeenKeys | None]:
        """Return what is known of the weights that a product takes, in every recording; the first is its own.

        None in all of them where nothing masks any.
        """
        same = (step, *step.elsewhere)
        found = [self._seen.get(one) for one in same]
        masked = next((place for place, one in enumerate(found) if one is not None), None)
        if masked is None:
            return found
        return [
            _open_like(found[masked], same[masked], one) if seen is None else seen
            for seen, one in zip(found, same, strict=True)
        ]

    def limit(self, step: RecordedNode) -> str:
        """Return why what a step reads is less than it seems, unless who reads the step knows better."""
        # What is masked at other sizes alone is masked.
        return next((self._limits[same] for same in (step, *step.elsewhere) if same in self._limits), "")

    def nonzero(self, step: RecordedNode, factor: RecordedNode) -> Tensor | None:
        """Return where a computed factor of a step may be other than zero; None where it may be anywhere."""
        return self._nonzero.get((step, factor))

    def is_put(self, step: RecordedNode) -> bool:
        """Whether a factor is zero where nothing was put, which steps that gather elements do not follow."""
        return step in self._put

    def sides(self, step: RecordedNode) -> Mapping[int, Tensor]:
        """Return which places of a product's result read anything, by the dimension, counted from the right."""
        return self._sides.get(step, {})

    def is_vague(self, step: RecordedNode) -> bool:
        """Whether zeros leave out some of what a step reads, nobody knows what."""
        return any(same in self._vague for same in (step, *step.elsewhere))

    def holds_masked_weights(self, node: RecordedNode) -> bool:
        """Whether elements of a result are weights that are masked: these read nothing, and others in their row do."""
        left, met = [node], {node}
        while left:
            step = left.pop()
            if any(same in self._weights for same in (step, *step.elsewhere)):
                return True
            if name_of(step) not in CONTRACTIONS:
                more = [each for each in step.all_input_nodes if each not in met]
                met.update(more)
                left += more
        return False

    def _pass(self, steps: Sequence[RecordedNode], number: NumberOf) -> None:
        scored: dict[RecordedNode, Tensor] = {}
        given = _given(steps)
        for step, states in passed(steps, number):
            name = name_of(step)
            if name == FUSED:
                self._fused(step, states, given)
            elif name in PASSAGES:
                self._scaled(step, states)
            elif name in LOGARITHMS and any(map(_is_lowered, map(partial(states.operand, step), step.args[:1]))):
                self._loses(step, CONSTANTS_MASK)
            elif name in CONTRACTIONS or name in SOFTMAX or name in POOLING:
                self._gathered(step, states, scored)
            if name in PRODUCT_FORMS and len(factors_of(step)) == 2:
                for node in filter(states.has, factors_of(step)):
                    self._holds_zeros(step, node, states.shape(node), ~states.operand(step, node).zero)
        for step, factor, nonzero in vacant_factors(steps, number):
            if name_of(step) != FUSED:
                self._beside_nothing(step, factor, nonzero)
            if (name_of(step) in PRODUCT_FORMS or name_of(step) == FUSED) and nonzero is not None:
                self._holds_zeros(step, factor, tuple(map(number, factor.meta["val"].shape)), nonzero)
        for step in self._factors:
            taken = step.args[:3] if name_of(step) == FUSED else factors_of(step)
            self._multiplied(step, {node: tuple(map(number, node.meta["val"].shape)) for node in taken})
        self._factors.clear()
        for step in steps:
            if step.op == "call_function" and step.held is None and is_beside_zeros(step):
                self._loses(step, CONSTANTS_MASK)

    def _beside_nothing(self, step: RecordedNode, factor: RecordedNode, nonzero: Tensor | None) -> None:
        """Pass a product of which a factor is zero where nothing was put."""
        if nonzero is not None and tells(step, factor):
            before = self._nonzero.get((step, factor))
            if before is None or not bool((nonzero | ~before).all()):
                self._put.add(step)
            self._nonzero[step, factor] = nonzero if before is None else nonzero & before
        elif nonzero is not None and (scores(step) or is_value(step, factor) or multiplies_computed(step)):
            return
        elif (step not in self._seen or not sums(step)) and may_lose(step, factor):
            self._loses(step, NOTHING_THERE)

    def _holds_zeros(self, step: RecordedNode, factor: RecordedNode, shape: tuple[int, ...], nonzero: Tensor) -> None:
        """Note where a factor of a product of computed tensors may be other than zero."""
        found = self._factors.setdefault(step, {})
        found[factor] = found[factor] & nonzero if factor in found else nonzero.expand(shape)

    def _multiplied(self, step: RecordedNode, shapes: Mapping[RecordedNode, tuple[int, ...]]) -> None:
        """Say what zeros of both factors leave of a product."""
        import torch

        everything = {node: torch.ones((), dtype=torch.bool).expand(shape) for node, shape in shapes.items()}
        nonzero = {**everything, **self._factors[step]}
        if all(bool(tests.all()) for tests in nonzero.values()) or step in self._vague:
            return
        if name_of(step) == FUSED:
            if attends_to_nothing(step, lambda node: ~nonzero[node]):
                self._loses(step, NOTHING_THERE)
        elif scores(step):
            for lost in lost_by_zeros(step, nonzero, self._masks):
                self._loses(lost, NOTHING_THERE)
            if step not in self._vague and sums_over_zeros(step, nonzero):
                self._told(step, nonzero)
        elif takes_weights(step):
            self._weighed(step, nonzero)
        elif multiplies_computed(step):
            self._told(step, nonzero)

    def _masks(self, softmax: RecordedNode) -> bool:
        """Whether scores of a softmax are masked."""
        found = self._seen.get(softmax)
        return softmax in self._vague or (found is not None and (found.doubtful or not bool(found.allowed.all())))

    def _weighed(self, step: RecordedNode, nonzero: Mapping[RecordedNode, Tensor]) -> None:
        """Pass a product of weights and values."""
        found = self._seen.get(step)
        weights = [node for node in factors_of(step) if may_be_weights(node)]
        if len(weights) != 1:
            self._loses(step, NOTHING_THERE)
            return
        known = found is not None and found.weights is weights[0]
        allowed = (
            found.allowed.expand(nonzero[weights[0]].shape) if found is not None and known else nonzero[weights[0]]
        )
        if leaves_rows_out(step, weights[0], allowed, nonzero):
            self._loses(step, NOTHING_THERE)

    def _told(self, step: RecordedNode, nonzero: Mapping[RecordedNode, Tensor]) -> None:
        """Pass a product of computed tensors."""
        found = zeros_of(step, nonzero)
        if step in self._limits:
            # It was in doubt before.
            return
        if found is None:
            self._loses(step, NOTHING_THERE)
            return
        self._sides[step] = found.sides
        self._seen[step] = SeenKeys(found.read, None, False, step in self._counted, found.masking)
        self._limits[step] = CONSTANTS_MASK

    def _loses(self, step: RecordedNode, reason: str) -> None:
        """Say of a step that it reads less than it seems, nobody knows what."""
        self._seen.pop(step, None)
        self._limits.setdefault(step, reason)
        self._vague.add(step)

    def _scaled(self, step: RecordedNode, states: States) -> None:
        """Pass a product of elements, some of which are zero whatever is computed."""
        for node in filter(states.has, step.all_input_nodes):
            state = states.operand(step, node)
            zero = state.zero
            if bool(state.doubtful.any()):
                self._limits[step] = UNKNOWN
            if bool(zero.any()) and tells(step, node):
                self._nonzero[step, node] = ~zero
            elif bool(zero.any()) and may_lose(step, node):
                self._loses(step, CONSTANTS_MASK)

    def _gathered(self, step: RecordedNode, states: States, scored: dict[RecordedNode, Tensor]) -> None:
        """Pass a step that reads several elements, of which constants may mask some."""
        if name_of(step) == "einsum" and len(factors_of(step)) > 2 and any(map(states.has, factors_of(step))):
            self._loses(step, UNKNOWN)
            return
        if multiplies_computed(step):
            known = [states.operand(step, node) for node in factors_of(step)]
            if not any(bool(state.doubtful.any()) for state in known):
                # Zeros of both are told of together, once all are known.
                self._counted.update([step] if any(state.counted for state in known) else [])
                return
        node, several = masking_factor(step, states)
        if any(is_kernel_with_holes(step, operand) for operand in step.all_input_nodes):
            self._limits[step] = CONSTANTS_MASK
            if name_of(step) in SPREADING_OUT or is_kernel_of_zeros(step):
                self._loses(step, CONSTANTS_MASK)
        node = _evened(step, scored) or node
        if node is None:
            return
        if leave_out_together(step, node, states):
            self._loses(step, UNKNOWN)
            return
        state = states.operand(step, node).of_rank(len(states.shape(node)))
        weighs = name_of(step) in SOFTMAX
        weights = softmax({"self": state, "dim": _dim(step, states)}) if weighs or name_of(step) in MAXIMA else state
        # A weight that is masked reads nothing: whoever takes weights one by one reads less than their sums do.
        alone = weighs and bool(weights.zero.any()) and is_taken_alone(step)
        unsure = several or alone or bool(weights.doubtful.any())
        if weighs and not alone and bool(weights.zero.any()):
            self._weights.add(step)
        if unsure or bool(weights.zero.any()):
            self._limits[step] = UNKNOWN if unsure else CONSTANTS_MASK
        if weighs or name_of(step) in MAXIMA:
            scored[step] = state.live
            read = ~weights.zero & state.live
            read = _weighed_together(read, ~weights.zero, states.shape(node), _dim(step, states)) if weighs else read
            self._seen[step] = SeenKeys(read, None, unsure, weights.counted, node)
        else:
            self._seen[step] = SeenKeys(~state.zero, _scored(node, scored), unsure, state.counted, node)
            self._single(step, states)

    def _single(self, step: RecordedNode, states: States) -> None:
        """Say at which places a product reads anything, where it sums over one element, or over nothing."""
        factors = factors_of(step) if name_of(step) in PRODUCT_FORMS else ()
        if len(factors) != 2 or factors[0] is factors[1]:
            return
        nonzero = {node: (~states.operand(step, node).zero).expand(states.shape(node)) for node in factors}
        sides = sides_of_single(step, nonzero)
        if sides is None:
            self._loses(step, CONSTANTS_MASK)
        elif sides:
            self._sides[step] = sides

    def _fused(self, step: RecordedNode, states: States, given: frozenset[RecordedNode]) -> None:
        self._masked_attention(step, states, given)
        zero = {node: states.operand(step, node).zero for node in step.args[:3]}
        # Mostly none is zero, which is known before anything is as large as the operands.
        if any(bool(each.any()) for each in zero.values()) and attends_to_nothing(
            step, lambda node: zero[node].expand(states.shape(node))
        ):
            self._loses(step, CONSTANTS_MASK)

    def _masked_attention(self, step: RecordedNode, states: States, given: frozenset[RecordedNode]) -> None:
        mask = step.args[3] if len(step.args) > 3 else step.kwargs.get("attn_mask")
        if mask is None:
            return
        state = states.operand(step, mask)
        tests = str(mask.meta["val"].dtype) == "torch.bool"
        value = step.known_operand(mask)
        if value is None and not states.has(mask) and not tests and mask not in given:
            # A bias that is learned, or computed of what attends.
            return
        if tests:
            unsure = state.live
            self._seen[step] = SeenKeys((state.constant != 0) | unsure, None, bool(unsure.any()))
            return
        weights = softmax({"self": state.within(states.shape(mask)), "dim": -1})
        doubt = bool(weights.doubtful.any()) or (mask in given and bool(state.live.any()))
        self._seen[step] = SeenKeys(~weights.zero, None, doubt, weights.counted)


def _is_lowered(state: Partial) -> bool:
    """Whether anything lies so far below others that it counts as masked."""
    return bool((state.constant <= -MASKED_BELOW).any())


def _open_like(masked: SeenKeys | None, there: RecordedNode, here: RecordedNode) -> SeenKeys | None:
    """Return that nothing is masked in one recording of weights that are masked in another one."""
    import torch

    if masked is None:
        return None
    weights = None
    if masked.weights is not None:
        weights = here.all_input_nodes[there.all_input_nodes.index(masked.weights)]
    return SeenKeys(torch.ones((), dtype=torch.bool), weights=weights)


def _weighed_together(read: Tensor, weighed: Tensor, shape: Sequence[int], dims: Sequence[int]) -> Tensor:
    """Leave out what is weighed alone, for its weight is 1 whatever its score."""
    along = [dim % read.ndim for dim in dims]
    # Of size 1 it stands for all of a row, which are weighed alike; a constant score has a weight as well.
    repeats = prod(shape[dim] for dim in along if read.shape[dim] == 1)
    return read & (weighed.expand(read.shape).sum(along, keepdim=True) * repeats > 1)


def _dim(step: RecordedNode, states: States) -> tuple[int, ...]:
    """Return the dimensions that a step reads all of."""
    given = step.args[1] if len(step.args) > 1 else step.kwargs.get("dim", ())
    dims = given if isinstance(given, (list, tuple)) else (given,)
    return tuple(states.number(dim) for dim in dims) or tuple(range(len(states.shape(step.args[0]))))


def _scored(node: Any, scored: Mapping[RecordedNode, Tensor]) -> Tensor | None:
    """Return which scores are computed, of the softmax that weights come from."""
    while node not in scored:
        # Weights of another attention before this one are none of its own.
        if not node.all_input_nodes or name_of(node) in SOFTMAX or name_of(node) in CONTRACTIONS:
            return None
        node = node.all_input_nodes[0]
    live = scored[node]
    return None if bool(live.all()) else live


def _evened(step: RecordedNode, scored: Mapping[RecordedNode, Tensor]) -> RecordedNode | None:
    """Return the weights of a product none of which is masked, and some of whose scores are constants."""
    weights = (node for node in factors_of(step) if takes_weights(step) and may_be_weights(node))
    return next((node for node in weights if _scored(node, scored) is not None), None)


def _given(steps: Sequence[RecordedNode]) -> frozenset[RecordedNode]:
    """Return what is given as an input, or made of that without a product."""
    found = {step for step in steps if step.kind == "input"}
    for step in steps:
        made = step.op == "call_function" and name_of(step) not in (*CONTRACTIONS, "embedding")
        if made and any(node in found for node in step.all_input_nodes):
            found.add(step)
    return frozenset(found)
