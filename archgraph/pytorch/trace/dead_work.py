"""What a module computes and throws away: PyTorch runs it, so it is counted, and it is worth telling."""

from __future__ import annotations

from collections.abc import Collection

from archgraph.pytorch.trace.attention_patterns import name_of
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.recording.recording import Recording


def dead_work(recording: Recording, constants: Collection[RecordedNode]) -> tuple[str, ...]:
    """Return the modules that compute nothing but what no output depends on, and other such operators with their lines.

    Views compute nothing, and constants cost nothing.
    """
    dead = recording.dead
    used = {call.key for node in recording.calls if node not in dead for call in node.stack}
    steps = [node for node in recording.calls if node in dead and node not in constants and node.base is None]
    return tuple(dict.fromkeys(_named(node, used) for node in steps if name_of(node)))


def _named(node: RecordedNode, used: Collection[str]) -> str:
    """The outermost module that nothing used runs in, or the operator."""
    module = next((call for call in node.stack if call.key not in used), None)
    if module is not None:
        return module.path
    inside = node.stack[-1].path if node.stack else "the root module"
    return f"{name_of(node)} in {inside}" + (f" ({node.line.short})" if node.line else "")
