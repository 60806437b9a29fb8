"""What a `.pt2` archive says: its JSON, of limited size. Nothing in it is unpickled, and no weight is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeAlias
from zipfile import BadZipFile, ZipFile

from archgraph.errors import SpecError, quoted
from archgraph.pytorch.sources.configuration import Fields
from archgraph.report.reading import regular_file

LARGEST_PROGRAM = 2**27
"""Bytes of the largest part of an archive that is read."""
PROGRAM, _WEIGHTS = "models/model.json", "data/weights/model_weights_config.json"
READ_SCHEMA = 8
"""The schema of exported programs that is read, by its major number: that of torch 2.6 and later."""
Json: TypeAlias = Fields
"""A mapping of an archive."""


def read_archive(path: str) -> tuple[Json, Json]:
    """Return the program of an archive and where its weights lie.

    Raises:
        SpecError: there is no such file, it is no archive, too large, or of another version of torch.
    """
    place = regular_file(path, "torch.export.save(program, 'model.pt2') writes one")
    try:
        with ZipFile(place) as archive:
            program, weights = (_part(archive, name, path) for name in (PROGRAM, _WEIGHTS))
    except (BadZipFile, OSError, ValueError, RecursionError, EOFError, NotImplementedError, RuntimeError) as error:
        raise SpecError(f"cannot read {quoted(path)} as an archive: {type(error).__name__}: {error}") from None
    version = program.get("schema_version")
    major = version.get("major") if isinstance(version, Mapping) else None
    if major != READ_SCHEMA:
        raise SpecError(
            f"{quoted(path)} has the schema {major} of torch {program.get('torch_version', '')}, "
            f"and {READ_SCHEMA} is read",
            hint="export it again with a current torch, or load the module itself: package.file:name",
        )
    return program, weights


def _part(archive: ZipFile, name: str, path: str) -> Json:
    """The JSON of one member of an archive, whose names begin with the archive's own."""
    found = [each for each in archive.infolist() if each.filename.partition("/")[2] == name]
    if not found:
        hint = "torch.export.save of torch 2.9 or later writes one" if name == PROGRAM else ""
        raise SpecError(f"{quoted(path)} holds no {name}", hint=hint)
    with archive.open(found[0]) as stream:
        # Not what the archive says of its size, which need not be true.
        text = stream.read(LARGEST_PROGRAM + 1)
    if len(text) > LARGEST_PROGRAM:
        raise SpecError(f"{name} of {quoted(path)} has more than {LARGEST_PROGRAM:,} bytes")
    made = json.loads(text)
    if not isinstance(made, dict):
        raise SpecError(f"{name} of {quoted(path)} holds {type(made).__name__}, and no mapping")
    return made
