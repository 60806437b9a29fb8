"""What the command line says of parts of a figure: labels, palettes, looks of boxes."""

from __future__ import annotations

from archgraph.data.figure_words import NODE_STYLE
from archgraph.errors import QueryError, not_among, quoted


def read_label(text: str) -> tuple[str, str]:
    """Read `PATH=TEXT`.

    >>> read_label("blocks=Transformer = 12 of them")
    ('blocks', 'Transformer = 12 of them')
    """
    name, equals, label = text.partition("=")
    if not name or not equals:
        raise QueryError(f"--label takes PATH=TEXT, and not {quoted(text)}", hint="--label blocks='Transformer block'")
    return name, label


def read_palette(text: str) -> str | tuple[str, ...]:
    """Read the name of a palette, or colours with commas between them.

    >>> read_palette("ember"), read_palette("#fff,#000")
    ('ember', ('#fff', '#000'))
    """
    return tuple(part.strip() for part in text.split(",")) if text.startswith("#") else text


def read_node_style(text: str) -> tuple[str, dict[str, object]]:
    """Read `PATH:key=value,key=value`.

    >>> read_node_style("conv:fill=#1f5fa8,width=1.5,dashed=true")
    ('conv', {'fill': '#1f5fa8', 'width': 1.5, 'dashed': True})
    """
    name, colon, said = text.rpartition(":")
    pairs = [part.partition("=") for part in said.split(",")]
    if not name or not colon or not all(key and equals for key, equals, _ in pairs):
        hint = f"--node-style conv:fill=#1f5fa8; the keys are {', '.join(NODE_STYLE)}"
        raise QueryError(f"--node-style takes PATH:KEY=VALUE,…, and not {quoted(text)}", hint=hint)
    return name, {key.strip(): _value(key.strip(), value.strip()) for key, _, value in pairs}


def _value(key: str, text: str) -> object:
    if key not in NODE_STYLE:
        raise not_among("key of --node-style", key, NODE_STYLE)
    if key == "dashed":
        return {"true": True, "false": False}.get(text, text)
    try:
        return float(text) if key == "width" and text.isascii() else text
    except ValueError:
        return text
