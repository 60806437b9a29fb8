"""What a spine is made of: places on the main line, boxes beside it, values that join it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from archgraph.figures.drawing.diagram import Box, BoxPart, Diagram, Edge, Extent, Line


@dataclass(frozen=True)
class Slot:
    """One place on the main line: a box, or a deck that shows what it repeats.

    Attributes:
        box: size and parts; for a deck only the size counts.
        deck: the drawing inside, in the coordinates of the box.
        label: lines beside the arrow that leads here.
        stacked: outlines will look out above it.
    """

    box: Box
    deck: "Spine | None" = None
    label: tuple[Line, ...] = ()
    stacked: bool = False

    @property
    def name(self) -> str:
        return self.box.name


@dataclass(frozen=True)
class SideBox:
    """A box in the right column; ``sources`` are side boxes, side inputs, slots, or nothing."""

    box: Box
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class SideInput:
    """A value that a slot takes from the right column or a side input; ``entry`` names the side input of a deck."""

    source: str
    target: str
    label: Line = ()
    entry: str = ""


@dataclass(frozen=True)
class Plan:
    """What is to be placed.

    Attributes:
        slots: the main line from top to bottom.
        residuals: (from, to) along the main line, with how many values go there; from "" is the main input.
        sides: the right column from top to bottom.
        inputs: side inputs with their labels; entry and exit: labels of the main input and output.
        exits: further outputs by the slot or side box that they leave.
        within: the residuals whose value is made before the end of the slot that they leave.
        streams: the sides that are streams of their own: their lines are those of data, not of conditions.
    """

    slots: tuple[Slot, ...]
    residuals: Mapping[tuple[str, str], int] = field(default_factory=dict)
    sides: tuple[SideBox, ...] = ()
    side_inputs: tuple[SideInput, ...] = ()
    inputs: Mapping[str, Line] = field(default_factory=dict)
    entry: Line = ()
    exit: Line = ()
    exits: Mapping[str, Line] = field(default_factory=dict)
    within: frozenset[tuple[str, str]] = frozenset()
    streams: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Spine:
    """A placed plan: the drawing, where its main line runs, and where side inputs enter at the top.

    ``undrawn`` are connections that found no way: such a drawing must not be used.
    """

    drawing: Diagram
    axis: float
    width: float
    height: float
    entries: Mapping[str, float]
    undrawn: tuple[str, ...] = ()


@dataclass
class Placement:
    """Coordinates while a plan is being placed; the main line is x = 0 until the end.

    Attributes:
        boxes: slots that are placed; ``sides`` the same for the right column.
        branches: where a residual leaves the main line below a slot.
        used: what the right column must keep clear of.
        entries: where side inputs enter.
        right, bottom: how far the main line's boxes and the whole drawing reach.
        undrawn: connections that found no way.
    """

    plan: Plan
    deck: bool
    boxes: dict[str, Box] = field(default_factory=dict)
    sides: dict[str, Box] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    inner: list[Diagram] = field(default_factory=list)
    marks: list[BoxPart] = field(default_factory=list)
    branches: dict[str, float] = field(default_factory=dict)
    used: list[Extent] = field(default_factory=list)
    entries: dict[str, float] = field(default_factory=dict)
    right: float = 0.0
    bottom: float = 0.0
    undrawn: list[str] = field(default_factory=list)

    def slot(self, name: str) -> Slot:
        """The slot of that name."""
        return next(slot for slot in self.plan.slots if slot.name == name)

    def side_input_height(self, side_input: SideInput) -> float:
        """Where a side input meets the right side of its slot; several share it evenly."""
        box = self.boxes[side_input.target]
        same = [other for other in self.plan.side_inputs if other.target == side_input.target]
        return box.y + box.height * (same.index(side_input) + 1) / (len(same) + 1)

    def side_inputs_of(self, source: str, *, decks: bool) -> list[SideInput]:
        """The side_inputs of a source into decks, or into plain boxes."""
        side_inputs = (side_input for side_input in self.plan.side_inputs if side_input.source == source)
        return [side_input for side_input in side_inputs if (self.slot(side_input.target).deck is not None) == decks]


def axis_of(slot: Slot) -> float:
    """The x of the main line inside a slot's box."""
    return slot.box.width / 2 if slot.deck is None else slot.deck.axis


def is_small(box: Box) -> bool:
    """Whether it is a circle for an operation on two values."""
    return box.width <= 20
