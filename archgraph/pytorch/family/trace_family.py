"""A module in the fields of its configuration: members of a family, traced one by one, as one graph."""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, Integer

from archgraph.pytorch.family.members import BuiltMember, MemberOptions, Members
from archgraph.pytorch.family.search import FamilyLaws, FamilySearch
from archgraph.pytorch.family.varied import VariedField, VariedFields
from archgraph.pytorch.trace.module import TracedModule
from archgraph.pytorch.trace.sizes import VALID
from archgraph.sizes.symbols import Assumption, is_ordered
from archgraph.spec.declarations import Declarations
from archgraph.spec.spec import Spec, read_text


def trace_family(build: BuiltMember, items: VariedFields, options: MemberOptions) -> TracedModule:
    """Return a module with fields of its configuration as symbols.

    Small members of the family are traced, and their graphs lined up node by node: equal blocks are a repeat, whose
    count is a size like any other, and sizes that differ are polynomials in the fields. These are proved at a member
    that took no part in finding them, and at the configuration itself.

    Args:
        build: makes a member from the values of the fields.
        items: the fields, with the values of the configuration.
        options: how each is traced.

    Raises:
        ArchgraphError: a field cannot vary, changes more than sizes, or a size is no polynomial in the fields.
    """
    members = Members(build, items, options)
    own = members.own
    search = FamilySearch(options.name, members, lambda found: _declared(_spec(options.name, found, own)))
    found = search.found()
    return _with_laws(own, found, _spec(options.name, found.items, own))


def _with_laws(own: TracedModule, found: FamilyLaws, spec: Spec) -> TracedModule:
    declarations = _declared(spec)
    becomes = dict(zip(own.graph.outputs, found.graph.outputs, strict=True))
    selected = tuple(becomes[value] for value in own.selected)
    facts = tuple(fact for item in found.items for fact in _facts(item, declarations))
    return replace(
        own,
        spec=spec,
        graph=found.graph,
        selected=selected,
        named={name: becomes[value] for name, value in own.named.items()},
        declarations=declarations,
        values=dict(declarations.values),
        conditions=(*_conditions(found), *own.conditions),
        assumptions=(*facts, *own.assumptions),
    )


def _conditions(found: FamilyLaws) -> list[str]:
    told = [f"{name} = {', '.join(map(str, values))}" for name, values in found.seen.items()]
    fixed = [f"numbers that are no sizes are those of the configuration: in {place}" for place in found.fixed]
    return [f"built at {'; '.join(told)}", *fixed]


def _facts(item: VariedField, declarations: Declarations) -> list[Assumption]:
    size = declarations.lookup(item.name)
    bound: Expr = Integer(item.least * item.step)
    if item.multiple_of:
        bound = bound * declarations.lookup(item.multiple_of)
    return [] if is_ordered(size, ">=", bound) else [Assumption(size, ">=", bound, VALID)]


def _declared(spec: Spec) -> Declarations:
    declarations = Declarations(spec.symbols, {}, frozenset())
    declarations.resolve_all()
    return declarations


def _spec(name: str, items: VariedFields, own: TracedModule) -> Spec:
    """The symbols of fields and of inputs as the text of a spec, so that they are as those of any other."""
    lines = ["archgraph: 1", f"name: '{name.replace(chr(39), '')}'", "network: [relu]", "symbols:"]
    for item in items:
        step = f"{item.step}*{item.multiple_of}" if item.multiple_of else str(item.step)
        lines.append(f"  {item.name}: {{default: {item.default}, multiple_of: {step}}}")
    for each in own.declarations.names:
        multiple, offset = own.declarations.rule_of(each)
        lines.append(
            f"  {each}: {{default: {own.declarations.numbers()[each]}, multiple_of: {multiple}, offset: {offset}}}"
        )
    return replace(read_text("\n".join(lines), "<trace>"), network=None)
