"""What recordings of one module share: its parts, its tensors, and what it holds, for each leaves it as it was."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from archgraph.pytorch.trace.recording.file_names import Owner, owners
from archgraph.pytorch.trace.recording.restore import Contents

if TYPE_CHECKING:
    from torch import Tensor, nn


class ModuleParts:
    """A module's parts, found once for all its recordings: to look for them takes as long as a short recording.

    Attributes:
        module: the module.
        paths: of its parts, by their identity.
        owners: classes and files whose cached functions start empty.
        stored: its parameters and buffers, each with its kind and its path; what has two has two of these.
        looked_through: whether these are known to be numbers side by side.

    >>> import torch
    >>> parts = ModuleParts(torch.nn.Sequential(torch.nn.Linear(2, 3)))
    >>> [*parts.paths.values()], [path for _, path, _ in parts.stored]
    (['', '0'], ['0.weight', '0.bias'])
    """

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.paths: dict[int, str] = {id(part): path for path, part in module.named_modules()}
        self.looked_through: bool = False
        self.owners: list[Owner] = owners(module)
        self.stored: list[tuple[str, str, Tensor]] = [
            *(("parameter", path, tensor) for path, tensor in module.named_parameters(remove_duplicate=False)),
            *(("buffer", path, tensor) for path, tensor in module.named_buffers(remove_duplicate=False)),
        ]

    @cached_property
    def contents(self) -> Contents:
        """What the module holds, with which it is left; asked for once its tensors were looked through."""
        return Contents(self.module)
