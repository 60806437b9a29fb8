"""Which dimension of each input counts the samples of a batch.

What the user says comes first, then what operators say, then the one dimension of size 1, then proportionality: samples
do not meet, so everything is proportional to their number. What is left open is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from archgraph.errors import ArchgraphError, ShapeError, did_you_mean
from archgraph.pytorch.trace.attention_patterns import name_of
from archgraph.pytorch.trace.batch.channels import REARRANGES
from archgraph.pytorch.trace.batch.proportional import refutation
from archgraph.pytorch.trace.batch.sample import Batch
from archgraph.pytorch.trace.batch.statements import Statement, first_operand, stated_by_module, statement_on
from archgraph.pytorch.trace.moving.orders import REORDERING
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.recording.recording import Recording

if TYPE_CHECKING:
    from torch import nn

AskedBatch: TypeAlias = int | Mapping[str, int | None] | Literal["found"] | None
"""The dimension that counts samples: one of all inputs, by name, none at all, or the one that is found."""
RecordAgain: TypeAlias = Callable[[Mapping[str, Mapping[int, int]]], Recording]
"""Records the module with some dimensions at other sizes."""
MOST_CHOICES = 24


class BatchSearch:
    """Finds the batch of one module.

    Args:
        example: the module, recorded with the inputs as they are.
        again: records it at other sizes.
        taken: dimensions of inputs that are symbols, so that they count no samples.
    """

    def __init__(
        self, module: nn.Module, example: Recording, again: RecordAgain, taken: Mapping[str, Collection[int]]
    ) -> None:
        self.module = module
        self.example = example
        self.again = again
        self.shapes: dict[str, tuple[int, ...]] = {
            name: tuple(map(int, node.meta["val"].shape)) for name, node in example.inputs.items()
        }
        self.taken: dict[str, set[int]] = {
            name: {dim % len(shape) for dim in taken.get(name, ())} for name, shape in self.shapes.items() if shape
        }

    def found(self, asked: AskedBatch) -> Batch:
        """Return the dimension of every input.

        Raises:
            ShapeError: it cannot be told, an input has no such dimension, or samples meet along it.
            ArchgraphError: no input has that name.
        """
        if asked is None:
            return dict.fromkeys(self.shapes)
        given = {} if isinstance(asked, str) and asked == "found" else self._given(asked)
        # In the order of certainty: what is told is never told again by something weaker.
        told = {**{name: None for name, shape in self.shapes.items() if not shape}, **given}
        for name, node in self.example.inputs.items():
            if name not in told and (said := self._said(node)) is not None:
                told[name] = said
        told.update(self._without(told))
        told.update(self._of_size_one(told))
        # Nobody named a batch so far, so that sizes alone have to: that is an experiment, and the costliest.
        if told.keys() < self.shapes.keys() and all(dim is None for dim in told.values()):
            return self._proportional(told)
        batch = {**told, **self._of_same_size(told)}
        return self._checked({name: batch[name] for name in self.shapes}, stated=bool(given))

    # -- what is said ------------------------------------------------------------------------------------

    def _given(self, asked: int | Mapping[str, int | None]) -> dict[str, int | None]:
        if isinstance(asked, Mapping):
            for name in asked:
                if name not in self.shapes:
                    known = ", ".join(self.shapes)
                    raise ArchgraphError(
                        f"no input is named '{name}'.{did_you_mean(name, self.shapes)}", hint=f"inputs: {known}"
                    )
            named = dict(asked)
        else:
            named = {name: asked for name, shape in self.shapes.items() if shape}
        return {name: None if dim is None else self._dimension(name, dim) for name, dim in named.items()}

    def _dimension(self, name: str, dim: int) -> int:
        shape = self.shapes[name]
        if isinstance(dim, bool) or not isinstance(dim, int) or not -len(shape) <= dim < len(shape):
            raise ShapeError(
                f"input '{name}' of shape {shape} has no dimension {dim} for its batch",
                hint=f"batch_axis={{{name!r}: ...}} takes one of its dimensions, or None",
            )
        return dim % len(shape)

    def _said(self, node: RecordedNode) -> int | None:
        """What an operator or layer that reads an input says for certain; None where nothing does."""
        for statement in self._statements(node):
            possible = statement.possible - self.taken.get(node.name, set())
            if statement.certain and len(possible) == 1:
                return next(iter(possible))
        return None

    def _statements(self, node: RecordedNode) -> Iterator[Statement]:
        """What is said about an input as it is, also after operations on single numbers."""
        shape = node.meta["val"].shape
        waiting, seen = [node], {node}
        while waiting:
            value = waiting.pop(0)
            for user in value.users:
                by_module = stated_by_module(self.module, value, user)
                by_operator = statement_on(user) if first_operand(user) is value else None
                yield from (said for said in (by_module, by_operator) if said is not None)
                result: Any = user.meta.get("val")
                # Of the same shape and not moved, its dimensions are the input's still, and what is said of it is said
                # of the input.
                same = hasattr(result, "shape") and tuple(result.shape) == tuple(shape)
                if same and user not in seen and by_operator is None and not _moves(user):
                    seen.add(user)
                    waiting.append(user)

    def _candidates(self, name: str) -> list[int]:
        """The dimensions that may count samples, for all that is said."""
        possible = set(range(len(self.shapes[name]))) - self.taken.get(name, set())
        for statement in self._statements(self.example.inputs[name]):
            possible &= statement.possible
        return sorted(possible)

    def _without(self, told: Mapping[str, int | None]) -> dict[str, int | None]:
        """Inputs whose operators leave no dimension that could count samples: they are one sample, or shared by all."""
        return {name: None for name in self.shapes if name not in told and not self._candidates(name)}

    # -- what the sizes say ------------------------------------------------------------------------------

    def _of_size_one(self, told: Mapping[str, int | None]) -> dict[str, int | None]:
        """Dimensions of size 1, the first of several: nothing is cut, so that no total depends on which.

        One that is not the first must pass the test, together with those of the other inputs.
        """
        ones = {
            name: next((dim for dim in self._candidates(name) if shape[dim] == 1), None)
            for name, shape in self.shapes.items()
            if name not in told
        }
        found = {name: dim for name, dim in ones.items() if dim is not None}
        others = {name: dim for name, dim in told.items() if dim is not None and self.shapes[name][dim] == 1}
        # A 1 in front is a batch by custom; a 1 further back may be channels, and is believed only if two of it behave.
        if any(found.values()) and self._refuted({**others, **found}, 2):
            return {name: dim for name, dim in found.items() if dim == 0}
        return dict(found)

    def _of_same_size(self, told: Mapping[str, int | None]) -> dict[str, int | None]:
        """The other inputs hold as many samples, in the one dimension that has their number, or none."""
        sizes = {self.shapes[name][dim] for name, dim in told.items() if dim is not None}
        found: dict[str, int | None] = {}
        for name in self.shapes.keys() - told.keys():
            fitting = [dim for dim in self._candidates(name) if self.shapes[name][dim] in sizes]
            # A size of 1 fits everything and says nothing; a shared mask or table has one of these often.
            found[name] = fitting[0] if fitting and sizes != {1} else None
        return found

    # -- proportionality ---------------------------------------------------------------------------------

    def _proportional(self, told: Mapping[str, int | None]) -> Batch:
        """The one choice of dimensions of one size to which everything is proportional."""
        open_names = [name for name in self.shapes if name not in told]
        if not open_names:
            return dict(told)
        choices = list(self._choices(open_names))
        fitting = [choice for choice in choices[:MOST_CHOICES] if not self._refuted(choice, 1)]
        # Two choices that both pass are a guess, and one that was not tried might have passed: the user is asked.
        if len(fitting) != 1 or len(choices) > MOST_CHOICES:
            raise self._asking(open_names, fitting)
        return {**dict.fromkeys(self.shapes), **told, **fitting[0]}

    def _choices(self, names: Sequence[str]) -> Iterator[dict[str, int]]:
        sizes = dict.fromkeys(size for name in names for size in self.shapes[name])
        for size in sizes:
            fitting = {n: [d for d in self._candidates(n) if self.shapes[n][d] == size] for n in names}
            fitting = {name: dims for name, dims in fitting.items() if dims}
            if fitting and names[0] in fitting:
                for dims in product(*fitting.values()):
                    yield dict(zip(fitting, dims, strict=True))

    def _refuted(self, choice: Mapping[str, int | None], size: int) -> bool:
        """Whether samples would meet, were these dimensions their number."""
        try:
            other = self.again({name: {dim: size} for name, dim in choice.items() if dim is not None})
        except ArchgraphError:
            return True
        # The test takes one sample first, then several.
        first, second = (other, self.example) if size == 1 else (self.example, other)
        return refutation(first, second) is not None

    def _checked(self, batch: Batch, *, stated: bool) -> Batch:
        """Refuse to cut a dimension along which samples meet, or of which inputs have different numbers.

        Raises:
            ShapeError: they do.
        """
        cut = {n: d for n, d in batch.items() if d is not None and self.shapes[n][d] > 1}
        sizes = {self.shapes[name][dim] for name, dim in batch.items() if dim is not None}
        if len(sizes) > 1:
            shapes = ", ".join(f"'{name}' {self.shapes[name]}" for name in batch)
            raise ShapeError(
                f"the inputs have no common batch size: {shapes}",
                hint=_hint(batch, "give inputs with a batch of 1, or "),
            )
        if not cut:
            return batch
        name, dim = next(iter(cut.items()))
        if self._refuted(cut, 1):
            raise ShapeError(
                f"the work is not proportional to dimension {dim} of '{name}', so it counts no samples",
                hint=_hint(batch, "" if stated else "give one sample, or "),
            )
        return batch

    def _asking(self, names: Sequence[str], fitting: Sequence[Mapping[str, int]]) -> ShapeError:
        name = names[0]
        shape = self.shapes[name]
        dims = sorted({choice[name] for choice in fitting})
        what = f"dimensions {' and '.join(map(str, dims))} could be" if dims else "no dimension of it seems to be"
        return ShapeError(
            f"nothing says which dimension of '{name}' of shape {shape} counts samples: {what}",
            hint=_hint(dict.fromkeys(self.shapes), "give one sample with a dimension of size 1, or "),
        )


def _moves(node: RecordedNode) -> bool:
    """Whether an operator may change the order of dimensions or positions, though the shape stays."""
    return getattr(node.target, "_schema", None) is None or name_of(node) in REORDERING | REARRANGES


def _hint(batch: Batch, before: str) -> str:
    name = next(iter(batch), "x")
    return f"{before}say it: batch_axis=0, batch_axis={{{name!r}: 1}}, or batch_axis=None where there is no batch"
