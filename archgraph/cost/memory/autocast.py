"""A network as `torch.autocast` runs it: which operations take half precision, which single, and what is cast.

Weights stay in single precision. What a product takes is cast, and its result is in half precision; all else is
computed in the type that its operands have together, but for operations that a device runs in single precision.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

from sympy import Integer

from archgraph.errors import QueryError
from archgraph.graph.checkpoints import FIRST_TURN
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.graph.weights import weights_of
from archgraph.ops.attention import ScaledDotProductAttention
from archgraph.ops.base import Op, Types
from archgraph.ops.traced.stored import Cast
from archgraph.ops.traced.values import Function, Reduce
from archgraph.sizes.dtypes import FLOAT

AutocastDevice: TypeAlias = Literal["gpu", "cpu"]
_HALF = "bfloat16"
_VOLUME = 3
_CASTABLE = (FLOAT, "float32", "float16", _HALF)
"""What is cast at all: numbers in double precision stay."""
HALF_KINDS = frozenset(("conv", "conv_transpose", "convolve", "linear", "einsum", "scaled_dot_product_attention"))
"""Kinds whose operands are cast to half precision, on every device."""
SINGLE_KINDS: dict[AutocastDevice, frozenset[str]] = {
    "gpu": frozenset(
        ("layer_norm", "group_norm", "rms_norm", "softmax", "softplus", "upsample", "resize", "cumulate", "nll_loss")
    ),
    "cpu": frozenset(("nll_loss", "fourier")),
}
"""Kinds whose operands are cast to single precision."""
_LOSSES = ("binary_cross_entropy", "binary_cross_entropy_with_logits", "huber_loss", "mse_loss", "smooth_l1_loss")
SINGLE_FUNCTIONS: dict[AutocastDevice, frozenset[str]] = {
    "gpu": frozenset(
        (
            *("acos", "asin", "cosh", "erfinv", "exp", "expm1", "log", "log10", "log1p", "log2", "pow", "reciprocal"),
            *("rsqrt", "sinh", "softplus", "tan", "sum", "prod", "norm", "logsumexp"),
            *_LOSSES,
        )
    ),
    "cpu": frozenset(("prod", "polar", *_LOSSES)),
}
"""Functions of an element, and sums over axes, by PyTorch's names."""
_CPU_VOLUMES = frozenset(("avg_pool", "max_pool", "adaptive_avg_pool", "adaptive_max_pool"))
"""Kinds that a CPU runs in single precision along three axes."""
_UNKNOWN_KINDS = frozenset(("recurrent", "grouped_linear"))
"""Kinds of which it is not derived what autocast makes of them."""


def autocast(graph: Graph, device: AutocastDevice) -> Graph:
    """Return the graph that runs under autocast: casts are operations of it, and values have the types that they get.

    Raises:
        QueryError: an operation of which it is not known what autocast makes of it.

    >>> from archgraph import load
    >>> found = autocast(load("llama").graph, "gpu")
    >>> [str(value.type.dtype) for value in found.outputs]
    ['bfloat16']
    """
    return _Autocast(device).graph(graph, tuple(value.type for value in graph.inputs))


def is_cast_weight(node: Node) -> bool:
    """Say whether a node multiplies with a weight of its own, of which autocast makes a copy in half precision."""
    return node.op.core.kind in HALF_KINDS and "weight" in weights_of(node)


class _Autocast:
    def __init__(self, device: AutocastDevice) -> None:
        self.device: AutocastDevice = device
        self._known: dict[tuple[Graph, Types], Graph] = {}

    def graph(self, graph: Graph, types: Types) -> Graph:
        """Return a graph whose inputs have these types."""
        key = graph, types
        if key not in self._known:
            self._known[key] = self._made(graph, types)
        return self._known[key]

    def _made(self, graph: Graph, types: Types) -> Graph:
        own = {value: Value(type_, value.name) for value, type_ in zip(graph.inputs, types, strict=True)}
        nodes: list[Member] = []
        for member in graph.nodes:
            inputs = tuple(own[value] for value in member.inputs)
            made = self._repeat(member, inputs) if isinstance(member, Repeat) else self._node(member, inputs)
            nodes += made
            own.update(zip(member.outputs, made[-1].outputs, strict=True))
        inputs, outputs = (tuple(own[value] for value in values) for values in (graph.inputs, graph.outputs))
        return Graph(inputs, tuple(nodes), outputs)

    # -- operations --------------------------------------------------------------------------------------

    def _node(self, node: Node, inputs: tuple[Value, ...]) -> list[Member]:
        wanted = self._wanted(node)
        casts: list[Member] = []
        taken = []
        for index, value in enumerate(inputs):
            if wanted is None or not _is_cast(value, wanted):
                taken.append(value)
                continue
            cast = Value(value.type.as_dtype(wanted), f"{value.name}_cast")
            casts.append(Node(f"{node.name}.cast{index}", Cast(wanted), (value,), (cast,), no_grad=node.no_grad))
            taken.append(cast)
        types = node.op.outputs(*(value.type for value in taken))
        outputs = tuple(Value(type_, value.name) for type_, value in zip(types, node.outputs, strict=True))
        # Who reads a copy writes into the copy.
        lies_in = None if casts else node.lies_in
        held = node.weights_in or node.outputs[0].type.dtype
        return [*casts, replace(node, inputs=tuple(taken), outputs=outputs, lies_in=lies_in, weights_in=held)]

    def _wanted(self, node: Node) -> str | None:
        """The type that the operands of an operation are cast to, None where they stay what they are."""
        op = node.op.core
        self._check(node.name, op)
        if op.kind in HALF_KINDS:
            return _HALF
        return FLOAT if self._is_single(op, len(node.types[0].positions) if node.types else 0) else None

    def _check(self, name: str, op: Op) -> None:
        """Refuse what is not derived: recurrent layers, and scores that a GPU keeps in both types."""
        written = isinstance(op, ScaledDotProductAttention) and op.written != "no" and self.device == "gpu"
        if op.kind in _UNKNOWN_KINDS or written:
            what = "attention that is written out" if written else op.kind
            hint = "dtype='bf16-mixed'" + (", or a kernel of attention" if written else "")
            raise QueryError(f"what autocast keeps of {what} is not derived, and '{name}' is one", hint=hint)

    def _is_single(self, op: Op, rank: int) -> bool:
        if op.kind in _CPU_VOLUMES and self.device == "cpu" and rank == _VOLUME:
            return True
        named = op.function.split(".")[0] if isinstance(op, (Function, Reduce)) else ""
        return op.kind in SINGLE_KINDS[self.device] or named in SINGLE_FUNCTIONS[self.device]

    # -- scopes ------------------------------------------------------------------------------------------

    def _repeat(self, repeat: Repeat, inputs: tuple[Value, ...]) -> list[Member]:
        """Return a repeat, its first iteration apart where the later ones take other types."""
        carried = 0 if repeat.once or repeat.experts is not None else len(repeat.outputs)
        made: list[Member] = []
        rest = repeat
        while True:
            types = tuple(value.type for value in inputs)
            body = self.graph(repeat.body, types)
            results = tuple(value.type for value in body.outputs)
            if results[:carried] == types[:carried] or rest.count == 1:
                return [*made, _with_body(rest, body, inputs)]
            first = _with_body(replace(rest, name=f"{rest.name}{FIRST_TURN}", count=Integer(1)), body, inputs)
            made.append(first)
            rest = replace(rest, count=rest.count - 1)
            inputs = (*first.outputs, *inputs[carried:])


def _with_body(repeat: Repeat, body: Graph, inputs: tuple[Value, ...]) -> Repeat:
    outputs = tuple(Value(inner.type, value.name) for inner, value in zip(body.outputs, repeat.outputs, strict=True))
    return replace(repeat, body=body, inputs=inputs, outputs=outputs)


def _is_cast(value: Value, wanted: str) -> bool:
    held = value.type.dtype
    same = held == wanted or (wanted == FLOAT and held == "float32")
    return held in _CASTABLE and not same
