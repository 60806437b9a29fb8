"""A configuration file as plain data: of limited size, read as JSON, and nothing in it is run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from archgraph.errors import SpecError, quoted
from archgraph.report.reading import regular_file

Fields = Mapping[str, Any]
"""What a file of settings says, by name."""

LARGEST_CONFIGURATION = 2**20
"""Bytes of the largest configuration that is read."""


def read_configuration(path: str, meant: str = "a config.json, such as lies beside a checkpoint") -> Fields:
    """Return the fields of a JSON file.

    Args:
        path: the file.
        meant: what kind of file is meant.

    Raises:
        SpecError: there is no such file, it is too large, or holds no mapping.
    """
    place = regular_file(path, meant)
    try:
        if place.stat().st_size > LARGEST_CONFIGURATION:
            raise SpecError(
                f"{quoted(path)} has {place.stat().st_size:,} bytes, "
                f"and a configuration {LARGEST_CONFIGURATION:,} at most"
            )
        found = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SpecError(f"cannot read {quoted(path)} as JSON: {type(error).__name__}: {error}") from None
    if not isinstance(found, dict):
        raise SpecError(f"{quoted(path)} holds no configuration but {type(found).__name__}")
    return found
