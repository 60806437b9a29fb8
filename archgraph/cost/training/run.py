"""A training run: batch, optimiser, precision, checkpoints; what is asked for, and checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, TypeAlias

from archgraph.cost.memory.optimizers import OPTIMIZERS
from archgraph.cost.memory.precision import PRECISIONS
from archgraph.cost.memory.setting import AttentionKernel, Dtype, OptimizerName
from archgraph.errors import QueryError, not_among, quoted
from archgraph.graph.checkpoints import Checkpoint, policy
from archgraph.keywords import strict_class

StepKernel: TypeAlias = Literal["foreach", "loop", "fused"]
Loss: TypeAlias = Literal["auto", "cross_entropy", "mse", "none"]
PeakOf: TypeAlias = Literal["live", "saved"]
RUN_CHOICES: Mapping[str, tuple[str, ...]] = {
    "optimizer": tuple(OPTIMIZERS),
    "dtype": tuple(PRECISIONS),
    "attention": ("math", "flash"),
    "kernel": ("foreach", "loop", "fused"),
    "loss": ("auto", "cross_entropy", "mse", "none"),
    "peak": ("live", "saved"),
}
LEAST_VALUES = {"batch": 1, "accumulate": 1, "gpus": 1, "zero": 0, "reserve": 0}
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
        early_stop: what is computed again ends with the last value that is kept, as PyTorch's default has it.
        kernel: of the optimiser's step: `foreach`, PyTorch's default on a GPU, `loop`, or `fused`.
        ema: whether an average of all weights is kept.
        loss: `cross_entropy` over the channels of the outputs, `mse`, `none` for gradients of the outputs and nothing
            else; `auto` is cross-entropy where the outputs are logits of tokens.
        zero: 0 for whole replicas, 1 to shard states, 2 gradients too, 3 weights too (FSDP).
        gpus: ranks that share them.
        peak: `live` for what is live at the highest moment, `saved` for weights, gradients, states and kept values.
        reserve: bytes that are set aside for kernels, the allocator and the driver.

    Raises:
        QueryError: a word that is none of the choices, a number that is too small, or settings that contradict
            each other.

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
    zero: int = 0
    gpus: int = 1
    peak: PeakOf = "live"
    reserve: int = 0

    def __post_init__(self) -> None:
        for name, known in RUN_CHOICES.items():
            if getattr(self, name) not in known:
                raise not_among(name, getattr(self, name), known)
        for name, least in LEAST_VALUES.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise QueryError(f"{name} is a whole number from {least} on, and not {quoted(value)[1:-1]}")
        self._check_shards()
        policy(self.checkpoint)

    def _check_shards(self) -> None:
        if self.zero > 3:
            raise QueryError(f"there is no zero={self.zero}", hint="0 shards nothing, 1 states, 2 gradients, 3 weights")
        if self.zero and self.gpus == 1:
            raise QueryError(f"zero={self.zero} shards over several GPUs, and there is one", hint="gpus=8, or zero=0")

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
