"""PyTorch's own state while a module is recorded: what is taken away for the duration, and put back."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from threading import Thread
from typing import Any

from archgraph.pytorch.trace.recording.flex_attention import flexible_attention
from archgraph.pytorch.trace.recording.global_state import global_state
from archgraph.pytorch.trace.recording.literals import literal_makers
from archgraph.pytorch.trace.recording.module_calls import RunningModules, starting
from archgraph.pytorch.trace.recording.node import CheckpointRegion


class TracedAnswer(int):
    """What a module is told that asks whether it is compiled or exported.

    It stands for the flags of `torch.compiler`, and knows whether other code than PyTorch's own decided by them.

    Attributes:
        asked: whether it did.

    >>> answer = TracedAnswer(True)
    >>> answer.asked, bool(answer), answer.asked
    (False, True, True)
    """

    asked: bool = False

    def __bool__(self) -> bool:
        if not sys._getframe(1).f_globals.get("__name__", "").startswith("torch."):
            self.asked = True
        return int(self) != 0


class Surroundings:
    """The regions of autocast and of checkpoints that a module is in, and questions to tensors without values.

    Attributes:
        autocast: the type of the region of autocast that is running, or None.
        region: the innermost checkpoint that is running.
        regions: all checkpoints that were met.
        traced: what a module is told that asks whether it is traced.
    """

    def __init__(self, read: Callable[[Any, str], Any], modules: RunningModules, *, traced: bool) -> None:
        self.traced: TracedAnswer = TracedAnswer(traced)
        self._modules = modules
        self._read = read
        self.autocast: Any = None
        self.region: CheckpointRegion | None = None
        self.regions: list[CheckpointRegion] = []

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Replace what does not work on tensors without values."""
        with global_state(), _replaced(self._replacements()):
            yield

    def _replacements(self) -> Iterator[tuple[Any, str, Any]]:
        import torch
        from torch.utils import checkpoint

        from archgraph.pytorch.trace.recording.comparisons.comparing import scripted
        from archgraph.pytorch.trace.recording.comparisons.functions import functions_of_sizes

        yield torch.nn.Module, "__call__", self._modules.watching(torch.nn.Module.__call__)
        yield Thread, "start", starting(Thread.start, self._modules.tell_of_thread)
        yield from self._autocast(torch)
        for name in ("tolist", "numpy"):
            yield torch.Tensor, name, self._reading(getattr(torch.Tensor, name), name)
        yield from literal_makers()
        yield from flexible_attention()
        yield from functions_of_sizes()
        function = torch.jit.ScriptFunction
        yield function, "__call__", scripted(function.__call__, in_python=self.traced == 1)
        # Modules have ways of their own of not asking for values while they are traced.
        for name in ("_is_compiling_flag", "_is_exporting_flag"):
            if hasattr(torch.compiler, name):
                yield torch.compiler, name, self.traced
        yield checkpoint, "CheckpointFunction", _Reentrant(self)
        yield checkpoint, "_checkpoint_without_reentrant_generator", self._generator(checkpoint)

    # -- values ------------------------------------------------------------------------------------------

    def _reading(self, original: Any, name: str) -> Any:
        """`tolist` and `numpy` are no operators: they are answered here."""
        from torch.utils._python_dispatch import _disable_current_modes

        def answered(tensor: Any, *args: Any, **options: Any) -> Any:
            with _disable_current_modes():
                return original(self._read(tensor, name), *args, **options)

        return answered

    # -- autocast ----------------------------------------------------------------------------------------

    def _autocast(self, torch: Any) -> Iterator[tuple[Any, str, Any]]:
        kind = torch.amp.autocast_mode.autocast
        begin = kind.__init__
        outside: list[Any] = []

        def __init__(own: Any, device_type: str, dtype: Any = None, enabled: bool = True, **options: Any) -> None:  # noqa: N807
            device = "cpu" if device_type == "meta" else device_type
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                begin(own, device, dtype, enabled, **options)
            # torch switches it off where the device is missing; what is recorded is what the module asks for.
            own._asked = bool(enabled)

        def __enter__(own: Any) -> Any:  # noqa: N807
            outside.append(self.autocast)
            self.autocast = own.fast_dtype if getattr(own, "_asked", own._enabled) else None
            return own

        def __exit__(own: Any, *error: Any) -> None:  # noqa: N807
            self.autocast = outside.pop()

        yield kind, "__init__", __init__
        yield kind, "__enter__", __enter__
        yield kind, "__exit__", __exit__
        yield torch, "is_autocast_enabled", lambda device_type=None: self.autocast is not None
        default = torch.get_autocast_dtype
        yield (
            torch,
            "get_autocast_dtype",
            lambda device: self.autocast or default("cpu" if device == "meta" else device),
        )

    # -- checkpoints -------------------------------------------------------------------------------------

    @contextmanager
    def checkpointed(self, selective: bool = False) -> Iterator[None]:
        """A region that is computed again in the backward pass."""
        outer = self.region
        self.region = CheckpointRegion(len(self.regions), selective)
        self.regions.append(self.region)
        try:
            yield
        finally:
            self.region = outer

    def _generator(self, checkpoint: Any) -> Any:
        usual = checkpoint.noop_context_fn

        def region(function: Any, preserve: Any, context: Any = usual, *args: Any, **options: Any) -> Iterator[None]:
            with self.checkpointed(selective=context is not usual):
                yield

        return region


class _Reentrant:
    """Stands for `torch.utils.checkpoint.CheckpointFunction`."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings

    def apply(self, function: Any, preserve: bool, *args: Any) -> Any:
        with self._surroundings.checkpointed():
            return function(*args)


@contextmanager
def _replaced(replacements: Iterable[tuple[object, str, object]]) -> Iterator[None]:
    """Give owners other attributes: each is asked for once those before it are there."""
    before: list[tuple[object, str, bool, object]] = []
    try:
        for owner, name, value in replacements:
            before.append((owner, name, name in vars(owner), getattr(owner, name, None)))
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, own, original in reversed(before):
            if own:
                setattr(owner, name, original)
            else:
                delattr(owner, name)


@contextmanager
def usual_defaults() -> Iterator[None]:
    """Make tensors on the CPU and in single precision: masks have no values on the meta device, and round in half."""
    import torch

    dtype, elsewhere = torch.get_default_dtype(), torch.get_default_device().type != "cpu"
    torch.set_default_dtype(torch.float32)
    try:
        with torch.device("cpu") if elsewhere else nullcontext():
            yield
    finally:
        torch.set_default_dtype(dtype)
