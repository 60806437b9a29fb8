"""A network that comes from a module: traced once, for all sizes that its conditions allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

from archgraph.errors import QueryError
from archgraph.graph.network import Network, Origin
from archgraph.pytorch.trace.module import TracedModule
from archgraph.pytorch.trace.nested import tree_of
from archgraph.spec.declarations import Declarations


def network_of(found: TracedModule, module: object = None, told: str = "") -> Network:
    """Return a traced module as a network; `told` says what was chosen for whoever named it."""
    example = None if found.inputs is None else without_values(found.inputs)
    return Network(
        name=found.name,
        graph=found.graph,
        selected=found.selected,
        named=found.named,
        declared=found.declarations,
        values=found.declarations.values,
        evaluated=False,
        source=ModuleSource(),
        origin=Origin(
            family=found.name,
            conditions=found.conditions,
            gaps=found.gaps,
            dead=found.dead,
            told=(told,) if told else (),
            module=module,
            example=example,
            traced_at=found.values,
        ),
        assumptions=found.assumptions,
        runs_dead=True,
        called=tuple(found.named),
        floating=found.floating,
    )


def without_values(inputs: object) -> object:
    """Return inputs whose tensors take no memory: their shapes and dtypes are all that is remembered."""
    import torch

    leaf = lambda x: torch.empty_like(x, device="meta") if isinstance(x, torch.Tensor) else x  # noqa: E731
    return tree_of(torch).tree_map(leaf, inputs)


class ModuleSource:
    """The graph of a module is fixed, so `at` works and `bind` does not."""

    def at(self, network: Network, values: Mapping[str, Any]) -> Network:
        """Return the network at numbers.

        Raises:
            QueryError: a size is 0, or the module was traced under conditions that these sizes break.
        """
        old = network.declared
        assert isinstance(old, Declarations)
        fresh = Declarations(old.specs, {**old.bindings, **values}, old.fixed)
        fresh.resolve_all()
        for name in old.names:
            if network.is_free(name) and not fresh.numbers()[name]:
                raise QueryError(f"'{name}' is a size of {network.name} and cannot be 0", hint="give it at least 1")
        for assumption in network.assumptions:
            if not assumption.holds(fresh.values):
                _refuse(network, assumption.shown(network.show))
        return replace(network, declared=fresh, values=dict(fresh.values), evaluated=True)

    def bind(self, network: Network, values: Mapping[str, Any]) -> Network:
        """Refuse: the graph of a module is traced once."""
        raise QueryError("a traced module cannot be bound", hint="use at(...), or trace it with fewer dynamic sizes")

    def select(self, network: Network, outputs: tuple[str, ...]) -> Network:
        """Return the network whose costs and fields are about these values only."""
        return network.calling(outputs)


def _refuse(network: Network, condition: object) -> NoReturn:
    conditions = "; ".join(network.origin.conditions) or "none"
    raise QueryError(
        f"{network.name} was traced under the condition that {condition}, which these sizes break",
        hint=f"conditions: {conditions}; trace it again with other inputs",
    )
