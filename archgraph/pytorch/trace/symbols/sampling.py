"""Recordings of a module at other sizes of its symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archgraph.errors import ArchgraphError
from archgraph.pytorch.trace.recording.compared import Compared, ComparedAt, Comparisons
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.recording.record import record
from archgraph.pytorch.trace.recording.recording import Recording
from archgraph.pytorch.trace.recording.restore import Contents
from archgraph.pytorch.trace.rules import has_rule
from archgraph.pytorch.trace.symbols.asked import Asked, Dynamic, SymbolSizes, asked_for, input_sizes
from archgraph.pytorch.trace.symbols.differences import Difference, LinedUp

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Sample:
    """A recording at other sizes, whose steps are those of the example."""

    sizes: SymbolSizes
    recording: Recording
    comparisons: Mapping[ComparedAt, Compared]


class DivergedError(ArchgraphError):
    """A recording does another step than the example."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(difference.rule)
        self.difference = difference


class Sampler:
    """Records a module at sizes that are asked for, each once.

    Attributes:
        example: the recording of the example.
        sizes: the example's.
        first: both, as a sample.
    """

    def __init__(self, module: nn.Module, inputs: Any, dynamic: Dynamic) -> None:
        self.module = module
        self._inputs = inputs
        self._kept = Contents(module)
        compared = Comparisons()
        self.example: Recording = record(module, inputs, kept=self._kept, compared=compared, whole=has_rule)
        self.asked: tuple[Asked, ...] = asked_for(self.example, dynamic)
        self.sizes: dict[str, int] = {item.name: item.default for item in self.asked}
        self._known: dict[tuple[int, ...], Sample | Difference] = {}
        self.first: Sample = Sample(self.sizes, self.example, compared.found)
        self._known[tuple(self.sizes.values())] = self.first

    def attempt(self, changes: SymbolSizes) -> Sample | Difference:
        """Return the recording at some other sizes, or how it differs from the example."""
        sizes = {**self.sizes, **changes}
        key = tuple(sizes.values())
        if key not in self._known:
            self._known[key] = self._record(sizes)
        return self._known[key]

    def samples(self) -> list[Sample]:
        """Return all recordings with the example's steps, but for itself."""
        return [found for found in self._known.values() if isinstance(found, Sample)][1:]

    def _record(self, sizes: Mapping[str, int]) -> Sample | Difference:
        reached = 0
        compared = Comparisons()
        comparison = LinedUp(self.example)

        def follow(place: int, node: RecordedNode) -> None:
            nonlocal reached
            reached = place
            difference = comparison.follow(node, place)
            if difference is not None:
                raise DivergedError(difference)

        try:
            found = record(
                self.module,
                self._inputs,
                input_sizes(self.asked, sizes),
                follow=follow,
                kept=self._kept,
                compared=compared,
                whole=has_rule,
            )
        except DivergedError as error:
            return error.difference
        except ArchgraphError as error:
            return Difference(error.message, reached, error.path, "", error.hint, fails=True)
        return comparison.finish(found) or Sample(sizes, found, compared.found)
