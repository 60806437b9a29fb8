"""Writes every generated page and figure: `python docs/generators/generate.py [FOLDER]`, by default the checkout."""

from __future__ import annotations

import argparse
import re
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import answer_numbers
import device_table
import limit_numbers
import path_tables
import tool_counts
import why_numbers
from cli_pages import cli_index, cli_page
from figure_options import write_options
from gallery import gallery_page
from reference import reference_page
from rooms import write_rooms
from run_page import run_page
from study_figures import write_study_figures

from archgraph.architecture.architecture import load
from archgraph.architecture.several import contrast
from archgraph.cli.program import COMMANDS
from archgraph.spec.load import shipped_names

TEMPLATES = Path(__file__).parent / "templates"
CONTRASTS = {
    "unet-vs-dit": ("unet:padded-512", "dit"),
    "nnunet-vs-dit": ("nnunet:inference", "dit"),
    "sd15-vs-dit": ("sd", "dit"),
    "swin-vs-vit": ("swin", "vit"),
}


def pages() -> dict[str, str]:
    """Return the generated pages by path."""
    answers = {
        f"docs/{path.stem}": filled(path.read_text(encoding="utf-8")) for path in sorted(TEMPLATES.glob("*.md.in"))
    }
    return {"docs/ops.md": reference_page(), "docs/gallery.md": gallery_page(), **answers}


def reference_pages(pictures: Path | None = None) -> dict[str, str]:
    """Return the pages of the reference by path; PyTorch and numpy must be there, since examples are about them."""
    from answers_page import answers_page  # late: what these import at the top needs PyTorch
    from api_page import api_page
    from errors_page import errors_page

    commands = {f"docs/reference/cli/{each.name}.md": cli_page(each, pictures) for each in COMMANDS}
    python = {"python": api_page(), "answers": answers_page(), "errors": errors_page(), "cli": cli_index()}
    return commands | run_pages(pictures) | {f"docs/reference/{name}.md": text for name, text in python.items()}


def run_pages(pictures: Path | None = None) -> dict[str, str]:
    """Return the tutorials and how-tos by path, with what their commands print."""
    found = {}
    for path in sorted(TEMPLATES.glob("*/*.md.in")):
        page = f"docs/{path.parent.name}/{path.stem}"
        found[page] = run_page(path.read_text(encoding="utf-8"), Path(path.stem).stem, pictures)
    return found


@cache
def template_numbers() -> dict[str, str]:
    """Return the numbers and tables of the pages that are written from templates."""
    found = (why_numbers, answer_numbers, path_tables, limit_numbers, tool_counts, device_table)
    return {name: text for module in found for name, text in module.numbers().items()}


def filled(template: str) -> str:
    """Fill `{{ name }}` with numbers; an unknown name is an error."""
    return re.sub(r"{{ (\w+) }}", lambda match: template_numbers()[match[1]], template)


def figures(folder: Path) -> None:
    """Write a figure per shipped spec, the contrasts, the rooms of the package, and a picture of every option."""
    write_rooms(folder / "rooms.svg")
    for name in shipped_names():
        load(name).draw().save(str(folder / f"{name}.svg"))
    for name, (first, second) in CONTRASTS.items():
        contrast(load(first), load(second)).save(str(folder / f"{name}.svg"))
    write_study_figures(folder)
    write_options(folder / "options")


def main(folder: Path) -> None:
    """Write everything below a folder, pages and figures at the same time: they share next to nothing."""
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    (folder / "renders").mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        drawn = other.submit(figures, folder / "renders")
        write_pages(folder)
        drawn.result()


def write_pages(folder: Path) -> None:
    """Write the pages, and the pictures that their examples make."""
    for path, text in (pages() | reference_pages(folder / "renders")).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parents[2])
    main(parser.parse_args().folder)
