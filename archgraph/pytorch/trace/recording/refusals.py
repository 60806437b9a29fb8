"""Why a module cannot be recorded, in words that lead to the line and to what helps."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

from archgraph.errors import ArchgraphError
from archgraph.pytorch.trace.recording.lines import line_of_error
from archgraph.pytorch.trace.recording.node import ModuleCall, RecordedNode, SourceLine

CallStack = Sequence[ModuleCall]
OF_A_ROUTER = (
    "sort the rows by expert and multiply them in one torch.nn.functional.grouped_mm, which costs the same whatever "
    "the router chooses, or trace one expert alone"
)
ROUTER_CHOICES = frozenset(("topk", "one_hot"))
"""Operators that choose experts."""
ROUTER_MAXIMA = frozenset(("argmax", "max"))
"""Operators that choose one, where their result is compared with its number."""
MOST_ASKED = 32
"""Steps that are looked through between a question and a choice."""


def decides_on_values(
    root: str, stack: CallStack, operator: str, line: SourceLine | None, asked: Sequence[RecordedNode]
) -> ArchgraphError:
    """An operator whose result as a number, or whose shape, depends on values that nobody knows yet."""
    return ArchgraphError(
        f"{_who(root, stack)} decides on the values of a tensor: {operator}{_at(line)}, which a graph cannot follow",
        path=_path(stack),
        hint=OF_A_ROUTER
        if _asks_a_router(asked)
        else "give the value as an input, or trace the part whose steps are fixed",
    )


def operator_fails(
    root: str, stack: CallStack, operator: str, line: SourceLine | None, error: Exception
) -> ArchgraphError:
    """An operator that has no kernel for shapes alone, or does not take these operands."""
    if isinstance(error, NotImplementedError):
        return ArchgraphError(
            f"{_who(root, stack)} calls {operator}{_at(line)}, which does not say what shape its result has",
            path=_path(stack),
            hint=f"torch.library.register_fake('{operator}') says it",
        )
    return ArchgraphError(
        f"{_who(root, stack)} cannot call {operator}{_at(line)}: {first_line(error)}",
        path=_path(stack),
        hint="give inputs of the shapes that the module takes",
    )


def reads_what_it_writes(root: str, stack: CallStack, operator: str, line: SourceLine | None) -> ArchgraphError:
    """An operator whose target and operand lie in the same memory, one shifted against the other."""
    return ArchgraphError(
        f"{_who(root, stack)} writes with {operator}{_at(line)} into elements that it reads for others: the result "
        "depends on the order in which PyTorch goes through them",
        path=_path(stack),
        hint="give it a copy: y[1:] = y[:-1].clone()",
    )


def unseen_tensor(root: str, stack: CallStack, operator: str, line: SourceLine | None) -> ArchgraphError:
    """A tensor that was made while the module ran, but by no operator."""
    return ArchgraphError(
        f"{_who(root, stack)} gives {operator}{_at(line)} a tensor that no operator of PyTorch made",
        path=_path(stack),
        hint="make it with torch.tensor or with an operator",
    )


def nested_tensor(root: str, stack: CallStack, operator: str, line: SourceLine | None) -> ArchgraphError:
    """A tensor whose rows have lengths of their own."""
    return ArchgraphError(
        f"{_who(root, stack)} makes a nested tensor with {operator}{_at(line)}: its samples differ in length, and "
        "shapes alone do not say what it costs",
        path=_path(stack),
        hint="trace it with samples of one length, padded or one at a time",
    )


def in_a_thread(module: object, what: str) -> ArchgraphError:
    """A part of the module ran in a thread of its own."""
    return ArchgraphError(
        f"{type(module).__name__} {what} in another thread, where nothing is seen of it",
        hint="do it in one thread, one after the other: a graph is the same",
    )


def module_fails(module: Any, stack: CallStack, error: BaseException) -> ArchgraphError:
    """The module's own code raised."""
    root = type(module).__name__
    line = line_of_error(error)
    if isinstance(error, TypeError) and "argument" in _said(error) and not stack and line is None:
        return inputs_do_not_fit(module, error)
    higher = re.search(r"HigherOrderOperator (\w+)", _said(error))
    if higher:
        return ArchgraphError(
            f"{_who(root, stack)} calls torch's {higher[1]}{_at(line)}, which runs functions as values decide",
            path=_path(stack),
            hint="call the function itself, and trace each of several in a module of its own",
        )
    return ArchgraphError(
        f"{_who(root, stack)} stops with {type(error).__name__}{_at(line)}: {first_line(error)}",
        path=_path(stack),
        hint="it was called in evaluation mode, on tensors without values",
    )


def inputs_do_not_fit(module: Any, error: Exception) -> ArchgraphError:
    """There are more inputs than the module takes, fewer, or others."""
    return ArchgraphError(
        f"the inputs do not fit {type(module).__name__}: {first_line(error)}", hint=f"it takes {_signature(module)}"
    )


def no_module(given: object) -> ArchgraphError:
    """Something else than a module, such as a function."""
    name = getattr(given, "__name__", type(given).__name__)
    return ArchgraphError(f"{name} is no torch.nn.Module", hint="give a module that calls it in its forward")


def scripted(root: str, path: str) -> ArchgraphError:
    """A module whose Python was compiled away."""
    where = f"holds a scripted module, '{path}'," if path else "is a scripted module,"
    return ArchgraphError(
        f"{root} {where} whose steps cannot be recorded", hint="give the module that it was scripted from"
    )


def asks_for_values(error: Exception) -> bool:
    """Whether an operator fails for want of values."""
    text = _said(error)
    kinds = ("DynamicOutputShapeException", "DataDependentOutputException")
    signs = ("item() cannot be called on meta", "out of meta tensor", "data-independent", "a meta tensor without")
    return type(error).__name__ in kinds or any(sign in text for sign in signs)


def first_line(error: BaseException) -> str:
    """Return what an error says first."""
    return _said(error).strip().split("\n")[0][:300]


def _said(error: BaseException) -> str:
    """What an error says; nothing where its own class cannot say it."""
    try:
        return str(error)
    except Exception:
        return ""


def _who(root: str, stack: CallStack) -> str:
    return stack[-1].kind if stack else root


def _path(stack: CallStack) -> str:
    return stack[-1].path if stack else ""


def _at(line: SourceLine | None) -> str:
    return f" at {line.short}" if line else ""


def _signature(module: Any) -> str:
    return str(inspect.signature(module.forward))


def _asks_a_router(asked: Sequence[RecordedNode]) -> bool:
    """Whether values that are asked for follow from a choice among experts."""
    seen = list(dict.fromkeys(asked))
    names: set[str] = set()
    for node in seen:
        names.add(_name(node))
        if len(seen) < MOST_ASKED:
            seen.extend(operand for operand in node.all_input_nodes if operand not in seen)
    return bool(names & ROUTER_CHOICES) or ("eq" in names and bool(names & ROUTER_MAXIMA))


def _name(node: RecordedNode) -> str:
    schema = getattr(node.target, "_schema", None)
    return schema.name.removeprefix("aten::") if schema is not None else ""
