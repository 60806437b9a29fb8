"""The reference of the command line: a page per command, from the parser, with uses that were run."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cli_examples import FILES, USES
from shell import Shell, shortened

from archgraph.cli.program import COMMANDS, program
from archgraph.cli.shared import Command

PICTURES = "reference"
"""The folder below renders/ of the pictures that these pages show."""
SHOWN = ("draw", "contrast", "fit", "growth")
"""Commands whose figures are shown."""
LANGUAGES = {"csv": "text", "py": "python", "yaml": "yaml"}
"""How a file is coloured, by its suffix."""
HEAD = """\
# The command line

Generated from the parser: do not edit. `archgraph COMMAND --help` prints the same options. Every command exits with
status 0 on success, 1 if a spec is wrong or a check fails, and 2 on wrong usage.

| command | answers |
| --- | --- |
"""


def cli_index() -> str:
    """Return the page that lists all commands."""
    rows = (f"| [`{command.name}`](cli/{command.name}.md) | {command.summary} |" for command in COMMANDS)
    return HEAD + "\n".join(rows) + "\n"


def cli_page(command: Command, pictures: Path | None = None) -> str:
    """Return the page of a command; its figures go into a folder where one is given."""
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(Path(folder), FILES)
        parts = [f"# `archgraph {command.name}`\n", f"{command.summary}.\n"]
        parts += [*_uses(command, shell), *_options(command)]
        if pictures is not None:
            _keep_figures(command, Path(folder), pictures)
    return "\n".join(parts).rstrip() + "\n"


def parser_of(command: Command) -> argparse.ArgumentParser:
    """Return the parser of one command."""
    whole = program([command])
    choices = next(each for each in whole._actions if isinstance(each, argparse._SubParsersAction)).choices
    return choices[command.name]


def option_names(command: Command) -> list[list[str]]:
    """Return the spellings of every option but `--help`."""
    return [each.option_strings for each in parser_of(command)._actions if each.option_strings and each.dest != "help"]


def _uses(command: Command, shell: Shell) -> Iterator[str]:
    yield "## Use\n"
    for name, text in _files(" ".join(use for _, use in USES[command.name])).items():
        yield f"`{name}` is\n\n```{LANGUAGES[name.rpartition('.')[2]]}\n{text}```\n"
    for told, use in USES[command.name]:
        line = f"archgraph {use}"
        printed = shortened(shell.run(line, status=_status(use)))
        yield (f"{told}\n\n" if told else "") + f"```sh\n{line}\n```\n\n```text\n{printed}\n```\n"
        if command.name in SHOWN and use.endswith(".svg"):
            file = use.split()[-1]
            yield f"![What `{line}` draws](../../../renders/{PICTURES}/{file})\n"


def _files(words: str) -> dict[str, str]:
    """The files that uses name, and those that these name in turn."""
    named = " ".join(text for name, text in FILES.items() if _is_named(name, words))
    return {name: text for name, text in FILES.items() if _is_named(name, f"{words} {named}")}


def _is_named(file: str, words: str) -> bool:
    return file in words or f"{file.removesuffix('.py')}:" in words


def _status(use: str) -> int | None:
    """How a use ends: one that finds a network above a limit says so, and one that goes on ends by Ctrl-C."""
    return None if "--limit" in use else 130 if "--watch" in use else 0


def _keep_figures(command: Command, folder: Path, pictures: Path) -> None:
    (pictures / PICTURES).mkdir(parents=True, exist_ok=True)
    for figure in folder.glob("*.svg"):
        if command.name in SHOWN:
            shutil.copy(figure, pictures / PICTURES / figure.name)


def _options(command: Command) -> Iterator[str]:
    parser = parser_of(command)
    usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
    yield f"## Options\n\n```text\n{usage}\n```\n"
    yield "| option | meaning |\n| --- | --- |"
    for action in parser._actions:
        if action.dest != "help":
            yield f"| {_spelling(action)} | {_meaning(action, parser)} |"


def _spelling(action: argparse.Action) -> str:
    value = "" if action.nargs == 0 or not action.option_strings else f" {action.metavar or action.dest.upper()}"
    names = [f"`{name}{value}`" for name in action.option_strings]
    return ", ".join(names) or f"`{action.metavar or action.dest}`"


def _meaning(action: argparse.Action, parser: argparse.ArgumentParser) -> str:
    text = parser._get_formatter()._expand_help(action) if action.help else ""
    if action.choices is not None and "%(choices)s" not in (action.help or ""):
        text += f"; one of {', '.join(map(str, action.choices))}"
    return text.replace("|", "\\|").replace("<", "&lt;")
