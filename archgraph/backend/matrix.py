"""Which input positions each output position reads, along one axis, as a square."""

from collections.abc import Sequence
from dataclasses import replace

from archgraph.backend.diagram import MUTED, Box, Diagram, Part, Path, Rect, Text
from archgraph.backend.facts import Facts
from archgraph.backend.ladder import Step
from archgraph.backend.mathtext import words
from archgraph.backend.style import FRAME, HAIR, SIZES, ramp

_ROWS = 36
_STRIP_SIDE, _STRIP_GAP = 52.0, 10.0


def matrix(facts: Facts, path: str, x: float, y: float, side: float) -> list[Part]:
    """Rows are output positions, columns input positions; below it the share of pairs that are connected."""
    parts: list[Part] = [Rect(x, y, side, side, "#ffffff", "#8a8a8a", HAIR)]
    rows = facts.connections(path, _ROWS)
    if not rows:
        return parts
    step, total = side / len(rows), sum(high - low for low, high, _ in rows)
    left = [(x + low * side, y + (index + down) * step) for index, (low, _, _) in enumerate(rows) for down in (0, 1)]
    right = [(x + high * side, y + (index + down) * step) for index, (_, high, _) in enumerate(rows) for down in (0, 1)]
    parts.append(Path((*left, *right[::-1]), "none", HAIR, closed=True, fill=ramp(rows[0][2])))
    parts.append(Rect(x, y, side, side, "none", FRAME, HAIR))
    caption = words(f"{100 * total / len(rows):.0f} % of pairs", SIZES.small)
    parts.append(Text(caption, color=MUTED).centered(x + side / 2).moved(0, y + side + 9))
    return parts


def matrix_strip(facts: Facts, steps: Sequence[Step], width: float) -> Diagram:
    """One square per step, in rows from left to right."""
    shown = [step for step in steps if step.reach is not None and step.path]
    columns = max(1, int((width + _STRIP_GAP) // (_STRIP_SIDE + _STRIP_GAP)))
    pitch_x = (width - _STRIP_SIDE - 1) / max(1, columns - 1)
    parts: list[Part] = []
    for index, step in enumerate(shown):
        x, y = 0.5 + pitch_x * (index % columns), 10.0 + (index // columns) * (_STRIP_SIDE + 24)
        parts.append(Text(tuple(replace(run, size=SIZES.small) for run in step.title)).moved(x, y - 2.5))
        parts += matrix(facts, step.path, x, y, _STRIP_SIDE)
    height = 10.0 + -(-len(shown) // columns) * (_STRIP_SIDE + 24)
    box = Box("matrices", width, height, tuple(parts), kind="panel")
    return Diagram((box,), width=width, height=height, title=facts.subject.name)
