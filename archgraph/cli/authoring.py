"""The commands for who writes a spec: what a step can be, the schema, and a file to start from."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from archgraph.cli.output import say, say_written, show
from archgraph.cli.parser import Parser
from archgraph.cli.shared import (
    Command,
    add_at,
    add_format,
    add_model,
    is_model_name,
    load_bound,
    no_options,
    refuse_model_options,
)
from archgraph.errors import QueryError, printable, some, unbroken


def _ops_options(parser: Parser) -> None:
    parser.add_argument("words", nargs="*", metavar="WORD", help="only those that say all of these words")
    add_format(parser)


def _run_ops(options: argparse.Namespace) -> int:
    from archgraph.spec.operation_table import operation_table

    show(operation_table(options.words), options.format)
    return 0


def _run_schema(options: argparse.Namespace) -> int:
    from archgraph.spec.schema import json_schema

    print(json.dumps(json_schema(), indent=2))
    return 0


def _show_options(parser: Parser) -> None:
    parser.add_argument("spec", metavar="SPEC", help="the name of a shipped spec, a path, or a model")
    add_at(parser)
    add_model(parser)


def _run_show(options: argparse.Namespace) -> int:
    from archgraph.errors import printable

    print(printable(_text(options), kept="\n"), end="")
    return 0


def _text(options: argparse.Namespace) -> str:
    """The spec of a name; a model is written as one."""
    from archgraph.gallery import spec_text

    if not is_model_name(options.spec):
        if options.at:
            told = f"--at {printable(some(map(str, options.at)))} is about models here: a spec is printed as it is"
            raise QueryError(told, hint="archgraph cost binds symbols")
        refuse_model_options(options, options.spec)
        return spec_text(options.spec)
    return load_bound(options).to_spec()


def _new_options(parser: Parser) -> None:
    parser.add_argument("--from", dest="start", metavar="SPEC", help="start from a copy of a shipped spec")
    parser.add_argument("path", metavar="FILE", help="the file to write; it must not exist")


def _run_new(options: argparse.Namespace) -> int:
    from archgraph.gallery import SCHEMA_FILE, write_template

    write_template(options.path, options.start)
    say_written(options.path, f"; try: archgraph cost {unbroken(options.path)}")
    say(f"  for an editor: archgraph schema > {unbroken(str(Path(options.path).with_name(SCHEMA_FILE)))}")
    return 0


OPS = Command(
    "ops",
    "List the operations and standard blocks that a spec can name",
    "archgraph ops pool",
    _run_ops,
    _ops_options,
)
SCHEMA = Command(
    "schema", "Print the JSON Schema of the spec language", "archgraph schema > spec.json", _run_schema, no_options
)
SHOW = Command("show", "Print a spec with all that it builds on", "archgraph show mynet.yaml", _run_show, _show_options)
NEW = Command("new", "Write a small spec to start from", "archgraph new mynet.yaml --from vit", _run_new, _new_options)
