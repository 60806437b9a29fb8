"""Products of matrices, einsum, and attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Integer

from archgraph.errors import ArchgraphError
from archgraph.frontend.torch_align import Alignment, Operand, broadcast
from archgraph.frontend.torch_builder import Tracked
from archgraph.frontend.torch_interpret import Arguments, Interpreter, aten
from archgraph.frontend.torch_layout import COPIES, Digit, Dim, equal, extent, merged, whole
from archgraph.frontend.torch_masks import is_causal
from archgraph.ir import Value
from archgraph.ops.arithmetic import Add, Multiply
from archgraph.ops.attention import ScaledDotProductAttention
from archgraph.ops.einsum import Einsum
from archgraph.ops.pointwise import Softmax
from archgraph.ops.traced import Function, Reduce
from archgraph.symbols import product
from archgraph.types import CHANNEL

Labels = Sequence[int]


def contract(i: Interpreter, x: Tracked, y: Tracked, left: Labels, right: Labels, out: Labels) -> Tracked:
    """Return a product of two tensors, summed over the labels that the result does not have."""
    operands = [Operand(x, tuple(left)), Operand(y, tuple(right))]
    both = set(left) & set(right)
    summed = (set(left) | set(right)) - set(out)
    if not summed & both:
        return _outer(i, operands, out, summed)
    align = Alignment(i.builder, operands, own=sorted({*left, *right}), summed=sorted(summed))
    over = tuple(dict.fromkeys(align.names[key] for key in align.names if key[0] in summed))
    (value,) = i.builder.emit(Einsum(over), align.values())
    return Tracked(value, tuple(align.digits(label) for label in out))


def _outer(i: Interpreter, operands: list[Operand], out: Labels, summed: set[int]) -> Tracked:
    """Without a common label that is summed, PyTorch multiplies element by element."""
    align = Alignment(i.builder, operands, summed=sorted(summed))
    (value,) = i.builder.emit(Multiply(), align.values())
    axes = tuple(dict.fromkeys(align.names[key] for key in align.names if key[0] in summed))
    if axes:
        (value,) = i.builder.emit(Reduce("sum", axes), [value])
    return Tracked(value, tuple(align.digits(label) for label in out))


def linear_product(i: Interpreter, x: Tracked, weight: Tracked) -> Tracked:
    """Return x W^T for a weight [out, in] that is a value."""
    labels = list(range(x.rank))
    return contract(i, x, weight, labels, [100, labels[-1]], [*labels[:-1], 100])


def product_of(i: Interpreter, x: Tracked, y: Tracked) -> Tracked:
    """Return the product of stacks of matrices, as torch broadcasts them."""
    if x.rank < 2 or y.rank < 2:
        return _vector_product(i, x, y)
    stack = list(range(10, 8 + max(x.rank, y.rank)))
    left = [*stack[len(stack) - (x.rank - 2) :], 1, 2]
    right = [*stack[len(stack) - (y.rank - 2) :], 2, 3]
    return contract(i, x, y, left, right, [*stack, 1, 3])


def _vector_product(i: Interpreter, x: Tracked, y: Tracked) -> Tracked:
    """A product with a vector, which PyTorch's counter does not count."""
    x = x if x.rank > 1 else x.with_layout([(), *x.layout])
    column = y.rank == 1
    y = y.with_layout([*y.layout, ()]) if column else y
    left, right = [*range(10, 8 + x.rank), 1, 2], [*range(10, 8 + y.rank), 2, 3]
    align = Alignment(i.builder, [Operand(x, tuple(left)), Operand(y, tuple(right))], summed=(2,))
    (value,) = i.builder.emit(Multiply(), align.values())
    axes = tuple(dict.fromkeys(align.names[key] for key in align.names if key[0] == 2))
    (value,) = i.builder.emit(Reduce("sum", axes), [value]) if axes else (value,)
    out = [label for label in dict.fromkeys([*left, *right]) if label != 2]
    layout = [align.digits(label) for label in sorted(out, key=lambda label: (label < 10, label))]
    return Tracked(value, tuple(layout))


@aten("matmul", "bmm", "mm")
def matmul(i: Interpreter, a: Arguments) -> Any:
    """A product of matrices."""
    y = next(getattr(a, name) for name in ("other", "mat2") if name in a.nodes)
    result = product_of(i, a.self, y)
    rank = len(a.shape)
    return result.with_layout(_of_rank(result.layout, rank)) if result.rank != rank else result


def _of_rank(layout: Sequence[Dim], rank: int) -> list[Dim]:
    """Drop dimensions of size 1 until the rank fits."""
    dims = list(layout)
    while len(dims) > rank:
        dims.remove(())
    return dims


@aten("addmm", "baddbmm")
def addmm(i: Interpreter, a: Arguments) -> Tracked:
    """A product of matrices plus a value."""
    names = ("mat1", "mat2") if "mat1" in a.nodes else ("batch1", "batch2")
    result = product_of(i, *(getattr(a, name) for name in names))
    if a.nodes.get("beta") == 0:
        return result
    values, layout = broadcast(i.builder, [result, a.self])
    return Tracked(i.builder.emit(Add(), values)[0], layout)


@aten("einsum")
def einsum(i: Interpreter, a: Arguments) -> Any:
    """Products summed over letters, two operands at a time."""
    equation = a.equation.replace(" ", "")
    tensors: list[Tracked] = a.tensors
    terms, _, out = equation.partition("->")
    labels = [_letters(term, t.rank) for term, t in zip(terms.split(","), tensors, strict=True)]
    if "->" not in equation:
        every = [label for term in labels for label in term]
        result_labels = sorted({label for label in every if every.count(label) == 1})
    else:
        result_labels = _letters(out, sum(label < 0 for label in set().union(*labels)) + len(out.replace("...", "")))
    if any(len(set(term)) < len(term) for term in labels):
        return NotImplemented
    return _einsum(i, tensors, labels, result_labels)


def _letters(term: str, rank: int) -> list[int]:
    """Labels of the dimensions: letters, and negative numbers for those under an ellipsis, from the right."""
    before, dots, after = term.partition("...")
    hidden = rank - len(before) - len(after) if dots else 0
    return [*map(ord, before), *range(-hidden, 0), *map(ord, after)]


def _einsum(i: Interpreter, tensors: list[Tracked], labels: list[list[int]], out: list[int]) -> Tracked:
    result, left = tensors[0], labels[0]
    for index, (t, right) in enumerate(zip(tensors[1:], labels[1:], strict=True), 1):
        later = {label for term in labels[index + 1 :] for label in term} | set(out)
        kept = [label for label in dict.fromkeys([*left, *right]) if label in later]
        result, left = contract(i, result, t, left, right, kept), kept
    return _einsum_one(i, result, left, out)


def _einsum_one(i: Interpreter, t: Tracked, labels: list[int], out: list[int]) -> Tracked:
    from archgraph.frontend.torch_layers import reduced

    lost = [dim for dim, label in enumerate(labels) if label not in out]
    if lost:
        t = reduced(i, t, lost, lambda axes: Reduce("sum", axes))
    return t.with_layout([t.layout[labels.index(label)] for label in out])


# -- attention -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heads:
    """A tensor (…, heads, tokens, channels) of attention."""

    t: Tracked

    @property
    def head(self) -> int:
        """The dimension of the heads."""
        return self.t.rank - 3

    @property
    def batch(self) -> tuple[int, ...]:
        """Dimensions before the heads that are not of size 1."""
        return tuple(d for d in range(self.t.rank - 3) if self.t.layout[d])

    @property
    def heads(self) -> Expr:
        """The number of heads that have values of their own: repetitions are left out."""
        return extent(d for d in self.t.layout[self.head] if d.axis != COPIES) if self.t.rank > 2 else Integer(1)


@aten("scaled_dot_product_attention")
def attention(i: Interpreter, a: Arguments) -> Tracked:
    """Fused attention; with a mask that is computed, its parts."""
    mask = a.nodes.get("attn_mask")
    fixed = mask is None or mask in i.program.constants
    causal = bool(a.is_causal) or (mask is not None and fixed and is_causal(mask, i.program))
    if fixed:
        result = fused(i, a.query, a.key, a.value, causal)
        if result is not None:
            return result
    return written_out(i, a.query, a.key, a.value, None if fixed else a.attn_mask)


@aten("attention")
def recognised(i: Interpreter, a: Arguments) -> Tracked:
    """Attention that the module writes out as two products and a softmax."""
    found = i.program.attentions[a.node]
    q, k, v = i.fetch(found.queries), i.fetch(found.keys), i.fetch(found.values)
    keys = k.with_layout([*k.layout[:-2], k.layout[-1], k.layout[-2]])
    causal = any(is_causal(mask, i.program) for mask in found.masks)
    result = fused(i, q, keys, v, causal)
    return written_out(i, q, keys, v, None) if result is None else result


def fused(i: Interpreter, q: Tracked, k: Tracked, v: Tracked, causal: bool) -> Tracked | None:
    """Return attention as one operation, or None where its operands do not have the form that it needs."""
    streams = [Heads(i.builder.settled(t)) for t in (q, k, v)]
    if any(s.t.rank < 3 for s in streams) or not _regular(streams):
        return None
    window = _window(streams)
    if window is None and any(s.batch for s in streams):
        return _batched(i, streams, causal)
    parts = [_prepared(i, s) for s in streams]
    return _emit(i, parts, streams, {"causal": causal} if window is None else {"window": window})


def _regular(streams: list[Heads]) -> bool:
    """Keys and values stand on the same tokens with the same heads, and nothing but heads is repeated."""
    q, k, v = streams
    copies = [
        any(d.axis == COPIES for place, dim in enumerate(s.t.layout) if place != s.head for d in dim) for s in streams
    ]
    inner = [d.axis == COPIES for s in streams for d in s.t.layout[s.head][:1] if len(s.t.layout[s.head]) > 1]
    same = equal(k.heads, v.heads) and equal(extent(k.t.layout[-2]), extent(v.t.layout[-2]))
    return same and not any(copies) and not any(inner) and equal(q.heads, extent(q.t.layout[q.head]))


def _prepared(i: Interpreter, s: Heads) -> Tracked:
    """Join heads and their channels into the channel axis."""
    return i.builder.grouped(_without_copies(s.t), [(CHANNEL, (s.head, s.t.rank - 1))], strict=True)[0]


def _without_copies(t: Tracked) -> Tracked:
    return t.with_layout([tuple(d for d in dim if d.axis != COPIES) for dim in t.layout])


def _emit(i: Interpreter, parts: list[Tracked], streams: list[Heads], options: dict[str, Any]) -> Tracked | None:
    q, k, v = parts
    assert isinstance(q.value, Value) and isinstance(k.value, Value) and isinstance(v.value, Value)
    if k.value.type.without(CHANNEL).sizes != v.value.type.without(CHANNEL).sizes:
        v = _like(i, v, k)
        assert isinstance(v.value, Value)
    heads, kv = streams[0].heads, streams[1].heads
    if options.get("causal") and len(q.value.type.positions) != 1:
        options = {}
    op = ScaledDotProductAttention(heads, None if kv == heads else kv, **options)
    (value,) = i.builder.emit(op, [q.value, k.value, v.value])
    layout = list(q.layout)
    head, last = streams[0].head, len(layout) - 1
    width = product((value.type.channels, 1 / heads))
    layout[head] = () if heads == 1 else merged((Digit(CHANNEL, width, heads),))
    layout[last] = () if width == 1 else (Digit(CHANNEL, Integer(1), width),)
    return Tracked(value, tuple(layout))


def _like(i: Interpreter, v: Tracked, k: Tracked) -> Tracked:
    """Return values on the axes of the keys."""
    operands = [
        Operand(k.with_layout([k.layout[-2]]), (0,)),
        Operand(v.with_layout([v.layout[-2]]), (0,)),
    ]
    align = Alignment(i.builder, [*operands])
    named = [(align.names[key], (digit,)) for key, digit in align.parts[1].items()]
    value = i.builder.arrange(v, [*named, (CHANNEL, whole(CHANNEL, v.axes[CHANNEL]))])
    layout = list(v.layout)
    layout[-2] = align.digits(0)
    return Tracked(value, tuple(layout))


def _window(streams: list[Heads]) -> Any:
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
    from archgraph.frontend.torch_layers import per_position

    ordered = [name for name in first.axes if name != CHANNEL]
    return per_position({axis: sides[axis] for axis in ordered}) if set(ordered) == set(sides) else None


def _batched(i: Interpreter, streams: list[Heads], causal: bool) -> Tracked | None:
    """Attention along some axes, separately for every position of others."""
    first = streams[0]
    parts = []
    for s in streams:
        if s.batch != first.batch or causal:
            return None
        t, _ = i.builder.grouped(
            _without_copies(s.t), [(CHANNEL, (s.head, s.t.rank - 1))], touched=[*s.batch, s.t.rank - 2], strict=True
        )
        parts.append(t)
    tokens = [tuple(d.axis for d in t.layout[-2]) for t in parts]
    batches = [tuple(d.axis for dim in first.batch for d in t.layout[dim]) for t in parts]
    if len(set(tokens)) > 1 or len(set(batches)) > 1 or any(t.axes.keys() != parts[0].axes.keys() for t in parts):
        return None
    return _emit(i, parts, streams, {"over": tokens[0] if len(tokens[0]) != 1 else tokens[0][0]})


def written_out(i: Interpreter, q: Tracked, k: Tracked, v: Tracked, bias: Tracked | None) -> Tracked:
    """Attention as its parts: scores, scale, bias, softmax, and the weighted values."""
    keys = k.with_layout([*k.layout[:-2], k.layout[-1], k.layout[-2]])
    scores = _grouped_product(i, q, keys)
    scaled = Function("mul", (None, _scale(q)))
    assert isinstance(scores.value, Value)
    scores = Tracked(i.builder.emit(scaled, [scores.value])[0], scores.layout)
    if bias is not None:
        values, layout = broadcast(i.builder, [scores, bias])
        scores = Tracked(i.builder.emit(Add(), values)[0], layout)
    t, (axis,) = i.builder.grouped(scores, [(None, (scores.rank - 1,))])
    assert isinstance(t.value, Value)
    weights = Tracked(i.builder.emit(Softmax(axis), [t.value])[0], t.layout)
    return _grouped_product(i, weights, v)


def _grouped_product(i: Interpreter, x: Tracked, y: Tracked) -> Tracked:
    """A product where one operand may have fewer heads, each of which serves several of the other's."""
    many, few = (t.layout[-3] if t.rank > 2 else () for t in (x, y))
    if many and few and not equal(extent(many), extent(few)):
        times = product((extent(many), 1 / extent(few)))
        y = y.replace(y.rank - 3, merged((*few, Digit(COPIES, Integer(1), times))))
    return product_of(i, x, y)


def _scale(q: Tracked) -> float:
    width = extent(q.layout[-1])
    if not width.is_Integer:
        raise ArchgraphError(f"attention needs channels of a known size, not {width}")
    return float(width) ** -0.5
