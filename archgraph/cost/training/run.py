"""A training run: batch, optimiser, precision, checkpoints; what is asked for, and checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Integral
from typing import Literal, TypeAlias

from archgraph.cost.memory.loss import LOSS_CHUNKS
from archgraph.cost.memory.optimizers import OPTIMIZERS
from archgraph.cost.memory.precision import PRECISIONS
from archgraph.cost.memory.setting import AttentionKernel, Dtype, OptimizerName
from archgraph.errors import QueryError, not_among, quoted
from archgraph.graph.checkpoints import Checkpoint, policy
from archgraph.keywords import strict_class

StepKernel: TypeAlias = Literal["foreach", "loop", "fused"]
Loss: TypeAlias = Literal["auto", "cross_entropy", "chunked", "mse", "none"]
PeakOf: TypeAlias = Literal["live", "saved"]
RUN_CHOICES: Mapping[str, tuple[str, ...]] = {
    "optimizer": tuple(OPTIMIZERS),
    "dtype": tuple(PRECISIONS),
    "attention": ("math", "flash"),
    "kernel": ("foreach", "loop", "fused"),
    "loss": ("auto", "cross_entropy", "chunked", "mse", "none"),
    "peak": ("live", "saved"),
}
LEAST_VALUES = {
    "batch": 1,
    "accumulate": 1,
    "gpus": 1,
    "tp": 1,
    "pp": 1,
    "virtual": 1,
    "ep": 1,
    "chunks": 1,
    "zero": 0,
    "reserve": 0,
}
"""The least value of what is a whole number."""


@strict_class
@dataclass(frozen=True)
class Training:
    """How a network is trained on one rank.

    Attributes:
        batch: samples of one micro-batch.
        accumulate: micro-batches whose gradients are added up before a step.
        optimizer: what is kept per weight.
        dtype: a recipe of bytes by name; `mixed` is `bf16-mixed`.
        attention: its kernel: `math`, product by product, or `flash`, which keeps no scores.
        checkpoint: `none`, `block`, `attention`, `sqrt`, a number of blocks at a time, or paths of scopes.
        early_stop: whether recomputation ends with the last value that is kept, as it does by default in PyTorch.
        kernel: the kernel of the optimiser's step: `foreach`, PyTorch's default on a GPU, `loop`, or `fused`.
        ema: whether to keep a moving average of all weights.
        loss: `cross_entropy` over the channels of the outputs, `chunked` for the same together with the last layer and
            part by part of the tokens, `mse`, `none` for gradients of the outputs and nothing
            else; `auto` is cross-entropy where the outputs are logits of tokens.
        chunks: the number of parts into which a `chunked` loss splits the tokens.
        zero: 0 for whole replicas, 1 to shard states, 2 gradients too, 3 weights too (FSDP).
        gpus: the number of all ranks: those over which `zero` shares, times `tp`, times `pp`.
        tp: ranks that split the channels of linear layers (tensor parallel).
        sequence: whether these ranks split positions too, wherever channels are whole.
        pp: stages of a pipeline, where forward and backward passes of micro-batches alternate (1F1B).
        virtual: parts of the network per rank of a pipeline, interleaved (interleaved 1F1B).
        ep: how many of the ranks with a batch of their own share the experts of a mixture.
        peak: `live` for what is live at the highest moment, `saved` for weights, gradients, states and kept values.
        reserve: bytes that are set aside for kernels, the allocator and the driver.

    Raises:
        QueryError: an unknown word, a number that is too small, or settings that contradict each other.

    >>> Training(batch=8, optimizer="adamw", dtype="bf16-mixed")
    Training(batch=8, dtype='bf16-mixed')
    """

    batch: int = 1
    accumulate: int = 1
    optimizer: OptimizerName = "adamw"
    dtype: Dtype = "fp32"
    attention: AttentionKernel = "math"
    checkpoint: Checkpoint = "none"
    early_stop: bool = True
    kernel: StepKernel = "foreach"
    ema: bool = False
    loss: Loss = "auto"
    chunks: int = LOSS_CHUNKS
    zero: int = 0
    gpus: int = 1
    tp: int = 1
    sequence: bool = False
    pp: int = 1
    virtual: int = 1
    ep: int = 1
    peak: PeakOf = "live"
    reserve: int = 0

    def __post_init__(self) -> None:
        for name, known in RUN_CHOICES.items():
            if not isinstance(getattr(self, name), str) or getattr(self, name) not in known:
                raise not_among(name, getattr(self, name), known)
        for name, least in LEAST_VALUES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
                raise QueryError(f"{name} is a whole number from {least} on, and not {quoted(value)[1:-1]}")
            object.__setattr__(self, name, int(value))  # numpy's whole numbers as well
        if self.chunks != LOSS_CHUNKS and self.loss != "chunked":
            message = f"chunks={self.chunks} are parts of a chunked loss, and loss={self.loss!r}"
            raise QueryError(message, hint="loss='chunked'")
        self._check_shards()
        policy(self.checkpoint)

    def _check_shards(self) -> None:
        if self.zero > 3:
            raise QueryError(f"there is no zero={self.zero}", hint="0 shards nothing, 1 states, 2 gradients, 3 weights")
        split = self.tp * self.pp
        if self.gpus % split:
            raise QueryError(
                f"tp={self.tp} and pp={self.pp} need a multiple of {split} GPUs, and gpus={self.gpus}",
                hint=f"gpus={split * (self.gpus // split + 1)}",
            )
        if self.zero and self.dp == 1:
            beside = f" beside tp={self.tp} and pp={self.pp}" if split > 1 else ""
            hint = f"gpus={8 * split}, or zero=0"
            raise QueryError(f"zero={self.zero} shards over several GPUs, and there is one{beside}", hint=hint)
        if self.sequence and self.tp == 1:
            raise QueryError("sequence=True splits positions over the ranks that split channels, and tp=1", hint="tp=8")
        self._check_micro_batches()
        self._check_experts()

    def _check_micro_batches(self) -> None:
        if self.accumulate < self.pp:
            message = f"pp={self.pp} stages run at least as many micro-batches, and accumulate={self.accumulate}"
            raise QueryError(message, hint=f"accumulate={4 * self.pp}")
        if self.virtual > 1 and self.pp == 1:
            raise QueryError(
                f"virtual={self.virtual} deals out the stages of a pipeline in turns, and pp=1", hint="pp=4"
            )
        if self.virtual > 1 and self.accumulate % self.pp:
            message = (
                f"virtual={self.virtual} runs rounds of pp={self.pp} micro-batches, and accumulate={self.accumulate}"
            )
            raise QueryError(message, hint=f"accumulate={self.pp * (self.accumulate // self.pp + 1)}")

    def _check_experts(self) -> None:
        if self.dp % self.ep:
            raise QueryError(
                f"ep={self.ep} shares experts among the {self.dp} ranks that have a batch of their own",
                hint=f"gpus={self.ep * self.tp * self.pp}",
            )

    @property
    def dp(self) -> int:
        """Ranks, or groups of ranks, that have a batch of their own.

        >>> Training(gpus=16, tp=2, pp=4, accumulate=8).dp
        2
        """
        return self.gpus // (self.tp * self.pp)

    @property
    def settings(self) -> str:
        """What is printed beside every number of the run: optimiser, its kernel, precision, attention, checkpoints.

        >>> Training(dtype="bf16-mixed").settings
        'adamw (foreach), bf16-mixed, math attention, checkpoint none'
        """
        words = f"{self.optimizer} ({self.kernel}), {self.dtype}, {self.attention} attention"
        return f"{words}, checkpoint {self.checkpoint}"

    @property
    def splits(self) -> int:
        """How many ways of splitting are used at once."""
        return sum(each > 1 for each in (self.tp, self.pp, self.ep)) + (self.zero > 0)

    def __repr__(self) -> str:
        given = (f"{item.name}={getattr(self, item.name)!r}" for item in fields(self) if self._differs(item.name))
        return f"Training({', '.join(given)})"

    def _differs(self, name: str) -> bool:
        return getattr(self, name) != Training.__dataclass_fields__[name].default


OPTIONS = tuple(item.name for item in fields(Training))


def training(run: Training | None, options: Mapping[str, object]) -> Training:
    """Return a run: the given one, or one of keywords.

    Raises:
        QueryError: both are given, or a keyword that is none.
    """
    for name in options:
        if name not in OPTIONS:
            raise not_among("setting of a training run", name, OPTIONS)
    if run is not None and options:
        raise QueryError("a run is given by itself or by keywords, and not by both", hint="Training(batch=8, ...)")
    return Training(**options) if run is None else run  # type: ignore[arg-type]
