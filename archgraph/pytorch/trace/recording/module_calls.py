"""Which modules are running: their calls, outermost first."""

from __future__ import annotations

from collections import Counter
from threading import get_ident
from typing import Any

from archgraph.pytorch.trace.recording.node import ModuleCall


class RunningModules:
    """The calls of modules that have begun and not ended.

    A module that the root does not hold, such as one made while it runs, is not seen: its steps belong to its caller.

    Attributes:
        stack: without the root; a new tuple at every change, so that steps can keep it.
        elsewhere: the path of a module that ran in another thread, where no step of it is seen.
    """

    def __init__(self, root: Any) -> None:
        self._paths = {id(part): path for path, part in root.named_modules()}
        self._calls: Counter[str] = Counter()
        self._left: list[tuple[BaseException, tuple[ModuleCall, ...]]] = []
        self.stack: tuple[ModuleCall, ...] = ()
        self.elsewhere: str | None = None
        self._thread = get_ident()

    def watching(self, call: Any) -> Any:
        """Return what stands for `nn.Module.__call__`: it follows the calls.

        Hooks would not do: while a module is traced, torch does not call them after an error.
        """

        def called(part: Any, *args: Any, **options: Any) -> Any:
            path = self._paths.get(id(part))
            if path is not None and get_ident() != self._thread:
                self.elsewhere = path
                return call(part, *args, **options)
            if not path:
                return call(part, *args, **options)
            outer = self.stack
            self.stack = (*outer, self._call(path, part))
            try:
                return call(part, *args, **options)
            except Exception as error:
                self._left.append((error, self.stack))
                raise
            finally:
                self.stack = outer

        return called

    def left_by(self, error: BaseException) -> tuple[ModuleCall, ...]:
        """Return the calls that were running when an error was raised."""
        return next((stack for other, stack in self._left if other is error), ())

    def _call(self, path: str, part: Any) -> ModuleCall:
        count = self._calls[path]
        self._calls[path] += 1
        return ModuleCall(f"{path}@{count}" if count else path, path, type(part).__name__)
