"""The members of a family, each built and traced once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sympy import Symbol

from archgraph.errors import ArchgraphError
from archgraph.pytorch.family.inputs import fewer_places, smaller
from archgraph.pytorch.family.varied import VariedFields
from archgraph.pytorch.trace.batch.find import AskedBatch
from archgraph.pytorch.trace.module import TracedModule, trace
from archgraph.pytorch.trace.symbols.asked import Dynamic

if TYPE_CHECKING:
    from torch import nn

BuiltMember = Callable[[Mapping[str, int]], "tuple[nn.Module, object]"]
"""Builds the module whose fields have some values, with the inputs that it is called with."""


@dataclass(frozen=True)
class MemberOptions:
    """How every member is traced: as `trace` is told."""

    name: str
    dynamic: Dynamic
    batch_axis: AskedBatch = "found"
    allow_unsupported: bool = False


class Members:
    """Builds and traces members of a family.

    Attributes:
        items: the fields, with the values of the configuration.
        own: the configuration itself.
    """

    def __init__(self, build: BuiltMember, items: VariedFields, options: MemberOptions) -> None:
        self.items = items
        self._build, self._options = build, options
        self._known: dict[tuple[object, ...], TracedModule] = {}
        defaults = {item.name: item.default for item in items}
        self.own: TracedModule = self._trace(defaults, options.dynamic, small=False)
        self._known[self._key(defaults, options.dynamic)] = self.own

    @property
    def small_inputs(self) -> dict[Symbol, int]:
        """The values of the inputs' symbols inside of laws, where a member is called with few tokens."""
        sizes = self.own.declarations
        found: dict[Symbol, int] = {}
        for name in sizes.names:
            step, offset = sizes.rule_of(name)
            (carrier,) = sizes.lookup(name).free_symbols
            found[carrier] = (fewer_places(sizes.numbers()[name], step, offset) - offset) // step
        return found

    def at(self, values: Mapping[str, int]) -> TracedModule:
        """Return the member at some values of the fields, with the symbols of its inputs.

        Raises:
            ArchgraphError: it cannot be built or traced.
        """
        return self._once(values, self._options.dynamic)

    def at_numbers(self, values: Mapping[str, int]) -> TracedModule:
        """Return the member at some values, called with few tokens, all of whose sizes are numbers."""
        return self._once(values, {})

    def _key(self, values: Mapping[str, int], dynamic: Dynamic) -> tuple[object, ...]:
        return (bool(dynamic), *(values[item.name] for item in self.items))

    def _once(self, values: Mapping[str, int], dynamic: Dynamic) -> TracedModule:
        key = self._key(values, dynamic)
        if key not in self._known:
            try:
                self._known[key] = self._trace(values, dynamic, small=True)
            except ArchgraphError:
                raise
            except Exception as error:
                # A member of sizes that nobody has: widths of 0, a norm over nothing.
                raise ArchgraphError(f"{type(error).__name__}: {error}") from error
        return self._known[key]

    def _trace(self, values: Mapping[str, int], dynamic: Dynamic, *, small: bool) -> TracedModule:
        options = self._options
        module, inputs = self._build({field: values[item.name] for item in self.items for field in item.sets})
        if small:
            inputs = smaller(inputs, options.dynamic, self.own.declarations)
        return trace(
            module,
            inputs,
            dynamic,
            batch_axis=options.batch_axis,
            name=options.name,
            allow_unsupported=options.allow_unsupported,
        )
