"""Which modules are running: their calls, outermost first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from threading import Thread, get_ident
from typing import Any

from archgraph.pytorch.trace.recording.node import ModuleCall


class RunningModules:
    """The calls of modules that have begun and not ended.

    A module that the root does not hold, such as one made while it runs, is not seen: its steps belong to its caller.

    Attributes:
        stack: without the root; a new tuple at every change, so that steps can keep it.
        elsewhere: what was done in another thread, where no step of it is seen; None where nothing was.
    """

    def __init__(self, paths: Mapping[int, str]) -> None:
        self._paths = paths
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
                self.elsewhere = f"calls {path or 'itself'}"
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

    def tell_of_thread(self) -> None:
        """Note that an operator runs in another thread."""
        self.elsewhere = self.elsewhere or "computes"

    def left_by(self, error: BaseException) -> tuple[ModuleCall, ...]:
        """Return the calls that were running when an error was raised."""
        return next((stack for other, stack in self._left if other is error), ())

    def _call(self, path: str, part: Any) -> ModuleCall:
        count = self._calls[path]
        self._calls[path] += 1
        return ModuleCall(f"{path}@{count}" if count else path, path, part._get_name())


def starting(start: Callable[[Thread], None], tell: Callable[[], None]) -> Callable[[Thread], None]:
    """Return what stands for `Thread.start`: of threads that this one starts, and these, it tells whether they compute.

    A thread that computed is refused for that, so that whatever it fails of there is not printed.
    """
    watching = {get_ident()}

    def started(thread: Thread) -> None:
        if get_ident() in watching:
            run = thread.run

            def watched() -> None:
                computed = False

                def noticed() -> None:
                    nonlocal computed
                    computed = True
                    tell()

                watching.add(get_ident())
                try:
                    with _noticing(noticed):
                        run()
                except Exception:
                    if not computed:
                        raise
                finally:
                    watching.discard(get_ident())

            thread.run = watched  # type: ignore[method-assign]
        start(thread)

    return started


def _noticing(tell: Callable[[], None]) -> AbstractContextManager[object]:
    """Return in what a thread tells that it runs an operator."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Noticing(TorchDispatchMode):
        def __torch_dispatch__(
            self,
            func: Callable[..., object],
            types: object,
            args: Sequence[object] = (),
            kwargs: Mapping[str, object] | None = None,
        ) -> object:
            tell()
            return func(*args, **(kwargs or {}))

    return Noticing()
