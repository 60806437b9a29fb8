"""What serving a network takes: weights, caches, operations and an estimate of the time per token, as a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sympy import Expr, Integer, Symbol, ceiling

from archgraph.cost.device import device
from archgraph.cost.part import costs_of, whole_part
from archgraph.cost.serving.decoder import CachedLayer, Decoder
from archgraph.cost.serving.largest_served import LargestServed, known_name, largest_served
from archgraph.cost.serving.served_weights import ServedWeights
from archgraph.cost.serving.settings import Serving
from archgraph.cost.serving.weight_layouts import CACHE_TYPES, LAYOUTS
from archgraph.cost.training.training_memory import batch_symbol
from archgraph.errors import ArchgraphError, QueryError
from archgraph.graph.network import Network
from archgraph.keywords import strict_methods
from archgraph.report.table import Table
from archgraph.sizes.law_text import law_text
from archgraph.sizes.symbols import ONE, ZERO, evaluate, symbol

PACKED, _PLAIN, CACHE, CROSS = "packed weights", "weights", "cache", "cache of the source"
UNCOUNTED = "not counted: activations, and what kernels, the allocator and the driver take, unless reserve= is given"
ESTIMATED = "the time is an estimate at peak rates, and measured times are longer"
UNSEEN = "beyond the {} tokens of the network as it is, windows are not known: the cache is a bound there"
LATENTS = "latents are cached; operations are of keys and values at hand, not of making those of the past again"


def past_symbol(g: Network) -> Symbol:
    """Return what laws call the tokens in the cache: `T`, or `run_T` where the network has a symbol of that name."""
    taken = {*g.symbols, *map(str, g.values)}
    return symbol("run_T" if "T" in taken else "T")


@strict_methods
@dataclass(frozen=True, repr=False)
class Served:
    """What serving a network on one device takes.

    Attributes:
        network: the network that is served.
        settings: how.
    """

    network: Network
    settings: Serving

    @cached_property
    def decoder(self) -> Decoder:
        """The network as a decoder.

        Raises:
            QueryError: it makes no output token by token.
        """
        g = self.network
        asked = replace(g.graph, outputs=g.selected)
        return g.once("decoder", lambda: Decoder(asked, g.evaluate))

    @property
    def past(self) -> int:
        """Tokens of each sequence in the cache."""
        given = self.settings.past
        return max(0, self.network.evaluate(self.decoder.length) - 1) if given is None else given

    # -- bytes ---------------------------------------------------------------------------------------------

    @property
    def laws(self) -> Mapping[str, Expr]:
        """The bytes by kind while a token is decoded, in the symbols of the spec, the batch and the tokens before."""
        return {kind: self.network.show(law) for kind, law in self._laws.items()}

    @cached_property
    def _laws(self) -> dict[str, Expr]:
        weights, batch = ServedWeights(self.decoder.graph, LAYOUTS[self.settings.dtype]), batch_symbol(self.network)
        tokens = past_symbol(self.network) + 1
        laws = {
            PACKED: weights.packed,
            _PLAIN: weights.plain,
            CACHE: batch * self._cache(tokens),
            CROSS: batch * self._width * self._kept(ZERO, cross=True),
        }
        return {kind: law for kind, law in laws.items() if law != 0}

    @property
    def _width(self) -> int:
        return CACHE_TYPES[self.settings.cache]

    def _cache(self, tokens: Expr, spare: Expr = ZERO) -> Expr:
        """The bytes that a sequence with so many tokens keeps, without those of a source."""
        return self._width * self._kept(tokens, cross=False, spare=spare)

    def _kept(self, tokens: Expr, *, cross: bool, spare: Expr = ZERO) -> Expr:
        layers = [layer for layer in self.decoder.layers if layer.cross == cross]
        return sum((self._in_pages(layer, tokens, spare) for layer in layers), ZERO)

    def _in_pages(self, layer: CachedLayer, tokens: Expr, spare: Expr) -> Expr:
        page, whole = self.settings.page, self.settings.expanded
        if page == 1 or layer.cross:
            return layer.kept(tokens, whole=whole, spare=spare)
        held = tokens if self.settings.paged == "unified" else layer.held(tokens, spare)
        return replace(layer, window=None).kept(page * ceiling(held / page), whole=whole)

    def _number(self, law: Expr, batch: int | None = None, past: int | None = None) -> int:
        g, at = self.network, self.settings.batch if batch is None else batch
        return evaluate(law, {**g.values, batch_symbol(g): at, past_symbol(g): self.past if past is None else past})

    def bytes_at(self, batch: int, past: int) -> int:
        """Return the bytes with so many sequences, of so many tokens each."""
        return self.settings.reserve + sum(self._number(law, batch, past) for law in self._laws.values())

    @property
    def by_kind(self) -> Mapping[str, int]:
        """The bytes by kind while a token is decoded."""
        return {kind: self._number(law) for kind, law in self._laws.items()}

    @property
    def bytes(self) -> int:
        """The bytes while a token is decoded: weights, the cache with its own place, and what is reserved."""
        return self.bytes_at(self.settings.batch, self.past)

    @property
    def cache_per_token(self) -> int:
        """The bytes that one more token of one sequence takes while no window is full yet."""
        whole = self.settings.expanded
        return self._number(self._width * sum((layer.kept(ONE, whole=whole) for layer in self._own), ZERO))

    @property
    def _own(self) -> list[CachedLayer]:
        return [layer for layer in self.decoder.layers if not layer.cross]

    @property
    def cache(self) -> int:
        """The bytes that all sequences keep between two tokens: for a window, all but its last place."""
        own = self._cache(past_symbol(self.network), ONE)
        return self.settings.batch * self._number(own + self._width * self._kept(ZERO, cross=True))

    def largest(self, name: str, where: str | float) -> LargestServed:
        """Return the most sequences (`B`), or tokens of each before the next one (`T`), that a memory can serve.

        Args:
            name: its name in the laws.
            where: a device, or bytes such as `80GB`.

        Raises:
            QueryError: nothing fits, an unknown device or name.
        """
        batch, past = str(batch_symbol(self.network)), str(past_symbol(self.network))
        if known_name(name, (batch, past)) == batch:
            return largest_served(lambda value: self.bytes_at(value, self.past), batch, where)
        found = largest_served(lambda value: self.bytes_at(self.settings.batch, value), past, where)
        _check_length(self.network, self.decoder.length, found.value + 1)
        return found

    # -- operations and time -----------------------------------------------------------------------------------

    @property
    def decode_flops(self) -> int:
        """Operations of products and attention for the next token of all sequences, two per multiply-accumulate."""
        return 2 * self.settings.batch * self._number(self.decoder.decoded(past_symbol(self.network) + 1))

    @property
    def prefill_flops(self) -> int:
        """Operations for a prompt of the network's own length in every sequence; causal masks do not halve them."""
        g = self.network
        spared = (self.decoder.length - 1) * self.decoder.head if self.settings.logits == "last" else ZERO
        return 2 * self.settings.batch * g.evaluate(costs_of(g).total("macs") - spared)

    @property
    def bytes_read(self) -> int:
        """About how many bytes a step reads and writes: weights once, all caches, and what it adds to them."""
        weights = ServedWeights(self.decoder.graph, LAYOUTS[self.settings.dtype])
        read = weights.read(self.network, whole_part(self.network).rows(), self.settings.batch)
        cached = sum(size for kind, size in self.by_kind.items() if kind in (CACHE, CROSS))
        return round(read) + cached + self.settings.batch * self.cache_per_token

    def seconds(self, name: str) -> float:
        """Return an estimate of the time until every sequence has its next token: computing or moving, at peak rates.

        Raises:
            QueryError: there is no such device, or it does not compute in half precision.
        """
        kind = self.settings.dtype if LAYOUTS[self.settings.dtype].matrix is None else "bf16"
        return max(device(name).seconds(self.decode_flops / 2, 0, self.bytes_read, kind))

    def is_timed(self, name: str) -> bool:
        """Whether the maker of a device states the rates that the time depends on.

        >>> from archgraph import load
        >>> [load("gpt2").serving().is_timed(name) for name in ("h100", "m4-max")]
        [True, False]
        """
        try:
            return self.seconds(name) > 0
        except QueryError:
            return False

    # -- the report --------------------------------------------------------------------------------------------

    @property
    def kinds_of_number(self) -> Mapping[str, str]:
        """By kind, "exact", "bound" or "estimate"."""
        return {kind: self._kind_of_number(kind) for kind in self._laws}

    def _kind_of_number(self, kind: str) -> str:
        if kind == PACKED:
            return LAYOUTS[self.settings.dtype].kind_of_number
        if kind == CACHE and self.settings.page > 1:
            return "estimate"
        return "bound" if kind == CACHE and self._is_beyond else "exact"

    @property
    def _is_beyond(self) -> bool:
        """Whether more tokens are asked for than a network of a fixed length has."""
        length = self.decoder.length
        return isinstance(length, Integer) and self.past >= int(length)

    @property
    def kind_of_number(self) -> str:
        """`exact`, or what the worst part is."""
        found = set(self.kinds_of_number.values())
        return next((kind for kind in ("estimate", "bound") if kind in found), "exact")

    @property
    def table(self) -> Table:
        """The report: a row per kind of bytes, operations and bytes per token in the notes."""
        rows = [self._row(kind, size) for kind, size in self.by_kind.items()]
        if self.settings.reserve:
            rows.append({"kind": "reserve", "bytes": self.settings.reserve, "kind of number": "given", "law": ""})
        total = {"kind": "total", "bytes": self.bytes, "kind of number": self.kind_of_number, "law": ""}
        columns = ("kind", "bytes", "kind of number", "law")
        several = "a sequence" if self.settings.batch == 1 else f"{self.settings.batch} sequences"
        title = f"{self.network.name}: {self.bytes:,} bytes to serve {several}"
        return Table(f"{title} with {self.past:,} tokens before the next", columns, rows, total, tuple(self._notes()))

    def _row(self, kind: str, size: int) -> dict[str, object]:
        return {
            "kind": kind,
            "bytes": size,
            "kind of number": self.kinds_of_number[kind],
            "law": law_text(self.laws[kind]),
        }

    def _notes(self) -> Iterator[str]:
        settings = self.settings
        yield self.network.bindings
        yield f"{settings.dtype}: {LAYOUTS[settings.dtype].meaning}; cache in {settings.cache}"
        yield f"cache: {self.cache_per_token:,} bytes per token and sequence, {self.cache:,} between two tokens"
        yield f"{self.decode_flops:,} FLOP for the next token of all sequences"
        tokens = self.network.evaluate(self.decoder.length)
        yield f"{self.prefill_flops:,} FLOP for prompts of {tokens:,} tokens, with logits of {settings.logits}"
        yield from self.remarks

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader of the numbers needs to know."""
        latent = any(layer.is_latent for layer in self._own) and not self.settings.expanded
        unseen = UNSEEN.format(self.decoder.length)
        return (*((LATENTS,) if latent else ()), *((unseen,) if self._is_beyond else ()), UNCOUNTED)

    def timed(self, name: str) -> Table:
        """Return the report with the estimated time on a device, or with the reason why there is none.

        Raises:
            QueryError: there is no such device.
        """
        chosen = device(name)
        try:
            time = self.seconds(name)
        except QueryError as error:
            return replace(self.table, notes=(*self.table.notes, f"no time per token: {error.message}"))
        told = f"{chosen.name}: about {1e3 * time:.3g} ms per token, {self.settings.batch / time:.4g} tokens/s"
        return replace(self.table, notes=(*self.table.notes, told, ESTIMATED))

    def __str__(self) -> str:
        return str(self.table)

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table.to_html()


def served(g: Network, settings: Serving) -> Served:
    """Return what serving a network takes.

    Raises:
        QueryError: it has no causal attention, or cannot have that many tokens.
    """
    found = Served(g, settings)
    _check_length(g, found.decoder.length, found.past + 1)
    return found


def _check_length(g: Network, length: Expr, tokens: int) -> None:
    """Refuse more tokens than a table of positions has, where the length is a symbol that can be set."""
    name = str(length)
    if name not in g.symbols or tokens <= g.evaluate(length) or g.rule_of(name) != (1, 0):
        return
    try:
        g.at(**{name: tokens})
    except ArchgraphError as error:
        raise QueryError(f"{g.name} has no place for {tokens:,} tokens: {error.message}") from error


def served_table(found: Sequence[Served], name: str | None = None) -> Table:
    """Return several networks side by side, a row each, with the estimated time per token where a device is named."""
    timed = name if name and all(each.is_timed(name) for each in found) else None
    rows = [_side(each, timed) for each in found]
    notes = [f"{each.network.name}: {each.network.bindings}" for each in found]
    notes += [note for each in found for note in each.remarks]
    told = (
        (f"{device(name).name}: {ESTIMATED if timed else 'no time per token, whose rates are not stated'}",)
        if name
        else ()
    )
    return Table("what serving takes", tuple(rows[0]), rows, notes=(*dict.fromkeys(notes), *told))


def _side(found: Served, name: str | None) -> dict[str, object]:
    row: dict[str, object] = {
        "network": found.network.name,
        "sequences": found.settings.batch,
        "tokens before": found.past,
        "bytes": found.bytes,
        "cache": found.cache,
        "cache per token": found.cache_per_token,
        "FLOP of the next token": found.decode_flops,
        "kind of number": found.kind_of_number,
    }
    return {**row, "ms (estimate)": f"{1e3 * found.seconds(name):.3g}"} if name else row
