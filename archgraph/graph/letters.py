"""A network as figures write it: its symbols by the letters that its spec gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sympy import Expr, Symbol

from archgraph.graph.network import Declared, Network
from archgraph.sizes.symbols import replaced, symbol


def lettered(network: Network) -> Network:
    """Return the network with its symbols called by their letters; the same one where none has a letter.

    >>> from archgraph import loads
    >>> head = "archgraph: 1\\nsymbols: {width: {default: 8, as: C}}"
    >>> text = f"{head}\\ninputs: {{x: {{c: width}}}}\\nnetwork: [relu]"
    >>> g = loads(text).network
    >>> list(g.symbols), list(lettered(g).symbols)
    (['width'], ['C'])
    """
    if not network.declared.letters:
        return network
    return network.once("lettered", lambda: _lettered(network))


def _lettered(network: Network) -> Network:
    letters = network.declared.letters
    return replace(
        network,
        declared=_Lettered(network.declared),
        source=_LetteredSource(network),
        structural=frozenset(letters.get(name, name) for name in network.structural),
    )


class _Lettered:
    """The symbols of a network, which have their letters for names."""

    letters: Mapping[str, str] = {}

    def __init__(self, declared: Declared) -> None:
        self._declared = declared
        letters = declared.letters
        self._named = {letters.get(name, name): name for name in declared.names}
        self._shown: dict[Symbol, Expr] = {symbol(name): symbol(letter) for name, letter in letters.items()}
        self.names = tuple(self._named)
        self.values = declared.values

    def lookup(self, name: str) -> object:
        """Return what a symbol is inside the graph."""
        return self._declared.lookup(self._named[name])

    def is_derived(self, name: str) -> bool:
        """Whether a symbol is an expression of others."""
        return self._declared.is_derived(self._named[name])

    def doc(self, name: str) -> str:
        """What a symbol stands for."""
        return self._declared.doc(self._named[name])

    def show(self, expression: Expr) -> Expr:
        """Return an expression in letters."""
        return replaced(self._declared.show(expression), self._shown)

    def numbers(self) -> dict[str, object]:
        """Return the value of every symbol."""
        numbers = self._declared.numbers()
        return {letter: numbers[name] for letter, name in self._named.items()}

    def rule(self, name: str) -> tuple[Expr, Expr]:
        """Return the multiple and the offset of a symbol as sizes inside the graph."""
        return self._declared.rule(self._named[name])

    def rule_of(self, name: str) -> tuple[int, int]:
        """Return the multiple and the offset of a symbol at the bound values."""
        return self._declared.rule_of(self._named[name])


@dataclass(frozen=True, eq=False)
class _LetteredSource:
    """The source of a network under its letters: asks that of the network under its names."""

    named: Network

    def at(self, network: Network, values: Mapping[str, object]) -> Network:
        """Return the network at numbers."""
        return lettered(self.named.at(**self._by_name(values)))

    def bind(self, network: Network, values: Mapping[str, object]) -> Network:
        """Return the network with some symbols bound."""
        return lettered(self.named.bind(**self._by_name(values)))

    def select(self, network: Network, outputs: tuple[str, ...]) -> Network:
        """Return the network about these values only."""
        return lettered(self.named.select(*outputs))

    def _by_name(self, values: Mapping[str, object]) -> dict[str, object]:
        names = {letter: name for name, letter in self.named.declared.letters.items()}
        return {names.get(letter, letter): value for letter, value in values.items()}
