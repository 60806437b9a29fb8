"""Precisions by name: the bytes of values, weights, gradients, and of what an optimiser keeps. A new one is one row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Precision:
    """Bytes of one number of each kind.

    Attributes:
        values: of activations, and of their gradients.
        weights: of parameters and floating buffers.
        gradients: of a weight's gradient.
        states: of a number that an optimiser keeps.
        master: of an optimiser's own copy of a weight; 0 where there is none.
        meaning: whose recipe it is.
        autocast: the device on which PyTorch's autocast chooses the type of every operation; empty if it does not.
    """

    values: int
    weights: int
    gradients: int
    states: int
    master: int = 0
    meaning: str = ""
    autocast: Literal["", "gpu", "cpu"] = ""

    @property
    def per_weight(self) -> int:
        """The bytes of one trained weight with Adam: the weight, its gradient, two numbers and the copy.

        >>> PRECISIONS["bf16-mixed"].per_weight, PRECISIONS["bf16-mixed-fp32-grads"].per_weight
        (16, 18)
        """
        return self.weights + self.gradients + 2 * self.states + self.master


_SINGLE = Precision(4, 4, 4, 4, meaning="single precision")
_HALF = Precision(2, 2, 2, 2, meaning="everything in half precision, states too")
MIXED = Precision(2, 2, 2, 4, 4, "half precision, with weights and states in single precision in the optimiser (ZeRO)")
_AUTOCAST = "single precision, but products in half, as PyTorch's autocast has it"
PRECISIONS = {
    "fp32": _SINGLE,
    "bf16": _HALF,
    "fp16": _HALF,
    "mixed": MIXED,
    "bf16-mixed": MIXED,
    "bf16-mixed-fp32-grads": Precision(2, 2, 4, 4, 4, "as bf16-mixed, with gradients in single precision (Megatron)"),
    "bf16-fsdp": Precision(2, 4, 4, 4, 0, "shards in single precision, computed with in half (FSDP2)"),
    "bf16-autocast": Precision(4, 4, 4, 4, 0, f"{_AUTOCAST} on a GPU", "gpu"),
    "bf16-autocast-cpu": Precision(4, 4, 4, 4, 0, f"{_AUTOCAST} on a CPU", "cpu"),
}
"""ZeRO: Rajbhandari et al. 2020, arXiv:1910.02054, section 3.1. `mixed` is the short name of `bf16-mixed`."""
AS_STORED = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16", "float64": "fp64"}
"""What the floating type of a network is called in a report."""
DOUBLE = Precision(8, 8, 8, 8, meaning="double precision")
