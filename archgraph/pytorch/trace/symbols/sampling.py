"""Recordings of a module at other sizes of its symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from archgraph.errors import ArchgraphError
from archgraph.pytorch.trace.recording.comparisons.compared import Compared, ComparedAt, Comparisons
from archgraph.pytorch.trace.recording.module_parts import ModuleParts
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.recording.record import Follow, InputSizes, record
from archgraph.pytorch.trace.recording.recording import Recording
from archgraph.pytorch.trace.rules import has_rule
from archgraph.pytorch.trace.symbols.asked import Asked, Dynamic, SymbolSizes, asked_for, input_sizes
from archgraph.pytorch.trace.symbols.differences import Difference, LinedUp

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Sample:
    """A recording at other sizes, whose steps are those of the example.

    Attributes:
        sizes: of the symbols.
        recording: all steps.
        comparisons: what the module's code compared.
        whole: whether all of it was recorded; else only what is known was, and the rest is what the laws say.
    """

    sizes: SymbolSizes
    recording: Recording
    comparisons: Mapping[ComparedAt, Compared]
    whole: bool = True


class Begun(NamedTuple):
    """The first steps of a recording at other sizes, and what the module's code compared until then."""

    steps: list[RecordedNode]
    comparisons: Mapping[ComparedAt, Compared]


class First(NamedTuple):
    """The recording of the example, as a module runs that is told that it is traced, and what its code compared."""

    recording: Recording
    compared: Comparisons


class DivergedError(ArchgraphError):
    """A recording does another step than the example."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(difference.rule)
        self.difference = difference


class LeftError(ArchgraphError):
    """A recording is left where no more is asked of it."""


class Following:
    """Compares the steps of a recording with the example's while they are made.

    Attributes:
        comparison: what compares them.
        reached: the place of the last step that began.
        steps: those before it, and itself.

    Args:
        example: what they are compared with.
        count: after so many steps the recording is left.
    """

    def __init__(self, example: Recording, count: int | None = None) -> None:
        self.comparison: LinedUp = LinedUp(example)
        self.reached: int = 0
        self.steps: list[RecordedNode] = []
        self._count = count

    def __call__(self, place: int, node: RecordedNode) -> None:
        """Compare a step.

        Raises:
            DivergedError: it differs.
            LeftError: no more steps are wanted.
        """
        self.reached = place
        if place == self._count:
            for operand in node.all_input_nodes:
                del operand.users[node]
            raise LeftError("enough was recorded")
        difference = self.comparison.follow(node, place)
        if difference is not None:
            raise DivergedError(difference)
        self.steps.append(node)


class Sampler:
    """Records a module at sizes that are asked for, each once.

    Attributes:
        example: the recording of the example.
        sizes: the example's.
        first: both, as a sample.
        makes_masks: whether the example compares elements of known tensors, as a mask is made.

    Args:
        first: the example, where it was recorded before.
    """

    def __init__(self, parts: ModuleParts, inputs: Any, dynamic: Dynamic, first: First | None = None) -> None:
        self.module: nn.Module = parts.module
        self._inputs = inputs
        self._kept = parts
        self._first = first
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

    def knows(self, changes: SymbolSizes) -> bool:
        """Return whether some other sizes were recorded, or tried."""
        return tuple({**self.sizes, **changes}.values()) in self._known

    def begin(self, changes: SymbolSizes, count: int) -> Begun | Difference:
        """Return the first steps of the recording at some other sizes, or how they differ from the example's.

        Args:
            changes: the sizes.
            count: of the steps, fewer than there are.
        """
        compared, follow = Comparisons(), Following(self.example, count)
        try:
            found = self._alike(follow, input_sizes(self.asked, {**self.sizes, **changes}), compared)
        except LeftError as left:
            _forget_frames(left)
            return Begun(follow.steps, compared.found)
        return found if isinstance(found, Difference) else Difference("fewer steps run at {there}")

    def samples(self) -> list[Sample]:
        """Return all recordings with the example's steps, but for itself."""
        return [found for found in self._known.values() if isinstance(found, Sample)][1:]

    def _example(self) -> tuple[Recording, Mapping[ComparedAt, Compared]]:
        """Record the example as the module runs for everybody, if its steps are those that it has when it is traced.

        What a module refuses only then, such as sizes that are no multiples, is part of its law.
        """
        example, compared = self._first or self._traced_example()
        if example.asks_traced:
            self._traced, again = False, Comparisons()
            found = self._alike(Following(example), {}, again)
            if isinstance(found, Recording):
                self.makes_masks = again.of_elements
                return found, again.found
            self._traced = True
        self.makes_masks = compared.of_elements
        return example, compared.found

    def _traced_example(self) -> First:
        compared = Comparisons()
        return First(self._recorded({}, None, compared), compared)

    def _record(self, sizes: SymbolSizes) -> Sample | Difference:
        compared = Comparisons()
        found = self._alike(Following(self.example), input_sizes(self.asked, sizes), compared)
        return Sample(sizes, found, compared.found) if isinstance(found, Recording) else found

    def _alike(self, follow: Following, sizes: InputSizes, compared: Comparisons) -> Recording | Difference:
        """Return a recording, or how its steps differ from those of the example."""
        try:
            found = self._recorded(sizes, follow, compared)
        except DivergedError as error:
            _forget_frames(error)
            return error.difference
        except LeftError:
            raise
        except ArchgraphError as error:
            _forget_frames(error)
            return Difference(error.message, follow.reached, error.path, "", error.hint, fails=True)
        return follow.comparison.finish(found) or found

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


def _forget_frames(error: BaseException | None) -> None:
    """Let go of what ran when an error was raised: a frame that holds it is held by it, and holds the recording."""
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
