"""The notebook as a page of the site: its cells, and what each one shows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def write_notebook_page(notebook: Path, page: Path) -> None:
    """Write a notebook as Markdown, and its figures beside it."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    page.write_text("\n\n".join(part for cell in cells for part in _parts(cell, page)) + "\n", encoding="utf-8")


def _parts(cell: Mapping[str, Any], page: Path) -> Iterator[str]:
    source = "".join(cell["source"])
    yield source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```"
    for output in cell.get("outputs", []):
        shown = output.get("data", {})
        if "image/svg+xml" in shown:
            figure = page.with_name(f"{page.stem}-{cell['id']}.svg")
            figure.write_text("".join(shown["image/svg+xml"]), encoding="utf-8")
            yield f"![{''.join(shown['text/plain'])}]({figure.name})"
        else:
            text = "".join(shown.get("text/plain", output.get("text", "")))
            yield f"```text\n{text.rstrip()}\n```"
