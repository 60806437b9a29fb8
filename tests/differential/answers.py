"""What archgraph says of a program, held against PyTorch: every answer is exact, labelled or refused, or wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import archgraph as ag
from archgraph.pytorch.verify.original import KeptStorages
from tests.differential.output_axes import Mapped, readings
from tests.differential.positive_structure import Structure
from tests.differential.random_program import Program

METRICS = ("params", "macs", "saved bytes", "fields")
MOST_PLACES = 4
"""How many positions of an output are compared."""
WEIGHING = frozenset(["norms", "reductions", "broadcast"])
"""Kinds with norms over positions and factors broadcast over them, which content leaves out."""


@dataclass
class Verdict:
    """How a program fared.

    Attributes:
        answers: how often each (metric, "exact", "labelled" or "refused") came.
        wrong: what was said and what is right, by metric.
        reasons: what refusals said.
    """

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: dict[str, str] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)

    def note(self, metric: str, said: object, right: object, exact: bool = True) -> None:
        """Compare an answer; one that is labelled as a bound may be more."""
        if said == right if exact else said >= right:  # type: ignore[operator]
            self.answers[metric, "exact" if exact else "labelled"] += 1
        else:
            self.wrong.setdefault(
                metric, f"{metric}: {_shown(said)}{'' if exact else ' at most'}, PyTorch {_shown(right)}"
            )


def _shown(value: object) -> str:
    return str(sorted(value)) if isinstance(value, (set, frozenset)) else str(value)


def examine(program: Program, seed: int = 0) -> Verdict:
    """Trace a program and compare every answer.

    Raises:
        RuntimeError: PyTorch itself cannot run it.
    """
    net, x = program.module()
    right, verdict = measured(net, x), Verdict()
    structure = Structure(program)
    try:
        g = ag.trace(net, x)
    except ag.ArchgraphError as error:
        verdict.answers.update({(metric, "refused"): 1 for metric in METRICS})
        _complain(verdict, "trace", error)
        return verdict
    for metric, number in right.items():
        try:
            verdict.note(metric, int(getattr(g.at(), metric.replace(" ", "_"))), number, not g.gaps)
        except ag.ArchgraphError as error:
            verdict.answers[metric, "refused"] += 1
            _complain(verdict, metric, error)
    for name in structure.outputs:
        _compare_fields(g, name, structure, program, Random(seed), verdict)
    return verdict


def _complain(verdict: Verdict, metric: str, error: ag.ArchgraphError) -> None:
    """Note a refusal; one that takes the blame is a fault."""
    verdict.reasons[f"{metric}: {error.message}"] += 1
    if "please report" in str(error):
        verdict.wrong[metric] = f"{metric}: {error}"


def measured(net: Any, x: Any) -> Mapping[str, int]:
    """Return what PyTorch counts: elements of parameters, half of its FLOPs, what autograd keeps."""
    kept = KeptStorages(net.state_dict(keep_vars=True))
    # Each in a pass of its own: hooks of the counter hold on to what nothing else keeps.
    with sdpa_kernel(SDPBackend.MATH), kept.hooks():
        result = net(x)
    saved = kept.bytes()
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        net(x)
    assert result is not None
    parameters = list(net.parameters())
    numbers = {"params": sum(x.numel() for x in parameters), "macs": counter.get_total_flops() // 2}
    # Where every weight is frozen, archgraph says what would be kept if none were.
    trained = not parameters or any(x.requires_grad for x in parameters)
    return {**numbers, "saved bytes": saved} if trained else numbers


def _compare_fields(
    g: ag.Architecture, name: str, structure: Structure, program: Program, random: Random, verdict: Verdict
) -> None:
    """Compare some places of one output: content too where nothing weighs positions."""
    out, source = structure.outputs[name], next(iter(g.inputs.values()))
    channel = [d for d, axis in enumerate(source.names) if axis == "c"]
    try:
        chosen = g.select(name) if name else g
        (kind,) = chosen.outputs.values()
        rf = chosen.receptive_field()
        found: dict[Any, str] = {}
        some = lambda every: random.sample(every, min(MOST_PLACES, len(every)))  # noqa: E731
        for mapped in readings(kind, tuple(out.shape[1:]), rf.outputs, some):
            found[mapped.key] = _differs(rf, mapped, structure, name, channel, program, verdict)
            if not found[mapped.key]:
                return
        verdict.wrong.setdefault("fields", f"fields of {name or 'the output'}: {next(iter(found.values()), 'no axes')}")
    except ag.ArchgraphError as error:
        verdict.answers["fields", "refused"] += 1
        _complain(verdict, "fields", error)


def _differs(
    rf: Any, mapped: Mapped, structure: Structure, name: str, channel: Sequence[int], program: Program, verdict: Verdict
) -> str:
    """Return how the answers differ under one reading of the axes; nothing where they agree, which is noted."""
    agreed = Verdict()
    kinds = ("stat",) if program.kinds & WEIGHING else ("content", "stat")
    for index, given in mapped.pairs:
        right = {tuple(i for d, i in enumerate(p) if d not in channel) for p in structure.reads(name, index)}
        for kind in kinds:
            probe = rf.probe(kind, **given)
            agreed.note("fields", set(probe), right, probe.exact)
            if agreed.wrong:
                return f"{kind} at {dict(given)}: {agreed.wrong['fields']}"
    verdict.answers.update(agreed.answers)
    return ""
