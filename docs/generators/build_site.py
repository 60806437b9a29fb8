"""Builds the site: `python docs/generators/build_site.py`. Pages are staged in build/pages, the site is build/site."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from notebook_page import write_notebook_page

ROOT = Path(__file__).parents[2]
OTHER_PAGES = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
    "docs/decisions": "decisions/0001-argparse.md",
    "docs/playground/index.html": "playground/index.html",
}
"""Where files and folders outside docs/ stand on the site."""
PLAYGROUND = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>archgraph playground</title>
<p>This copy of the site has no playground. <code>python docs/generators/build_playground.py</code> adds it.</p>
</html>
"""
"""What stands in its place until it is built into the site."""
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")
FIGURES_CSS = """\
/* A figure is paper: its letters are black, also where the page is dark. */
article img[src$=".svg"] { background: #fff; padding: 0.5rem; border-radius: 4px; }
"""
CHINESE = {"docs_dir": "build/pages-zh", "site_dir": "build/site/zh", "language": "zh"}


def stage(build: Path) -> None:
    """Lay out the pages of both languages in a folder, as the configuration names them."""
    shutil.rmtree(build / "pages", ignore_errors=True)
    for source in sorted((ROOT / "docs").rglob("*.md")):
        _stage_page(source, str(source.relative_to(ROOT / "docs")), build / "pages")
    for name, target in OTHER_PAGES.items():
        if name.endswith(".md"):
            _stage_page(ROOT / name, target, build / "pages")
    (build / "pages" / "playground").mkdir()
    (build / "pages" / "playground" / "index.html").write_text(PLAYGROUND, encoding="utf-8")
    write_notebook_page(ROOT / "docs" / "tutorial.ipynb", build / "pages" / "tutorial.md")
    shutil.rmtree(build / "pages-zh", ignore_errors=True)
    _stage_page(ROOT / "docs" / "why.zh.md", "index.md", build / "pages-zh")
    for pages in (build / "pages", build / "pages-zh"):
        shutil.copytree(ROOT / "renders", pages / "renders")
        (pages / "figures.css").write_text(FIGURES_CSS, encoding="utf-8")


def _stage_page(source: Path, target: str, pages: Path) -> None:
    text = LINK.sub(lambda match: _link(match, source, target, pages), source.read_text(encoding="utf-8"))
    (pages / target).parent.mkdir(parents=True, exist_ok=True)
    (pages / target).write_text(text, encoding="utf-8")


def _link(match: re.Match[str], source: Path, target: str, pages: Path) -> str:
    """A link as it stands on the site; to a file that is no page, its text alone."""
    mark, text, link, anchor = match.groups()
    if "://" in link:
        return match[0]
    named = os.path.relpath((source.parent / link).resolve(), ROOT)
    staged = OTHER_PAGES.get(named, "")
    if named.startswith("docs/") and named.endswith((".md", ".ipynb")):
        staged = staged or named.removeprefix("docs/").replace(".ipynb", ".md")
    if named.startswith("renders/"):
        staged = named
    if not staged or (pages.name != "pages" and not staged.startswith("renders/")):
        return text
    return f"{mark}[{text}]({os.path.relpath(staged, Path(target).parent)}{anchor or ''})"


def chinese_configuration() -> str:
    """Return the configuration of the pages in Chinese, which is that of the English ones with one page."""
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    text = re.sub(r"^nav:\n(?:[ -].*\n?)+", "nav:\n  - index.md\n", text, flags=re.MULTILINE)
    for key, value in CHINESE.items():
        text = re.sub(rf"^( *{key}:) .*$", rf"\1 {value}", text, flags=re.MULTILINE)
    return text.replace("link: ./index.html", "link: ../index.html").replace(
        "link: ./zh/index.html", "link: ./index.html"
    )


def build(configuration: Path) -> None:
    """Build strictly: a broken link or a page that no menu reaches ends it."""
    subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "-f", str(configuration)],
        check=True,
        cwd=ROOT,
    )


def main() -> None:
    """Stage all pages and build both languages."""
    stage(ROOT / "build")
    build(ROOT / "mkdocs.yml")
    chinese = ROOT / "mkdocs.zh.yml"  # beside the other, since its folders are relative to it
    chinese.write_text(chinese_configuration(), encoding="utf-8")
    try:
        build(chinese)
    finally:
        chinese.unlink()


if __name__ == "__main__":
    main()
