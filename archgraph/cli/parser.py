"""The parser of a command: nothing that is given twice or to no effect passes in silence."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from archgraph.errors import QueryError


@dataclass(frozen=True)
class OptionRule:
    """What an option goes with: it needs one of these, or bears none of those."""

    option: str
    needs: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()


class Parser(argparse.ArgumentParser):
    """A parser that notes what was given, and refuses an option whose first value would be lost."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.rules: list[OptionRule] = []
        for name in (None, "store"):
            self.register("action", name, _Store)
        self.register("action", "store_true", _StoreTrue)
        self.register("action", "store_const", _StoreConst)
        self.register("action", "append", _Append)
        self.register("action", "extend", _Extend)

    def goes_with(self, option: str, *others: str) -> None:
        """Let an option be an error where none of the others is given: it would have no effect."""
        self.rules.append(OptionRule(option, needs=others))

    def not_with(self, option: str, *others: str) -> None:
        """Let an option be an error beside any of the others, which leave no use for it."""
        self.rules.append(OptionRule(option, excludes=others))

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Parse, and hold what was given against the rules."""
        found, rest = super().parse_known_args(args, namespace)
        given = getattr(found, "given", {})
        for rule in self.rules if not rest else ():
            if rule.option in given:
                _check(rule, given)
        return found, rest


def _check(rule: OptionRule, given: Mapping[str, Any]) -> None:
    if rule.needs and not any(other in given for other in rule.needs):
        raise QueryError(f"{_told(rule.option, given)} has no effect without {' or '.join(rule.needs)}")
    for other in rule.excludes:
        if other in given:
            raise QueryError(f"{_told(rule.option, given)} has no effect with {other}", hint="leave out one of them")


def _told(option: str, given: Mapping[str, Any]) -> str:
    """An option and its value as they were given."""
    value = given[option]
    words = [] if value in (None, True) else value if isinstance(value, list) else [value]
    return " ".join([option, *map(str, words)])


class _Noted(argparse.Action):
    """An action that notes its value under its long name, and that it was asked for."""

    once = True

    def note(self, parser: argparse.ArgumentParser, namespace: Any, value: Any) -> None:
        given = getattr(namespace, "given", {})
        for name in self.option_strings or [self.dest]:
            if name in given and self.once:
                parser.error(f"{name} is given twice: {given[name]} and {value}" if value else f"{name} is given twice")
            given[name] = value
        namespace.given = given


class _Store(_Noted):
    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        # A positional that may be left out is "given" by argparse itself, with its default.
        if self.option_strings:
            self.note(parser, namespace, values)
        setattr(namespace, self.dest, values)


class _StoreConst(_Noted):
    def __init__(
        self, option_strings: Any, dest: str, const: Any, default: Any = None, help: str | None = None
    ) -> None:
        super().__init__(option_strings, dest, nargs=0, const=const, default=default, help=help)

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        self.note(parser, namespace, None)
        setattr(namespace, self.dest, self.const)


class _StoreTrue(_StoreConst):
    def __init__(self, option_strings: Any, dest: str, default: bool = False, help: str | None = None) -> None:
        super().__init__(option_strings, dest, const=True, default=default, help=help)


class _Append(_Noted):
    once = False

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        self.note(parser, namespace, values)
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or []), values])


class _Extend(_Noted):
    once = False

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        self.note(parser, namespace, values)
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or []), *values])


class Names:
    """Words that an option takes, from the data that has them, which is read only where it is asked for."""

    def __init__(self, what: str, names: Callable[[], Iterable[str]]) -> None:
        self.what, self._names = what, names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __contains__(self, name: object) -> bool:
        known = set(self._names())
        return all(each in known for each in (name if isinstance(name, list) else [name]))
