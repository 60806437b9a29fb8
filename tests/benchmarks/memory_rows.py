"""Whole processes by the memory that they take at most, beside a module that is built and counted by PyTorch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from table import Row

PEER = """
import torch
from torch.utils.flop_counter import FlopCounterMode
with torch.device("meta"):
    layer = torch.nn.TransformerEncoderLayer(1152, 16, 4608, batch_first=True)
    module, x = torch.nn.TransformerEncoder(layer, 28, enable_nested_tensor=False).eval(), torch.empty(1, 256, 1152)
with FlopCounterMode(display=False) as counter:
    module(x)
print(sum(parameter.numel() for parameter in module.parameters()), counter.get_total_flops())
"""
"""As wide and as deep as DiT-XL/2."""
WATCH = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
print(used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Run by a small process: what a large one starts is said to have taken as much as that."""
COMMANDS = {
    "archgraph --version": ("archgraph", "--version"),
    "archgraph cost dit": ("archgraph", "cost", "dit"),
    "archgraph rf dit": ("archgraph", "rf", "dit"),
}
PROMISE = 0.5


def peak(*command: str) -> float:
    """Return the most MB that a process takes."""
    done = subprocess.run([sys.executable, "-S", "-c", WATCH, *command], stdout=subprocess.PIPE, text=True, check=True)
    return int(done.stdout) / 1024


def rows() -> Iterator[Row]:
    """Yield the memory of whole commands."""
    peer = peak(sys.executable, "-c", PEER)
    for question, command in COMMANDS.items():
        taken = peak(*command)
        told = f"built and counted: {peer:.0f} MB"
        yield Row(f"memory of {question}", "1/8 - 1/5", f"{taken:.0f} MB", told, taken / peer, promise=PROMISE)
