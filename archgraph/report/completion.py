"""What completes a command line in a shell, as the script that the shell reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BASH = """\
_%(program)s() {
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
complete -o filenames -F _%(program)s %(program)s
"""
ZSH = "#compdef %s\nautoload -U +X bashcompinit && bashcompinit\n"
"""What lets zsh read the functions of bash."""
ZSH_FIRST = '[[ "${funcstack[1]-}" = _%(program)s ]] && _bash_complete -o filenames -F _%(program)s\n'
"""Answers the first question, for which zsh runs the file itself: it defines the function, and would offer nothing."""


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


def completion_script(program: str, shell: str, offers: Sequence[Offer]) -> str:
    """Return the script of a shell: bash, zsh or fish.

    >>> offer = Offer("draw", "Draw it", (("--view", "which", ("maps", "full")),), ("vit",))
    >>> print(completion_script("net", "fish", [offer]), end="")
    complete -c net -n __fish_use_subcommand -f
    complete -c net -n __fish_use_subcommand -a draw -d 'Draw it'
    complete -c net -n '__fish_seen_subcommand_from draw' -a 'vit'
    complete -c net -n '__fish_seen_subcommand_from draw' -l view -xa 'maps full' -d 'which'
    """
    if shell == "fish":
        return _fish(program, offers)
    if shell == "bash":
        return _bash(program, offers)
    return ZSH % program + _bash(program, offers) + ZSH_FIRST % {"program": program}


def quoted(text: str) -> str:
    """A text as fish reads it: as it is, whatever stands in it.

    >>> print(quoted("the author's"))
    'the author\\'s'
    """
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _bash(program: str, offers: Sequence[Offer]) -> str:
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
    return BASH % {"program": program, "values": "\n".join(values), "commands": "\n".join(commands), "names": names}


def _fish(program: str, offers: Sequence[Offer]) -> str:
    lines = [f"complete -c {program} -n __fish_use_subcommand -f"]
    for offer in offers:
        lines.append(f"complete -c {program} -n __fish_use_subcommand -a {offer.command} -d {quoted(offer.summary)}")
        after = f"complete -c {program} -n '__fish_seen_subcommand_from {offer.command}'"
        if offer.operands:
            lines.append(f"{after} -a '{' '.join(offer.operands)}'")
        for flag, said, words in offer.options:
            spelling = f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}"
            taken = "" if words is None else f" -xa '{' '.join(words)}'" if words else " -r"
            lines.append(f"{after} {spelling}{taken} -d {quoted(said)}")
    return "\n".join(lines) + "\n"
