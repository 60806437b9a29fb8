"""What an architecture becomes outside: a figure, a module, a spec, a graph of another library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from archgraph.architecture.measured import Measured

if TYPE_CHECKING:
    from torch import nn

    from archgraph.figures.figure import Figure


class Conversions(Measured):
    """What an architecture becomes outside: a figure, a module, a spec, a graph of another library."""

    def draw(
        self,
        view: str = "overview",
        width: str = "auto",
        venue: str = "icml",
        color: str = "locality",
        show: Iterable[str] | None = None,
        terms: str = "leading",
        values: bool = False,
    ) -> Figure:
        """Return an annotated diagram; save it with `.save("x.svg")`.

        Args:
            view: `overview` (stages), `blocks` (inside the repeated block), `full`, `unrolled`, `ladder`, `matrix`,
                `hops` (moves over distance), `levels` (costs by resolution), `laws` (costs against each symbol).
            width: `auto`, `column`, `text`, or inches such as `3.25in`.
            venue: whose column and text widths are meant.
            color: what the colour of a box says: `locality`, `params`, `macs`, `level` or `op`.
            show: which of `shape`, `params`, `macs`, `field` boxes are annotated with; all by default.
            terms: `leading`, or `full` for whole laws where they have room.
            values: numbers at the bound symbols instead of laws.

        >>> from archgraph import load
        >>> load("dit").draw(view="blocks", width="column").diagram.width / 72
        3.25
        """
        from archgraph.figures.figure import draw

        return draw(self.whole, view, width=width, venue=venue, color=color, show=show, terms=terms, values=values)

    def to_networkx(self, unroll: bool = False) -> Any:
        """Return the graph for networkx; unrolled, with all counts at their values, when asked.

        >>> from archgraph import load
        >>> load("conv_stack").to_networkx(unroll=True).number_of_nodes()
        22
        """
        return self.whole.flat().to_networkx() if unroll else self.whole.graph.to_networkx()

    def to_torch(self, device: Any = None, dtype: Any = None, **values: Any) -> nn.Module:
        """Return the network as a PyTorch module with fresh weights (see `archgraph.pytorch.lower.lower.lower`).

        Args:
            device: where the weights are made; "meta" allocates none.
            dtype: of the weights, such as `torch.bfloat16`; PyTorch's default where none is given.
            values: symbols, the others at their values.

        >>> from archgraph import load
        >>> sum(weight.numel() for weight in load("conv_stack").to_torch(L=2).parameters())
        73856
        """
        from archgraph.pytorch.lower.lower import lower

        bound = self.whole.bound(**values)
        return lower(bound.graph, bound.selected, self.whole.name, device).to(dtype=dtype)

    def to_spec(self) -> str:
        """Return the text of a spec with the same laws (see `archgraph.spec.write.writer.write_spec`).

        Raises:
            UnsupportedOpError: a traced module holds what no spec can say, with all of it.

        >>> from archgraph import load, loads
        >>> loads(load("unet").to_spec()).params == load("unet").params
        True
        """
        from archgraph.spec.write.writer import write_spec

        return write_spec(self.whole)
