"""The command that prints the completion of a shell, from the parser: commands, options, words and shipped specs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archgraph.cli.parser import Parser
from archgraph.cli.shared import Command

BASH = """\
_archgraph() {
  local words="" word="${COMP_WORDS[COMP_CWORD]}" last="${COMP_WORDS[COMP_CWORD-1]}"
  case "${COMP_WORDS[1]} $last" in
%(values)s
    *) case "${COMP_WORDS[1]}" in
%(commands)s
    esac ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && words="%(names)s"
  COMPREPLY=( $(compgen -W "$words" -- "$word") )
  [ "$COMP_CWORD" -gt 1 ] && COMPREPLY+=( $(compgen -f -- "$word") )
}
complete -o filenames -F _archgraph archgraph
"""
ZSH = "#compdef archgraph\nautoload -U +X bashcompinit && bashcompinit\n"
"""What lets zsh read the functions of bash."""


@dataclass(frozen=True)
class Offer:
    """What may follow a command.

    Attributes:
        command: its name; and what it does.
        options: (spelling, help, words) of every option; words is None where it takes no value.
        operands: words that may stand by themselves.
    """

    command: str
    summary: str
    options: tuple[tuple[str, str, tuple[str, ...] | None], ...]
    operands: tuple[str, ...]


def script(shell: str) -> str:
    """Return the completion of a shell.

    >>> "complete -o filenames" in script("bash")
    True
    """
    offers = list(_offers())
    return {"bash": _bash, "zsh": lambda each: ZSH + _bash(each), "fish": _fish}[shell](offers)


def _offers() -> Iterator[Offer]:
    from archgraph.cli.program import COMMANDS
    from archgraph.gallery import shipped_names

    for command in COMMANDS:
        parser = Parser(prog=command.name)
        command.options(parser)
        actions = parser._actions  # pyright: ignore[reportPrivateUsage]  # what a parser has; there is no other way
        words = {id(action): tuple(map(str, action.choices or ())) for action in actions}
        options = (
            (flag, _plain(action.help), None if action.nargs == 0 else words[id(action)])
            for action in actions
            for flag in action.option_strings
        )
        specs = any(action.metavar == "SPEC" and not action.option_strings for action in actions)
        operands = [word for action in actions if not action.option_strings for word in words[id(action)]]
        yield Offer(command.name, command.summary, tuple(options), (*operands, *(shipped_names() if specs else ())))


def _plain(text: str | None) -> str:
    """The first words of a help, without what a parser or a shell would replace."""
    first = (text or "").split("%(")[0].split(":")[0].split(";")[0]
    return "".join(letter for letter in first if letter not in "'\"\\$`%").strip(" (")


def _bash(offers: Sequence[Offer]) -> str:
    values = [
        f'    "{offer.command} {flag}") words="{" ".join(words)}" ;;'
        for offer in offers
        for flag, _, words in offer.options
        if words
    ]
    commands = [
        f'      {offer.command}) words="{" ".join([*(flag for flag, _, _ in offer.options), *offer.operands])}" ;;'
        for offer in offers
    ]
    names = " ".join(offer.command for offer in offers)
    return BASH % {"values": "\n".join(values), "commands": "\n".join(commands), "names": names}


def _fish(offers: Sequence[Offer]) -> str:
    lines = ["complete -c archgraph -n __fish_use_subcommand -f"]
    for offer in offers:
        lines.append(f"complete -c archgraph -n __fish_use_subcommand -a {offer.command} -d '{_plain(offer.summary)}'")
        after = f"complete -c archgraph -n '__fish_seen_subcommand_from {offer.command}'"
        if offer.operands:
            lines.append(f"{after} -a '{' '.join(offer.operands)}'")
        for flag, said, words in offer.options:
            spelling = f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}"
            taken = "" if words is None else f" -xa '{' '.join(words)}'" if words else " -r"
            lines.append(f"{after} {spelling}{taken} -d '{said}'")
    return "\n".join(lines) + "\n"


def _options(parser: Parser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="which shell: %(choices)s")


def _run(options: argparse.Namespace) -> int:
    print(script(options.shell), end="")
    return 0


COMPLETION = Command(
    "completion", "Print what completes commands in a shell", "archgraph completion bash", _run, _options
)
