"""Whether a training run fits a device: what takes what, the margin, and what to turn first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from sympy import Expr

from archgraph.cost.device import device
from archgraph.cost.memory.loss import loss_of
from archgraph.cost.training.run import Training
from archgraph.cost.training.training_memory import TrainingMemory, training_memory
from archgraph.cost.units import bytes_of, shown_bytes
from archgraph.data import table
from archgraph.errors import QueryError, did_you_mean
from archgraph.graph.network import Network
from archgraph.report.table import Table

TIGHT = 0.1
"""Below this share of a device's memory a margin is tight: what is not counted may take it."""


@dataclass(frozen=True)
class Remedy:
    """A change to a run, and what it then needs."""

    change: str
    run: Training
    bytes: int


@dataclass(frozen=True, repr=False)
class Fit:
    """Whether a run fits.

    Attributes:
        network: what is trained.
        needed: what the run needs, by kind, with its laws.
        device: the device's name, or the memory as it was written.
        memory: its bytes, less what is reserved.
    """

    network: Network
    needed: TrainingMemory
    device: str
    memory: int

    @cached_property
    def remedies(self) -> tuple[Remedy, ...]:
        """Single changes to the run that need less, the most effective first."""
        found = _remedies(self.network, self.needed.run, self.bytes)
        return tuple(sorted(found, key=lambda each: each.bytes))

    @property
    def bytes(self) -> int:
        """What the run needs."""
        return self.needed.bytes

    @property
    def fits(self) -> bool:
        """Whether it needs no more than there is."""
        return self.bytes <= self.memory

    @property
    def margin(self) -> int:
        """What is left; negative if it does not fit."""
        return self.memory - self.bytes

    @property
    def tight(self) -> bool:
        """Whether it fits, but with a margin so small that what is not counted may need it."""
        return self.fits and self.margin < TIGHT * self.memory

    @property
    def by_kind(self) -> Mapping[str, int]:
        """The bytes by kind."""
        return self.needed.by_kind

    @property
    def laws(self) -> Mapping[str, Expr]:
        """The laws by kind."""
        return self.needed.laws

    @property
    def law(self) -> Expr:
        """The law of the moment that is the highest."""
        return self.needed.law

    @property
    def remedy(self) -> Remedy | None:
        """The first single change that makes it fit; None if it fits already, or if no change is enough."""
        if self.fits:
            return None
        return next((each for each in self.remedies if each.bytes <= self.memory), None)

    @property
    def sentence(self) -> str:
        """Yes or no, and by how much."""
        answer = "tight" if self.tight else "fits" if self.fits else "does not fit"
        side = "left" if self.fits else "missing"
        return (
            f"{answer}: {shown_bytes(self.bytes)} of {shown_bytes(self.memory)}, {shown_bytes(abs(self.margin))} {side}"
        )

    @property
    def table(self) -> Table:
        """The report as a table, a row per kind, with what to change first in its notes."""
        found = self.needed.table
        notes = (self.needed.sentence, *found.notes, *self._turns())
        return replace(found, title=f"{self.needed.name} on {self.device}: {self.sentence}", notes=notes)

    def _turns(self) -> Iterator[str]:
        """What to turn, where there is need to."""
        for each in () if self.fits and not self.tight else self.remedies[:4]:
            saved = self.bytes - each.bytes
            fits = ", which fits" if not self.fits and each.bytes <= self.memory else ""
            yield f"with {each.change}: {shown_bytes(each.bytes)}, {100 * saved / self.bytes:.0f} % less{fits}"

    def __str__(self) -> str:
        return str(self.table)

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table.to_html()


def fit_of(g: Network, where: object, run: Training) -> Fit:
    """Return whether a run fits a device, or a number of bytes.

    Raises:
        QueryError: there is no such device, it is no number of bytes, or all of it is reserved.
    """
    name, memory = memory_of(where)
    return Fit(g, training_memory(g, run), name, beside(memory, run.reserve))


def beside(memory: int, reserve: int) -> int:
    """Return the bytes that are left beside what is reserved.

    Raises:
        QueryError: nothing is.

    >>> beside(80_000_000_000, 2_000_000_000)
    78000000000
    """
    if reserve >= memory:
        message = f"reserve={shown_bytes(reserve)} leaves nothing of {shown_bytes(memory)}"
        raise QueryError(message, hint="a smaller reserve, or a larger memory")
    return memory - reserve


def memory_of(where: object) -> tuple[str, int]:
    """Return what a device is called, and its bytes; bytes alone are a device as well.

    >>> memory_of("h100"), memory_of("24GB")
    (('NVIDIA H100 SXM', 80000000000), ('24GB', 24000000000))
    """
    known = table("hardware")
    if isinstance(where, str) and where in known:
        found = device(where)
        return found.name, found.memory
    try:
        return str(where), bytes_of(where)
    except QueryError as error:
        if not isinstance(where, str) or where[:1].isdigit():
            raise
        near = did_you_mean(where, known)
        raise QueryError(
            f"there is no device '{where[:60]}'.{near}", hint=f"{', '.join(known)}; or bytes: 80GB"
        ) from error


def changes_of(run: Training, loss: str = "none") -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield single changes of a run that may need less, where its network has some loss.

    >>> [words for words, _ in changes_of(Training(optimizer="sgd", attention="flash", dtype="bf16"))]
    ["checkpoint='block'", 'zero=3, gpus=8', 'tp=2, gpus=2', 'pp=2, gpus=2, accumulate=8']
    """
    if run.checkpoint in ("none", False):
        yield "checkpoint='block'", {"checkpoint": "block"}
    if run.attention == "math":
        yield "attention='flash'", {"attention": "flash"}
    if loss == "cross_entropy":
        yield "loss='chunked'", {"loss": "chunked"}
    if run.dtype == "fp32":
        yield "dtype='bf16-mixed'", {"dtype": "bf16-mixed"}
    # States of 8 bits differ from tensor to tensor, so that `zero` 1 and 2 cannot share them evenly.
    if run.optimizer in ("adam", "adamw", "amsgrad") and run.zero in (0, 3):
        yield "optimizer='adamw-8bit'", {"optimizer": "adamw-8bit"}
    if run.batch > 1:
        half = run.batch // 2
        words = f"batch={half}, accumulate={2 * run.accumulate}"
        yield words, {"batch": half, "accumulate": 2 * run.accumulate}
    for change in _splits_of(run):
        yield ", ".join(f"{name}={value}" for name, value in change.items()), change


def _splits_of(run: Training) -> Iterator[dict[str, object]]:
    """Yield ways to split a run over ranks that it is not split in: over those that it has, or over more."""
    if run.zero < 3:
        yield {"zero": 3} if run.dp > 1 else {"zero": 3, "gpus": 8 * run.gpus}
    if run.tp == 1:
        yield {"tp": 2, "gpus": 2 * run.gpus}
    if run.pp == 1:
        yield {"pp": 2, "gpus": 2 * run.gpus, "accumulate": max(8, run.accumulate)}


def _remedies(g: Network, run: Training, now: int) -> Iterator[Remedy]:
    for words, change in changes_of(run, loss_of(g.graph, run.loss)):
        changed = replace(run, **change)  # type: ignore[arg-type]
        try:
            needed = training_memory(g, changed).bytes
        except QueryError:  # not every network can be split so
            continue
        if needed < now:
            yield Remedy(words, changed, needed)
