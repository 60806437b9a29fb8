"""Graph to YAML: a spec with the same laws, written from the graph of an architecture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from archgraph.errors import UnsupportedOpError, counted
from archgraph.graph.ir import Node, Repeat, Value
from archgraph.graph.network import Network
from archgraph.graph.operations import check_listable
from archgraph.sizes.dtypes import FLOAT
from archgraph.spec.definitions import VERSION
from archgraph.spec.write.steps import DEAD, Book
from archgraph.spec.write.yaml_flow import one_line, step_lines

SELECT = "g.select(*g.outputs) leaves that work out, and has a spec"


def write_spec(g: Network) -> str:
    """Return the text of a spec whose graph, laws and receptive fields are those of an architecture.

    What it has no word for is a comment on top: where in memory results lie, what runs without gradients or as a
    checkpoint, a floating type, and what zeros among constants leave unread of positions that are read one by one.

    Loops and choices are gone, for the graph holds what became of them; blocks and repeats stay, and so does the
    selection of outputs that costs and fields are about.

    Raises:
        UnsupportedOpError: the graph holds what no spec can say; all of it is listed. Nothing is computed at all.
    """
    check_listable(g.graph)
    book = Book(g.show, frozenset(g.symbols), runs_dead=g.runs_dead)
    inputs = {value: book.input_name(value.name) for value in g.graph.inputs}
    selected = () if g.selected == g.graph.outputs else tuple(dict.fromkeys(g.selected))
    steps = book.steps(g.graph, inputs, selected=selected)
    network = steps.write()
    if not network:
        raise UnsupportedOpError(
            f"{g.name} cannot be written as a spec: it has no operation, and gives what it takes",
            hint="select an output that something computes",
        )
    if book.problems:
        raise _refused(g.name, book.problems)
    outputs = steps.outputs(g.graph.outputs)
    lines = [
        *_conditions(g),
        *_memories(g),
        *_unread(book.unread),
        f"archgraph: {VERSION}",
        f"name: {one_line(g.name)}",
    ]
    lines += [f"{key}: {one_line(text)}" for key, text in (("doc", g.origin.doc), ("cite", g.origin.cite)) if text]
    lines += _section("symbols", {name: one_line(_symbol(g, name)) for name in g.symbols})
    lines += _section(
        "inputs", {steps.labels[value]: one_line(_input(g, book, value)) for value in steps.used_inputs()}
    )
    lines += ["blocks:", *_indented(line for block in book.blocks for line in block)] if book.blocks else []
    lines += ["network:", *_indented(line for step in network for line in step_lines(step))]
    lines += [f"outputs: {one_line(outputs)}"] if outputs else []
    lines += [f"select: {one_line([steps.called(value) for value in selected])}"] if selected else []
    lines += [f"figure: {one_line(dict(g.origin.figure))}"] if g.origin.figure else []
    return "\n".join([*lines, ""])


def _conditions(g: Network) -> list[str]:
    """A comment that says for which sizes the graph is what it is."""
    facts = dict.fromkeys(str(fact.shown(g.show)) for fact in g.assumptions)
    return [f"# Holds where {fact}." for fact in facts]


def _memories(g: Network) -> list[str]:
    """Comments where autograd keeps other bytes of the module than of the operations: a spec has no word for it."""
    members = [member for _, member in g.graph.walk()]
    nodes = [member for member in members if isinstance(member, Node)]
    elsewhere = sum(map(_lies_elsewhere, nodes))
    untracked = sum(node.no_grad for node in nodes)
    again = sum(isinstance(member, Repeat) and member.checkpoint for member in members)
    unsaid = {
        f"where in memory the results of {counted(elsewhere, 'operation')} lie": elsewhere,
        f"that {counted(untracked, 'operation')} {'is' if untracked == 1 else 'are'} run without gradients": untracked,
        f"that {counted(again, 'block')} {'is' if again == 1 else 'are'} checkpointed": again,
    }
    said = [f"# Saved bytes may be more: {what} is not said." for what, number in unsaid.items() if number]
    apart = sum(node.weights_in not in ("", FLOAT) for node in nodes)
    if apart:
        said.append(f"# Weights may take fewer bytes: the type of those of {counted(apart, 'operation')} is not said.")
    if g.floating != "float32":
        said.append(f"# Bytes are those of float32: that the module is in {g.floating} is not said.")
    return said


def _unread(operations: int) -> list[str]:
    """A comment where less is read than the operations of a spec say, or the same by all channels."""
    if not operations:
        return []
    number = counted(operations, "operation")
    return [f"# Fields may be wider: what single positions or channels of {number} read is not said."]


def _lies_elsewhere(node: Node) -> bool:
    places = tuple((index, operand) for index, operand in enumerate(node.lies_in or ()) if operand is not None)
    own = node.op.saved(*node.types).aliases
    return bool(node.unkept) or (node.lies_in is not None and places != own)


def _symbol(g: Network, name: str) -> dict[str, Any]:
    """What declares a symbol: its value, and which values it may have."""
    book = Book(g.show, frozenset())
    derived = g.definition(name)
    declared: dict[str, Any] = {"default": g.defaults[name]} if derived is None else {"derived": book.spelled(derived)}
    multiple, offset = g.declared.rule(name)
    if multiple != 1:
        declared["multiple_of"] = book.spelled(multiple)
    if offset != 0:
        declared["offset"] = book.spelled(offset)
    if name in g.declared.letters:
        declared["as"] = g.declared.letters[name]
    doc = g.declared.doc(name)
    return {**declared, "doc": doc} if doc else declared


def _input(g: Network, book: Book, value: Value) -> dict[str, Any]:
    """The axes of an input, its dtype where the axes do not say it, and its pixels."""
    axes: dict[str, Any] = {axis: book.spelled(length) for axis, length in value.type.axes}
    usual = "int" if axes and "c" not in axes else "float"
    if value.type.dtype != usual:
        axes["dtype"] = value.type.dtype
    pixels = g.pixels.get(value.name)
    return {**axes, "pixels": pixels} if pixels else axes


def _section(title: str, entries: Mapping[str, str]) -> list[str]:
    return [f"{title}:", *(f"  {name}: {text}" for name, text in entries.items())] if entries else []


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _refused(name: str, problems: Mapping[str, list[str]]) -> UnsupportedOpError:
    listed = "; ".join(f"{what} x {len(places)}, first at {places[0]}" for what, places in problems.items())
    # Where that is all, a selection of its outputs has a spec.
    hint = SELECT if problems.keys() <= {DEAD} else "costs, receptive fields and figures of the graph need no spec"
    return UnsupportedOpError(f"{name} cannot be written as a spec, whose language has no {listed}", hint=hint)
