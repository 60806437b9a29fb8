"""Operators that move elements, with what is known of where these come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archgraph.graph.ir import Value
from archgraph.ops.arguments import Named
from archgraph.ops.reach import AxisMap
from archgraph.ops.traced.moves import Move
from archgraph.pytorch.trace.builder import Tracked
from archgraph.pytorch.trace.layout import whole_axis
from archgraph.pytorch.trace.moving.axis_reads import AxisReads, axis_reads, positions, unknown_reads
from archgraph.pytorch.trace.moving.naming import named_by
from archgraph.pytorch.trace.moving.pairs import MovedPairs, itself, moved_pairs
from archgraph.pytorch.trace.moving.rerun import NotKnownError, run_again, shape_of
from archgraph.pytorch.trace.recording.node import RecordedNode

if TYPE_CHECKING:
    from archgraph.pytorch.trace.interpret import ProgramInterpreter

DEPENDS = "which elements are moved depends on values that are not known"
OTHERWISE = "elements are not only moved"


@dataclass(frozen=True)
class Moved:
    """An operand of a move: the tensor, and in every recording the pairs of elements, or why they are not known."""

    t: Tracked
    pairs: Sequence[MovedPairs | str]


def followed(i: ProgramInterpreter, step: RecordedNode, result: int | None = None) -> Tracked:
    """Return one result of a step that moves elements."""
    live = [node for node in step.all_input_nodes if _is_live(i, step, node)]
    moved = [Moved(i.fetch(node), _pairs_of(i, step, node, result)) for node in live]
    shaped = step.meta["val"] if result is None else step.meta["val"][result]
    name = step.target._schema.name.removeprefix("aten::").rstrip("_")
    return emitted(i, name, moved, shaped)


def _is_live(i: ProgramInterpreter, step: RecordedNode, node: RecordedNode) -> bool:
    return node not in i.program.constants and step.known_operand(node) is None


def _pairs_of(
    i: ProgramInterpreter, step: RecordedNode, node: RecordedNode, result: int | None
) -> list[MovedPairs | str]:
    found = []
    elsewhere = zip(step.elsewhere, node.elsewhere, strict=False)
    for again, operand in ((step, node), *elsewhere):
        number = i.sizes.number if again is step else int
        found.append(_pairs(again, operand, result, number))
    return found


def _pairs(step: RecordedNode, node: RecordedNode, result: int | None, number: Any) -> MovedPairs | str:
    def run(x: Any) -> Any:
        found = run_again(step, {node: x}, number)
        return found if result is None else found[result]

    try:
        return moved_pairs(run, shape_of(node, number)) or OTHERWISE
    except NotKnownError:
        return DEPENDS
    except Exception:
        return OTHERWISE


def written_into(i: ProgramInterpreter, base: RecordedNode, view: RecordedNode, part: Tracked) -> Tracked:
    """Return a tensor into a view of which something was written."""
    recorded = [
        (base, view, i.sizes.number),
        *((b, v, int) for b, v in zip(base.elsewhere, view.elsewhere, strict=False)),
    ]
    places = [_pairs_of_view(*one) for one in recorded]
    moved = [Moved(part, [p if isinstance(p, str) else MovedPairs(p.operand, p.result, p.of, p.into) for p in places])]
    if base not in i.program.constants or base in i.env:
        own = [p if isinstance(p, str) else itself(p.operand).without(p.of) for p in places]
        if any(isinstance(p, str) or len(p.into) for p in own):
            moved.insert(0, Moved(i.fetch(base), own))
    return emitted(i, "copy", moved, base.meta["val"])


def _pairs_of_view(base: RecordedNode, view: RecordedNode, number: Any) -> MovedPairs | str:
    try:
        return moved_pairs(lambda x: run_again(view, {base: x}, number), shape_of(base, number)) or OTHERWISE
    except Exception:
        return OTHERWISE


def emitted(i: ProgramInterpreter, name: str, moved: Sequence[Moved], shaped: Any) -> Tracked:
    """Return the result of a move."""
    if not moved:
        return i.source_of(shaped)
    apart = [(_apart(i, one.t), one) for one in moved]
    shape = tuple(map(i.sizes.number, shaped.shape))
    sizes = [i.sizes.expression(length) for length in shaped.shape]
    known = [(one.pairs[0], names) for (_, names), one in apart if isinstance(one.pairs[0], MovedPairs)]
    # Without any known pairs the operands of the same shape lend their names.
    alike = [(itself(shape), names) for (t, names), _ in apart if t.shape == tuple(sizes)]
    names = named_by([*known, *alike], shape)
    reads = tuple(_reads(one, own, names) for (_, own), one in apart)
    axes = tuple((axis, size) for axis, size in zip(names, sizes, strict=True) if axis)
    values = [t.value for (t, _), _ in apart]
    assert all(isinstance(value, Value) for value in values)
    (value,) = i.builder.emit(Move(name, Named(axes), i.program.dtype(shaped), reads), values)  # type: ignore[arg-type]
    layout = tuple(whole_axis(axis, size) if axis else () for axis, size in zip(names, sizes, strict=True))
    return Tracked(value, layout)


def _apart(i: ProgramInterpreter, t: Tracked) -> tuple[Tracked, list[str | None]]:
    """Return a tensor every dimension of which is an axis of its own, and their names."""
    t = i.builder.settled(t)
    split = [dim for dim, content in enumerate(t.layout) if len(content) > 1 or not all(map(t.is_whole, content))]
    if split:
        t = i.builder.grouped(t, [(None, (dim,)) for dim in split])[0]
    return t, [content[0].axis if content else None for content in t.layout]


def _reads(one: Moved, own: Sequence[str | None], names: Sequence[str | None]) -> AxisReads:
    first = one.pairs[0]
    if isinstance(first, str):
        return unknown_reads(own, first)
    found = [_at(pairs, own, names) for pairs in one.pairs if isinstance(pairs, MovedPairs)]
    if len(found) == len(one.pairs) and all(other == found[0] for other in found):
        return tuple(found[0].items())
    # Another closed form at other sizes is none for all of them.
    listed = _at(first, own, names, closed=False)
    kept = {axis: read for axis, read in found[0].items() if all(other.get(axis) == read for other in found)}
    return tuple((axis, kept.get(axis, read)) for axis, read in listed.items())


def _at(
    pairs: MovedPairs, own: Sequence[str | None], names: Sequence[str | None], *, closed: bool = True
) -> Mapping[str, AxisMap]:
    output, operand = positions(names, pairs.result), positions(own, pairs.operand)
    return dict(axis_reads(pairs, output, operand, closed=closed))
