"""Scaled dot-product attention: full, causal, axial, windowed, grouped, joint over several streams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from sympy import Add, Expr, Integer, Min

from archgraph.errors import ShapeError
from archgraph.ops.arguments import PerAxis, SummedAxes, per_axis
from archgraph.ops.attending.checks import check_options
from archgraph.ops.attending.masks import KeyMaps, asked, has_mask_words, queries_axis, scored
from archgraph.ops.attending.modules import attention_module
from archgraph.ops.base import TRACED, Kernel, Op, Product, Saved, Types, Weight, Workspace
from archgraph.ops.reach import SAME, All, Along, AxisMap, Blocks, Reach, Within, earlier, from_on, unless_cut, using
from archgraph.sizes.symbols import ONE, ZERO, product, require, same_size, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import nn

Stream = tuple[TensorType, TensorType, TensorType]


@dataclass(frozen=True)
class ScaledDotProductAttention(Op):
    """softmax(q k^T / sqrt(d)) v in `heads` groups of channels.

    `{c: D, *positions}, {c: D, *others}, {c: V, *others} -> {c: V, *positions}`: every position of q attends
    to every position of k and v, whatever their axes. Several triples of q, k, v are joint attention: the
    queries of every stream attend to the keys of all streams; one output per stream.

    - `kv_heads`: k and v have fewer heads, each serving heads/kv_heads queries (Ainslie et al. 2023, arXiv:2305.13245).
    - `over`: attention along these axes only, separately for every position of the others.
    - `window`, `shift`: within blocks of positions, which begin at `shift` (Liu et al. 2021, arXiv:2103.14030).
    - `relative_bias`: a learned bias per head and offset within the window: (2*window - 1) per axis.
    - `causal`: position i reads positions up to i; the masked half is computed and counted. With `span` it reads the
      last `span` of them, itself included (sliding window; Beltagy et al. 2020, arXiv:2004.05150): the rest is masked
      too.
    - `mask`: which keys a query reads by any other mask, per axis: `{n: {to: 0}}` up to its own position,
      `{n: {from: -2, to: 2}}` five around it, `{n: {blocks: 8, shift: 4}}` those of its block; `{m: {along: n, to: 0}}`
      where keys have an axis of another name. What is masked is computed and counted.
    - `cut`: windows, or positions along `over`, lie one after another in memory already: nothing is copied to cut them.
    - `scored`: keys whose scores count, where a mask does not say it; `asked`: queries that count; `apart`: heads read
      different keys, so that one of them reads less than all. Only traced modules have these.
    - `written`: no kernel, but products and a softmax that a module writes out, whatever kernel is asked for: `plain`,
      or with `queries`, `keys` or `both` scaled before their product. They keep q, k and v as they are, `masked`
      elements of tests that mask scores, and `factors` of constant tensors that scale them.

    With N queries and M keys each, MACs are N*M*(D + V): scores and values; projections are layers of their own.
    Per score 6 operations are counted: 1 for the scale, 5 for the softmax, and 1 more with a bias.
    Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 1.

    >>> op, inputs = ScaledDotProductAttention.example()
    >>> print(op.macs(*inputs))
    2*D*N**2
    """

    kind: ClassVar[str] = "scaled_dot_product_attention"
    arity: ClassVar[tuple[int, int | None]] = (3, None)
    heads: Expr = ONE
    kv_heads: Expr | None = None
    causal: bool = False
    over: SummedAxes | None = None
    window: PerAxis | None = None
    shift: PerAxis | None = None
    relative_bias: bool = False
    span: Expr | None = None
    written: Literal["no", "plain", "queries", "keys", "both"] = "no"
    masked: Expr = ZERO
    factors: Expr = ZERO
    mask: KeyMaps | None = None
    scored: KeyMaps | None = field(default=None, metadata={TRACED: True})
    asked: KeyMaps | None = field(default=None, metadata={TRACED: True})
    apart: bool = field(default=False, metadata={TRACED: True})
    cut: bool = False

    # -- types -------------------------------------------------------------------------------------------

    def streams(self, inputs: Types) -> list[Stream]:
        """Return the operands in triples of q, k and v."""
        if len(inputs) % 3:
            raise ShapeError(f"attention takes q, k and v for every stream, and got {len(inputs)} operands")
        return [(inputs[i], inputs[i + 1], inputs[i + 2]) for i in range(0, len(inputs), 3)]

    def infer(self, *inputs: TensorType) -> Types:
        """Return, per stream, q's positions with v's channels times heads/kv_heads."""
        streams = self.streams(inputs)
        for q, k, v in streams:
            self._check_channels(q, k, v)
        check_options(self, streams)
        return tuple(q.with_channels(self._width(v)) for q, _, v in streams)

    def _check_channels(self, q: TensorType, k: TensorType, v: TensorType) -> None:
        heads, kv_heads = self.heads, self.key_heads
        require(heads, "multiple of", kv_heads, "{} kv_heads do not divide {} heads", kv_heads, heads)
        for operand, name, count in ((q, "q", heads), (k, "k", kv_heads), (v, "v", kv_heads)):
            channels = operand.channels
            rule = "{} heads do not divide the {} channels of {}"
            require(channels, "multiple of", count, rule, count, channels, name)
        # Only what is certainly unequal is refused: sizes with symbols may be equal where they are used.
        if same_size(q.channels * kv_heads, k.channels * heads) is False:
            wanted = "the same channels" if heads == kv_heads else "the same channels per head"
            raise ShapeError(f"q and k need {wanted}, and have {q.channels} and {k.channels}")
        if k.without("c").sizes != v.without("c").sizes:
            raise ShapeError("k and v need the same positions")

    @property
    def is_stated(self) -> bool:
        """Whether a mask is one that a spec states, so that what is scored follows from it."""
        return self.mask is not None and self.scored is None

    @property
    def unspoken(self) -> tuple[str, ...]:
        return (*(() if has_mask_words(self.mask) else ("mask",)), *super().unspoken)

    @property
    def as_built(self) -> ScaledDotProductAttention:
        return replace(self, cut=False)

    @property
    def key_heads(self) -> Expr:
        """The heads of k and v."""
        return self.heads if self.kv_heads is None else self.kv_heads

    def _width(self, v: TensorType) -> Expr:
        return product((v.channels, self.heads, 1 / self.key_heads))

    def windows(self, q: TensorType) -> dict[str, Expr]:
        """Return the window's side per axis, or nothing."""
        return {} if self.window is None else per_axis(self.window, q.positions, "window")

    def shifts(self, q: TensorType) -> dict[str, Expr]:
        """Return where the blocks begin per axis."""
        return per_axis(Integer(0) if self.shift is None else self.shift, q.positions, "shift")

    def axes(self, q: TensorType) -> tuple[str, ...]:
        """Return the axes along which positions attend to each other; all where none are named."""
        if self.over is None:
            return q.positions
        return (self.over,) if isinstance(self.over, str) else self.over

    # -- costs -------------------------------------------------------------------------------------------

    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]:
        """Return the table of relative biases [prod(2*window - 1), heads] where there is one."""
        if not self.relative_bias:
            return {}
        offsets = product(2 * length - 1 for length in self.windows(inputs[0]).values())
        return {"relative_position_bias_table": Weight((offsets, self.heads))}

    def _keys(self, stream: Stream) -> Expr:
        """The number of keys that a query of this stream meets in the stream's own positions."""
        q, k, _ = stream
        if self.window is not None:
            return product(self.windows(q).values())
        return k.area if self.over is None else product(k.size(axis) for axis in self.axes(q))

    def pairs(self, *inputs: TensorType) -> Expr:
        """Return the number of (query, key) pairs, for one head."""
        streams = self.streams(inputs)
        queries = Add(*(q.area for q, _, _ in streams))
        # Joint attention: every query meets the keys of all streams.
        return product((queries, Add(*(self._keys(stream) for stream in streams))))

    def scores(self, *inputs: TensorType) -> Expr:
        """Return the number of scores of all heads."""
        return product((self.heads, self.pairs(*inputs)))

    def macs(self, *inputs: TensorType) -> Expr:
        """Return pairs * (channels of q + channels of the output)."""
        q, _, v = inputs[:3]
        return product((self.pairs(*inputs), q.channels + self._width(v)))

    def products(self, *inputs: TensorType) -> tuple[Product, ...]:
        """Return the product of queries with keys, and that of the scores with values."""
        places = range(len(inputs))
        q, k, v = (tuple(places[place::3]) for place in range(3))
        pairs = self.pairs(*inputs)
        scores = Product(product((pairs, inputs[0].channels)), q, k)
        values = Product(product((pairs, self._width(inputs[2]))), (*q, *k), v, weights=self.relative_bias)
        return scores, values

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return 6 per score, 7 with a bias."""
        return (7 if self.relative_bias else 6) * self.scores(*inputs)

    def saved(self, *inputs: TensorType) -> Saved:
        """Return what the math kernel keeps: scaled q and k, the attention weights, and v.

        v is cut into heads as a view; joined with other streams, repeated for more heads, or cut into windows or
        along axes by the operation itself, it is a copy. Which bias every pair of positions takes is kept as an
        index for all samples.
        """
        return self._kept(frozenset(range(len(inputs))), inputs)

    def saved_for(self, needed: frozenset[int], kernel: Kernel, *inputs: TensorType) -> Saved:
        """Return, of the math kernel, each factor of a product for the gradient of the other one."""
        if kernel == "math" or self.written != "no":
            return self._kept(needed, inputs)
        return self.saved_by(kernel, *inputs)

    def _kept(self, needed: frozenset[int], inputs: Types) -> Saved:
        q, k, v = (any(index % 3 == place for index in needed) for place in range(3))
        parts = (self.window is not None or self.over is not None) and not self.cut
        if self.written != "no" and len(inputs) == 3 and not parts:
            return self._kept_written((q, k, v), inputs)
        # The softmax keeps its weights when anything before it wants a gradient, and the second product keeps v for it.
        scored = q or k or self.relative_bias
        queries, keys, values = self._copied(inputs)
        factors = [numel for numel, kept in ((queries, k), (keys, q)) if kept]
        scores = [self.scores(*inputs)] if scored or v else []
        fresh = tuple((numel, "float") for numel in (*factors, *scores))
        copied = Saved(fresh=(*fresh, (values, "float")) if scored else fresh)
        if not self._is_whole(inputs):
            return replace(copied, batch=self._looked_up(inputs), joined=len(inputs) > 3)
        several = copied if self._is_split(inputs[2]) else None
        # Channels that come first lie in a row, unless v is a part of a larger tensor, cut along them.
        split = (2,) if scored and several is None and self.heads != 1 else ()
        return Saved(inputs=(2,) if scored else (), fresh=fresh, several=several, split=split)

    def _kept_written(self, needed: tuple[bool, bool, bool], inputs: Types) -> Saved:
        """Return what products that are written out keep: their factors as they are, unless scaled or repeated."""
        q, k, v = needed
        scored = q or k
        one_head, copies = self.heads == self.key_heads, self._copied(inputs)
        whole = (self.written not in ("queries", "both"), one_head and self.written not in ("keys", "both"), one_head)
        kept = (k, q, scored)
        # A factor that is neither scaled nor repeated is the operand itself, kept once however many read it.
        views = tuple(place for place in range(3) if kept[place] and whole[place])
        fresh = [copies[place] for place in range(3) if kept[place] and not whole[place]]
        fresh += [self.scores(*inputs)] if scored or v else []
        tests = ((self.masked, "bool"), (self.factors, "float")) if scored else ()
        found = Saved(inputs=views, fresh=tuple((numel, "float") for numel in fresh), batch=tests)
        split = [place for place in views if self._is_split(inputs[place])]
        several = replace(
            found,
            inputs=tuple(place for place in views if place not in split),
            fresh=(*found.fresh, *((copies[place], "float") for place in split)),
        )
        return replace(found, several=several) if split else found

    def _is_split(self, v: TensorType) -> bool:
        """Whether the heads of several samples lie apart: those of one position side by side.

        Such heads are copied.
        """
        return v.names[-1] == "c" and v.area != 1 and self.heads != 1

    def saved_by(self, kernel: Kernel, *inputs: TensorType) -> Saved:
        """Return, of the fused kernel, q, k, v, the output, and a logarithm per query and head, but no weights.

        Keys and values of grouped heads are kept as they are, not repeated.
        """
        if kernel == "math" or self.written != "no":
            return self.saved(*inputs)
        streams = self.streams(inputs)
        if kernel == "upcast":
            single = (Add(*self._copied(inputs), self.scores(*inputs)), "float32")
            return Saved(batch=self._looked_up(inputs), fresh=(single,), joined=len(streams) > 1)
        # With these the weights are computed again in the backward pass, which is what a fused kernel is for.
        logarithms = product((self.heads, Add(*(q.area for q, _, _ in streams))))
        outputs = tuple(range(len(streams)))
        if len(streams) == 1 and not self._is_cut:
            return Saved(inputs=(0, 1, 2), outputs=outputs, statistics=logarithms)
        fresh, table = tuple((numel, "float") for numel in self._given(inputs)), self._looked_up(inputs)
        return Saved(outputs=outputs, fresh=fresh, batch=table, statistics=logarithms, joined=len(streams) > 1)

    def _looked_up(self, inputs: Types) -> tuple[tuple[Expr, str], ...]:
        """The rows of the table of biases, one for every pair of positions of a window."""
        pairs = product(length**2 for length in self.windows(inputs[0]).values())
        return ((pairs, "int"),) if self.relative_bias else ()

    def _is_whole(self, inputs: Types) -> bool:
        """Whether q, k and v are cut into heads as they are, and so without a copy."""
        return len(inputs) == 3 and self.heads == self.key_heads and (self.cut or not self._is_cut)

    @property
    def _is_cut(self) -> bool:
        """Whether positions are cut into windows or along axes."""
        return self.window is not None or self.over is not None

    def _given(self, inputs: Types) -> tuple[Expr, Expr, Expr]:
        """The elements of q, k and v of all streams."""
        q, k, v = (Add(*(stream[index].numel for stream in self.streams(inputs))) for index in range(3))
        return q, k, v

    def _copied(self, inputs: Types) -> tuple[Expr, Expr, Expr]:
        """The elements of q, k and v of all streams, k and v repeated for all heads."""
        q, k, v = self._given(inputs)
        groups = self.heads / self.key_heads
        return q, product((k, groups)), product((v, groups))

    def workspace(self, kernel: Kernel, *inputs: TensorType) -> Workspace:
        """Return, of the math kernel, a second matrix of scores, and in the backward pass two; copies of q, k and v."""
        queries, keys, values = self._copied(inputs)
        copies = ONE if kernel == "upcast" else self._copies(inputs)
        first = copies * (queries + keys)
        if kernel == "flash":
            query, key, _ = self._given(inputs)
            return Workspace(training=(query + key if len(inputs) > 3 or self._is_cut else ZERO,))
        width = 2 if kernel == "upcast" else 1
        scores, mask = self.scores(*inputs), self._mask(inputs)
        alone = first + copies * values + queries
        again = queries + keys if self.window is not None or self.over is not None else ZERO
        return Workspace(
            training=(width * (first + scores),),
            inference=(width * (alone + keys + again + scores), width * (alone + 2 * scores)),
            backward=(width * 2 * scores,),
            batch=width * mask,
        )

    def _copies(self, inputs: Types) -> Expr:
        """1 where q, k and v are copied before they are multiplied, else 0; it may depend on the number of heads."""
        if len(inputs) > 3 or self.window is not None or self.over is not None:
            return ONE
        # As a law: the heads may be symbols, and one group of keys per head is copied nowhere.
        return Min(1, self.heads / self.key_heads - 1)

    def _mask(self, inputs: Types) -> Expr:
        """The elements of a mask or bias that is added to the scores."""
        if self.causal or self.is_stated:
            return self.pairs(*inputs)
        return self.scores(*inputs) if self.relative_bias or self.shift is not None else ZERO

    # -- reach -------------------------------------------------------------------------------------------

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return q position by position, and k and v with weights computed from the input.

        Where a query meets one key alone, its weight is 1 whatever q and k are: these are not read.
        """
        reaches: list[Reach] = []
        met = Add(*(self._keys(stream) for stream in self.streams(inputs)))
        among = met if self.span is None else Min(met, self.span)
        for index, (q, k, v) in enumerate(self.streams(inputs)):
            asked = tuple((axis, self._asked(axis, q, k)) for axis in q.positions)
            reaches.append(Reach(asked, power="none", outputs=(index,), among=among))
            maps = tuple((axis, self._scored(axis, q, k)) for axis in k.positions)
            # Keys only weigh: no content of theirs reaches the output, so that their share of its power is none.
            reaches.append(self._by_head(Reach(maps, mixing="dynamic", power="none", among=among)))
            maps = tuple((axis, self._map(axis, q, self.mask)) for axis in v.positions)
            reaches.append(self._by_head(Reach(maps, mixing="dynamic", power="mean")))
        return tuple(reaches)

    def _asked(self, axis: str, q: TensorType, k: TensorType) -> AxisMap:
        """Which queries count: not the first of causal attention, which has one key, nor late ones with few left."""
        if self.causal:
            last = q.size(axis) if self.span is None else Min(q.size(axis), k.area + self.span - 2)
            return Within(ONE, last)
        if self.shift is not None:
            return unless_cut(SAME, self.shifts(q), self.windows(q))
        if self.is_stated and self.asked is None:
            of_axis = ((key, read) for key, read in self.mask or () if queries_axis(key, read) == axis)
            return next((asked(read, q.size(axis), self._beside(key, q, k)) for key, read in of_axis), SAME)
        return dict(self.asked or ()).get(axis, SAME)

    def _scored(self, axis: str, q: TensorType, k: TensorType) -> AxisMap:
        """Which keys count by their scores: those of queries that count."""
        found = self._map(axis, q, self.scored or self.mask)
        if self.is_stated and axis in dict(self.mask or ()):
            return scored(found, self._beside(axis, q, k))
        if isinstance(found, Blocks) and self.shift is not None:
            return unless_cut(found, self.shifts(q), self.windows(q))
        return from_on(found, ONE, None if self.span is None else q.area - k.area) if self.causal else found

    def _beside(self, axis: str, q: TensorType, k: TensorType) -> Expr:
        """How many keys a query meets at each position of an axis."""
        axes = k.positions if self.over is None else self.axes(q)
        return product(k.size(other) for other in axes if other != axis)

    def _by_head(self, reach: Reach) -> Reach:
        return using(reach, "gathered") if self.apart else reach

    def _map(self, axis: str, q: TensorType, mask: KeyMaps | None) -> AxisMap:
        masked = dict(mask or ()).get(axis)
        if masked is not None:
            return masked
        if self.window is not None:
            return Blocks(self.windows(q)[axis], self.shifts(q)[axis])
        if self.causal:
            return earlier(self.span) if axis in q.positions else Along(q.positions[0], earlier(self.span))
        return All() if self.over is None or axis in self.axes(q) else SAME

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return torch's fused attention over flattened positions."""
        return attention_module(self, inputs)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return one head over N tokens of D channels."""
        tokens = tensor(n=symbol("N"), c=symbol("D"))
        return cls(), (tokens, tokens, tokens)
