"""The receptive field of a node along one axis, as it is reported: numbers, phases, origins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from archgraph.errors import QueryError, printable
from archgraph.fields.sets.field import Field, ReadKind
from archgraph.fields.sets.indices import EMPTY, Indices, interval
from archgraph.fields.sets.readings import HalfLine, Moving, Pieces, Reading, Rows, Unsettled, Whole
from archgraph.fields.sets.setmap import SetMap
from archgraph.fields.sets.terms import Form, shown
from archgraph.keywords import strict_methods


@dataclass(frozen=True, slots=True)
class Phase:
    """What the outputs of one phase read; `lo` and `hi` are those of the first such output."""

    lo: int
    hi: int
    size: int
    touched: int

    @property
    def holes(self) -> int:
        """How many indices of the hull are not read."""
        return self.size - self.touched


@strict_methods
@dataclass(frozen=True)
class AxisField:
    """The receptive field of a node along one axis of an input, in elements of that input.

    Borders are ignored: sets may reach beyond the input. Where all of the input is read, the size is the
    input's and the stride 0. Behind causal reads the numbers are those of the last output. Behind a flattening,
    one output element is one step of `along`, as `n // 16`, which drives this axis.

    Attributes:
        axis: the name of the axis.
        field: the readings of the three kinds.
        extent: the size of the input along the axis.
        outputs: the size of the node's own output along it, None where the output has no such axis.
        kind: which kind the numbers speak of.
        partial: whether some channels were picked that may read less than all of them together, so that sizes
            are upper bounds.
    """

    axis: str
    field: Field
    extent: int
    outputs: int | None = None
    kind: ReadKind = "content"
    partial: bool = False

    def __repr__(self) -> str:
        return f"<field along {printable(self.axis)}: at most {self.size_max} of {self.extent}>"

    def of(self, kind: ReadKind) -> AxisField:
        """Return the same with the numbers of another kind."""
        return replace(self, kind=kind)

    @property
    def gate(self) -> AxisField:
        """The field with what enters through gates: factors that a product broadcasts over positions."""
        return self.of("gate")

    @property
    def stat(self) -> AxisField:
        """The field with gates and normalisation statistics."""
        return self.of("stat")

    @property
    def reading(self) -> Reading:
        """What is read, as the analysis keeps it."""
        return getattr(self.field, self.kind)

    @property
    def map(self) -> SetMap:
        """The set map; of stride 0 where nothing or all of the input is read.

        Raises:
            QueryError: branches of unequal stride meet, or the field differs between stretches of the output.
        """
        reading = self.reading
        if isinstance(reading, Moving):
            return reading.map
        if isinstance(reading, Rows):
            return SetMap(self.extent, reading.sets)
        if isinstance(reading, Unsettled):
            raise QueryError(f"no receptive field along {self.axis}: {reading.reason}")
        if isinstance(reading, Pieces):
            raise QueryError(f"no single receptive field along {self.axis}: {self}")
        return SetMap(0, (self._fixed(reading),))

    def _fixed(self, reading: Whole | HalfLine | None) -> Indices:
        """Return what is read, for what is the same for every output; what lies outside the input is left out."""
        if reading is None:
            return EMPTY
        span = reading.within(self.extent).span if isinstance(reading, Whole) else reading.since.span
        if not span.length:
            return interval(0, self.extent - 1).from_(span)
        return span.clip(0, self.extent - 1)

    @property
    def form(self) -> Form:
        """Which positions of the output drive the field along this axis."""
        return self.reading.form if isinstance(self.reading, Moving | HalfLine | Rows) else ()

    @property
    def along(self) -> str:
        """The same as text: the axis itself, unless positions were flattened, cut up or renamed."""
        return shown(self.form)

    @property
    def pieces(self) -> tuple[tuple[int, int, AxisField], ...]:
        """The field per stretch (first, last) of the output where it differs between stretches, else nothing."""
        reading = self.reading
        if not isinstance(reading, Pieces):
            return ()
        return tuple((part.start, part.stop - 1, self._with(part.reading)) for part in reading.parts)

    def _with(self, reading: Reading) -> AxisField:
        return replace(self, field=replace(self.field, **{self.kind: reading}))

    @property
    def settled(self) -> bool:
        """Whether there are numbers: False where branches of unequal stride meet, or where stretches differ."""
        return not isinstance(self.reading, Unsettled | Pieces)

    @property
    def is_global(self) -> bool:
        """Whether every input position is read."""
        return self._is_all(self.reading)

    @property
    def is_causal(self) -> bool:
        """Whether every input position up to a moving edge is read."""
        return isinstance(self.reading, HalfLine)

    @property
    def size_max(self) -> int:
        """The largest size over the phases."""
        return self.map.size_max

    @property
    def size_min(self) -> int:
        """The smallest size over the phases; 0 where some outputs read nothing."""
        return self.map.size_min

    @property
    def size_mean(self) -> Fraction:
        """The mean size over the phases."""
        return self.map.size_mean

    @property
    def stride(self) -> Fraction:
        """How many input elements the field moves by per output element."""
        return self.map.stride

    @property
    def offset(self) -> Fraction:
        """Where the cell of output 0 begins, which has the field's centre and a stride's length."""
        return self.map.offset

    @property
    def centre(self) -> Fraction:
        """The middle of the field of output 0, averaged over the phases."""
        return self.map.centre

    @property
    def period(self) -> int:
        """The number of phases."""
        return self.map.period

    @property
    def exact(self) -> bool:
        """False where the sizes are upper bounds."""
        return self.map.exact and not self.partial

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The sets of the first outputs, one per phase."""
        return tuple(Phase(reads.lo, reads.hi, reads.size, reads.touched) for reads in self.map.phases)

    @property
    def global_since(self) -> str | None:
        """The first node by which the content is global, None while it is local."""
        return self._since(self.field.content)

    @property
    def gate_since(self) -> str | None:
        """The first node by which the content with gates is global."""
        return self._since(self.field.gate)

    @property
    def stat_since(self) -> str | None:
        """The first node by which the statistics are global."""
        return self._since(self.field.stat)

    def read_interval(self, first: int = 0, last: int | None = None) -> tuple[int, int] | None:
        """Return the input interval (lo, hi) that some outputs read together, None if they read nothing.

        Args:
            first: the first output.
            last: the last output; by default, the very last.
        """
        if last is None:
            last = first if self.outputs is None else self.outputs - 1
        hull = self.map.interval(first, last)
        if hull is None:
            return None
        lo, hi = max(hull[0], 0), min(hull[1], self.extent - 1)
        return (lo, hi) if lo <= hi else None

    def reads(self, output: int) -> Indices:
        """Return the set that one output reads, beyond the borders too."""
        return self.map.at(output)

    def __str__(self) -> str:
        if isinstance(self.reading, Unsettled):
            return self.reading.label
        if isinstance(self.reading, Pieces):
            axis = self.reading.axis
            return "; ".join(f"{axis} {first}..{last}: {part}" for first, last, part in self.pieces)
        if self.reading is None:
            return "nothing"
        if not isinstance(self.reading, Moving | Rows):
            return self._gathered()
        return ", ".join(self._parts())

    def _gathered(self) -> str:
        most = "" if self.exact else "at most "
        if self.is_causal:
            return f"{most}causal, up to {self.size_max}"
        whole = self.size_max == self.extent
        return most + (f"all {self.extent}" if whole else f"the same {self.size_max} of {self.extent}")

    def _parts(self) -> Iterable[str]:
        sizes = self.size_max if self.size_min == self.size_max else f"{self.size_min}-{self.size_max}"
        yield f"{'' if self.exact else 'at most '}{sizes}"
        if self.size_min != self.size_max:
            yield f"mean {self.size_mean}"
        if isinstance(self.reading, Rows):
            yield "listed one by one"
        elif self.period > 1:
            yield f"{self.period} phases"
        yield f"stride {self.stride}"
        if self.along not in ("", self.axis):
            yield f"per {self.along}"
        holes = max(phase.holes for phase in self.phases)
        if holes:
            yield f"{holes} holes"

    def _since(self, reading: Reading) -> str | None:
        return reading.path if isinstance(reading, Whole) and self._is_all(reading) else None

    def _is_all(self, reading: Reading) -> bool:
        return isinstance(reading, Whole) and self._fixed(reading).touched == self.extent
