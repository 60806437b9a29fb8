"""Zeros that stand where pads, joins and copies put nothing: what is multiplied with them is not read.

They are followed apart from masks. No step that reads such zeros reads less than it says, since nothing was computed
there; but all that they are multiplied with is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archgraph.errors import ArchgraphError
from archgraph.pytorch.trace.attention_patterns import CONTRACTIONS, FUSED, MASKS, SCALINGS, TRANSPARENT, name_of
from archgraph.pytorch.trace.masking.pads import PADS, constants_of, pad_value
from archgraph.pytorch.trace.masking.partial import Partial, constant_number, doubtful
from archgraph.pytorch.trace.masking.product_forms import PRODUCT_FORMS
from archgraph.pytorch.trace.masking.rules import JOINS, POOLING, REARRANGING
from archgraph.pytorch.trace.masking.states import NumberOf, States
from archgraph.pytorch.trace.recording.node import RecordedNode

if TYPE_CHECKING:
    from torch import Tensor

COPYING = frozenset(
    ("scatter", "scatter_add", "slice_scatter", "select_scatter", "diagonal_scatter", "index_copy", "index_add",
     "index_put", "index_fill", "masked_scatter", "put")
)  # fmt: skip
"""Steps that put elements of one tensor into a copy of another."""
HOLDING = frozenset(("self", "src", "source", "values"))
"""The arguments of these that hold elements; others say where they go."""
SLIDING = frozenset(("conv1d", "conv2d", "conv3d", "convolution"))
SPREADING_OUT = frozenset(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"))
"""Convolutions that leave gaps where their stride is larger than their kernel."""
UNPOOLING = frozenset(("col2im", "max_unpool2d", "max_unpool3d"))
"""Steps that put elements among zeros."""
TOTALS = frozenset(("sum", "mean", "norm", "linalg_vector_norm", "cumsum"))
"""Reductions that are zero where all that they read is; others of the kind may be."""
ADDING = frozenset(("add", "sub", "rsub"))
SPREADING = TOTALS | {
    *("im2col", "col2im", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle"),
    *(f"{kind}_pool{rank}d" for kind in ("avg", "max", "adaptive_avg", "adaptive_max") for rank in "123"),
    *(f"max_pool{rank}d_with_indices" for rank in "23"),
    *("upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d"),
    *("upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d"),
}
"""Steps whose result is zero where all that it reads is, and nothing else is known of it."""
MULTIPLYING = frozenset(
    ("mul", "multiply", "div", "true_divide", "matmul", "bmm", "mm", "einsum", "addcmul", "addcdiv", "lerp", "dot",
     "mv", "vdot", "inner", "outer", "addmm", "addmv", "baddbmm", "addbmm", "addr", "bilinear", "_trilinear", "kron",
     "tensordot", "cross", "linalg_cross", "prod", "cumprod", "glu", "xlogy", "linalg_multi_dot", "chain_matmul",
     "pow", "float_power", "atan2", "arctan2", "where", "masked_fill", "cosine_similarity", "polar")
)  # fmt: skip
"""Steps in which what is computed may be multiplied by a zero."""
READING = MULTIPLYING | {FUSED}
"""These, and attention, of whose queries, keys and values all in a row may be zero."""
TESTS = {"where": (0, 1), "masked_fill": (1, 2), FUSED: (0, 3)}
"""Where the arguments stand that decide what is read of the others."""
SOFTMAX = frozenset(("softmax", "_softmax", "_safe_softmax"))
BETWEEN = TRANSPARENT | SCALINGS | MASKS | REARRANGING
"""What may stand between a product and a softmax."""
FILLED = ("batch_norm", "native_batch_norm", "logsumexp", "exp", "cos", "sigmoid", "embedding")
"""Steps that leave no zero where one was."""


class Vacancies(States):
    """As masks are followed, but from pads, joins and copies on, and through what spreads over positions."""

    def _result(self, step: RecordedNode) -> Partial | list[Partial] | None:
        name = name_of(step)
        followed = any(node in self._found for node in step.all_input_nodes)
        if not followed and not self.begins(step, name):
            return None
        # What is filled or biased is zero nowhere for certain, whatever it was before.
        if name in FILLED or _adds_bias(step):
            return None
        try:
            if name in SLIDING | SPREADING_OUT | SPREADING | UNPOOLING:
                return self._spread(step, name)
            if name in COPYING:
                return self._copied(step)
            if name in POOLING or (name in CONTRACTIONS and followed and super()._result(step) is None):
                return self._lost(step)
        except (RuntimeError, TypeError, ValueError, IndexError, KeyError, ArchgraphError):
            return doubtful()
        return super()._result(step)

    def begins(self, step: RecordedNode, name: str) -> bool:
        return super().begins(step, name) or _puts_nothing(step, name)

    def _ruled(self, step: RecordedNode, name: str) -> Partial | list[Partial] | None:
        found = super()._ruled(step, name)
        if name in ADDING and isinstance(found, Partial):
            # A sum is zero only where all its terms are.
            left, right = (self._term(step, item) for item in step.args[:2])
            return replace(found, doubtful=(left.zero | left.doubtful) & (right.zero | right.doubtful) & found.doubtful)
        return found

    def _term(self, step: RecordedNode, item: object) -> Partial:
        return self.operand(step, item) if isinstance(item, RecordedNode) else constant_number(float(str(item)))

    def follows_write(self, step: RecordedNode, root: RecordedNode, *, changes: bool) -> bool:
        return changes or (root.held is not None and _puts_nothing(step, name_of(step)))

    def _joined(self, step: RecordedNode) -> Partial:
        nodes = step.args[0]
        states = [self.operand(step, node).within(self.shape(node)) for node in nodes]
        return _merged(states, lambda parts: step.target(parts, *self._constant(step, step.args[1:])))

    def _lost(self, step: RecordedNode) -> Partial | None:
        states = [self.operand(step, node) for node in step.all_input_nodes if self.has(node)]
        return doubtful() if any(bool(state.zero.any()) or bool(state.doubtful.any()) for state in states) else None

    def _spread(self, step: RecordedNode, name: str) -> Partial | list[Partial] | None:
        """Run a step on tests whether elements may be other than zero."""
        operand = self.operand(step, step.args[0])
        if bool(operand.doubtful.any()):
            return doubtful()
        # Ones for what may be other than zero: sums of them are zero only where nothing was, so that the operator
        # itself answers.
        there = (~operand.zero).float().expand(self.shape(step.args[0]))
        rest = self._constant(step, step.args[1:])
        kwargs = {key: self._constant(step, item) for key, item in step.kwargs.items() if key != "dtype"}
        if name in SLIDING | SPREADING_OUT:
            kernel = self.shape(step.args[1])
            there = _one_channel(there, len(kernel) - 2)
            rest = _with_ones(there.new_ones(1, 1, *kernel[2:]), step, rest)
        made = step.target(there, *rest, **kwargs)
        if isinstance(made, (tuple, list)):
            return [_nonzero_where(part > 0) for part in made]
        return _nonzero_where(made > 0)

    def _constant(self, step: RecordedNode, item: Any) -> Any:
        # The kernel of a convolution is replaced, and may be computed or learned.
        if isinstance(item, RecordedNode) and name_of(step) in SLIDING | SPREADING_OUT:
            return None
        found = super()._constant(step, tuple(item) if isinstance(item, (list, tuple)) else item)
        return found

    def _copied(self, step: RecordedNode) -> Partial:
        """Do the same to all that is known of both tensors."""
        given = {}
        for argument in step.target._schema.arguments:
            item = step.argument(argument.name)
            held = argument.name in HOLDING and isinstance(item, RecordedNode)
            given[argument.name] = self._shaped(step, item) if held else self._constant(step, item)
        states = [item for item in given.values() if isinstance(item, Partial)]

        def put(parts: list[Tensor], number: float | None = None) -> Tensor:
            left = iter(parts)
            found = {key: next(left) if isinstance(item, Partial) else item for key, item in given.items()}
            written = found.get("value")
            if number is not None and isinstance(written, (int, float)):
                found["value"] = number
            return step.target(**found)

        # Where a number is put, nothing was computed, whatever it is.
        return _merged(states, put, lambda parts: put(parts, 0.0))

    def _shaped(self, step: RecordedNode, node: RecordedNode) -> Partial:
        return self.operand(step, node).within(self.shape(node))


def vacant_factors(
    steps: Sequence[RecordedNode], number: NumberOf
) -> Iterator[tuple[RecordedNode, RecordedNode, Tensor | None]]:
    """Yield products, one of their factors, and where it may be other than zero; None where that is not known."""
    states = Vacancies(number)
    if not _matter(steps, states.begins):
        return
    for step in steps:
        states.enter(step)
        if name_of(step) in READING:
            # What a test chooses is as good as multiplied with it.
            factors = step.args[slice(*TESTS[name_of(step)])] if name_of(step) in TESTS else step.all_input_nodes
            for node in filter(states.has, factors):
                state = states.operand(step, node)
                if bool(state.doubtful.any()):
                    yield step, node, None
                # A factor that is zero nowhere masks nothing, and most are.
                elif bool(state.zero.any()):
                    yield step, node, ~state.zero
        states.leave(step)


def _matter(steps: Sequence[RecordedNode], begins: Callable[[RecordedNode, str], bool]) -> bool:
    """Whether anything that is zero somewhere may come to a product: in most recordings nothing does."""
    reached: set[RecordedNode] = set()
    for step in steps:
        if step.op != "call_function" or step.held is not None:
            continue
        name, read = name_of(step), any(_root(node) in reached for node in step.all_input_nodes)
        if read and name in READING:
            return True
        if (read and name not in FILLED and not _adds_bias(step)) or begins(step, name) or _writes_nothing(step, name):
            reached.add(_root(step))
    return False


def _root(node: RecordedNode) -> RecordedNode:
    while node.base is not None:
        node = node.base
    return node


def _puts_nothing(step: RecordedNode, name: str) -> bool:
    """Whether a step puts elements beside zeros."""
    if name in PADS:
        return pad_value(step) == 0
    if name in UNPOOLING or name == "diag_embed":
        return True
    if name in SPREADING_OUT:
        return _leaves_gaps(step)
    if name in COPYING and 0 in (
        item for item in (*step.args[3:], step.kwargs.get("value")) if not hasattr(item, "op")
    ):
        return True
    into = step.all_input_nodes if name in COPYING else step.args[0] if name in JOINS else map(_root, step.writes)
    return any(bool((value == 0).any()) for value in constants_of(step, into) if value.is_floating_point())


def _leaves_gaps(step: RecordedNode) -> bool:
    """Whether a transposed convolution may leave places to which nothing is added."""
    kernel = step.args[1].meta["val"].shape[2:]
    strides, dilations, beyond = (_several(step.argument(name)) for name in ("stride", "dilation", "output_padding"))
    return max(strides, default=1) > min(kernel) or max(dilations, default=1) > 1 or any(beyond)


def _several(item: Any) -> Sequence[int]:
    return item if isinstance(item, (list, tuple)) else () if item is None else (item,)


def _writes_nothing(step: RecordedNode, name: str) -> bool:
    """Whether a step writes zeros over elements."""
    if not step.writes:
        return False
    written = (value for value in step.args[1:] if isinstance(value, RecordedNode))
    return name == "zero" or 0 in step.args[1:] or any(bool((v == 0).any()) for v in constants_of(step, written))


def _adds_bias(step: RecordedNode) -> bool:
    """Whether a step adds something learned, after which no element is zero for sure."""
    return step.argument("bias") is not None


def weighs(step: RecordedNode) -> bool:
    """Whether a product makes scores, or takes weights."""
    return scores(step) or takes_weights(step)


def scores(step: RecordedNode) -> bool:
    """Whether a product makes scores: a key that is zero is weighed all the same."""
    return name_of(step) in PRODUCT_FORMS and _leads(step, lambda node: node.users)


def takes_weights(step: RecordedNode) -> bool:
    return name_of(step) in PRODUCT_FORMS and _leads(step, lambda node: node.all_input_nodes)


def is_value(step: RecordedNode, factor: RecordedNode) -> bool:
    """Whether a factor stands beside weights: a value that is zero has its weight still. A weight has none."""
    return not may_be_weights(factor) and takes_weights(step)


def may_be_weights(factor: RecordedNode) -> bool:
    """Whether a factor comes from a softmax past nothing but scaling, masking and moving."""
    return name_of(factor) in SOFTMAX or (
        name_of(factor) in BETWEEN and _leads(factor, lambda node: node.all_input_nodes)
    )


def _leads(step: RecordedNode, further: Callable[[RecordedNode], Iterable[RecordedNode]]) -> bool:
    """Whether a way leads to a softmax past nothing but scaling, masking and moving."""
    left, seen = list(further(step)), {step}
    while left:
        node = left.pop()
        name = name_of(node)
        if name in SOFTMAX:
            return True
        if node not in seen and name in BETWEEN:
            left += further(node)
        seen.add(node)
    return False


def _merged(
    states: Sequence[Partial],
    merge: Callable[[list[Tensor]], Tensor],
    merge_tests: Callable[[list[Tensor]], Tensor] | None = None,
) -> Partial:
    constant = merge([state.constant.float() for state in states])
    tests = merge_tests or merge
    live = tests([state.live.float() for state in states]) > 0
    # The same move for the constants, for what lives, and for what is doubted: they must stay at one place.
    doubts = tests([state.doubtful.float() for state in states]) > 0
    return Partial(constant, live, doubts, any(state.counted for state in states))


def _nonzero_where(live: Tensor) -> Partial:
    import torch

    return Partial(torch.zeros(()), live, torch.zeros((), dtype=torch.bool))


def _one_channel(there: Tensor, positions: int) -> Tensor:
    """Return tests of positions, which must be the same for all channels."""
    first = there.narrow(there.ndim - positions - 1, 0, 1)
    if not bool((there == first).all()):
        raise ArchgraphError("zeros differ between channels")
    return first


def _with_ones(kernel: Tensor, step: RecordedNode, rest: Sequence[object]) -> list[object]:
    """Return the arguments of a convolution of one channel with a kernel that sums."""
    names = [argument.name for argument in step.target._schema.arguments[1 : len(rest) + 1]]
    ones: dict[str, object] = {"weight": kernel, "groups": 1}
    return [ones.get(name, item) for name, item in zip(names, rest, strict=True)]
