"""Architectures of PyTorch modules: traced through `torch.export` instead of read from a spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sympy import Symbol

from archgraph.architecture.architecture import Architecture
from archgraph.errors import QueryError
from archgraph.spec.load import Traced

if TYPE_CHECKING:
    from torch import nn

    from archgraph.pytorch.trace.module import Gap, TracedModule


class ModuleArchitecture(Architecture):
    """A traced module, with the queries of any architecture; its graph is fixed, so `at` works and `bind` does not.

    Attributes:
        found: what the trace found, its conditions and gaps with it.
    """

    def __init__(
        self,
        found: TracedModule,
        given: Mapping[str, Any] | None = None,
        values: Mapping[Symbol, int] | None = None,
        selection: tuple[str, ...] = (),
    ) -> None:
        named = {value.name: value for value in found.graph.outputs}
        traced = Traced(
            found.spec, found.graph, found.selected, named, found.declarations, found.assumptions, {}, frozenset()
        )
        super().__init__(found.spec, given=given, traced=traced, values=values, selection=selection)
        self.found = found

    @property
    def conditions(self) -> tuple[str, ...]:
        """For which sizes the trace holds."""
        return self.found.conditions

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Operators without a rule, whose costs are missing in every number; empty unless they were allowed."""
        return self.found.gaps

    def at(self, **values: Any) -> ModuleArchitecture:
        """Return the same queries at numbers.

        Raises:
            QueryError: the module was traced under conditions that these sizes break.
        """
        fresh = self._declared(values)
        fresh.resolve_all()
        for assumption in self.assumptions:
            if not assumption.holds(fresh.values):
                raise QueryError(
                    f"{self.name} was traced under the condition that {assumption.shown(self.show)}, "
                    "which these sizes break",
                    hint=f"conditions: {'; '.join(self.conditions) or 'none'}; trace it again with other inputs",
                )
        return ModuleArchitecture(self.found, {**self._given, **values}, dict(fresh.values), self._selection)

    def bind(self, **values: Any) -> ModuleArchitecture:
        """Refuse: the graph of a module is traced once, for all sizes that its conditions allow."""
        raise QueryError("a traced module cannot be bound", hint="use at(...), or trace it with fewer dynamic sizes")

    def symbolic(self) -> ModuleArchitecture:
        """Return the module with its laws again, after `at`."""
        return ModuleArchitecture(self.found, selection=self._selection) if self.evaluated else self

    def select(self, *outputs: str) -> ModuleArchitecture:
        """Return the module whose macs, activations and receptive fields are about these values only."""
        chosen = ModuleArchitecture(self.found, self._given, self.values if self.evaluated else None, outputs)
        assert chosen.selected
        return chosen


def trace(
    module: nn.Module,
    inputs: Any,
    dynamic: Mapping[str, Mapping[int, str]] | None = None,
    *,
    axes: Mapping[str, Sequence[str]] | None = None,
    name: str = "",
    allow_unsupported: bool = False,
) -> ModuleArchitecture:
    """Return the architecture of a PyTorch module, traced without running it; see `archgraph.pytorch.trace`.

    Args:
        module: any module that `torch.export` can export, also on the meta device.
        inputs: its arguments: a tensor, a tuple, or a mapping by name.
        dynamic: which dimensions are symbols: `{"sample": {2: "h", 3: "w"}}`.
        axes: names of an input's axes, the batch left out, where the usual ones are not meant.
        name: what the network is called; the module's class by default.
        allow_unsupported: list operators without a rule as `gaps` instead of refusing them.

    Raises:
        UnsupportedOpError: an operator has no rule.
        ArchgraphError: the module cannot be exported, or a requested dimension cannot vary.
        MissingToolError: PyTorch is not installed.

    >>> from torch import nn, zeros
    >>> g = trace(nn.Conv2d(3, 8, 3), zeros(1, 3, 32, 32), {"input": {2: "h", 3: "w"}})
    >>> g.macs
    216*h*w - 432*h - 432*w + 864
    """
    from archgraph.pytorch.trace.module import trace as traced_module

    found = traced_module(module, inputs, dynamic, axes=axes, name=name, allow_unsupported=allow_unsupported)
    return ModuleArchitecture(found)
