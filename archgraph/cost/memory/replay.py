"""A body that is run again in an account of its own, up to where its way back starts."""

from __future__ import annotations

from archgraph.cost.memory.bodies import OperandLook, known_storages, places
from archgraph.cost.memory.forward import Forward
from archgraph.cost.memory.ledger import ACTIVATIONS, GRADIENTS, Ledger, LiveStorage, Moment
from archgraph.cost.memory.records import BodyRecord, RunScope
from archgraph.cost.memory.tensors import Tensor, Tensors
from archgraph.cost.memory.ways_back import CallGradients, Start
from archgraph.sizes.symbols import ZERO


def replayed(start: Start, like: Forward) -> tuple[Forward, CallGradients]:
    """Run a body of another run again, and return what it wrote down and the gradients of its results."""
    call, ledger = start.call, Ledger(like.ledger.measure)
    forward = Forward(ledger, call.execution, like.weight_bytes, like.known, training=True, flow=like.flow)
    operands = _operands(call.operands, ledger)
    results = forward.run(call.body, operands, call.needed, call.wanted, RunScope())
    known = known_storages(operands, forward.weight)
    storages = tuple(places((*known, *(one.storage for one in results))))
    _let_go([*known, *(one.storage for one in results)], storages, start.alive, forward)
    record = BodyRecord(call, "", operands, results, LiveStorage(ZERO, 0, ACTIVATIONS), storages, ())
    gradients = CallGradients(record, _gradients(start, record, ledger), forward.weight)
    ledger.peak, ledger.turn, ledger.phase = Moment(), 0, "backward"
    return forward, gradients


def _operands(looks: tuple[OperandLook, ...], ledger: Ledger) -> Tensors:
    storages: dict[int, LiveStorage] = {}
    tensors: dict[int, Tensor] = {}
    for one in looks:
        if one.storage not in storages:
            storages[one.storage] = ledger.new(one.storage_law, ACTIVATIONS)
        if one.tensor not in tensors:
            tensors[one.tensor] = Tensor(storages[one.storage], one.law, one.flows)
    return tuple(tensors[one.tensor] for one in looks)


def _let_go(
    held: list[LiveStorage], storages: tuple[LiveStorage, ...], alive: tuple[bool, ...], forward: Forward
) -> None:
    """Let the caller go, who held operands and results, and stand for the others who hold them still."""
    for storage, is_alive in zip(storages, alive, strict=True):
        if is_alive:
            forward.ledger.hold(storage)
    for storage in held:
        forward.ledger.drop(storage)


def _gradients(start: Start, record: BodyRecord, ledger: Ledger) -> dict[Tensor, LiveStorage]:
    """Make gradients that are as the first run's were, each with its users."""
    pairs = zip(start.laws, start.shared, strict=True)
    uses = [start.gradients.count(place) for place in range(len(start.laws))]
    made = [ledger.new(law, GRADIENTS, users=times + shared) for (law, shared), times in zip(pairs, uses, strict=True)]
    tensors = dict.fromkeys((*record.operands, *record.results))
    found = zip(tensors, start.gradients, strict=True)
    return {tensor: made[place] for tensor, place in found if place is not None}
