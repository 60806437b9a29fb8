"""How the author wants a box to look: its fill, its line and its text."""

from dataclasses import dataclass, replace

from archgraph.figures.drawing.diagram import Box, BoxPart, Path, Rect, Text
from archgraph.figures.drawing.style import ink_on

_DASH = (3.0, 2.0)


@dataclass(frozen=True)
class BoxLook:
    """What is changed; nothing where a colour is empty, a width is None, or the line is not dashed.

    Attributes:
        width: of the line, in points.
    """

    fill: str = ""
    line: str = ""
    text: str = ""
    width: float | None = None
    dashed: bool = False

    def over(self, other: "BoxLook") -> "BoxLook":
        """Both, where they differ this one."""
        return BoxLook(
            self.fill or other.fill,
            self.line or other.line,
            self.text or other.text,
            other.width if self.width is None else self.width,
            self.dashed or other.dashed,
        )

    def frame(self, rect: Rect) -> Rect:
        """A frame in this look."""
        return replace(
            rect,
            fill=self.fill or rect.fill,
            stroke=self.line or rect.stroke,
            thickness=rect.thickness if self.width is None else self.width,
            dash=_DASH if self.dashed else rect.dash,
        )


PLAIN_LOOK = BoxLook()
"""As it is drawn by itself."""


def with_look(box: Box, look: BoxLook) -> Box:
    """A box whose first part is its frame, in another look; text on a dark fill is light.

    >>> box = Box("a", 9, 9, (Rect(0, 0, 9, 9, "#ffffff"), Text((), 1, 8)))
    >>> [getattr(part, "fill", None) or part.color for part in with_look(box, BoxLook(fill="#000000")).parts]
    ['#000000', '#ffffff']
    """
    if look == PLAIN_LOOK or not box.parts:
        return box
    first, *rest = box.parts
    frame = look.frame(first) if isinstance(first, Rect) else first
    ink = look.text or (ink_on(look.fill) if look.fill else "")
    return replace(box, parts=(frame, *(_part(part, frame, ink, look) for part in rest)))


def _part(part: BoxPart, frame: BoxPart, ink: str, look: BoxLook) -> BoxPart:
    if isinstance(part, Text):
        return replace(part, color=ink or part.color)
    # The bar at the left is a part of the frame, and has its line.
    if isinstance(part, Path) and part.closed and look.line and isinstance(frame, Rect) and part.points[1][0] == 0.0:
        return replace(part, stroke=look.line, thickness=frame.thickness)
    return part
