"""The site: its menu reaches every page, its pages are staged with links that lead somewhere, none is forgotten."""

import re
from pathlib import Path

import build_site
import pytest
import yaml

from archgraph.spec.shipped import shipped_names

ROOT = Path(__file__).parents[2]


def menu(entries):
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        else:
            for each in entry.values():
                yield from [each] if isinstance(each, str) else menu(each)


@pytest.fixture(scope="module")
def staged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    build_site.stage(folder)
    return folder


def test_menu_reaches_every_page(staged):
    named = list(menu(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
    pages = [str(path.relative_to(staged / "pages")) for path in (staged / "pages").rglob("*.md")]
    assert sorted(named) == sorted(pages)


@pytest.mark.parametrize("language", ["pages", "pages-zh"])
def test_links_lead_to_files_of_the_site(staged, language):
    broken = []
    for page in (staged / language).rglob("*.md"):
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", text):
            if "://" not in link and not (page.parent / link).exists():
                broken.append(f"{page.name}: {link}")
    assert broken == []


def test_the_first_page_and_every_entry_of_the_gallery_lead_to_the_playground(staged):
    assert "(playground/index.html)" in (staged / "pages" / "index.md").read_text(encoding="utf-8")
    linked = re.findall(
        r"\(playground/index\.html#gallery=(\w+)\)", (staged / "pages" / "gallery.md").read_text("utf-8")
    )
    assert linked == list(shipped_names())


def test_chinese_configuration_has_one_page_and_other_folders():
    text = yaml.safe_load(build_site.chinese_configuration())
    assert text["nav"] == ["index.md"] and text["site_dir"] == "build/site/zh" and text["theme"]["language"] == "zh"


def test_no_request_leaves_the_site():
    assert yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["theme"]["font"] is False
