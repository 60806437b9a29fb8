"""A model by name as a network: as it is, or with fields of its configuration as symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archgraph.errors import QueryError, quoted
from archgraph.graph.network import Network
from archgraph.pytorch.family.inputs import TiedSizes, resized
from archgraph.pytorch.family.members import MemberOptions
from archgraph.pytorch.family.trace_family import trace_family
from archgraph.pytorch.family.varied import FieldNames, VariedFields, fields_asked, unknown_field
from archgraph.pytorch.sources.model import BuilderOptions, NamedModel, called_with, first_argument
from archgraph.pytorch.sources.table import named_model
from archgraph.pytorch.trace.batch.find import AskedBatch
from archgraph.pytorch.trace.module import TracedModule, trace
from archgraph.pytorch.trace.source import network_of
from archgraph.pytorch.trace.symbols.asked import Dynamic

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class NamedFamily:
    """What a name asks for, and how.

    Attributes:
        name: of the model.
        inputs: what it is called with, where that is not to be found.
        options: keywords of what builds it.
        dynamic, batch_axis, allow_unsupported: as for `trace`.
    """

    name: str
    inputs: object
    options: BuilderOptions
    dynamic: Dynamic
    batch_axis: AskedBatch
    allow_unsupported: bool

    def network(self, asked: FieldNames | None) -> Network:
        """Return the model as a network, with the fields that are asked for as symbols."""
        model = named_model(self.name, self.options)
        if self.allow_unsupported and model.lenient is not None:
            model = replace(model, module=model.lenient())
        given, told = called_with(model, self.inputs)
        found = self._traced(model, given) if not asked else self._in_fields(model, given, asked, told)
        return network_of(found, model.module, told)

    def _traced(self, model: NamedModel, given: object, dynamic: Dynamic | None = None) -> TracedModule:
        return trace(
            model.module,
            given,
            self.dynamic if dynamic is None else dynamic,
            batch_axis=self.batch_axis,
            name=model.name,
            allow_unsupported=self.allow_unsupported,
        )

    def _in_fields(self, model: NamedModel, given: object, asked: FieldNames, told: str) -> TracedModule:
        items, dims = fields_asked(asked, model.fields, self.name)
        dynamic, tied = _tied(self.dynamic, items)
        for letter in dims:
            if any(letter in of.values() for of in dynamic.values()):
                continue
            if letter not in model.dims:
                raise self._unknown(letter, model, told)
            for name, dim in model.dims[letter].items():
                dynamic.setdefault(name, {})[dim] = letter
        if not items:
            return self._traced(model, given, dynamic)

        def build(values: Mapping[str, int]) -> tuple[nn.Module, object]:
            member = named_model(self.name, {**self.options, **values})
            return member.module, resized(called_with(member, self.inputs)[0], member.module, tied, values)

        return trace_family(build, items, MemberOptions(model.name, dynamic, self.batch_axis, self.allow_unsupported))

    def _unknown(self, letter: str, model: NamedModel, told: str) -> QueryError:
        """A symbol that is no field; a model of a file has none, and its sizes vary where that is asked for."""
        sizes = [*model.dims, *(named for dims in self.dynamic.values() for named in dims.values())]
        if model.fields or sizes:
            return unknown_field(letter, model.fields, self.name, sizes)
        called = f", called with {told}" if told else ""
        of = next(iter(model.inputs or {}), None) or first_argument(model.module)
        return QueryError(
            f"{self.name} has no size {quoted(letter)}: all of its sizes are numbers{called}",
            hint=f"--dynamic {of}:2=h,3=w makes dimensions of an input symbols, --shape gives it another shape; "
            "in Python: dynamic, inputs",
        )


def _tied(dynamic: Dynamic, items: VariedFields) -> tuple[dict[str, dict[int, str]], TiedSizes]:
    """The dimensions of inputs that vary by themselves, and those that are as large as a field."""
    fields = {item.name: item.sets[0] for item in items}
    free = {name: {dim: of for dim, of in dims.items() if of not in fields} for name, dims in dynamic.items()}
    tied = {name: {dim: fields[of] for dim, of in dims.items() if of in fields} for name, dims in dynamic.items()}
    return {name: dims for name, dims in free.items() if dims}, {name: dims for name, dims in tied.items() if dims}
