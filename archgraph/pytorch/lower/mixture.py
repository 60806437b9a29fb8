"""The module of a mixture of experts: every token is sent to the k experts with its highest scores."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from archgraph.graph.ir import Graph, Node
from archgraph.ops.reach import SAME

if TYPE_CHECKING:
    from torch import Tensor, nn


def takes_each_position(body: Graph) -> bool:
    """Return whether an expert takes each position by itself, so that it can be given those that chose it alone."""
    if len(body.inputs) > 2:  # what it reads besides, every position of which it may read
        return False
    return all(isinstance(node, Node) and _alone(node) for node in body.unroll().nodes)


def _alone(node: Node) -> bool:
    reaches = [reach for reach in node.reach if reach.reads]
    if not reaches and any(value.type.positions for value in node.outputs):  # a table by position
        return False
    itself = all(way == SAME for reach in reaches for _, way in reach.maps)
    return node.op.core.alone and itself and not any(reach.statistics for reach in reaches)


def _recorded(x: Tensor) -> bool:
    """Return whether the steps may not depend on the data: how many positions chose an expert."""
    import torch
    from torch._C._functorch import is_functorch_wrapped_tensor
    from torch._subclasses import FakeTensor

    recorded = torch.compiler.is_compiling() or torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
    return recorded or isinstance(x, FakeTensor) or is_functorch_wrapped_tensor(x)


@cache
def mixture_class() -> Any:
    """Return the module class of a mixture of experts: a list of all experts."""
    import torch
    from torch import nn

    class Mixture(nn.ModuleList):
        """Sums the experts with the highest scores at every position.

        An expert that takes each position by itself is run on those positions alone that chose it: k experts a
        position, none dropped. One that mixes positions runs on all of them, and counts where it was chosen; so does
        every expert while the module is exported, compiled, traced or mapped. On the meta device, where there are no
        scores to choose by, as many experts run on all positions as are active: the same work.
        """

        def __init__(
            self,
            experts: list[nn.Module],
            active: int,
            names: tuple[str, ...],
            score_names: tuple[str, ...],
            *,
            per_position: bool,
        ) -> None:
            super().__init__(experts)
            self._active = active
            self._per_position = per_position
            self._axes = names.index("c") + 1, score_names.index("c") + 1
            self._order = [0, *(score_names.index(name) + 1 for name in names)]

        def extra_repr(self) -> str:
            return f"active={self._active}"

        def forward(self, x: Tensor, scores: Tensor, *rest: Tensor) -> Tensor:
            if x.is_meta:
                results = [expert(x, scores, *rest) for expert in list(self)[: self._active]]
                return torch.stack(results).sum(dim=0)
            aligned = scores.permute(self._order)
            if self._per_position and not _recorded(x):
                return self._dispatched(x, aligned)
            return self._masked(x, scores, aligned, *rest)

        def _dispatched(self, x: Tensor, aligned: Tensor) -> Tensor:
            axis = self._axes[0]
            rows, scored = x.movedim(axis, -1), aligned.movedim(axis, -1)
            shape, rows, scored = rows.shape, rows.flatten(0, -2), scored.flatten(0, -2)
            chosen = scored.topk(self._active, dim=-1).indices
            total = torch.zeros_like(rows)
            for index, expert in enumerate(self):
                here = (chosen == index).any(dim=-1).nonzero().squeeze(-1)
                if len(here):
                    operands = rows[here], scored[here].roll(-index, dims=-1)
                    result = expert(*map(self._placed, operands, self._axes))
                    total = total.index_add(0, here, result.movedim(axis, -1).flatten(0, -2).to(total.dtype))
            return total.unflatten(0, shape[:-1]).movedim(-1, axis)

        def _placed(self, rows: Tensor, axis: int) -> Tensor:
            """Return rows of channels as samples of one position, with the axes that the expert knows."""
            ones = [1] * (len(self._order) - 2)
            return rows.reshape(len(rows), *ones, rows.shape[-1]).movedim(-1, axis)

        def _masked(self, x: Tensor, scores: Tensor, aligned: Tensor, *rest: Tensor) -> Tensor:
            axis = self._axes[0]
            chosen = aligned.topk(self._active, dim=axis).indices
            total = torch.zeros_like(x)
            for index, expert in enumerate(self):
                here = (chosen == index).any(dim=axis, keepdim=True)
                result = expert(x, scores.roll(-index, dims=self._axes[1]), *rest)
                total = total + torch.where(here, result, torch.zeros_like(result))
            return total

    return Mixture
