"""The command on what changed between two states of a network."""

from __future__ import annotations

import argparse
from os.path import dirname, isfile, join
from typing import TYPE_CHECKING

from archgraph.cli.output import say
from archgraph.cli.parser import Parser
from archgraph.cli.shared import (
    Command,
    add_at,
    add_model,
    add_names,
    is_model_name,
    model_keywords,
    refuse_model_options,
)
from archgraph.cli.values import bindings
from archgraph.errors import ArchgraphError

if TYPE_CHECKING:
    from archgraph.architecture.architecture import Architecture


def _diff_options(parser: Parser) -> None:
    from archgraph.data.question_words import CHANGE_FORMATS, GROUP_NAMES

    text = "a shipped name, a path, or REVISION:PATH of the git repository; a variant after #; a model"
    parser.add_argument("before", metavar="BEFORE", help=text)
    parser.add_argument("after", metavar="AFTER", help="the same")
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="METRIC=MOST",
        help="fail where AFTER has more: params=+0%%, macs=+5%%, saved_bytes=+4096, field=same",
    )
    add_names(parser, "--by", lambda: GROUP_NAMES, "grouping", "also by groups of nodes: ", default=None)
    add_names(parser, "--format", lambda: CHANGE_FORMATS, "format", default="text")
    add_at(parser)
    add_model(parser)


def _run_diff(options: argparse.Namespace) -> int:
    from archgraph.comparison.change_report import change_report
    from archgraph.comparison.limits import broken, limit_of

    limits = [limit_of(text) for text in options.limit]
    before, after = _both(options)
    found = before.diff(after)
    told = [text for limit in limits if (text := broken(found, limit))]
    say(change_report(found, options.format, options.by or "", told, _file(options.after)))
    return int(bool(told))


def _both(options: argparse.Namespace) -> tuple[Architecture, Architecture]:
    try:
        found = _one(options.before, options), _one(options.after, options)
    except ArchgraphError as error:
        if options.format == "github":
            _annotate(error, options)
        raise
    if not is_model_name(options.before) and not is_model_name(options.after):
        refuse_model_options(options)
    return found


def _one(operand: str, options: argparse.Namespace) -> Architecture:
    from archgraph.architecture.architecture import Architecture, load
    from archgraph.spec.revision import find_revision
    from archgraph.spec.source import SpecSource

    if is_model_name(operand):
        g = load(operand, **model_keywords(options))
    else:
        g = Architecture(SpecSource(*find_revision(operand)).network())
    values = bindings(options.at)
    return g.at(**values).symbolic() if values else g


def _file(operand: str) -> str:
    """The path that an operand names, as a build knows it; empty for a shipped spec or a model of a library."""
    from archgraph.spec.text_files import YAML_SUFFIXES

    whole = operand.partition("#")[0]
    start, colon, rest = whole.partition(":")
    if colon and rest.endswith(YAML_SUFFIXES):  # REVISION:PATH
        return rest
    return next((path for path in (whole, start) if isfile(path)), "")


def _annotate(error: ArchgraphError, options: argparse.Namespace) -> None:
    from archgraph.comparison.change_report import annotation

    place = error.place
    if place is None:
        say(annotation("error", error.message))
        return
    # A place in an older revision, or in a shipped spec, is none in the files of the build.
    named = filter(None, map(_file, (options.before, options.after)))
    path = next((path for each in named if isfile(path := join(dirname(each), place.file))), "")
    if path:
        say(annotation("error", error.message, path, place.line, place.column))
    else:
        say(annotation("error", f"{place}: {error.message}"))


DIFF = Command(
    "diff",
    "Show what changed between two specs, or two revisions of one",
    "archgraph diff main:specs/unet.yaml specs/unet.yaml --limit macs=+5%",
    _run_diff,
    _diff_options,
)
