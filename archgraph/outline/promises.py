"""What the name of a block promises, and whether that is inside of it."""

from __future__ import annotations

import re

from archgraph.graph.ir import Member, Repeat
from archgraph.outline.items import is_light

_ATTENTION = re.compile("att(ention|n)|transformer", re.IGNORECASE)


def boasts(member: Member) -> bool:
    """Whether a name speaks of attention where no position attends to another, or of a norm where there is none."""
    if member.title:
        return False
    attention = bool(_ATTENTION.search(member.label)) and not _attends(member)
    # What multiplies no matrices may be a norm of its own, written out in other operations.
    norm = "norm" in member.label.split("_") and not is_light(member) and not _normalizes(member)
    return attention or norm


def _normalizes(member: Member) -> bool:
    if isinstance(member, Repeat):
        return any(map(_normalizes, member.body.nodes))
    return "norm" in member.op.kind


def _attends(member: Member) -> bool:
    if isinstance(member, Repeat):
        return any(map(_attends, member.body.nodes))
    return any(reach.mixing == "dynamic" for reach in member.reach)
