"""What `diff` returns: what changed, which reads itself out and is held to limits."""

from __future__ import annotations

from archgraph.comparison.change_report import change_report
from archgraph.comparison.changes import Changes
from archgraph.comparison.limits import broken, limit_of
from archgraph.errors import printable
from archgraph.keywords import strict_methods


@strict_methods
class Diff(Changes):
    """What changed between two states of a network, each at its own defaults.

    >>> from archgraph import load
    >>> load("dit:S/2").diff(load("dit:B/2")).symbols
    {'D': (384, 768), 'heads': (6, 12)}
    """

    def __repr__(self) -> str:
        return f"<changes of {printable(self.before.name)} to {printable(self.after.name)}>"

    def report(self, format: str = "text", by: str = "") -> str:
        """Return what changed as text, Markdown, JSON, or annotations of a build on GitHub.

        Args:
            format: `text`, `markdown`, `json` or `github`.
            by: also by groups of nodes: `node`, `scope`, `op`, `level`, `block`.

        Raises:
            QueryError: an unknown format or grouping.

        >>> from archgraph import load
        >>> print(load("vit").diff(load("vit")).report().splitlines()[0])
        ViT: nothing changed
        """
        return change_report(self, format, by)

    def broken(self, *limits: str) -> tuple[str, ...]:
        """Return how the changes break limits, in words: `params=+0%`, `macs=+5%`, `field=same`.

        Raises:
            QueryError: a text that is no limit.

        >>> from archgraph import load
        >>> load("dit:S/2").diff(load("dit:B/2")).broken("params=+10%", "field=same")
        ('params may be 36,259,696 at most (params=+10%, from 32,963,360), and is 130,512,416',)
        """
        return tuple(told for limit in map(limit_of, limits) if (told := broken(self, limit)))

    def _repr_markdown_(self) -> str:
        return self.report("markdown")

    def __str__(self) -> str:
        return self.report()
