"""Whether a module can run at all, and in evaluation mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from archgraph.errors import ArchgraphError

if TYPE_CHECKING:
    from torch import nn


def into_evaluation(module: nn.Module) -> None:
    """Put a module into evaluation mode; an exported program stays in the one that it was exported in."""
    try:
        module.eval()
    except NotImplementedError as error:
        if "eval()" not in str(error):
            raise


def refuse_unmade(module: nn.Module) -> None:
    """Refuse a module that never became one.

    Raises:
        ArchgraphError: its class does not call that of `torch.nn.Module` first.
    """
    if "_modules" not in vars(module):
        raise ArchgraphError(
            f"{type(module).__name__} is no complete torch.nn.Module: its __init__ does not call super().__init__()",
            hint="call it first thing in __init__",
        )


def refuse_made(module: nn.Module, before: Mapping[str, object]) -> None:
    """Refuse a module that made parameters while it ran, as one does that learns sizes from its first input.

    Raises:
        ArchgraphError: it has others than before, whose numbers would count in nothing.
    """
    made = [name for name, _ in module.named_parameters() if name not in before]
    if made:
        raise ArchgraphError(
            f"{type(module).__name__} makes parameters while it runs, such as '{made[0]}'",
            hint="call it once on an example, after which it has them",
        )
