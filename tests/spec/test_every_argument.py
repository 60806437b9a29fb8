"""Every argument of every operation, with values of a wrong shape: an answer or one error."""

from __future__ import annotations

import dataclasses

import pytest

from archgraph import ArchgraphError, loads
from archgraph.spec.operations import operations

STRANGE = (
    *("[{h: 1}, {w: 1}]", "[[1], [2]]", "{h: {a: 1}, w: 1}", "{h: [1, 2], w: 1}", "{h: true, w: 1}", "[[[1], 2], 1]"),
    *("{before: {a: 1}}", "{before: [1]}", "{}", "[]", "{c: 1}", "{h: null, w: 1}", "[null, 1]", "true", "same", "-1"),
)
HEAD = "archgraph: 1\ninputs: {x: {c: 8, h: 8, w: 8}}\nnetwork:\n"


@pytest.mark.parametrize("kind", operations())
def test_a_value_of_a_wrong_shape_is_no_fault(kind):
    fields = dataclasses.fields(operations()[kind])
    needed = {field.name: "2" for field in fields if field.default is dataclasses.MISSING}
    for name in [field.name for field in fields]:
        for value in STRANGE:
            ask(kind, {**needed, name: value})


def ask(kind: str, arguments: dict[str, str]) -> None:
    """Load a step with as many operands as it may want, and ask what it costs."""
    given = ", ".join(f"{name}: {value}" for name, value in arguments.items())
    for operands in ("", "from: [x, x], ", "from: [x, x, x], "):
        try:
            g = loads(f"{HEAD}  - {{{operands}{kind}: {{{given}}}}}\n")
            assert g.at().params is not None and g.at().macs is not None
        except ArchgraphError as error:
            assert str(error)
