"""What the dimensions of an input are: samples, channels or positions, and the names of its axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from archgraph.errors import ArchgraphError, ShapeError, did_you_mean
from archgraph.pytorch.trace.arguments import conventional_names
from archgraph.pytorch.trace.batch.channels import channel_dimension
from archgraph.pytorch.trace.batch.sample import Batch
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.spec.spec import NAME


@dataclass(frozen=True)
class InputRoles:
    """What the user and the module's operators say about the dimensions of inputs.

    Attributes:
        batch: the dimension of every input that counts samples.
        axes: names of axes in the user's words, the batch left out.
    """

    batch: Batch
    axes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, given in self.axes.items():
            if name not in self.batch:
                raise ArchgraphError(
                    f"axes: no input is named '{name}'.{did_you_mean(name, self.batch)}",
                    hint=f"inputs: {', '.join(self.batch)}",
                )
            _check_names(name, given)

    def dimensions(self, node: RecordedNode) -> list[int]:
        """Return the dimensions of an input that are axes: a batch of one is none, laws are per sample."""
        return [dim for dim in range(len(node.meta["val"].shape)) if dim != self.batch.get(node.name)]

    def names(self, node: RecordedNode, dtype: str) -> tuple[str, ...]:
        """Return the names of these axes.

        Raises:
            ShapeError: the user names another number of axes.
        """
        dims = self.dimensions(node)
        given = self.axes.get(node.name)
        if given is None:
            channel = channel_dimension(node)
            return conventional_names(len(dims), dtype, dims.index(channel) if channel in dims else None)
        if len(given) != len(dims):
            raise ShapeError(
                f"input '{node.name}' has {len(dims)} axes besides the batch, not {len(given)}",
                hint="name every dimension but the batch, in order",
            )
        return tuple(given)


def _check_names(name: str, given: Sequence[str]) -> None:
    if isinstance(given, str) or len(set(given)) != len(given) or not all(NAME.match(str(axis)) for axis in given):
        raise ArchgraphError(
            f"axes of '{name}' cannot be {given!r}", hint="different names of letters, digits and _, one an axis"
        )
