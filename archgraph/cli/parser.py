"""The parser of a command: nothing that is given twice or to no effect passes in silence."""

from __future__ import annotations

import argparse
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from archgraph.errors import QueryError, did_you_mean, printable


@dataclass(frozen=True)
class OptionRule:
    """What an option goes with: it needs one of these, or bears none of those."""

    option: str
    needs: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()


class Parser(ArgumentParser):
    """A parser that notes what was given, and refuses an option whose first value would be lost."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.rules: list[OptionRule] = []
        self.older: dict[str, str] = {}
        for name in (None, "store"):
            self.register("action", name, _Noted)
        self.register("action", "store_true", _StoreTrue)
        self.register("action", "store_const", _StoreConst)
        self.register("action", "append", _Append)
        self.register("action", "extend", _Extend)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command line, whose words may hold anything, and a line that is right."""
        lines = [f"{self.prog}: error: {printable(message)}", *filter(None, [self.epilog]), f"help: {self.prog} --help"]
        self.exit(2, "\n  ".join(lines) + "\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Say beside the words that there are which one may be meant."""
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            near = did_you_mean(str(value), map(str, action.choices or ()))
            raise argparse.ArgumentError(action, f"{error.message}{near and '.'}{near}") from None

    def _near(self, words: Sequence[str]) -> str:
        """The option that the first of some unknown ones may mean."""
        mistyped = next((word.partition("=")[0] for word in words if word.startswith("--")), "")
        near = did_you_mean(mistyped, self._option_string_actions) if mistyped else ""
        return f".{near}" if near else ""

    def goes_with(self, option: str, *others: str) -> None:
        """Let an option be an error where none of the others is given: it would have no effect."""
        self.rules.append(OptionRule(option, needs=others))

    def not_with(self, option: str, *others: str) -> None:
        """Let an option be an error beside any of the others, which leave no use for it."""
        self.rules.append(OptionRule(option, excludes=others))

    def flags(self) -> Sequence[str]:
        """Return every spelling of every option."""
        return tuple(self._option_string_actions)

    def also_called(self, option: str, older: str) -> None:
        """Let an option be given by the name that it once had, which no help and no page shows."""
        self.older[older] = option

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Parse, and hold what was given against the rules; what is left is told here, beside what there is."""
        words = sys.argv[1:] if args is None else args
        found, rest = super().parse_known_args([*_renamed(words, self.older)], namespace)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}{self._near(rest)}")
        given = getattr(found, "given", {})
        for rule in self.rules:
            if rule.option in given:
                _check(rule, given)
        return found, rest


def _renamed(words: Iterable[str], older: Mapping[str, str]) -> Iterator[str]:
    """Yield words with options by their names of today; behind a bare `--` stand no options."""
    options = True
    for word in words:
        options = options and word != "--"
        name, equals, value = word.partition("=")
        yield f"{older[name]}{equals}{value}" if options and name in older else word


def _check(rule: OptionRule, given: Mapping[str, object]) -> None:
    if rule.needs and not any(other in given for other in rule.needs):
        raise QueryError(f"{told_option(rule.option, given)} has no effect without {' or '.join(rule.needs)}")
    for other in rule.excludes:
        if other in given:
            raise QueryError(
                f"{told_option(rule.option, given)} has no effect with {other}", hint="leave out one of them"
            )


def told_option(option: str, given: Mapping[str, object]) -> str:
    """An option and its value as they were given."""
    value = given[option]
    words = [] if value in (None, True) else value if isinstance(value, list) else [value]
    return " ".join([option, *map(str, words)])


class _Noted(argparse.Action):
    """An action that notes its value under its long name, and that it was asked for."""

    once = True

    def __call__(
        self, parser: ArgumentParser, namespace: Namespace, values: object, option_string: str | None = None
    ) -> None:
        """Note the value of an option; a positional that may be left out is "given" by argparse itself."""
        if self.option_strings:
            self.note(parser, namespace, None if self.nargs == 0 else values)
        setattr(namespace, self.dest, self.kept(getattr(namespace, self.dest, None), values))

    def note(self, parser: ArgumentParser, namespace: Namespace, value: object) -> None:
        """Remember that an option was given; a second time would lose the first."""
        given = getattr(namespace, "given", {})
        for name in self.option_strings:
            if name in given and self.once:
                parser.error(f"{name} is given twice{f': {given[name]} and {value}' if value else ''}")
            given[name] = value
        namespace.given = given

    def kept(self, before: object, values: object) -> object:
        """What is kept of the values and of those before."""
        return values


class _StoreConst(_Noted):
    def __init__(self, option_strings: Sequence[str], dest: str, **more: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **more)

    def kept(self, before: object, values: object) -> object:
        return self.const


class _StoreTrue(_StoreConst):
    def __init__(self, option_strings: Sequence[str], dest: str, **more: Any) -> None:
        super().__init__(option_strings, dest, const=True, **{"default": False, **more})


class _Append(_Noted):
    once = False

    def kept(self, before: object, values: object) -> object:
        return [*(before if isinstance(before, list) else []), values]


class _Extend(_Noted):
    once = False

    def kept(self, before: object, values: object) -> object:
        more = values if isinstance(values, list) else [values]
        return [*(before if isinstance(before, list) else []), *more]


class NameChoices:
    """Words that an option takes, from the data that has them, which is read only where it is asked for."""

    def __init__(self, what: str, names: Callable[[], Iterable[str]]) -> None:
        self.what: str = what
        self._names = names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __contains__(self, name: object) -> bool:
        known = set(self._names())
        return all(each in known for each in (name if isinstance(name, list) else [name]))
