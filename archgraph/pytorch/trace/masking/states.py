"""What is known of the tensors of a recording: constants followed through every step that keeps them."""

from __future__ import annotations

import operator as python_operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from archgraph.errors import ArchgraphError
from archgraph.pytorch.trace.attention_patterns import CONTRACTIONS, name_of
from archgraph.pytorch.trace.masking.pads import PADS, constants_of, is_low, pad_value, padded_by_zeros
from archgraph.pytorch.trace.masking.partial import (
    KEPT,
    MASKED_BELOW,
    Partial,
    constant_number,
    doubtful,
    known,
    nothing_known,
)
from archgraph.pytorch.trace.masking.product_forms import PRODUCT_FORMS, factors_of
from archgraph.pytorch.trace.masking.puts import ADDS, PUTS, put, puts_constants
from archgraph.pytorch.trace.masking.rules import CONSTANT_RULES, JOINS, PASSING, POOLING, REARRANGING
from archgraph.pytorch.trace.recording.node import RecordedNode

if TYPE_CHECKING:
    from torch import Tensor

NumberOf = Callable[[Any], int]
"""Gives the integer that a size of a recording has."""
FILLING = frozenset(("masked_fill", "where", "tril", "triu", "diag_embed"))
"""Steps that put constants into what is not constant."""
LOWERING = frozenset(("mul", "multiply", "div", "true_divide"))


class States:
    """What is known of the results of some steps, while these are passed in their order.

    A result is forgotten once all that read it have been passed.
    """

    def __init__(self, number: NumberOf) -> None:
        self.number = number
        self._found: dict[RecordedNode, Partial | list[Partial]] = {}
        self._left: dict[RecordedNode, int] = {}
        self._viewing: dict[RecordedNode, list[RecordedNode]] = {}

    def operand(self, step: RecordedNode, node: Any) -> Partial:
        """Return what a step knows of an operand."""
        found = self._found.get(node)
        if isinstance(found, Partial):
            return found
        value = step.known_operand(node)
        return nothing_known() if value is None or value.is_complex() else known(value)

    def has(self, node: object) -> bool:
        """Whether something is known of a result that is not constant."""
        return isinstance(node, RecordedNode) and isinstance(self._found.get(node), Partial)

    def enter(self, step: RecordedNode) -> None:
        """Pass a step."""
        if step.op != "call_function" or step.held is not None:
            return
        if step.writes:
            self._wrote(step)
            return
        if step.base is not None:
            self._viewing.setdefault(_views_from_root(step)[0], []).append(step)
        result = self._result(step)
        if isinstance(result, list) or (result is not None and not result.plain):
            self._found[step] = result
            self._left[step] = len(step.users)

    def leave(self, step: RecordedNode) -> None:
        """Forget what nobody reads any more."""
        for node in step.all_input_nodes:
            if node in self._left:
                self._left[node] -= 1
                if self._left[node] <= 0:
                    self._found.pop(node, None)

    # -- steps -------------------------------------------------------------------------------------------

    def _result(self, step: RecordedNode) -> Partial | list[Partial] | None:
        if step.target is python_operator.getitem:
            parts = self._found.get(step.args[0])
            return parts[step.args[1]] if isinstance(parts, list) else None
        name = name_of(step)
        followed = [node for node in step.all_input_nodes if node in self._found]
        if name in PRODUCT_FORMS:
            return self.product(step) if followed or self.begins(step, name) else None
        if (
            name in POOLING
            or (name in CONTRACTIONS and name not in CONSTANT_RULES)
            or not (followed or self.begins(step, name))
        ):
            return None
        try:
            return self._ruled(step, name)
        except (RuntimeError, TypeError, ValueError, IndexError, KeyError, ArchgraphError):
            # What cannot be followed may mask anything.
            return doubtful()

    def _ruled(self, step: RecordedNode, name: str) -> Partial | list[Partial] | None:
        if name in PASSING:
            return self.operand(step, step.args[0])
        if name in CONSTANT_RULES:
            return CONSTANT_RULES[name](self._given(step))
        if name in JOINS:
            return self._joined(step)
        if name in PUTS or name in ADDS:
            return put(step, self._shaped, self._constant)
        return self._moved(step) if name in REARRANGING else self._lost(step)

    def begins(self, step: RecordedNode, name: str) -> bool:
        """Whether a step adds a constant, or puts one in, that makes a difference."""
        if name in FILLING or (name in JOINS and any(map(is_low, constants_of(step, step.args[0])))):
            return True
        if name in PADS:
            return is_low(pad_value(step))
        if name in PUTS or name in ADDS:
            return puts_constants(step)
        if name in PRODUCT_FORMS:
            return any(bool((value == 0).any()) for value in constants_of(step, factors_of(step)))
        if name not in CONSTANT_RULES:
            return False
        numbers = [arg for arg in step.args if isinstance(arg, (int, float))]
        if name in LOWERING and any(arg == 0 or arg <= -MASKED_BELOW for arg in numbers):
            return True
        values = (step.known_operand(node) for node in step.all_input_nodes)
        return any(value is not None and _matters(value, name) for value in values)

    def _shaped(self, step: RecordedNode, node: RecordedNode) -> Partial:
        return self.operand(step, node).within(self.shape(node))

    def _lost(self, step: RecordedNode) -> Partial | None:
        """Of a step without a rule: where its operands hold masks, its result may."""
        states = [self.operand(step, node) for node in step.all_input_nodes if self.has(node)]
        return doubtful() if any(map(_holds_mask, states)) else None

    def _given(self, step: RecordedNode) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for place, argument in enumerate(step.target._schema.arguments):
            item = step.args[place] if place < len(step.args) else step.kwargs.get(argument.name)
            given[argument.name] = self._taken(step, item)
        if name_of(step) in ("tril", "triu", "softmax", "_softmax"):
            given["self"] = given["self"].within(self.shape(step))
        if "input" in given:
            given["self"] = given["input"]
        return given

    def _taken(self, step: RecordedNode, item: Any) -> Any:
        if isinstance(item, RecordedNode):
            return self.operand(step, item)
        return _plain(item, self.number)

    # -- writes ------------------------------------------------------------------------------------------

    def _wrote(self, step: RecordedNode) -> None:
        """Pass a step in place: of the memory that it writes, and of all views of it, is known what they are then."""
        target, value = step.writes[0], self._value_written(step)
        root, views = _views_from_root(target)
        known_before = any(self.has(node) for node in (root, target, *self._viewing.get(root, ())))
        if not self.follows_write(step, root, changes=known_before or not value.plain):
            return
        try:
            whole = self._written(self.operand(step, root).within(self.shape(root)), value, views)
        except (RuntimeError, TypeError, ValueError, IndexError, KeyError, ArchgraphError):
            # What cannot be followed may mask anything.
            whole = doubtful()
        for node in (root, *self._viewing.get(root, ()), step):
            self._found[node] = self._seen_through(whole, node)
            self._left.setdefault(node, len(node.users))

    def follows_write(self, step: RecordedNode, root: RecordedNode, *, changes: bool) -> bool:
        """Whether a write into the memory that a result made is followed; not where nothing was computed before."""
        return root.held is None and changes

    def _value_written(self, step: RecordedNode) -> Partial:
        name, args = name_of(step), step.args
        try:
            if name in ("copy", "fill"):
                return self.operand(step, args[1]) if isinstance(args[1], RecordedNode) else constant_number(args[1])
            if name == "zero":
                return constant_number(0.0)
            found = self._result(step)
        except (RuntimeError, TypeError, ValueError, IndexError, KeyError, ArchgraphError):
            return doubtful()
        return found if isinstance(found, Partial) else nothing_known()

    def _written(self, whole: Partial, value: Partial, views: Sequence[RecordedNode]) -> Partial:
        """Return what is known of a tensor after a write into a view of views of it."""
        made = [part.clone() for part in _parts_of(whole)]
        for part, new in zip(made, _parts_of(value), strict=True):
            inside = self._viewed(part, views)
            inside.copy_(new.expand(inside.shape))
        return Partial(made[0], made[1], made[2], whole.counted or value.counted)

    def _seen_through(self, whole: Partial, node: RecordedNode) -> Partial:
        try:
            parts = [self._viewed(part, _views_from_root(node)[1]) for part in _parts_of(whole)]
        except (RuntimeError, TypeError, ValueError, IndexError, KeyError, ArchgraphError):
            return doubtful()
        return Partial(parts[0], parts[1], parts[2], whole.counted)

    def _viewed(self, part: Tensor, views: Sequence[RecordedNode]) -> Tensor:
        for view in views:
            rest = [self._constant(view, item) for item in view.args[1:]]
            part = _on(view, part, rest, {key: self._constant(view, item) for key, item in view.kwargs.items()})
        return part

    # -- products ----------------------------------------------------------------------------------------

    def product(self, step: RecordedNode, but: RecordedNode | None = None) -> Partial | None:
        """Return where a product is zero, for all that it sums is.

        Args:
            step: the product.
            but: the only factor that may be zero; None for all.
        """
        import torch

        try:
            equation, nodes = PRODUCT_FORMS[name_of(step)](
                step, [len(node.meta["val"].shape) for node in factors_of(step)]
            )
            states = [self.operand(step, node) if but in (None, node) else nothing_known() for node in nodes]
            terms = [term.replace("...", "") for term in equation.partition("->")[0].split(",")]
            factors = [varying(~state.zero, self.shape(node)) for state, node in zip(states, nodes, strict=True)]
            sizes: dict[str, int] = {}
            for term, factor in zip(terms, factors, strict=True):
                for letter, size in zip(term, factor.shape, strict=True):
                    sizes[letter] = max(sizes.get(letter, 1), size)
            grown = [
                factor.expand([sizes[letter] for letter in term]).float()
                for term, factor in zip(terms, factors, strict=True)
            ]
            live = torch.einsum(equation, *grown) > 0
        except (RuntimeError, ValueError, IndexError):
            return None
        no = torch.zeros((), dtype=torch.bool)
        return Partial(torch.zeros(()), live, no, any(state.counted for state in states))

    # -- moves -------------------------------------------------------------------------------------------

    def shape(self, node: RecordedNode) -> tuple[int, ...]:
        """Return the shape of a result."""
        return tuple(self.number(length) for length in node.meta["val"].shape)

    def _moved(self, step: RecordedNode) -> Partial | list[Partial]:
        operand, *others = step.args
        state = self.operand(step, operand).within(self.shape(operand))
        rest = [self._constant(step, item) for item in others]
        kwargs = {name: self._constant(step, item) for name, item in step.kwargs.items()}
        constant, live, doubtful = (
            _on(step, part, rest, kwargs) for part in (state.constant, state.live, state.doubtful)
        )
        if isinstance(constant, (list, tuple)):
            parts = zip(constant, live, doubtful, strict=True)
            return [Partial(one, lives, doubts, state.counted) for one, lives, doubts in parts]
        return Partial(constant, live, doubtful, state.counted)

    def _constant(self, step: RecordedNode, item: Any) -> Any:
        if isinstance(item, RecordedNode):
            value = step.known_operand(item)
            if value is None:
                raise ArchgraphError(f"'{item.name}' is not known")
            return value
        if isinstance(item, (list, tuple)):
            return [self._constant(step, part) for part in item]
        return _plain(item, self.number)

    def _joined(self, step: RecordedNode) -> Partial:
        import torch

        states = [self.operand(step, node).within(self.shape(node)) for node in step.args[0]]
        # What is constant beside others is no loss: nothing was computed there.
        lives = [state.live | (not self.has(node)) for state, node in zip(states, step.args[0], strict=True)]
        join = torch.stack if name_of(step) in ("stack",) else torch.cat
        dim = self.number(step.args[1]) if len(step.args) > 1 else 0
        constant = join([state.constant for state in states], dim)
        doubtful = join([state.doubtful for state in states], dim)
        return Partial(constant, join(lives, dim), doubtful, any(state.counted for state in states))


def _views_from_root(node: RecordedNode) -> tuple[RecordedNode, list[RecordedNode]]:
    """Return what made the memory in which a result lies, and the views that lead from there to it."""
    views: list[RecordedNode] = []
    while node.base is not None:
        views += [] if node.writes else [node]
        node = node.base
    return node, views[::-1]


def _parts_of(state: Partial) -> tuple[Tensor, Tensor, Tensor]:
    return state.constant, state.live, state.doubtful


def varying(tests: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return tests of as many dimensions as a shape, of size 1 where they do not differ."""
    tests = tests.reshape((1,) * (len(shape) - tests.ndim) + tuple(tests.shape))
    for dim in range(tests.ndim):
        first = tests.narrow(dim, 0, 1)
        if tests.shape[dim] > 1 and bool((tests == first).all()):
            tests = first
    return tests


def _plain(item: Any, number: NumberOf) -> Any:
    return number(item) if hasattr(item, "is_Integer") else item


def _on(step: RecordedNode, part: Any, rest: Sequence[object], kwargs: Mapping[str, object]) -> Any:
    name = name_of(step)
    if name in ("view", "_unsafe_view", "reshape", "view_as", "reshape_as"):
        return part.reshape(getattr(rest[0], "shape", rest[0]))
    if name in PADS and part.dtype.is_floating_point is False:
        # What a pad adds is a constant, whatever its value.
        return padded_by_zeros(step, part.float(), rest, kwargs).bool()
    return step.target(part, *rest, **kwargs)


def is_matrix(state: Partial) -> bool:
    """Whether elements are zero one by one, rather than at whole positions."""
    zero = state.zero
    return bool(zero.any()) and sum(size > 1 for size in varying(zero, tuple(zero.shape)).shape) > 1


def _holds_mask(state: Partial) -> bool:
    """Whether anything is masked, other than whole positions: what reads these says so by itself."""
    if bool((state.constant <= -MASKED_BELOW).any()) or bool(state.doubtful.any()):
        return True
    return is_matrix(state)


def _matters(value: Tensor, name: str) -> bool:
    """Whether a constant operand makes a difference: zeros in a product, scores far apart in a sum."""
    if value.numel() == 0 or value.is_complex():
        return False
    if name in LOWERING:
        return bool((value == 0).any()) or bool((value <= -MASKED_BELOW).any())
    if name in ("add", "sub", "rsub", "baddbmm", "addmm"):
        numbers = value.float()
        return bool(numbers.max() - numbers.min() >= KEPT) or bool(numbers.abs().max() >= KEPT)
    return True


def passed(steps: Sequence[RecordedNode], number: NumberOf) -> Iterator[tuple[RecordedNode, States]]:
    """Yield every step together with what is known of its operands."""
    states = States(number)
    for step in steps:
        states.enter(step)
        yield step, states
        states.leave(step)
