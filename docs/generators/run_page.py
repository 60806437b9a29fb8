"""A page whose commands are run while it is generated: what they print and draw follows each of them."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from shell import Shell, shortened

FENCE = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?(?: (wrong))?\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


def run_page(template: str, name: str, pictures: Path | None = None) -> str:
    """Return a page: blocks with a title become files, and what every block of `sh` prints follows it.

    A block of `sh wrong` ends with an error, which is what the page shows. An `.svg` that a command writes is
    shown, and kept in a folder of the page's name where one is given.
    """
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(Path(folder), {})

        def filled(match: re.Match[str]) -> str:
            language, title, wrong, body = match.groups()
            if title:
                (shell.folder / title).write_text(body, encoding="utf-8")
            if language != "sh":
                return match[0]
            printed = "\n".join(shell.run(line, status=1 if wrong else 0) for line in body.strip().split("\n"))
            shown = "".join(f"\n\n{_picture(each, name)}" for each in re.findall(r"-o (\S+\.svg)", body))
            return f"```sh\n{body}```\n\n```text\n{shortened(printed)}\n```{shown}"

        page = FENCE.sub(filled, template)
        if pictures is not None:
            _keep(Path(folder), pictures / name)
    return page


def _picture(file: str, name: str) -> str:
    return f"![{file}](../../renders/{name}/{file})"


def _keep(folder: Path, pictures: Path) -> None:
    for figure in folder.glob("*.svg"):
        pictures.mkdir(parents=True, exist_ok=True)
        (pictures / figure.name).write_bytes(figure.read_bytes())
