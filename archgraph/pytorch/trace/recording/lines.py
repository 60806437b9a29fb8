"""Where in the user's code a step was made: the innermost line that is neither PyTorch's nor this package's."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from types import CodeType

from archgraph.pytorch.trace.recording.node import SourceLine

ROOMS = tuple(f"{folder}{os.sep}" for folder in (Path(__file__).parents[3],))
"""Folders whose files are not the user's code: this package; torch is added when it is known."""


@cache
def is_users(code: CodeType) -> bool:
    """Whether a function stands in the user's files."""
    import torch

    file = code.co_filename
    inside = (*ROOMS, f"{os.path.dirname(torch.__file__)}{os.sep}")
    return not file.startswith((*inside, "<frozen")) and not file.endswith("contextlib.py")


def user_line(depth: int = 1) -> SourceLine | None:
    """Return the user's innermost line, or None."""
    frame = sys._getframe(depth)
    while frame is not None:
        code = frame.f_code
        if is_users(code):
            return SourceLine(code.co_filename, frame.f_lineno, code.co_name)
        frame = frame.f_back
    return None


def line_of_error(error: BaseException) -> SourceLine | None:
    """Return the user's innermost line that an error came through, or None."""
    found, trace = None, error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if is_users(code):
            found = SourceLine(code.co_filename, trace.tb_lineno, code.co_name)
        trace = trace.tb_next
    return found


def runs_in(code: CodeType) -> bool:
    """Whether a function with this code is running."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None
