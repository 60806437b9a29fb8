"""A random module as a program: members and steps, kept as text, so that what is run is what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

HEAD = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n"

NESTED = [
    "",
    "class Inner(Net):",
    "    pass",
    "",
    "class Net(nn.Module):",
    "    def __init__(self):",
    "        super().__init__()",
    "        self.inner = Inner()",
    "",
    "    def forward(self, x):",
    "        return self.inner(x)",
]


@dataclass(frozen=True)
class Step:
    """Some lines of `forward` that assign one name, and the members that they use.

    Attributes:
        kind: what it belongs to, one of the kinds of the grammar.
        name: what it assigns.
        lines: of `forward`.
        members: lines of `__init__`.
    """

    kind: str
    name: str
    lines: tuple[str, ...]
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Program:
    """A module of one input.

    Attributes:
        shape: that of the input `x`, whose batch is 1.
        steps: in order.
        outputs: the names that are returned; several as a dict.
        nested: whether all of it is a module inside of another one, which hands its outputs on.
    """

    shape: tuple[int, ...]
    steps: tuple[Step, ...]
    outputs: tuple[str, ...]
    nested: bool = False

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of its steps."""
        return frozenset(step.kind for step in self.steps)

    def source(self) -> str:
        """Return it as Python that runs by itself: a class `Net` and its input `x`."""
        members = [line for step in self.steps for line in step.members]
        lines = [line for step in self.steps for line in step.lines]
        text = [HEAD, "class Net(nn.Module):", "    def __init__(self):", "        super().__init__()"]
        text += [f"        {line}" for line in members]
        text += ["", "    def forward(self, x):", *(f"        {line}" for line in lines), f"        {self._returned()}"]
        text += NESTED if self.nested else []
        return "\n".join([*text, "", f"x = torch.rand{self.shape} * 0.8 + 0.1", ""])

    def _returned(self) -> str:
        if len(self.outputs) == 1:
            return f"return {self.outputs[0]}"
        return "return {" + ", ".join(f'"{name}": {name}' for name in self.outputs) + "}"

    def module(self, renamed: Mapping[str, str] | None = None) -> tuple[Any, Any]:
        """Return the module in evaluation mode and its input, some words of the source replaced by others."""
        text = self.source()
        for word, other in (renamed or {}).items():
            text = text.replace(word, other)
        torch.manual_seed(0)
        space: dict[str, Any] = {}
        exec(compile(text, "<random module>", "exec"), space)
        net = space["Net"]().eval()
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.copy_(torch.rand_like(parameter) * 0.5 + 0.1)
        return net, space["x"]

    def upto(self, name: str) -> Program:
        """Return the program that ends with a name, without the steps that it does not need."""
        return replace(self, outputs=(name,)).needed()

    def needed(self) -> Program:
        """Return the program without steps that no output needs."""
        wanted, kept = set(self.outputs), []
        for step in reversed(self.steps):
            if step.name in wanted:
                wanted.update(word for line in step.lines for word in _words(line))
                kept.append(step)
            elif wanted & {word for line in step.members for word in _words(line) if word[0] == "m"}:
                kept.append(replace(step, lines=()))
        return replace(self, steps=tuple(reversed(kept)))


def _words(line: str) -> set[str]:
    return set("".join(sign if sign.isalnum() or sign == "_" else " " for sign in line).split())
