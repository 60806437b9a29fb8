"""Whether all channels of a position read the same positions: where they do not, a part of them reads less."""

from __future__ import annotations

from dataclasses import dataclass, replace

from archgraph.ops.reach import ChannelUse


@dataclass(frozen=True, slots=True)
class Channels:
    """How the channels of a value come from those of a source.

    A receptive field speaks of a position with all its channels. Behind a concatenation of values that read
    differently it is exact as long as nothing picks some of the channels before they are mixed.

    Attributes:
        kept: whether channels that read differently still do.
        made: whether they read differently whatever the source's do.
        picked: whether some of the source's channels are picked while they may read differently.
        lost: whether some are picked that do read differently, so that fields are upper bounds.
        joined: whether this is what a concatenation of channels reads of an operand.
        own: whether this is the source itself.
        beyond: whether reads on the way go beyond a border, where positions are missing.
        between: whether that is the border of a value between the source and this one. Fields say nothing of it: of two
            values with the same fields, one may read less near the border.
    """

    kept: bool = True
    made: bool = False
    picked: bool = False
    lost: bool = False
    joined: bool = False
    own: bool = False
    beyond: bool = False
    between: bool = False

    def through(self, then: Channels) -> Channels:
        """Return the channels of an output that reads this value."""
        return Channels(
            kept=self.kept and then.kept,
            made=then.made or (self.made and then.kept),
            picked=self.picked or (self.kept and then.picked),
            lost=self.lost or then.lost or (self.made and then.picked),
            own=self.own and then.own,
            beyond=self.beyond or then.beyond,
            between=self.between or then.between or (then.beyond and not self.own),
        )

    def join(self, other: Channels) -> Channels:
        """Return the channels of a value that is read on two ways."""
        return Channels(
            self.kept or other.kept,
            self.made or other.made,
            self.picked or other.picked,
            self.lost or other.lost,
            own=self.own and other.own,
            beyond=self.beyond or other.beyond,
            between=self.between or other.between,
        )

    def uneven(self) -> Channels:
        """Return the channels of a value whose channels read differently."""
        return replace(self, made=True)


EVEN = Channels()
ITSELF = Channels(own=True)


def used(uses: frozenset[ChannelUse], *, beyond: bool = False) -> Channels:
    """Return how an operation uses the channels of an operand, some of whose reads may go beyond a border.

    >>> used(frozenset({"mixed"})).kept
    False
    """
    return Channels("mixed" not in uses, "gathered" in uses, "picked" in uses, joined="joined" in uses, beyond=beyond)
