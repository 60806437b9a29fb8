"""One model against PyTorch: numbers, laws at other sizes, fields, a drawing, and its text as a spec."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import archgraph as ag
from archgraph.figures.drawing.geometry import faults
from tests.models.corpora.counting import counted, pass_seconds, with_values
from tests.models.corpora.entry import Entry, sides
from tests.models.corpora.field_check import NotComparedError, field_checked
from tests.models.corpora.other_sizes import other_sizes, resized, small_sizes
from tests.models.corpora.time_limit import TooLong, at_most

LAW_SECONDS = 40
"""How long a trace may look for a law; the model is traced at its own sizes otherwise."""
LARGEST_RUN = 6e8
MOST_WEIGHTS = 30e6
"""MACs and parameters up to which a model is run for its gradient."""


@dataclass
class Result:
    """What became of one model.

    Attributes:
        library, name: which model.
        status: exact, gap, refused or wrong; not built, not run where PyTorch itself fails.
        why: the gaps, the refusal, or what is wrong.
        params, macs, nodes: at the sizes of the trace.
        law: the symbols that a law was compared in at two other sizes, why there is none, or nothing if none was asked.
        fields: how fields agree with gradients, or why they were not compared.
        spec: whether its text as a spec says the same, or why there is none.
        drawing: whole, or the first fault of its geometry.
        seconds: what the trace took, without building the model.
        counter: what a pass of PyTorch's counter takes on shapes; 0 where it wants values.
    """

    library: str
    name: str
    status: str = "exact"
    why: str = ""
    params: int = 0
    macs: int = 0
    nodes: int = 0
    law: str = ""
    fields: str = ""
    spec: str = ""
    drawing: str = ""
    seconds: float = 0.0
    counter: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the fields by name; whatever is wrong stands in `why`."""
        if self.wrong:
            self.status, self.why = "wrong", "; ".join(self.wrong)
        found = asdict(self)
        del found["wrong"]
        return found

    def hold(self, what: str, said: object, right: object) -> None:
        """Note that something is wrong unless both are equal."""
        if said != right:
            self.wrong.append(f"{what} {said}, PyTorch {right}")


def compared(library: str, entry: Entry) -> Result:
    """Return what became of a model; an exception that is no refusal is wrong as well.

    Constants that a constructor makes on the meta device have no values: what is refused then is tried with values.
    """
    found = _compared(library, entry, entry.build)
    return _compared(library, entry, entry.fresh) if found.status == "refused" else found


def _compared(library: str, entry: Entry, build: Callable[[], Any]) -> Result:
    found = Result(library, entry.name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            module = build()
            inputs = entry.inputs(module)
        except Exception as error:
            found.status, found.why = "not built", _unbuilt(error)
            return found
        try:
            _compare(found, entry, module, inputs)
        except ag.ArchgraphError as error:
            own = _failure(entry, inputs)
            found.status, found.why = ("not run", own) if own else ("refused", _told(error))
        except Exception as error:
            found.wrong.append(f"{type(error).__name__}: {_told(error)}")
    return found


def _failure(entry: Entry, inputs: Mapping[str, Any]) -> str:
    """Return how PyTorch itself fails at what was refused; nothing where it does not."""
    import torch

    try:
        module = entry.fresh()
        with torch.no_grad():
            module(**with_values(inputs))
    except Exception as error:
        return _told(error)
    return ""


def _compare(found: Result, entry: Entry, module: Any, inputs: Mapping[str, Any]) -> None:
    start = time.process_time()
    g, dynamic = _traced(found, entry, module, inputs)
    found.seconds = time.process_time() - start
    at = g.at()
    found.params, found.macs, found.nodes = int(at.params), int(at.macs), sum(1 for _ in g.graph.walk())
    if g.gaps:
        found.status, found.why = "gap", ", ".join(f"{gap.operator} x {gap.count}" for gap in g.gaps)
    found.hold("params", found.params, sum(x.numel() for x in module.parameters()))
    right = counted(module, entry.fresh, inputs)
    found.counter = pass_seconds(module, inputs)
    if not g.gaps or found.macs > right:
        found.hold("macs", found.macs, right)
    if dynamic and not g.gaps:
        _compare_law(found, g, lambda sizes: counted(module, entry.fresh, resized(inputs, dynamic, sizes)))
    _compare_spec(found, g)
    _draw(found, g)
    _compare_fields(found, g, entry.fresh, inputs, dynamic)


def _traced(found: Result, entry: Entry, module: Any, inputs: Mapping[str, Any]) -> tuple[Any, Mapping[str, Any]]:
    """Return the trace with sizes that vary, or without where they cannot, and which do."""
    dynamic = sides(inputs) if entry.dynamic is None else entry.dynamic
    if dynamic:
        try:
            with at_most(LAW_SECONDS):
                return ag.trace(module, dict(inputs), dynamic, name=entry.name, allow_unsupported=True), dynamic
        except TooLong:
            found.law = f"fixed: no law within {LAW_SECONDS} s"
        except ag.ArchgraphError as error:
            found.law = f"fixed: {_told(error)}"
    return ag.trace(module, dict(inputs), name=entry.name, allow_unsupported=True), {}


def _compare_law(found: Result, g: Any, right: Callable[[Mapping[str, int]], int]) -> None:
    sizes = other_sizes(g)
    for values in sizes:
        found.hold(f"macs at {values}", int(g.at(**values).macs), right(values))
    found.law = ", ".join(map(str, g.symbols)) if sizes else "fixed: no other sizes"


def _compare_fields(
    found: Result, g: Any, fresh: Callable[[], Any], inputs: Mapping[str, Any], dynamic: Mapping[str, Any]
) -> None:
    sizes = small_sizes(g, LARGEST_RUN)
    if sizes is None or found.params > MOST_WEIGHTS:
        found.fields = "large"
        return
    try:
        told = field_checked(g.at(**sizes), fresh, resized(inputs, dynamic, sizes))
    except NotComparedError as why:
        found.fields = f"not compared: {why}"
    except ag.ArchgraphError as error:
        found.fields = f"refused: {_told(error)}"
    else:
        found.fields = told
        if told.startswith("wrong"):
            found.wrong.append(f"fields: {told}")


def _compare_spec(found: Result, g: Any) -> None:
    try:
        again = ag.loads(g.to_spec()).at()
    except ag.UnsupportedOpError as error:
        found.spec = f"none: {_told(error)}"
    else:
        found.spec = "same"
        for metric in ("params", "macs"):
            if getattr(again, metric) != getattr(found, metric):
                found.wrong.append(f"as a spec {metric} {getattr(again, metric)}, traced {getattr(found, metric)}")


def _draw(found: Result, g: Any) -> None:
    figure = g.draw()
    bad = faults(figure.diagram)
    found.drawing = bad[0] if bad else "whole"
    assert figure.svg.rstrip().endswith("</svg>")


FETCHING = "urlopen error", "couldn't connect to"
"""What errors say of a library that fetches weights or a tokenizer while it builds a model."""


def _unbuilt(error: Exception) -> str:
    fetches = any(words in str(error) for words in FETCHING)
    return "its constructor fetches files from the network" if fetches else _told(error)


def _told(error: Exception) -> str:
    """Return the first line of what an exception says."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
