"""The gallery, generated from the shipped specs: per family its source, laws, variants and figure."""

from __future__ import annotations

from collections.abc import Iterator

from archgraph.architecture.architecture import Architecture
from archgraph.gallery import gallery_row, variants_of
from archgraph.spec.load import shipped_names


def gallery_page() -> str:
    """Return the gallery as Markdown: per family its source, laws, variants with their numbers, and figure."""
    return "\n".join([_GALLERY_HEAD, *(line for name in shipped_names() for line in _family(name))]).rstrip() + "\n"


_GALLERY_HEAD = """\
# Gallery

Generated from the shipped specs: do not edit. Laws use the symbols of each spec. Numbers are at the defaults of each
variant, per sample, and equal to PyTorch's. MACs count convolutions, linear layers and matrix products.
"""


def _family(name: str) -> Iterator[str]:
    members = list(variants_of(name))
    g = members[0]
    yield f"## {g.network.origin.family}\n"
    origin = g.network.origin
    yield " ".join(
        part for part in (" ".join(origin.doc.split()), f"Source: {origin.cite}." if origin.cite else "") if part
    )
    yield f"\n![{g.network.origin.family}](../renders/{name}.svg)\n"
    yield f"[Open it in the playground](playground/index.html#gallery={name})\n"
    yield from _symbols(g)
    yield f"- params = `{g.params}`"
    yield f"- MACs = `{g.macs}`\n"
    yield "| spec | params | MACs | reference | what |\n| --- | ---: | ---: | --- | --- |"
    for member in members:
        yield _variant_row(name, member)
    yield ""


def _symbols(g: Architecture) -> Iterator[str]:
    yield "| symbol | default | meaning |\n| --- | --- | --- |"
    for name in g.network.declared.names:
        fixed = " (structural: laws hold for this value)" if name in g.structural else ""
        yield f"| `{name}` | `{g.defaults[name]}` | {g.network.declared.doc(name)}{fixed} |"
    yield ""


def _variant_row(name: str, g: Architecture) -> str:
    row = gallery_row(name, g)
    label = f"{name}:{g.variant}" if g.variant else name
    what = g.network.origin.about if g.variant else "the defaults"
    return f"| `{label}` | {row['params']:,} | {row['macs']:,} | {row['reference'] or ''} | {what} |"
