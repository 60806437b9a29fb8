"""Which modules are running: their calls, outermost first."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from archgraph.pytorch.trace.recording.node import ModuleCall


class RunningModules:
    """The calls of modules that have begun and not ended.

    A module that the root does not hold, such as one made while it runs, is not seen: its steps belong to its caller.

    Attributes:
        stack: without the root; a new tuple at every change, so that steps can keep it.
    """

    def __init__(self, root: Any) -> None:
        self._paths = {id(part): path for path, part in root.named_modules()}
        self._calls: Counter[str] = Counter()
        self._outer: list[tuple[int, tuple[ModuleCall, ...]]] = []
        self.stack: tuple[ModuleCall, ...] = ()
        self._left: list[tuple[BaseException, tuple[ModuleCall, ...]]] = []

    def left_by(self, error: BaseException) -> tuple[ModuleCall, ...]:
        """Return the calls that were running when an error was raised."""
        return next((stack for other, stack in self._left if other is error), ())

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Follow all calls of modules."""
        from torch.nn.modules import module

        handles = [
            module.register_module_forward_pre_hook(self._begin),
            module.register_module_forward_hook(self._end, always_call=True),
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _begin(self, part: Any, inputs: Any) -> None:
        path = self._paths.get(id(part))
        if not path:
            return
        count = self._calls[path]
        self._calls[path] += 1
        self._outer.append((id(part), self.stack))
        key = f"{path}@{count}" if count else path
        self.stack = (*self.stack, ModuleCall(key, path, type(part).__name__))

    def _end(self, part: Any, inputs: Any, result: Any) -> None:
        if not self._paths.get(id(part)):
            return
        error = sys.exc_info()[1]
        if error is not None:
            self._left.append((error, self.stack))
        # Calls that were left by an error which the module caught end with the one around them.
        while self._outer:
            begun, self.stack = self._outer.pop()
            if begun == id(part):
                return
