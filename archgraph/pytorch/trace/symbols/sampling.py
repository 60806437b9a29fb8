"""Recordings of a module at other sizes of its symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archgraph.errors import ArchgraphError
from archgraph.pytorch.trace.recording.compared import Compared, ComparedAt, Comparisons
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.recording.record import Follow, InputSizes, record
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
        makes_masks: whether the example compares elements of known tensors, as a mask is made.
    """

    def __init__(self, module: nn.Module, inputs: Any, dynamic: Dynamic) -> None:
        self.module = module
        self._inputs = inputs
        self._kept = Contents(module)
        self._traced = True
        self.makes_masks: bool = False
        self.example, comparisons = self._example()
        self.asked: tuple[Asked, ...] = asked_for(self.example, dynamic)
        self.sizes: dict[str, int] = {item.name: item.default for item in self.asked}
        self._known: dict[tuple[int, ...], Sample | Difference] = {}
        self.first: Sample = Sample(self.sizes, self.example, comparisons)
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

    def _example(self) -> tuple[Recording, Mapping[ComparedAt, Compared]]:
        """Record the example as the module runs for everybody, if its steps are those that it has when it is traced.

        What a module refuses only then, such as sizes that are no multiples, is part of its law.
        """
        compared = Comparisons()
        example = self._recorded({}, None, compared)
        if example.asks_traced:
            self._traced, again = False, Comparisons()
            found = self._alike(example, {}, again)
            if isinstance(found, Recording):
                self.makes_masks = again.of_elements
                return found, again.found
            self._traced = True
        self.makes_masks = compared.of_elements
        return example, compared.found

    def _record(self, sizes: SymbolSizes) -> Sample | Difference:
        compared = Comparisons()
        found = self._alike(self.example, input_sizes(self.asked, sizes), compared)
        return found if isinstance(found, Difference) else Sample(sizes, found, compared.found)

    def _alike(self, example: Recording, sizes: InputSizes, compared: Comparisons) -> Recording | Difference:
        """Return a recording, or how its steps differ from those of the example."""
        reached = 0
        comparison = LinedUp(example)

        def follow(place: int, node: RecordedNode) -> None:
            nonlocal reached
            reached = place
            difference = comparison.follow(node, place)
            if difference is not None:
                raise DivergedError(difference)

        try:
            found = self._recorded(sizes, follow, compared)
        except DivergedError as error:
            return error.difference
        except ArchgraphError as error:
            return Difference(error.message, reached, error.path, "", error.hint, fails=True)
        return comparison.finish(found) or found

    def _recorded(self, sizes: InputSizes, follow: Follow | None, compared: Comparisons) -> Recording:
        return record(
            self.module,
            self._inputs,
            sizes,
            follow=follow,
            kept=self._kept,
            compared=compared,
            whole=has_rule,
            traced=self._traced,
        )
