"""Random networks of bodies that call bodies: shared weights, views, parts without gradients, checkpoints, repeats."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from sympy import Integer

from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.ops.base import Op
from archgraph.ops.catalogue import registry
from archgraph.sizes.types import tensor

WIDTH = 8
TYPE = tensor(n=5, c=WIDTH)


def network(seed: int, depth: int = 4) -> Graph:
    """A graph over a few bodies, each of which calls those before it."""
    random, bodies = Random(seed), []
    for _ in range(depth):
        bodies.append(_Body(random, bodies).graph(random.choice((1, 1, 2, 3)), random.choice((1, 1, 2))))
    return _Body(random, bodies).graph(2, random.choice((1, 2)))


def _op(kind: str, **arguments: object) -> Op:
    return registry()[kind](**arguments)


class _Body:
    def __init__(self, random: Random, bodies: list[Graph]) -> None:
        self.random, self.bodies = random, bodies
        self.members: list[Member] = []
        self.values: list[Value] = []
        self.calls: dict[Graph, str] = {}

    def graph(self, inputs: int, outputs: int) -> Graph:
        """Some steps on random values, of which the last ones are returned, or any."""
        given = tuple(Value(TYPE, f"x{index}") for index in range(inputs))
        self.values += given
        for _ in range(self.random.randint(2, 5)):
            steps = (self._layer, self._layer, self._meeting, self._parts, self._call, self._call)
            self.random.choice(steps)()
        results = self.values[-outputs:] if self.random.random() < 0.8 else self._some(outputs)
        return Graph(given, tuple(self.members), tuple(results))

    def _some(self, many: int) -> list[Value]:
        return [self.random.choice(self.values[-3:]) for _ in range(many)]

    def _node(self, op: Op, inputs: list[Value], **marks: object) -> tuple[Value, ...]:
        name = f"{op.kind}{len(self.members)}"
        types = op.outputs(*(value.type for value in inputs))
        made = tuple(Value(each, f"{name}#{index}") for index, each in enumerate(types))
        self.members.append(Node(name, op, tuple(inputs), made, **marks))
        return made

    def _layer(self) -> None:
        kind = self.random.choice(("linear", "linear", "relu", "silu", "layer_norm", "softmax"))
        op = _op(kind, out=Integer(WIDTH)) if kind == "linear" else _op(kind)
        share = "tied" if kind == "linear" and self.random.random() < 0.2 else None
        self.values += self._node(op, self._some(1), share=share, no_grad=self.random.random() < 0.1)

    def _meeting(self) -> None:
        self.values += self._node(_op(self.random.choice(("add", "multiply"))), self._some(2))

    def _parts(self) -> None:
        first, second = self._node(_op("split", parts=2), self._some(1))
        (bent,) = self._node(_op("relu"), [first])
        self.values += self._node(_op("concat"), self.random.choice(([bent, second], [second, first])))

    def _call(self) -> None:
        if not self.bodies:
            return self._layer()
        body = self.random.choice(self.bodies[-2:])
        inputs = tuple(self._some(len(body.inputs)))
        name = f"call{len(self.members)}"
        made = tuple(Value(TYPE, f"{name}#{index}") for index in range(len(body.outputs)))
        call = Repeat(name, "body", body, Integer(1), inputs, made)
        self.members.append(self._marked(call, body))
        self.values += made
        return None

    def _marked(self, call: Repeat, body: Graph) -> Repeat:
        """The call, perhaps repeated, a mixture, with the weights of another call, or computed again."""
        random = self.random
        if random.random() < 0.25 and len(body.outputs) <= len(body.inputs):
            call = replace(call, count=Integer(random.choice((2, 3, 5, 7))))
        elif random.random() < 0.1 and len(body.outputs) == 1:
            call = replace(call, count=Integer(2), experts=Integer(3))
        if random.random() < 0.2:
            call = replace(call, share=self.calls.setdefault(body, call.name) + str(call.experts))
        return replace(call, checkpoint=random.random() < 0.15)
