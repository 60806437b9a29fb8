"""A network that comes from a spec: traced anew where a structural symbol changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from sympy import Symbol

from archgraph.graph.network import Network, Origin
from archgraph.spec.declarations import Declarations
from archgraph.spec.definitions import Variant
from archgraph.spec.load import find_variant, shares_graph, trace_spec
from archgraph.spec.silence import Observed, silent_parts
from archgraph.spec.spec import Spec

MOST_TRACED = 64
"""Networks that are kept; of more, the one that was asked for longest ago is traced again."""


@dataclass(frozen=True)
class SpecSource:
    """A variant of a spec at given values.

    Attributes:
        bound: values of symbols that are numbers inside the graph.
        given: values of symbols that stay free, over their defaults.
        selection: names of the outputs that are asked about; those of the variant where it is empty.
    """

    spec: Spec
    variant: str = ""
    bound: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    selection: tuple[str, ...] = ()

    def network(self) -> Network:
        """Return the traced spec; equal questions share one network, and with it what was found out about it.

        Raises:
            ArchgraphError: it breaks a rule.
        """
        return self._kept().network

    @property
    def observed(self) -> Observed:
        """What the trace saw of conditions and arguments.

        Raises:
            ArchgraphError: the spec breaks a rule.
        """
        return self._kept().observed

    def _kept(self) -> _Traced:
        key = (self.spec, self.variant, _typed(self.bound), _typed(self.given), self.selection)
        try:
            hash(key)
        except TypeError:  # a value that no symbol can have
            return self._trace()
        return _traced(key, _Unhashed(self))

    def _trace(self) -> _Traced:
        variant = find_variant(self.spec, self.variant)
        traced = trace_spec(self.spec, variant, self.bound, self.given)
        network = Network(
            name=f"{self.spec.name} {self.variant}".strip(),
            graph=traced.graph,
            selected=traced.selected,
            named=traced.named,
            declared=traced.declarations,
            values=traced.declarations.values,
            evaluated=False,
            source=self,
            origin=self._origin(variant),
            structural=traced.structural,
            assumptions=traced.assumptions,
            pixels=traced.pixels,
        )
        if self.selection:
            network = replace(network, selected=network.outputs_named(self.selection))
        return _Traced(network, traced.observed)

    def _origin(self, variant: Variant) -> Origin:
        return Origin(
            family=self.spec.name,
            variant=variant.name,
            about=variant.doc,
            file=self.spec.file,
            doc=self.spec.doc,
            cite=self.spec.cite,
            variants=tuple(self.spec.variants),
            expected=variant.expect,
            figure=self.spec.figure,
        )

    def variant_at(self, network: Network, name: str) -> Network:
        """Return a variant of the family at its numbers, over the family's graph where only values differ.

        Raises:
            ArchgraphError: there is no such variant, or it breaks a rule.
        """
        variant = find_variant(self.spec, name)
        if not shares_graph(self.spec, variant):
            return replace(self, variant=name).network().at()
        return replace(self.at(network, variant.at), name=f"{self.spec.name} {name}", origin=self._origin(variant))

    def at(self, network: Network, values: Mapping[str, Any]) -> Network:
        """Return the network at numbers: named symbols as given, every other one at its default.

        Raises:
            SpecError: an unknown symbol, or a value that breaks its rule.
        """
        given = replace(self, given={**self.given, **values})
        fresh = _declared(network, values)
        fresh.numbers()  # every one must have a value, unused ones too
        if _needs_rebuild(network, values, fresh.values):
            return given.network().at()
        return replace(network, declared=fresh, values=dict(fresh.values), evaluated=True, source=given)

    def bind(self, network: Network, values: Mapping[str, Any]) -> Network:
        """Return the network with some symbols bound and the others free; options rebuild the graph."""
        return replace(self, bound={**self.bound, **values}).network()

    def select(self, network: Network, outputs: tuple[str, ...]) -> Network:
        """Return the network whose costs and fields are about these values only."""
        chosen = network.outputs_named(outputs)
        return replace(network, selected=chosen, source=replace(self, selection=outputs), _of_graph={})


@dataclass(frozen=True)
class _Unhashed:
    """A source that comes along with its key, and is no part of it: all are equal."""

    source: SpecSource = field(compare=False)


@dataclass(frozen=True)
class _Traced:
    """A network, and what was seen when it was traced."""

    network: Network
    observed: Observed


@lru_cache(maxsize=MOST_TRACED)
def _traced(key: tuple[object, ...], asked: _Unhashed) -> _Traced:
    return asked.source._trace()


def silences(spec: Spec) -> list[str]:
    """Return a line for everything in a spec that has no effect at its defaults nor in any variant.

    Raises:
        ArchgraphError: a variant breaks a rule.
    """
    return silent_parts(spec, [SpecSource(spec, name).observed for name in ("", *spec.variants)])


def _typed(values: Mapping[str, object]) -> tuple[tuple[str, type, object], ...]:
    """Values with their types: 1, 1.0 and True are equal, and only one of them is a size."""
    return tuple((name, type(value), value) for name, value in values.items())


def _declared(network: Network, values: Mapping[str, Any]) -> Declarations:
    """The declarations at the given values, over those that hold."""
    old = network.declared
    assert isinstance(old, Declarations)
    return Declarations(old.specs, {**old.bindings, **values}, old.fixed)


def _needs_rebuild(network: Network, values: Mapping[str, Any], numbers: Mapping[Symbol, int]) -> bool:
    if numbers.keys() != network.declared.values.keys():
        return True
    if any(value != network.defaults[name] for name, value in values.items() if not network.is_free(name)):
        return True
    return not all(assumption.holds(numbers) for assumption in network.assumptions)
