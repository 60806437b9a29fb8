"""What an operation says is also what it says where less of it is read."""

from __future__ import annotations

from archgraph.ops.base import Op
from archgraph.ops.traced.limited import Limited

OF_ITS_OWN = {"arguments", "example", "exact", "outputs", "unspoken"}


def test_every_fact_of_an_operation_is_passed_on():
    facts = {
        name
        for name in vars(Op)
        if not name.startswith("_") and name not in ("kind", "arity", "layer", "stops", "alone", "keeps_written")
    }
    assert facts - OF_ITS_OWN - set(vars(Limited)) == set()


def test_what_is_set_for_a_class_is_asked_of_the_core():
    op, types = Limited.example()
    assert op.core is op.op and op.core.core is op.op
    assert op.products(*types) == op.op.products(*types)
