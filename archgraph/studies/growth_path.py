"""How a network grows: one symbol, its steps, and what follows it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from sympy import Expr, Integer

from archgraph.cost.training.run import OPTIONS
from archgraph.cost.training.training_memory import batch_symbol
from archgraph.errors import QueryError, SpecError, did_you_mean, quoted
from archgraph.graph.network import Network
from archgraph.keywords import strict_class
from archgraph.sizes.whole_numbers import read_whole
from archgraph.spec.language.expressions import evaluate_expression
from archgraph.spec.language.grammar import names_in

SHOWN = 60
"""How much of a name is shown at a prompt."""


@strict_class
@dataclass(frozen=True, repr=False)
class GrowthPath:
    """A way in which a network grows.

    Attributes:
        network: the network, at the values that it starts from.
        symbol: the symbol that takes other values, `B` or `gpus`; another name is one that only `follows` uses.
        multiple_of: only multiples of it are used.
        follows: other symbols: numbers, expressions of the symbol, or lists of both.
        name: what it is called in tables and figures; the network's own name by default.

    Raises:
        QueryError: a step that is no whole number from 1 on, or an unknown symbol.

    >>> from archgraph import load
    >>> widened = GrowthPath(load("nnunet").network, "low", 64, {"features": ["C", "2*C", "4*C", "8*C", "low", "low"]})
    >>> widened.at(640).defaults["features"]
    [32, 64, 128, 256, 640, 640]
    """

    network: Network
    symbol: str
    multiple_of: int = 1
    follows: Mapping[str, object] = field(default_factory=dict)
    name: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.multiple_of, bool) or not isinstance(self.multiple_of, int) or self.multiple_of < 1:
            raise QueryError(f"multiple_of is a whole number from 1 on, and not {quoted(self.multiple_of)[1:-1]}")
        if self.symbol in self.follows:
            raise QueryError(f"{self.symbol} is what is looked for, and cannot be given")
        check_growing(self.network, () if self.setting else (self.symbol,), self.follows)

    def __repr__(self) -> str:
        step = f" in steps of {self.multiple_of}" if self.multiple_of > 1 else ""
        return f"<growth of {self.title[:SHOWN]} by {self.symbol[:SHOWN]}{step}>"

    @property
    def title(self) -> str:
        """What it is called."""
        return self.name or self.network.name

    @property
    def setting(self) -> str:
        """The setting of a run that grows: the batch or the number of ranks; none where it is a symbol."""
        return {str(batch_symbol(self.network)): "batch", "gpus": "gpus"}.get(self.symbol, "")

    @property
    def own(self) -> bool:
        """Whether the spec has the symbol."""
        return self.symbol in self.network.symbols or self.symbol in self.network.defaults

    @property
    def start(self) -> int | None:
        """The value that the network starts from, None where the spec does not have the symbol."""
        found = self.network.defaults.get(self.symbol)
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    def at(self, value: object) -> Network:
        """Return the network at a value of the symbol."""
        return grown(self.network, {self.symbol: value}, self.follows)


def grown(network: Network, chosen: Mapping[str, object], follows: Mapping[str, object]) -> Network:
    """Return a network at values of some names, and of what follows them; names that it does not have are left out.

    >>> from archgraph import load
    >>> grown(load("vit").network, {"D": 384}, {"heads": "D/64"}).defaults["heads"]
    6
    """
    own = {name: value for name, value in chosen.items() if name in network.symbols or name in network.defaults}
    return network.at(**own, **following_values(network, chosen, follows))


def following_values(
    network: Network, chosen: Mapping[str, object], follows: Mapping[str, object]
) -> dict[str, object]:
    """Return the values of what follows.

    >>> from archgraph import load
    >>> following_values(load("vit").network, {"D": 384}, {"heads": "D/64"})
    {'heads': 6}
    """
    point = _Point({**network.defaults, **chosen})
    return {name: point.value(given) for name, given in follows.items()}


def growth_path(network: Network, text: str) -> GrowthPath:
    """Read a path as it is written on a command line: `D`, `D%64`, `D%64,heads=D/64`, `w,features=[C,2*C,w,w]`.

    Raises:
        QueryError: it cannot be read.

    >>> from archgraph import load
    >>> path = growth_path(load("dit").network, "D%64,heads=D/64")
    >>> path.symbol, path.multiple_of, path.follows
    ('D', 64, {'heads': 'D/64'})
    """
    first, *rest = outer_parts(text)
    symbol, _, step = first.partition("%")
    try:
        multiple = read_whole(step) if "%" in first else 1
    except ValueError:
        raise _unread(text) from None
    pairs = [part.partition("=") for part in rest]
    if not symbol or not all(name and equals and given for name, equals, given in pairs):
        raise _unread(text)
    return GrowthPath(network, symbol, multiple, {name: _listed(given) for name, _, given in pairs})


def _unread(text: str) -> QueryError:
    return QueryError(
        f"cannot read {quoted(text)} as a way to grow", hint="write D%64,heads=D/64: symbol, step, others"
    )


def outer_parts(text: str) -> list[str]:
    """Split at commas that stand in no brackets.

    >>> outer_parts("[1,2]|[3,4],k=5")
    ['[1,2]|[3,4]', 'k=5']
    """
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "[(") - (letter in "])")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _listed(text: str) -> object:
    """A list in brackets, or an expression as it is."""
    if not (text.startswith("[") and text.endswith("]")):
        return text
    return [_listed(part) for part in outer_parts(text[1:-1])]


def check_growing(network: Network, chosen: Collection[str], follows: Mapping[str, object]) -> None:
    """Refuse names that a network does not have: of what is chosen, unless something follows it, and of what follows.

    Raises:
        QueryError: there is no such symbol.

    >>> from archgraph import load
    >>> check_growing(load("vit").network, ["D"], {"heads": "D/64"})
    """
    free = [name for name in network.symbols if network.definition(name) is None]
    known = {*free, *network.defaults}
    used = {name for given in follows.values() for name in _names(given)}
    for name in (*(name for name in chosen if name not in used), *follows):
        if name not in known:
            words = [*free, str(batch_symbol(network)), *(("gpus",) if name in chosen else OPTIONS)]
            raise QueryError(f"there is no '{name}' to choose.{did_you_mean(name, words)}", hint=", ".join(words))
    for name, given in follows.items():
        for other in _names(given):
            if other not in network.defaults and other not in chosen:
                raise QueryError(f"{name} follows '{other}', which is no symbol.{did_you_mean(other, free)}")


def _names(given: object) -> Iterator[str]:
    for part in given if isinstance(given, (list, tuple)) else [given]:
        if isinstance(part, (list, tuple)):
            yield from _names(part)
        elif isinstance(part, str):
            yield from names_in(part)


class _Point:
    """The scope of an expression such as `D/64`: every symbol is a number."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def value(self, given: object) -> object:
        """Return a number as it is, and an expression at the values of all symbols; of a list every element."""
        if isinstance(given, (list, tuple)):
            return [self.value(part) for part in given]
        if not isinstance(given, str):
            return given
        found = evaluate_expression(self, text=given)
        return int(found) if isinstance(found, Expr) and found.is_Integer else found

    def lookup(self, name: str) -> object:
        """Return the value of a symbol."""
        if name not in self._values:
            raise SpecError(f"'{name}' is not defined.{did_you_mean(name, self._values)}")
        value = self._values[name]
        return Integer(value) if isinstance(value, int) and not isinstance(value, bool) else value

    def items(self, name: str) -> tuple[object, ...]:
        """Return the elements of a list."""
        return tuple(self.lookup(name))  # type: ignore[arg-type]

    def axis(self, name: str, indices: tuple[int, ...], axis: str) -> Expr:
        """Refuse: there are no values here, symbols alone."""
        raise SpecError(f"'{name}' is a symbol, and has no axis '{axis}'")

    def concrete(self, value: Expr, role: str) -> int:
        """Return a number."""
        return int(value)

    def tell(self, value: object) -> str:
        """Return a value in words."""
        return str(value)
