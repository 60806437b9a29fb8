"""One network of a contrast: what is asked of it, its steps, and the colour and dash of its curves."""

from collections.abc import Sequence
from dataclasses import dataclass

from archgraph.figures.charts.ladder import LadderStep
from archgraph.figures.charts.steps import steps
from archgraph.figures.facts.facts import Facts

#: Colours and dashes of curves: apart for colour-blind readers and in grey, and never by colour alone.
LOOKS: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("#2590bf", ()),
    ("#081d58", (4.0, 2.0)),
    ("#b8560b", (1.2, 1.4)),
    ("#5d5d5d", (7.0, 1.6, 1.4, 1.6)),
    ("#8a3b7d", (2.5, 1.2)),
    ("#1a1a1a", (8.0, 2.5)),
)


@dataclass(frozen=True, eq=False)
class Side:
    """A network beside others.

    Attributes:
        color: of its curves, and ``dash``.
    """

    facts: Facts
    steps: Sequence[LadderStep]
    color: str
    dash: tuple[float, ...]

    @property
    def name(self) -> str:
        """What the network is called."""
        return self.facts.network.name


def sides(networks: Sequence[Facts], *, effective: bool = True) -> list[Side]:
    """The networks in order, each in a look of its own."""
    return [
        Side(facts, steps(facts, effective=effective), *LOOKS[index % len(LOOKS)])
        for index, facts in enumerate(networks)
    ]
