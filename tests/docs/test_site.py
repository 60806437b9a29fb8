"""The site: its menu reaches every page, its pages are staged with links that lead somewhere, none is forgotten."""

import re
from pathlib import Path

import build_site
import pytest
import yaml

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


def test_chinese_configuration_has_one_page_and_other_folders():
    text = yaml.safe_load(build_site.chinese_configuration())
    assert text["nav"] == ["index.md"] and text["site_dir"] == "build/site/zh" and text["theme"]["language"] == "zh"


def test_no_request_leaves_the_site():
    assert yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["theme"]["font"] is False
