"""A drawing as PDF or PNG by typst, with the shipped fonts: the same on every machine."""

import json
import tempfile
from importlib.resources import as_file, files
from pathlib import Path
from struct import pack
from typing import cast
from zlib import crc32

from archgraph.errors import printable
from archgraph.figures.drawing.diagram import Diagram
from archgraph.optional import missing

_METRES_PER_INCH = 0.0254
_HEAD_LENGTH = 33


def typeset(svg: str, diagram: Diagram, suffix: str, dpi: int) -> bytes:
    """Return the drawing as ``.pdf``, with its title and a description, or as ``.png`` of a density.

    Raises:
        MissingToolError: typst is not installed.
    """
    try:
        import typst  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise missing("typst", f"saving {suffix} needs the package typst.", "save as .svg") from None
    with tempfile.TemporaryDirectory() as folder, as_file(files("archgraph.figures.fonts") / "files") as fonts:
        (Path(folder) / "figure.svg").write_text(svg, encoding="utf-8")
        source = Path(folder) / "figure.typ"
        source.write_text(_source(diagram), encoding="utf-8")
        if suffix == ".pdf":
            return typst.compile(str(source), format="pdf", font_paths=[str(fonts)])
        pixels = cast(bytes, typst.compile(str(source), format="png", ppi=float(dpi), font_paths=[str(fonts)]))
        return with_density(pixels, dpi)


def _source(diagram: Diagram) -> str:
    size = f"width: {diagram.width}pt, height: {diagram.height}pt"
    title, description = _quoted(diagram.title), _quoted(diagram.description)
    return (
        f"#set document(title: {title}, date: none)\n#set page({size}, margin: 0pt, fill: none)\n"
        f'#image("figure.svg", {size}, alt: {description})\n'
    )


def _quoted(text: str) -> str:
    """A string of typst, which is one of JSON but for how it spells what is not ASCII."""
    return json.dumps(printable(text), ensure_ascii=False)


def with_density(png: bytes, dpi: int) -> bytes:
    """Return a PNG that says how many of its dots an inch has, so that it is shown in its true size."""
    body = b"pHYs" + pack(">IIB", *[round(dpi / _METRES_PER_INCH)] * 2, 1)
    return png[:_HEAD_LENGTH] + pack(">I", 9) + body + pack(">I", crc32(body)) + png[_HEAD_LENGTH:]
