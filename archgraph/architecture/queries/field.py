"""Receptive fields, and the paths by which far positions meet."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from archgraph.architecture.measured import Measured
from archgraph.fields import queries as fields
from archgraph.fields.report.field_report import ReceptiveField
from archgraph.fields.report.receptive_field import ReceptiveFields
from archgraph.report.table import Table

if TYPE_CHECKING:
    from archgraph.fields.effective.effective import Effective
    from archgraph.fields.paths.hop_path import HopPath
    from archgraph.fields.paths.paths import Paths
    from archgraph.fields.report.halo import Halo
    from archgraph.fields.report.productive import Productivity
    from archgraph.fields.report.size_law import SizeLaw


class FieldQueries(Measured):
    """Receptive fields, and the paths by which far positions meet."""

    def receptive_fields(self, input: str | None = None, fixed_weights: bool = False) -> ReceptiveFields:
        """Return the receptive fields of all nodes on one input, at the bound values.

        With `fixed_weights`, what is mixed with weights computed from the input, as by attention, is left out.

        >>> from archgraph import load
        >>> load("unet:padded-512").receptive_fields("image").at("bottleneck").h.size_max
        140
        """
        key, g = (input, fixed_weights), self.whole
        if key not in self._fields:
            self._fields[key] = ReceptiveFields(g.graph, input, evaluate=g.evaluate, fixed_weights=fixed_weights)
        return self._fields[key]

    @cached_property
    def _fields(self) -> dict[tuple[str | None, bool], ReceptiveFields]:
        return {}

    def receptive_field(
        self, node: str | None = None, input: str | None = None, fixed_weights: bool = False
    ) -> ReceptiveField:
        """Return what one node reads of one input: by default the only output, and the only input with positions.

        Sizes, strides and offsets are in elements of the input, per axis and phase. Symbols in kernels, strides
        and counts take their bound or default values.

        Args:
            node: a step, or the dotted path of an operation inside one.
            input: the name of the input.
            fixed_weights: whether to leave out what is mixed with weights computed from the input, as attention
                and scans do: what convolution reaches by itself.

        Raises:
            QueryError: no such node or input, or none was named and there are several.

        >>> from archgraph import load
        >>> field = load("unet:padded-512").receptive_field("logits")
        >>> field.h.size_min, field.h.size_max, field.h.period
        (188, 204, 16)
        >>> sd = load("sd")
        >>> sd.receptive_field("noise", "latent").h.is_global
        True
        >>> sd.receptive_field("noise", "latent", fixed_weights=True).h.size_max
        401
        """
        selected = self.whole.selected
        only = selected[0] if len(selected) == 1 else None
        return self.receptive_fields(input, fixed_weights).at(only if node is None else node)

    def receptive_field_table(
        self,
        input: str | None = None,
        every: bool = False,
        laws: bool = False,
        effective: bool = False,
        fixed_weights: bool = False,
    ) -> Table:
        """Return the receptive field of the network's steps, or of every primitive node.

        Args:
            input: the name of the input.
            every: whether to show every primitive node.
            laws: whether to add the sizes as laws, of steps only.
            effective: whether to add the effective field at initialisation, of steps only.
            fixed_weights: whether to leave out what is mixed with weights computed from the input; such a table has
                neither laws nor effective fields.

        >>> from archgraph import load
        >>> table = load("conv_stack").receptive_field_table(laws=True)
        >>> table.rows[0]["law"]
        'K*L - L + 1'
        """
        return fields.field_table(self.whole, input, every, laws, effective, fixed_weights)

    def receptive_field_law(
        self, node: str | None = None, input: str | None = None, axis: str | None = None, over: str | None = None
    ) -> SizeLaw:
        """Return how long the receptive field of one of the network's steps is, as a labelled law.

        Args:
            node: the step, by default the only output.
            input: the input, by default the only one with positions.
            axis: an axis of the input, by default its first.
            over: a repeat count, to extrapolate the periodic increments of the largest size at the bound values of
                all other symbols: for bodies with phases, whose law is no expression otherwise.

        >>> from archgraph import load
        >>> print(load("conv_stack").receptive_field_law())
        K*L - L + 1
        """
        return fields.receptive_field_law(self.whole, node, input, axis, over)

    def halo(self, node: str | None = None, input: str | None = None) -> Halo:
        """Return the margin that tiles of the input need for a stitched output, or why none makes it exact.

        >>> from archgraph import load
        >>> load("unet:padded-512").halo()
        tiles of image for logits
          h  margin 96 (reads 94), on a lattice of 16
          w  margin 96 (reads 94), on a lattice of 16
        """
        return fields.tiling(self.whole, node, input)

    def effective_field(self, node: str | None = None, input: str | None = None) -> dict[str, Effective]:
        """Return the effective receptive field of a step at initialisation, by axis; no trained network's.

        >>> from archgraph import load
        >>> print(load("unet:padded-512").effective_field()["h"])
        sigma 8.07, 95 % within 34.8 (at initialisation)
        """
        return fields.effective_field(self.whole, node, input)

    def productivity(self, axis: str | None = None, input: str | None = None) -> Productivity:
        """Return which layers widen receptive fields beyond the input, and the feasible sizes of the input.

        >>> from archgraph import load
        >>> load("vgg").productivity().feasible
        (196, 212)
        """
        return fields.productive(self.whole, axis, input)

    def paths(self, axis: str | None = None, node: str | None = None, input: str | None = None) -> Paths:
        """Return the paths between an input and an output along one axis, for many questions on them.

        >>> from archgraph import load
        >>> load("unet:padded-512").paths().at_distance(90)
        10
        """
        return fields.paths(self.whole, node, input, axis)

    def hops(
        self,
        distance: int | None = None,
        axis: str | None = None,
        *,
        start: int | None = None,
        end: int | None = None,
        node: str | None = None,
        input: str | None = None,
    ) -> HopPath | None:
        """Return a path with the fewest moves from an input position to an output, None where there is none.

        A move is an operation by which a position reads another cell of the input than its own.

        Args:
            distance: how far the input position lies from the output's cell, of both sides the farther one.
            axis: an axis of the input, by default its first.
            start: the input position, instead of a distance.
            end: the output position, by default the one in the middle.
            node: the output, by default the only one.
            input: the input, by default the only one with positions.

        >>> from archgraph import load
        >>> load("unet:padded-512").hops(distance=90).moves
        10
        """
        return fields.hops(self.whole, distance, axis, start, end, node, input)

    def max_path(self, axis: str | None = None, node: str | None = None, input: str | None = None) -> int:
        """Return the most hops between any two connected positions of an input and an output.

        >>> from archgraph import load
        >>> load("conv_stack").max_path(), load("transformer").max_path()
        (10, 1)
        """
        return self.paths(axis, node, input).max_path()

    def depth_to_cover(self, distance: int, axis: str | None = None, input: str | None = None) -> int | None:
        """Return the fewest mixing layers by which something reads as far as a distance, None where nothing does.

        >>> from archgraph import load
        >>> load("unet:padded-512").depth_to_cover(90), load("transformer").depth_to_cover(90)
        (13, 1)
        """
        return fields.cover(self.whole, distance, axis, input)
