"""Attention: fused, recognised, or written out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sympy import Expr, Integer

from archgraph.graph.ir import Value
from archgraph.ops.arithmetic import Add
from archgraph.ops.attention import ScaledDotProductAttention
from archgraph.ops.pointwise import Softmax
from archgraph.ops.traced.values import Function
from archgraph.pytorch.trace.align import Alignment, Operand, broadcast_dimensions
from archgraph.pytorch.trace.arguments import Arguments
from archgraph.pytorch.trace.attention_patterns import Fused
from archgraph.pytorch.trace.axes import per_position
from archgraph.pytorch.trace.builder import Tracked
from archgraph.pytorch.trace.handlers.attended_keys import read_keys, read_stacked_keys
from archgraph.pytorch.trace.handlers.contractions import product_of
from archgraph.pytorch.trace.handlers.dropouts import with_noise
from archgraph.pytorch.trace.handlers.masked_sums import limited_sum
from archgraph.pytorch.trace.handlers.pointwise import on_one
from archgraph.pytorch.trace.handlers.stacked_heads import Stacked, stacked
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.layout import COPIES, AxisDigit, equal, extent, merged_digits, whole_axis
from archgraph.pytorch.trace.masking.attended import KeyMask, check_pairs, up_to_own
from archgraph.pytorch.trace.recording.copied_operands import copied_operands
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.registry import aten
from archgraph.sizes.symbols import ZERO, product
from archgraph.sizes.types import CHANNEL

APART = "a mask of attention that is written out in parts is not followed"


@aten("scaled_dot_product_attention")
def attention(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """Fused attention; with a mask that is computed, or random zeros among its weights, its parts."""
    mask = a.nodes.get("attn_mask")
    # A mask whose values are known is part of which keys are read; one that is computed is an operand like any other.
    fixed = mask is None or not i.holds_live(mask) or a.node.known_operand(mask) is not None
    keys = _masked(i, a.node, a.nodes["query"], a.nodes["key"], -2, causal=bool(a.nodes.get("is_causal")))
    keys = _with_origins(i, keys, (a.query, a.key, a.value))
    drops, copied = bool(a.dropout_p), a.nodes["value"] in copied_operands(a.node, i.sizes.number)
    if fixed and not drops:
        # Windows that are multiplied as they lie in memory are kept so.
        result = fused(i, a.query, a.key, a.value, keys, {"cut": not copied})
        if result is not None:
            return result
    bias, values = None if fixed else a.attn_mask, _as_read(i, a.value, copied=copied)
    return written_out(i, a.query, a.key, values, keys, bias, scaled=(True, True), drops=drops)


def _as_read(i: ProgramInterpreter, t: Tracked, *, copied: bool) -> Tracked:
    return i.builder.copied(t) if copied and isinstance(t.value, Value) else t


@aten("attention")
def recognised(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """Attention that the module writes out as two products and a softmax."""
    found = i.program.attentions[a.node]
    q, k, v = _factors(i, found, a.node)
    # A module that writes attention out hands the keys over transposed, fused attention does not.
    turned = k.with_layout([*k.layout[:-2], k.layout[-1], k.layout[-2]])
    keys = _masked(i, a.node, found.queries, found.keys, -1, values=found.values)
    keys = _with_origins(i, keys, (q, turned, v))
    elements = [sum((_elements(i, node) for node in nodes), ZERO) for nodes in (found.tests, found.factors)]
    # What a module writes out, it also cuts into windows itself.
    form = {"written": SCALED[found.scaled], "masked": elements[0], "factors": elements[1], "cut": True}
    result = fused(i, q, turned, v, keys, form)
    return written_out(i, q, turned, v, keys, None, scaled=found.scaled) if result is None else result


def _factors(i: ProgramInterpreter, found: Fused, last: RecordedNode) -> list[Tracked]:
    """Return queries, keys and values, as copies where the products read them through some."""
    made = copied_operands(found.scores, i.sizes.number) | copied_operands(last, i.sizes.number)
    tensors = [(node, i.fetch(node)) for node in (found.queries, found.keys, found.values)]
    return [_as_read(i, t, copied=node in made) for node, t in tensors]


def _masked(
    i: ProgramInterpreter,
    step: RecordedNode,
    q: RecordedNode,
    k: RecordedNode,
    dim: int,
    *,
    causal: bool = False,
    values: RecordedNode | None = None,
) -> KeyMask:
    """Return which keys are read; `dim` is the dimension of the keys that counts them."""
    i.builder.limit = ""
    number = i.sizes.number
    lengths = [(number(q.meta["val"].shape[-2]), number(k.meta["val"].shape[dim]))]
    lengths += [
        (queries.meta["val"].shape[-2], keys.meta["val"].shape[dim])
        for queries, keys in zip(q.elsewhere, k.elsewhere, strict=True)
    ]
    sizes = (i.sizes.expression(q.meta["val"].shape[-2]), i.sizes.expression(k.meta["val"].shape[dim]))
    seen = i.masks.of(step)
    if causal or any(seen):
        for each in lengths:
            check_pairs(*each)
    if values is not None:
        # Zeros among the values mask no weights.
        same = zip(seen, (values, *values.elsewhere), strict=True)
        seen = [None if one is not None and one.weights is own else one for one, own in same]
    found = KeyMask([up_to_own(*length) for length in lengths] if causal else seen, lengths, sizes)
    found.note()
    return found


def _with_origins(i: ProgramInterpreter, keys: KeyMask, operands: tuple[Tracked, ...]) -> KeyMask:
    """Say of a mask whether queries, keys and values are made of one value; where nothing is masked nobody asks."""
    return keys if keys.open else replace(keys, alike=i.origins.alike(operands))


SCALED = {(False, False): "plain", (True, False): "queries", (False, True): "keys", (True, True): "both"}


def _elements(i: ProgramInterpreter, node: RecordedNode) -> Expr:
    """The elements of the memory in which a constant lies; a buffer's is counted as the buffer."""
    base = node
    while base.base is not None:
        base = base.base
    if base in i.program.parameters:
        return ZERO
    return product(i.sizes.expression(length) for length in base.meta["val"].shape)


def fused(
    i: ProgramInterpreter, q: Tracked, k: Tracked, v: Tracked, keys: KeyMask, form: Mapping[str, Any] | None = None
) -> Tracked | None:
    """Return attention as one operation, or None where its operands do not have the form that it needs."""
    form = form or {}
    if any(t.rank < 3 for t in (q, k, v)):
        return None
    settled = [i.builder.unrepeated(i.builder.settled(t)) for t in (q, k, v)]
    # What stands before the tokens may be heads even if no channel says so; that is tried second, for it is a guess.
    readings = ([stacked(t, inner=inner) for t in settled] for inner in (False, True))
    found = (_fused(i, streams, keys, form) for streams in readings if _regular(streams))
    return next((result for result in found if result is not None), None)


def _fused(i: ProgramInterpreter, streams: list[Stacked], keys: KeyMask, form: Mapping[str, Any]) -> Tracked | None:
    # A mask may differ from window to window, so that these have to be axes.
    window = _window(streams) if keys.open else None
    # Windows cover the axes that tokens are cut from; what is stacked besides has axes of its own.
    if window is None and any(s.batch for s in streams):
        return _batched(i, streams, form, keys)
    if window is None:
        parts = [_prepared(i, s, flat=not keys.open) for s in streams]
        return _emit(i, parts, streams, {**read_keys(parts, keys), **form})
    parts = [_prepared(i, s) for s in streams]
    return _emit(i, parts, streams, {"window": window, **form})


def _regular(streams: list[Stacked]) -> bool:
    """Keys and values stand on the same tokens with the same heads, and nothing but heads is repeated."""
    q, k, v = streams
    copies = [any(d.axis == COPIES for dim in (*s.lead[:-1], *s.t.layout[-2:]) for d in dim) for s in streams]
    inner = [d.axis == COPIES for s in streams for d in s.t.layout[s.head][:1] if len(s.t.layout[s.head]) > 1]
    same = equal(k.heads, v.heads) and equal(extent(k.t.layout[-2]), extent(v.t.layout[-2]))
    return same and not any(copies) and not any(inner) and equal(q.heads, extent(q.t.layout[q.head]))


def _prepared(i: ProgramInterpreter, s: Stacked, *, flat: bool = False) -> Tracked:
    """Join heads and their channels into the channel axis, and where a mask counts tokens, these into one axis."""
    wanted: list[tuple[str | None, tuple[int, ...]]] = [(CHANNEL, (s.head, s.t.rank - 1))]
    if flat and len(s.t.layout[-2]) != 1:
        wanted.append(("n", (s.t.rank - 2,)))
    return i.builder.grouped(_without_copies(s.t), wanted, strict=True)[0]


def _without_copies(t: Tracked) -> Tracked:
    return t.with_layout([tuple(d for d in dim if d.axis != COPIES) for dim in t.layout])


def _emit(
    i: ProgramInterpreter, parts: list[Tracked], streams: list[Stacked], options: dict[str, Any]
) -> Tracked | None:
    q, k, v = parts
    assert isinstance(q.value, Value) and isinstance(k.value, Value) and isinstance(v.value, Value)
    if k.value.type.without(CHANNEL).sizes != v.value.type.without(CHANNEL).sizes:
        v = _like(i, v, k)
        assert isinstance(v.value, Value)
    heads, kv = streams[0].heads, streams[1].heads
    if {"window", "over"}.isdisjoint(options):
        options["cut"] = False
    op = ScaledDotProductAttention(heads, None if kv == heads else kv, **options)
    (value,) = i.builder.emit(op, [q.value, k.value, v.value])
    width = product((value.type.channels, 1 / heads))
    stacked = [digit for dim in q.layout[: streams[0].head] for digit in dim]
    return Tracked(value, (*streams[0].restored(stacked, width), q.layout[-2], whole_axis(CHANNEL, width)))


def _like(i: ProgramInterpreter, v: Tracked, k: Tracked) -> Tracked:
    """Return values on the axes of the keys."""
    operands = [
        Operand(k.with_layout([k.layout[-2]]), (0,)),
        Operand(v.with_layout([v.layout[-2]]), (0,)),
    ]
    align = Alignment(i.builder, [*operands])
    named = [(align.names[key], (digit,)) for key, digit in align.parts[1].items()]
    value = i.builder.arrange(v, [*named, (CHANNEL, whole_axis(CHANNEL, v.axes[CHANNEL]))])
    layout = list(v.layout)
    layout[-2] = align.digits(0)
    return Tracked(value, tuple(layout))


def _window(streams: list[Stacked]) -> Any:
    """Return the window's sides where the dimensions before the heads are blocks of the tokens' axes."""
    sides: dict[str, Expr] = {}
    first = streams[0].t
    for s in streams:
        outer = {d.axis: d for dim in s.batch for d in s.t.layout[dim]}
        inner = {d.axis: d for d in s.t.layout[-2]}
        if not outer or set(outer) != set(inner) or CHANNEL in inner or "" in inner:
            return None
        if len(inner) != len(s.t.layout[-2]) or any(d.stride != 1 for d in inner.values()):
            return None
        if any(not equal(outer[a].stride, d.size) for a, d in inner.items()):
            return None
        sides = {axis: inner[axis].size for axis in inner}
        if s.t.layout[-2] != first.layout[-2] or any(s.t.layout[d] != first.layout[d] for d in s.batch):
            return None
    ordered = [name for name in first.axes if name != CHANNEL]
    return per_position({axis: sides[axis] for axis in ordered}) if set(ordered) == set(sides) else None


def _batched(i: ProgramInterpreter, streams: list[Stacked], form: Mapping[str, Any], keys: KeyMask) -> Tracked | None:
    """Attention along some axes, separately for every position of others."""
    first = streams[0]
    parts = []
    for s in streams:
        if s.batch != first.batch:
            return None
        t, _ = i.builder.grouped(
            _without_copies(s.t), [(CHANNEL, (s.head, s.t.rank - 1))], touched=[*s.batch, s.t.rank - 2], strict=True
        )
        parts.append(t)
    tokens = [tuple(d.axis for d in t.layout[-2]) for t in parts]
    batches = [tuple(d.axis for dim in first.batch for d in t.layout[dim]) for t in parts]
    if len(set(tokens)) > 1 or len(set(batches)) > 1 or any(not _same_positions(t, parts[0]) for t in parts):
        return None
    mask = read_stacked_keys(i, parts[0], first, tokens[0], keys)
    return _emit(i, parts, streams, {"over": tokens[0] if len(tokens[0]) != 1 else tokens[0][0], **mask, **form})


def _same_positions(t: Tracked, other: Tracked) -> bool:
    mine, theirs = ({axis: n for axis, n in x.axes.items() if axis != CHANNEL} for x in (t, other))
    return mine.keys() == theirs.keys() and all(equal(n, theirs[axis]) for axis, n in mine.items())


def written_out(
    i: ProgramInterpreter,
    q: Tracked,
    k: Tracked,
    v: Tracked,
    masked: KeyMask,
    bias: Tracked | None,
    *,
    scaled: tuple[bool, bool],
    drops: bool = False,
) -> Tracked:
    """Attention as its parts: scores, scale, bias, softmax, and the weighted values; some weights `drop` to zero.

    Queries and keys that are `scaled` are so before their product, which keeps what comes of it; else the scores are.
    """
    i.weighed, i.builder.limit = None, ""
    scale = Function("mul", (None, _scale(i, q)))
    q, k = (on_one(i, scale, t) if first else t for t, first in zip((q, k), scaled, strict=True))
    scores = _grouped_product(i, q, k.with_layout([*k.layout[:-2], k.layout[-1], k.layout[-2]]))
    scores = scores if any(scaled) else on_one(i, scale, scores)
    if bias is not None:
        values, layout = broadcast_dimensions(i.builder, [scores, bias])
        scores = Tracked(i.builder.emit(Add(), values)[0], layout)
    # From here on the parts read what the whole would mask: fields behind them are bounds, and say so.
    i.builder.limit = "" if masked.open else APART
    t, (axis,) = i.builder.grouped(scores, [(None, (scores.rank - 1,))])
    assert isinstance(t.value, Value)
    i.weighed = (t, masked.of_weights())
    op = limited_sum(i, Softmax(axis), t.layout, t.rank - 1, {0: axis})
    weights = Tracked(i.builder.emit(op, [t.value])[0], t.layout)
    if drops:
        i.weighed, i.builder.limit = None, ""
        weights = with_noise(weights, i, weights.rank)
    i.weighed, i.builder.limit = (weights, masked), "" if masked.open else APART
    result = _grouped_product(i, weights, v)
    i.weighed = None
    return result


def _grouped_product(i: ProgramInterpreter, x: Tracked, y: Tracked) -> Tracked:
    """A product where one operand may have fewer heads, each of which serves several of the other's."""
    many, few = (t.layout[-3] if t.rank > 2 else () for t in (x, y))
    if many and few and not equal(extent(many), extent(few)):
        times = product((extent(many), 1 / extent(few)))
        # Neighbouring heads share one of the keys, so that the repetitions are the inner digit.
        y = y.replace(y.rank - 3, merged_digits((*few, AxisDigit(COPIES, Integer(1), times))))
    return product_of(i, x, y)


def _scale(i: ProgramInterpreter, q: Tracked) -> float:
    # Of a number that is no size the value at the example is enough.
    return float(i.sizes.number(extent(q.layout[-1]))) ** -0.5
