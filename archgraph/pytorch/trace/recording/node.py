"""One step of a recording: what was called, with what, where in the module, and what came out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

from archgraph.pytorch.trace.recording.known import loaded


@dataclass(slots=True)
class Shaped:
    """The shape of a tensor in a recording.

    Attributes:
        shape: integers; whoever lines up several recordings may put expressions in their place.
        dtype: as torch has it.
        storage: a number that values in the same memory share: a view and what it views, both sides of a write.
        strides: in elements, as recorded; none of a tensor that lies in no single piece of memory.
    """

    shape: Sequence[Any]
    dtype: Any
    storage: int = -1
    strides: tuple[int, ...] = ()

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    def numel(self) -> Any:
        """Return the number of elements.

        >>> Shaped((2, 3), None).numel()
        6
        """
        return prod(self.shape)


class ModuleCall(NamedTuple):
    """A module that was running: `key` tells calls of one module apart, `path` is its name in the root."""

    key: str
    path: str
    kind: str


class SourceLine(NamedTuple):
    """A line of the user's code, and the function that it stands in."""

    file: str
    number: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.number} in {self.function}"

    @property
    def short(self) -> str:
        """The line without folders.

        >>> SourceLine("/home/me/routing.py", 79, "forward").short
        'routing.py:79'
        """
        return f"{self.file.replace(chr(92), '/').rpartition('/')[2]}:{self.number}"


class CheckpointRegion(NamedTuple):
    """A part of a module that is computed again in the backward pass, by `torch.utils.checkpoint`.

    Attributes:
        number: counts the regions of a recording from 0; inside of a region, inner ones have numbers of their own.
        selective: the user chooses what is kept inside, so that not everything is computed again.
    """

    number: int
    selective: bool


class Gradients(NamedTuple):
    """What decides whether a step keeps tensors for the backward pass.

    Attributes:
        enabled: False inside of `no_grad`.
        region: the innermost checkpoint around the step.
        function: the step belongs to the forward pass of an `autograd.Function`, which says itself what it keeps.
        autocast: the type to which autocast would cast here, or None.
    """

    enabled: bool = True
    region: CheckpointRegion | None = None
    function: bool = False
    autocast: Any = None


_MADE: ContextVar[list[RecordedNode] | None] = ContextVar("_MADE", default=None)


@contextmanager
def taken_apart() -> Iterator[None]:
    """Let go of the steps that are made inside: they know each other, and only a search for garbage frees circles.

    >>> with taken_apart():
    ...     first = RecordedNode("call_function", abs, "first")
    ...     second = RecordedNode("call_function", abs, "second", inputs=[first])
    ...     print(first.users)
    {second: None}
    >>> first.users
    {}
    """
    made: list[RecordedNode] = []
    token = _MADE.set(made)
    try:
        yield
    finally:
        _MADE.reset(token)
        for node in made:
            node.users.clear()


class RecordedNode:
    """One step of a recording; nodes are equal only if they are the same.

    Attributes:
        op: `placeholder`, `call_function` or `output`.
        target: the operator of torch (`OpOverload`), `operator.getitem` for one of several results, or the name of
            a placeholder.
        name: an identifier, unique in the recording.
        args, kwargs: as the operator was called, nodes in place of tensors; numbers and shapes are plain.
        meta: `val` is the result, a `Shaped`, or a tuple of these.
        users: the nodes that read this one, in order, each once.
        all_input_nodes: the nodes that this one reads, each once.
        stack: the modules around it, outermost first, the root left out.
        line: the innermost line of the user's code, or None.
        gradients: what decides about tensors kept for the backward pass.
        base: the operand whose memory the result lies in: what a view views, what a step in place writes.
        writes: the operands that the step changes.
        held: what `known` is read from.
        elsewhere: the same step in recordings at other sizes, in the order of these.
        kind: of a placeholder, `input`, `parameter`, `buffer` or `constant`.
    """

    __slots__ = (
        "_operands",
        "all_input_nodes",
        "args",
        "base",
        "elsewhere",
        "gradients",
        "held",
        "kind",
        "kwargs",
        "line",
        "meta",
        "name",
        "op",
        "stack",
        "target",
        "users",
        "writes",
    )  # fmt: skip

    def __init__(
        self,
        op: str,
        target: Any,
        name: str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        inputs: Sequence[RecordedNode] = (),
    ) -> None:
        self.op: str = op
        self.target: Any = target
        self.name: str = name
        self.args: Sequence[Any] = args
        self.kwargs: Mapping[str, Any] = kwargs or {}
        self.meta: dict[str, Any] = {}
        self.users: dict[RecordedNode, None] = {}
        self.all_input_nodes: list[RecordedNode] = list(dict.fromkeys(inputs))
        self.stack: tuple[ModuleCall, ...] = ()
        self.line: SourceLine | None = None
        self.gradients: Gradients = Gradients()
        self.base: RecordedNode | None = None
        self.writes: tuple[RecordedNode, ...] = ()
        self.held: Any = None
        self.elsewhere: tuple[RecordedNode, ...] = ()
        self.kind: str = ""
        self._operands: dict[RecordedNode, Any] | None = None
        for node in self.all_input_nodes:
            node.users[self] = None
        made = _MADE.get()
        if made is not None:
            made.append(self)

    def __repr__(self) -> str:
        return self.name

    def argument(self, name: str) -> Any:
        """Return what is given for an argument of the operator by its name, or what it takes itself; else None."""
        for place, one in enumerate(getattr(getattr(self.target, "_schema", None), "arguments", ())):
            if one.name == name:
                return self.args[place] if place < len(self.args) else self.kwargs.get(name, one.default_value)
        return None

    @property
    def known(self) -> Any:
        """The result on the CPU, or None.

        It is known where it depends on nothing but literals, sizes and stored tensors that are not learned. Later
        steps in place do not change it.
        """
        return loaded(self.held)

    def keep_operand(self, operand: RecordedNode, value: Any) -> None:
        """Note the value of an operand at this step, which is another than when it was made."""
        self._operands = {**(self._operands or {}), operand: value}

    @property
    def sees_changes(self) -> bool:
        """Whether an operand has another value at this step than when it was made."""
        return self._operands is not None

    def known_operand(self, operand: RecordedNode) -> Any:
        """Return the value of an operand as this step found it, or None.

        It differs from `operand.known` where a step in place changed it between, such as a mask that is filled part
        by part.
        """
        return loaded((self._operands or {}).get(operand, operand.held))
