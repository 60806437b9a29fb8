"""Which options of attention go together, and fit its operands."""

from __future__ import annotations

from archgraph.errors import ShapeError
from archgraph.ops.attending.masks import check_mask
from archgraph.ops.attending.modules import AttentionFacts, Streams
from archgraph.sizes.symbols import ONE, require


def check_options(op: AttentionFacts, streams: Streams) -> None:
    """Check which keys queries are said to read."""
    local = op.window is not None or op.over is not None
    if (local or op.causal) and len(streams) > 1:
        raise ShapeError("joint attention is full: it takes no window, over or causal")
    (q, k, _), *_ = streams
    if local and q.without("c").sizes != k.without("c").sizes:
        raise ShapeError("attention in windows or along axes needs q and k on the same positions")
    if op.window is None and (op.shift is not None or op.relative_bias):
        raise ShapeError("shift and relative_bias belong to a window")
    if op.window is not None and op.over is not None:
        raise ShapeError("attention has either a window or axes, not both")
    if op.causal and local:
        given = "window" if op.window is not None else "over"
        along = (
            "mask: {n: {to: 0}} is causal along n" if op.window is None else "span: 128 reads the last 128 positions"
        )
        hint = f"leave out one of them: causal: false, or no {given}; {along}"
        raise ShapeError(f"causal attention is over the whole sequence, and takes no {given}", hint=hint)
    if op.causal and len(q.positions) > 1:
        raise ShapeError(f"causal attention has one position axis, and its operand is {q}")
    if op.span is not None and not op.causal:
        raise ShapeError("span belongs to causal attention", hint="causal: true beside it")
    if op.span is not None:
        require(op.span, ">=", ONE, "span must be at least 1, and is {}", op.span)
    for axis, length in op.windows(q).items():
        rule = "windows of {} do not divide axis {} of size {}"
        require(q.size(axis), "multiple of", length, rule, length, axis, q.size(axis))
    for axis in op.axes(q):
        q.size(axis)
    if op.is_stated:
        _check_mask(op, streams)


def _check_mask(op: AttentionFacts, streams: Streams) -> None:
    (q, k, _), *_ = streams
    if op.causal or op.window is not None or len(streams) > 1:
        raise ShapeError("a mask stands alone: attention takes it without causal, window, or further streams")
    if len(op.mask or ()) > 1:
        raise ShapeError(f"attention takes a mask along one axis, and has one along {', '.join(dict(op.mask or ()))}")
    check_mask("attention", op.mask or (), k.positions if op.over is None else op.axes(q), q, k)
