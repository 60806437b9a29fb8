"""What a figure annotates, and how it writes laws."""

from collections.abc import Iterable
from dataclasses import dataclass

from archgraph.errors import not_among

#: What can be annotated: sizes of outputs, parameters, multiply-accumulates, and pictures of the receptive field.
ANNOTATIONS = ("shape", "params", "macs", "field")
TERMS = ("leading", "full")


@dataclass(frozen=True)
class Options:
    """How the boxes of a figure are annotated.

    Attributes:
        show: which of `ANNOTATIONS`.
        terms: the full law where it fits a box of usual width, else its large terms; or boxes widened for full laws.
        values: numbers at the bound symbols instead of laws.
    """

    show: tuple[str, ...] = ANNOTATIONS
    terms: str = "leading"
    values: bool = False


def options(show: Iterable[str] | None = None, terms: str = "leading", *, values: bool = False) -> Options:
    """Check and collect the options of a figure.

    Raises:
        QueryError: an unknown annotation or kind of terms.

    >>> options(["params"]).show
    ('params',)
    """
    chosen = ANNOTATIONS if show is None else (show,) if isinstance(show, str) else tuple(show)
    for name in chosen:
        if name not in ANNOTATIONS:
            raise not_among("annotation", name, ANNOTATIONS)
    if terms not in TERMS:
        raise not_among("kind of terms", terms, TERMS)
    return Options(chosen, terms, values)
