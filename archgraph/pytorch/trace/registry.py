"""The handlers of PyTorch's operators by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Handler: TypeAlias = Callable[..., Any]
"""Takes the interpreter and the arguments of one call, and returns what the call gives."""
HANDLERS: dict[str, Handler] = {}
"""What an operator of PyTorch becomes, by its name without `aten::` and overload."""
STAND_INS: dict[str, str] = {}
"""What operators of other formats are called, by the names of those that stand in for them: only shapes are known."""


def aten(*names: str) -> Callable[[Handler], Handler]:
    """Register the handler of some operators."""

    def register(handler: Handler) -> Handler:
        for name in names:
            HANDLERS[name] = handler
        return handler

    return register
