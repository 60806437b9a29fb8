"""Whole libraries against PyTorch: `python -m tests.models.corpora` compares their models, and fails if one is wrong.

What became of each is appended to a file of results, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.models.corpora.libraries import LIBRARIES, Library, drawn
from tests.models.corpora.page import PAGE, page
from tests.models.corpora.worker import results

PASSING = "exact", "gap", "refused", "not built", "not run", "skipped", "listed"


def main() -> int:
    """Compare what is asked for; 0 where nothing is wrong."""
    asked = _parser().parse_args()
    chosen: Mapping[str, Library] = {name: LIBRARIES[name] for name in asked.only or LIBRARIES}
    if asked.draw:
        chosen = {**chosen, **drawn(asked.draw, asked.seed)} if asked.only is None else drawn(asked.draw, asked.seed)
    rows = _run(chosen, asked)
    for library in chosen:
        print(f"{library}: {_counted([row for row in rows if row['library'] == library])}")
    if asked.page:
        PAGE.write_text(page([row for row in kept(asked.results) if row["library"] in LIBRARIES]))
    return int(any(row["status"] not in PASSING for row in rows))


def kept(results: Path) -> list[dict[str, Any]]:
    """Return all results of a file, the last of each model: a run of one library leaves the others on the page."""
    rows = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    return list({(row["library"], row["name"]): row for row in rows}.values())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.models.corpora", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(LIBRARIES), help="libraries; all otherwise")
    parser.add_argument("--names", nargs="+", help="models of them; all otherwise")
    parser.add_argument("--draw", type=int, metavar="N", default=0, help="as many names of timm, drawn by --seed")
    parser.add_argument("--seed", default="1", help="such as the date")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds of the processor that a model may take")
    parser.add_argument("--results", type=Path, default=Path("build/corpora.jsonl"), help="where results are kept")
    parser.add_argument("--page", action="store_true", help=f"write {PAGE.name}")
    return parser


def _run(chosen: Mapping[str, Library], asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the results of the models, those that were known already and those that were not."""
    asked.results.parent.mkdir(parents=True, exist_ok=True)
    rows = [row for row in kept(asked.results) if row["library"] in chosen]
    with asked.results.open("a") as file:
        for title, library in chosen.items():
            done = [row["name"] for row in rows if row["library"] == title]
            for row in results(title, library, asked.limit, done, asked.names):
                rows.append(row)
                file.write(json.dumps(row) + "\n")
                file.flush()
                print(f"{row['library']} {row['name']}: {row['status']} {row['why']}", flush=True)
    return rows


def _counted(rows: list[dict[str, Any]]) -> str:
    found = Counter(row["status"] for row in rows if row["status"] != "listed")
    return ", ".join(f"{number} {status}" for status, number in found.items())


if __name__ == "__main__":
    sys.exit(main())
