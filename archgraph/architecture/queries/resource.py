"""Memory, efficiency, time on a device, and what other tools count."""

from __future__ import annotations

from collections.abc import Iterable

from archgraph.architecture.measured import Law, Measured
from archgraph.cost.efficiency import Roofline, efficiency_table, roofline
from archgraph.cost.memory.memory import Memory, Setting
from archgraph.cost.memory.peak import (
    Attention,
    Checkpoint,
    Dtype,
    Mode,
    Optimizer,
    PeakMemory,
    checkpoints,
    peak_memory,
)
from archgraph.cost.other_tools import Reconciliation, count_as
from archgraph.report.table import Table


class ResourceQueries(Measured):
    """Memory, efficiency, time on a device, and what other tools count."""

    @property
    def saved_bytes(self) -> Law:
        """The bytes that autograd keeps for the backward pass of one sample, in single precision.

        >>> from archgraph import load
        >>> load("dit:XL/2").at().saved_bytes
        848961032
        """
        return self.metric("saved_bytes")

    def saved_memory(self, attention: Attention = "math", dtype: Dtype = "fp32", checkpoint: Checkpoint = False) -> Law:
        """Return the bytes that autograd keeps, for a kernel of attention, a precision, and checkpoints.

        Args:
            attention: `math`, product by product, or `flash`, which keeps no matrix of scores.
            dtype: `fp32`, `bf16`, `fp16` or `mixed`.
            checkpoint: True to keep of every iteration of a repeat its inputs only, or the paths of scopes.

        >>> from archgraph import load
        >>> load("transformer").saved_memory(checkpoint=True)
        4*D*L*N
        """
        setting = Setting("training", attention, dtype, checkpoint=checkpoints(self.whole.graph, checkpoint))
        return self.whole.law(Memory(self.whole.graph, self.whole.selected, setting).saved)

    def peak_memory(
        self,
        mode: Mode = "inference",
        attention: Attention = "math",
        dtype: Dtype = "fp32",
        optimizer: Optimizer = "sgd",
        checkpoint: Checkpoint = False,
    ) -> PeakMemory:
        """Return the most memory that is live at once for one sample, at the bound values, and where.

        Values are freed after their last use and views share storage, as in the lowered module; what a kernel
        or an allocator takes for itself is not counted.

        Args:
            mode: `inference`, or `training`: forward and back, with gradients and the optimiser's numbers.
            attention: as in `saved_memory`.
            dtype: as in `saved_memory`; `mixed` keeps weights and states in single precision besides.
            optimizer: `sgd`, `momentum` or `adam`: 0, 1 or 2 numbers per trained weight.
            checkpoint: as in `saved_memory`.

        >>> from archgraph import load
        >>> load("unet:padded-512").peak_memory("training").node
        'dec(0).relu_2'
        """
        setting = Setting(mode, attention, dtype, optimizer, checkpoints(self.whole.graph, checkpoint))
        return peak_memory(self.whole, setting)

    def efficiency(self, by: str = "stage", dtype: Dtype = "fp32", attention: Attention = "flash") -> Table:
        """Return MACs per parameter, positions per weight and operations per byte, at the bound values.

        Args:
            by: "stage" (the levels of the network's steps), "level" (of nodes), "scope", "op", "block" or "node".
            dtype: of the bytes.
            attention: `flash`, or `math`, which moves the scores too.

        >>> from archgraph import load
        >>> [row["macs/param"] for row in load("adm").efficiency().rows][-1]
        '59.547'
        """
        return efficiency_table(self.whole, by, Setting(attention=attention, dtype=dtype))

    def roofline(
        self, device: str, dtype: str = "bf16", attention: Attention = "flash", batch: int = 1, by: str = "op"
    ) -> Roofline:
        """Return an estimate of the time of a forward pass: every operation at the device's peak or bandwidth.

        Args:
            device: a name in the table of hardware, such as `a100`.
            dtype: `fp32`, `tf32`, `bf16` or `fp16`.
            attention: `flash`, or `math`, which moves the scores too.
            batch: samples at once.
            by: how the report groups nodes: "op", "scope", "stage", "level", "block" or "node".

        >>> from archgraph import load
        >>> load("dit").roofline("a100").seconds < load("dit").roofline("v100", dtype="fp16").seconds
        True
        """
        return roofline(self.whole, device, dtype, attention, batch, by)

    def count_as(self, tool: str, functional: Iterable[str] = ()) -> Reconciliation:
        """Return what another tool prints for this network, and the terms between its count and ours.

        Args:
            tool: `thop`, `fvcore`, `torchinfo`, `ptflops`, `calflops`, `deepspeed`, `flopcounter-cpu` or
                `flopcounter`.
            functional: operations that the code calls as functions, or that have a class of their own, where the
                tool counts those otherwise than modules; attention that is written out as products.

        >>> from archgraph import load
        >>> counted = load("sd").count_as("flopcounter-cpu")
        >>> counted.theirs, counted.ours
        (338610585600, 401636720640)
        """
        return count_as(self.whole, tool, tuple(functional))
