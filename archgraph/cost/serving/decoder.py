"""What a network keeps of every sequence, and what a token costs: a fold over what grows token by token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from sympy import Add, Expr, Min, Mul

from archgraph.cost.memory.states import last_layers
from archgraph.cost.serving.growing import Growth, TokenAxes, causal_view, first_inputs, token_axis
from archgraph.cost.serving.narrowest import narrowest
from archgraph.errors import QueryError
from archgraph.graph.ir import Graph, Node, Repeat, Value
from archgraph.keywords import strict_methods
from archgraph.ops.attention import ScaledDotProductAttention
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import ONE, ZERO


@strict_methods
@dataclass(frozen=True)
class CachedLayer:
    """An attention that reads what is cached.

    Attributes:
        path: of the attention.
        times: how many there are of it.
        scalars: cached of a token; of cross-attention, of all positions of the source.
        whole: the same where keys and values are kept as the attention reads them.
        products: multiply-accumulates of one query with one key and value; of cross-attention, with all of them.
        window: keys that a query reads up to its own; None for all.
        cross: whether the keys are of a source that does not grow.
    """

    path: str
    times: Expr
    scalars: Expr
    whole: Expr
    products: Expr
    window: Expr | None = None
    cross: bool = False

    @property
    def is_latent(self) -> bool:
        """Whether less is cached than whole keys and values."""
        return self.scalars != self.whole

    def kept(self, tokens: Expr, *, whole: bool = False, spare: Expr = ZERO) -> Expr:
        """Return the scalars that all such layers keep of a sequence with so many tokens.

        Args:
            tokens: that are held where there is no window.
            whole: whether keys and values are kept as they are read.
            spare: tokens of a window that are not held.
        """
        each = self.whole if whole else self.scalars
        return Mul(self.times, each if self.cross else each * self.held(tokens, spare))

    def held(self, tokens: Expr, spare: Expr = ZERO) -> Expr:
        """Return how many tokens are held."""
        return tokens if self.window is None else Min(tokens, self.window - spare)

    def attended(self, tokens: Expr) -> Expr:
        """Return the multiply-accumulates of one query of each such layer with so many tokens, its own among them."""
        return Mul(self.times, self.products if self.cross else self.products * self.held(tokens))


@strict_methods
@dataclass
class Decoder:
    """Reads a graph as a decoder.

    Attributes:
        graph: with the outputs that are asked for.
        measure: the value of a law.
    """

    graph: Graph
    measure: Callable[[Expr], int]

    def __post_init__(self) -> None:
        self.axis: str
        self.length: Expr
        self.axis, self.length = token_axis(self.graph)
        inputs = first_inputs(self.graph) or frozenset()
        given = {value: self._named(value) for index, value in enumerate(self.graph.inputs) if index in inputs}
        self._growth = Growth(self.length)
        self._axes = self._growth.follow(self.graph, given)

    def _named(self, value: Value) -> str:
        """The axis of tokens of an input: the one that is as long as the attention's, by its name if there are more."""
        fitting = [axis for axis in value.type.positions if value.type.size(axis) == self.length]
        if not fitting:
            raise QueryError(f"input {value.name} has no axis of {self.length} tokens")
        return self.axis if self.axis in fitting else fitting[0]

    @cached_property
    def layers(self) -> tuple[CachedLayer, ...]:
        """The attentions that read what is cached."""
        return tuple(self._layers(self.graph, self._axes, ONE, ""))

    def _layers(self, graph: Graph, axes: TokenAxes, times: Expr, prefix: str) -> Iterator[CachedLayer]:
        for member in graph.nodes:
            path = f"{prefix}{member.name}"
            if isinstance(member, Repeat):
                inside = self._growth.inside(member, axes, path)
                found = list(self._layers(member.body, inside, times * member.count, f"{path}."))
                if found and member.experts is not None:
                    raise QueryError(f"attention of experts has a cache that is not known: {found[0].path}")
                yield from found
            elif isinstance(member.op.core, ScaledDotProductAttention) and member.inputs[0] in axes:
                yield self._layer(graph, member, axes, times, path)

    def _layer(self, graph: Graph, node: Node, axes: TokenAxes, times: Expr, path: str) -> CachedLayer:
        kept = tuple(dict.fromkeys(node.inputs[1:3]))
        macs, whole = node.op.macs(*node.types), Add(*(value.type.numel for value in kept))
        if node.inputs[1] not in axes:
            return CachedLayer(path, times, whole, whole, expanded(macs / self.length), cross=True)
        view = causal_view(node)
        narrow = Add(*(value.type.numel for value in narrowest(graph, node, kept, axes.keys(), self.measure)))
        each = [expanded(part / self.length) for part in (narrow, whole, macs / self.length)]
        return CachedLayer(path, times, *each, window=None if view is None else view.window)

    @cached_property
    def per_token(self) -> Expr:
        """Multiply-accumulates of one token, without those of attention."""
        return expanded(self._macs(self.graph, self._axes, "") / self.length)

    def _macs(self, graph: Graph, axes: TokenAxes, prefix: str) -> Expr:
        found: list[Expr] = []
        for member in graph.nodes:
            if not any(value in axes for value in member.outputs):
                continue
            if isinstance(member, Repeat):
                path = f"{prefix}{member.name}"
                inside = self._growth.inside(member, axes, path)
                found.append(Mul(member.count, self._macs(member.body, inside, f"{path}.")))
            elif not isinstance(member.op.core, ScaledDotProductAttention):
                found.append(member.op.macs(*member.types))
        return Add(*found)

    @cached_property
    def head(self) -> Expr:
        """Multiply-accumulates of one token in the last layers, which make the logits."""
        last = last_layers(self.graph)
        return expanded(Add(*(node.op.macs(*node.types) for node in last)) / self.length)

    def decoded(self, tokens: Expr) -> Expr:
        """Return the multiply-accumulates of a token that attends to so many, itself among them."""
        return Add(self.per_token, *(layer.attended(tokens) for layer in self.layers))
