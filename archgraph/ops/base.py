"""The base of all operations: the closed set of facts that every operation states about itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Literal

from sympy import Expr

from archgraph.ops.reach import Reach
from archgraph.sizes.dtypes import FLOAT, stored_type
from archgraph.sizes.symbols import ZERO, product
from archgraph.sizes.types import TensorType

if TYPE_CHECKING:
    from torch import nn

WeightKind = Literal["trainable", "frozen", "buffer"]
Kernel = Literal["math", "upcast", "flash"]
"""How attention is computed: product by product, or fused, without the matrix of scores in memory. `upcast` is `math`
on values of half precision, which PyTorch copies to single precision first."""
Types = tuple[TensorType, ...]


@dataclass(frozen=True)
class Weight:
    """One weight tensor: its shape, whether it is trained, frozen, or a buffer, and how it is stored.

    Attributes:
        used: the scalars that one position uses; None for all.
    """

    shape: tuple[Expr, ...]
    kind: WeightKind = "trainable"
    dtype: str = FLOAT
    used: Expr | None = None

    @property
    def numel(self) -> Expr:
        """The number of scalars."""
        return product(self.shape)

    def bytes(self, own: int) -> Expr:
        """Return its bytes, where the network's own floating type has `own` per element."""
        return self.numel * stored_type(self.dtype).width(own)


@dataclass(frozen=True)
class Saved:
    """What autograd keeps for the backward pass, so that a fold can count every storage once.

    Operands, outputs, `fresh` and `statistics` are of every sample, `batch` and `batch_statistics` of a batch
    whatever its size.

    Attributes:
        inputs: operands that are kept, by index.
        outputs: outputs that are kept, by index.
        fresh: (elements, dtype) of tensors made only to be kept; `float` is the floating type of the operands.
        aliases: (output, input) pairs where the output is a view of the input's storage.
        statistics: numbers that are kept in single precision, unless the values are in double precision, or on a CPU.
        joined: the outputs are parts of one storage.
        batch: as `fresh`, of tensors that all samples share: tables of positions, of indices.
        batch_statistics: as `statistics`, of numbers that are taken over all samples.
        several: what is kept where a batch has more than one sample; None where that is the same.
        split: kept operands of which several samples need a copy where they are parts of a larger tensor: samples that
            lie apart in memory cannot be joined with what stands beside them.
    """

    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    fresh: tuple[tuple[Expr, str], ...] = ()
    aliases: tuple[tuple[int, int], ...] = ()
    statistics: Expr = ZERO
    joined: bool = False
    batch: tuple[tuple[Expr, str], ...] = ()
    batch_statistics: Expr = ZERO
    several: Saved | None = None
    split: tuple[int, ...] = ()

    def of(self, samples: int) -> Saved:
        """Return what is kept of a batch of that many samples, whose operands are whole tensors.

        >>> norm = Saved(inputs=(0,), batch_statistics=ZERO + 8)
        >>> norm.of(3) == norm
        True
        """
        return self if samples == 1 or self.several is None else self.several


@dataclass(frozen=True)
class Workspace:
    """What an operation needs only while it runs, and which gradients it hands on as they are.

    Moments are in elements of one sample, beside the operands, each at another time; the results at the end are one by
    themselves.

    Attributes:
        training: moments beside what is kept for the backward pass.
        inference: moments where nothing is kept; None where they are those of training.
        backward: moments in the backward pass, before the gradients of the operands exist.
        passes: operands whose gradient is the output's, or a view of it.
        batch: elements beside all moments of the way there, which all samples share: masks, looked-up biases.

    >>> found = Workspace(training=(ZERO + 3,), batch=ZERO + 2)
    >>> found.of(ZERO + 4).training, found.of(ZERO + 4).batch
    ((14,), 0)
    """

    training: tuple[Expr, ...] = ()
    inference: tuple[Expr, ...] | None = None
    backward: tuple[Expr, ...] = ()
    passes: tuple[int, ...] = ()
    batch: Expr = ZERO

    def of(self, samples: Expr) -> Workspace:
        """Return the same with the moments of a batch."""
        moments = lambda each: tuple(samples * moment + self.batch for moment in each)  # noqa: E731
        return Workspace(
            moments(self.training),
            None if self.inference is None else moments(self.inference),
            tuple(samples * moment for moment in self.backward),
            self.passes,
        )


@dataclass(frozen=True)
class Product:
    """A product of two factors: its multiply-accumulates, and the operands, by index, that each factor comes from.

    In the backward pass each factor that needs a gradient costs a product of the same size. A factor that comes from no
    operand is a weight; `weights` says whether one is behind the first factor as well.
    """

    macs: Expr
    first: tuple[int, ...]
    second: tuple[int, ...] = ()
    weights: bool = False


REGISTERED: dict[str, type[Op]] = {}
"""The operations of the families that were imported; ask `catalogue.registry`, which imports them all."""


@dataclass(frozen=True)
class Op(ABC):
    """A primitive operation: what torch computes as one operator.

    A concrete class is final, frozen, and named in specs by its `kind`. Its fields are its arguments; values
    enter as operands only. Every fact is abstract, so that none can be zero by omission.
    """

    kind: ClassVar[str] = ""
    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    """The fewest and the most operands; None is no limit."""
    layer: ClassVar[bool] = False
    """Whether the op is a conv or linear layer, for the metric `layer_outputs`."""
    stops: ClassVar[bool] = False
    """Whether no gradient comes back through it, whatever its operands need."""
    keeps_written: ClassVar[bool] = False
    """Whether it keeps its result where it writes that over its operand, though it keeps its operand elsewhere."""
    alone: ClassVar[bool] = True
    """Whether a position that only reads itself is treated alike wherever, and beside whatever, it stands."""

    @property
    def core(self) -> Op:
        """The operation itself, where this only says that less of its operands is read."""
        return self

    @property
    def as_built(self) -> Op:
        """The operation as it is lowered, where a recording knows more of how its operands lie."""
        return self

    @property
    def joins(self) -> bool:
        """Whether it makes one value of several, so that a single operand in a spec is a slip."""
        return False

    def in_room_of(self, *inputs: TensorType) -> int | None:
        """Return the operand whose room the result has in memory, where that is known to be other than its own size."""
        return None

    @property
    def unread(self) -> bool:
        """Whether a spec says that no step takes its result: it is there for its weights alone."""
        return False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        kind = cls.__dict__.get("kind", "")
        if not kind:
            return
        if kind in REGISTERED:
            raise TypeError(f"operation '{kind}' is defined twice: {REGISTERED[kind].__name__}, {cls.__name__}")
        REGISTERED[kind] = cls

    @abstractmethod
    def infer(self, *inputs: TensorType) -> Types:
        """Return the output types, or raise `ShapeError`."""

    @abstractmethod
    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]:
        """Return the weights by name."""

    @abstractmethod
    def macs(self, *inputs: TensorType) -> Expr:
        """Return the multiply-accumulates of conv, linear and matmul, per sample."""

    def products(self, *inputs: TensorType) -> tuple[Product, ...]:
        """Return the products that `macs` adds up: by default one, of the first operand with the second or a weight."""
        macs = self.macs(*inputs)
        return (Product(macs, (0,), tuple(range(1, len(inputs)))),) if macs != 0 else ()

    @abstractmethod
    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return all other scalar operations, per sample."""

    @abstractmethod
    def saved(self, *inputs: TensorType) -> Saved:
        """Return what autograd keeps for the backward pass."""

    def saved_by(self, kernel: Kernel, *inputs: TensorType) -> Saved:
        """Return what autograd keeps with a kernel for attention; all other operations have one kernel."""
        return self.saved(*inputs)

    def saved_for(self, needed: frozenset[int], kernel: Kernel, *inputs: TensorType) -> Saved:
        """Return what autograd keeps where only the operands in `needed` need a gradient, and all trained weights.

        By default the same as for all of them: whatever the gradients of several operands do not share is stated by
        the operation.
        """
        return self.saved_by(kernel, *inputs)

    def workspace(self, kernel: Kernel, *inputs: TensorType) -> Workspace:
        """Return what is needed while it runs: by default its operands, its results and their gradients only."""
        return Workspace()

    def at_one_size(self, *inputs: TensorType) -> tuple[str, ...]:
        """Return axes along which it cuts or resamples by numbers that may be others at other sizes of the input."""
        return ()

    @abstractmethod
    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return how the output reads each operand."""

    @abstractmethod
    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return a module on tensors of shape (batch, *axes in the types' order)."""

    @classmethod
    @abstractmethod
    def example(cls) -> tuple[Op, Types]:
        """Return an instance with fitting symbolic operands, for the laws and the reference."""

    def outputs(self, *inputs: TensorType) -> Types:
        """Return the output types of operands that were inferred before: `infer`, remembered."""
        return _outputs(self, inputs)

    @property
    def arguments(self) -> Mapping[str, object]:
        """The arguments that differ from their defaults, without those that no spec can write."""
        return {
            item.name: getattr(self, item.name)
            for item in spec_fields(type(self))
            if getattr(self, item.name) != item.default
        }

    @property
    def unspoken(self) -> tuple[str, ...]:
        """The arguments that differ from their defaults and that no spec can write."""
        hidden = (item for item in fields(self) if TRACED in item.metadata)
        return tuple(item.name for item in hidden if getattr(self, item.name) != item.default)


TRACED = "traced"
"""In the metadata of a field: only a traced module has it."""


def spec_fields(op: type[Op]) -> tuple[Field[object], ...]:
    """Return the arguments of an operation that a spec can write."""
    return tuple(item for item in fields(op) if TRACED not in item.metadata)


@lru_cache(maxsize=65536)
def _outputs(op: Op, inputs: Types) -> Types:
    return op.infer(*inputs)


class Unweighted(Op):
    """The shared fact of operations without weights."""

    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]:
        """Return no weights."""
        return {}


class NoMacs(Op):
    """The shared fact of operations that multiply no matrices."""

    def macs(self, *inputs: TensorType) -> Expr:
        """Return zero: nothing is multiplied and accumulated."""
        return ZERO
