"""Specs as they were: a file at a revision of a git repository."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import PurePosixPath

from archgraph.errors import MissingToolError, SpecError, printable, quoted
from archgraph.report.missing_files import did_you_mean_one_of
from archgraph.spec.definitions import Spec
from archgraph.spec.load import find_spec
from archgraph.spec.spec import read_text
from archgraph.spec.text_files import LARGEST_FILE, YAML_SUFFIXES, text_of_bytes

_PATIENCE = 30
"""Seconds to wait for git, which may have to fetch what a partial clone lacks."""


def find_revision(name: str) -> tuple[Spec, str]:
    """Return the spec that a name, a path or `REVISION:PATH` means, and the name of its variant or an empty string.

    A variant stands behind `#`, since a path may have a colon; behind a shipped name, as in `dit:S/2`, a colon does.

    Raises:
        SpecError: there is no such spec, file or revision.
        MissingToolError: git is not installed.

    >>> find_revision("dit:S/2")[1], find_revision("dit#B/2")[1]
    ('S/2', 'B/2')
    """
    base, _, variant = name.partition("#")
    revision, colon, path = base.partition(":")
    if colon and path.endswith(YAML_SUFFIXES):
        label = f"{revision}:{path}"
        spec = read_text(text_of_bytes(_content(revision, path), label), label)
        # A spec without a name has that of its file, at every revision.
        named = spec.name != label.removesuffix(".yaml")
        return (spec if named else replace(spec, name=PurePosixPath(path).stem)), variant
    spec, own = find_spec(base)
    if own and variant:
        raise SpecError(f"{quoted(name)} names two variants, {quoted(own)} and {quoted(variant)}")
    return spec, own or variant


def _content(revision: str, path: str) -> bytes:
    told = f"{revision}:{path}"
    if told.startswith("-"):  # an option of git
        raise SpecError(f"no revision is named {quoted(revision)}")
    try:
        size = int(_git("-s", told))
    except SpecError as error:
        error.hint = did_you_mean_one_of(PurePosixPath(path).name, _beside(revision, path)).strip()
        raise
    if size > LARGEST_FILE:
        raise SpecError(f"{printable(told)} is larger than a spec can be: it has {size:,} bytes")
    return _git("blob", told)


def _beside(revision: str, path: str) -> list[str]:
    """The names of the specs in the folder of a path at a revision; none where there is no such folder."""
    folder = str(PurePosixPath(path).parent)
    try:
        listed = _git("-p", f"{revision}:{'' if folder == '.' else folder}").decode("utf-8", "replace")
    except SpecError:
        return []
    names = [line.partition("\t")[2] for line in listed.splitlines()]
    return [name for name in names if name.endswith(YAML_SUFFIXES)]


def _git(what: str, told: str) -> bytes:
    command = ["git", "cat-file", what, told]
    try:
        found = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_PATIENCE, check=False)
    except FileNotFoundError:
        raise MissingToolError("git is not installed", hint="name files instead of revisions") from None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise SpecError(f"git cannot show {printable(told)}: {printable(str(error))}") from None
    if found.returncode:
        reason = found.stderr.decode("utf-8", "replace").strip().splitlines()
        raise SpecError(f"git cannot show {printable(told)}: {printable(reason[0] if reason else 'no reason given')}")
    return found.stdout
