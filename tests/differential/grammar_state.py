"""What a program has while it grows: values with their sizes, found out by running every step as it is added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from random import Random
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from tests.differential.random_program import Program, Step

MOST_ELEMENTS = 400
Production = Callable[["Growing"], "Step | None"]
"""Proposes a step for a program that grows; None where nothing fits."""
PRODUCTIONS: dict[str, dict[tuple[str, str], Production]] = {}
"""The productions by kind, and by the file and name of each: a file that is imported twice, as where its doctests are
collected, has each of them once."""


def produces(kind: str) -> Callable[[Callable[[Growing], tuple]], Production]:
    """Register a production of a kind: a function that gives lines and members."""

    def register(make: Callable[[Growing], tuple]) -> Production:
        @wraps(make)
        def production(growing: Growing) -> Step | None:
            made = make(growing)
            return made and Step(kind, growing.name, *(tuple(part) for part in made))

        file = make.__module__.rpartition(".")[2]
        PRODUCTIONS.setdefault(kind, {})[file, make.__name__] = production
        return production

    return register


class Growing:
    """A program that grows by steps that run.

    Attributes:
        random: decides everything.
        values: what there is, by name.
        name: what the next step assigns.
    """

    def __init__(self, random: Random, shape: tuple[int, ...]) -> None:
        self.random = random
        self.shape = shape
        self.values: dict[str, Any] = {"x": torch.rand(shape) * 0.8 + 0.1}
        self.steps: list[Step] = []
        self._holder = nn.Module()

    @property
    def name(self) -> str:
        return f"v{len(self.steps)}"

    @property
    def member(self) -> str:
        return f"m{len(self.steps)}"

    def shape_of(self, name: str) -> tuple[int, ...]:
        return tuple(self.values[name].shape)

    def value(self, fits: Callable[[tuple[int, ...]], bool] = lambda shape: True) -> str | None:
        """Return a value whose shape fits, mostly a late one."""
        names = [name for name in self.values if fits(self.shape_of(name))]
        if not names:
            return None
        return names[-1] if self.random.random() < 0.6 else self.random.choice(names)

    def of_rank(self, *ranks: int) -> str | None:
        return self.value(lambda shape: len(shape) in ranks)

    def dim(self, name: str, least: int = 2) -> int | None:
        """Return a dimension of a value, not the batch, of some size at least."""
        dims = [d for d, size in enumerate(self.shape_of(name)) if d and size >= least]
        return self.random.choice(dims) if dims else None

    def pick(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def add(self, step: Step) -> bool:
        """Run a step, and keep it if it gives a small tensor of floating numbers with a batch of 1."""
        space = {"self": self._holder, "torch": torch, "nn": nn, "F": functional, **self.values}
        try:
            exec("\n".join(step.members), space)
            self._holder.eval()
            with torch.no_grad():
                exec("\n".join(step.lines), space)
        except (RuntimeError, ValueError, IndexError, TypeError, KeyError):
            return False
        made = space[step.name]
        if not made.is_floating_point() or not 0 < made.numel() <= MOST_ELEMENTS or made.shape[:1] != (1,):
            return False
        self.values[step.name] = made
        self.steps.append(step)
        return True

    def program(self, outputs: Sequence[str]) -> Program:
        return Program(self.shape, tuple(self.steps), tuple(outputs), nested=len(self.steps) % 2 == 0)
