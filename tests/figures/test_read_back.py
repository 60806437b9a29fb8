"""Every format with every hostile name, read back by a reader that is not ours."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
import yaml

import archgraph as ag
from archgraph.report.table import Table

NAMES = {
    "control": "a\x1b[2J\x07b\x7f\x9bc",
    "bidi": "abc\u202edef\u2066ghi\u2069",
    "zero width": "a\u200bb\u200dc\ufeffd\u2060e",
    "formula": "=cmd()|'/C calc'!A0",
    "sum": "@SUM(A1)",
    "pipes": "a|b\\|c||",
    "newlines": "one\ntwo\r\nthree\u2028four",
    "html": '</title></script><script>alert(1)</script><img src=x onerror="alert(1)"> &lt; <!-- ]]>',
    "latex": "$ % & # _ { } ~ ^ \\ \\input{x} $x$ \\\\ ^^41 `` '' \"q\" < > |",
    "picture": "};\\end{tikzpicture}\\end{document}",
    "markdown": "*x* __y__ `z` ~~s~~ [l](http://e.org) ![i](x) # h",
    "graph": '"]; a -> b; \\N \\G \\l <b>label</b> \\',
    "typst": '#panic("x") $x$ @ref <label> *b* _i_ = h',
    "json": '"}],"x":[{',
    "cjk": "网络 ネットワーク 네트워크",
    "rtl": "שלום مرحبا",
    "letters": "Müller–Łódź ñ ø ß Ő ę «»",
    "greek": "θ μ Σ α→β ≤ ∞ × · −",
    "emoji": "🚀 👩‍👧",
    "combining": "Z\u0337\u0359a\u0321l",
    "long": "x" * 300,
    "words": "word " * 60,
    "blank": " \t\n",
}
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
named = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)


def seen(text: str) -> str:
    """What a reader sees of a text: what cannot be printed is spelt."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def table(name: str) -> Table:
    return Table(name, ("name", "n"), [{"name": name, "n": 1}], notes=(name,), remarks=(name,))


def network(name: str) -> Any:
    tree = {"archgraph": 1, "name": name, "doc": name, "symbols": {"C": {"default": 8, "doc": name}}}
    image, step = {"x": {"c": "C", "h": 8, "w": 8}}, {"conv": {"out": "C", "kernel": 3, "padding": "same"}}
    return ag.loads(yaml.safe_dump({**tree, "inputs": image, "network": [step, "relu"]}))


@pytest.fixture(scope="module")
def drawn() -> dict[str, Any]:
    """A figure for each name, whose heading and tooltip have it."""
    return {name: network(name).draw() for name in NAMES.values()}


@pytest.fixture(scope="module")
def contrasted() -> Any:
    """A figure in whose texts two names are printed."""
    return ag.contrast(network(NAMES["latex"]), network(NAMES["picture"]))


@named
def test_no_format_has_anything_raw(name, drawn):
    found = table(name)
    assert not any(RAW.search(found.to(each)) for each in ("text", "markdown", "latex", "csv", "json", "html"))
    assert not any(RAW.search(getattr(drawn[name], each)) for each in ("svg", "dot", "tikz", "html"))
    g = network(name)
    assert not RAW.search(repr(g)) and "\n" not in g.name and g.name.strip()


@named
def test_a_csv_reader(name):
    ((_, _), (cell, number)) = csv.reader(io.StringIO(table(name).to("csv")))
    assert (cell.removeprefix("'"), number) == (seen(name), "1") and not cell.startswith(("=", "+", "-", "@", "\t"))


@named
def test_a_json_reader(name):
    assert json.loads(table(name).to("json")) == [{"name": name, "n": 1}]


@named
def test_a_markdown_renderer(name):
    markdown_it = pytest.importorskip("markdown_it")
    html = markdown_it.MarkdownIt("gfm-like", {"linkify": False}).render(table(name).to("markdown"))
    root = ElementTree.fromstring(f"<div>{html}</div>")
    tags = {"div", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}
    assert {each.tag for each in root.iter()} <= tags
    assert ["".join(cell.itertext()) for cell in root.iter("td")] == [seen(name).strip(), "1"]


@named
def test_an_xml_parser(name, drawn):
    root = ElementTree.fromstring(drawn[name].svg)
    (title, *_) = (each.text for each in root.iter() if each.tag.endswith("title"))
    assert title is not None and title.startswith(seen(" ".join(name.split()))[:100])
    assert {each.tag.rpartition("}")[2] for each in root.iter()}.isdisjoint({"script", "img", "b"})


@pytest.mark.dot
@named
def test_graphviz(name, drawn):
    """The labels of the boxes of a network with the name are those of one without."""
    dot = shutil.which("dot")
    if dot is None:
        pytest.skip("needs the program dot")
    done = subprocess.run([dot, "-Tjson0"], input=drawn[name].dot, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert labels(done.stdout) == labels(
        subprocess.run(
            [dot, "-Tjson0"], input=network("plain").draw().dot, capture_output=True, text=True, timeout=60
        ).stdout
    )


def labels(answer: str) -> list[str]:
    return [each.get("label", "") for each in json.loads(answer)["objects"]]


def test_typst(contrasted, tmp_path):
    pytest.importorskip("typst")
    assert contrasted.save(tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")


latex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")


@pytest.mark.slow
@latex
def test_latex_takes_tables(tmp_path):
    taken(tmp_path, "\\usepackage{booktabs}", [table(name).to("latex") for name in NAMES.values()])


@pytest.mark.slow
@latex
def test_latex_takes_pictures(tmp_path):
    networks = [network(name) for name in NAMES.values()]
    pairs = zip(networks[::2], [*networks[1::2], network("plain")], strict=True)
    # The syntax is what is read here, without the fonts, which few machines have.
    pictures = [ag.contrast(*pair).tikz for pair in pairs]
    assert all("\\begin{tikzpicture}" in picture for picture in pictures)
    taken(tmp_path, "\\usepackage[T1]{fontenc}\\usepackage{textcomp,tikz}\\usetikzlibrary{arrows.meta}", pictures)


def taken(folder, packages: str, parts: list[str]) -> None:
    """Let LaTeX read a document to its end, without writing pages."""
    body = "".join(f"{part}\n\\typeout{{part {index} is read}}\n\\clearpage\n" for index, part in enumerate(parts))
    text = f"\\documentclass{{article}}{packages}\n\\begin{{document}}\n{body}\\end{{document}}\n"
    (folder / "x.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-draftmode", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "x.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0, said[-1500:]
    assert re.findall(r"part (\d+) is read", said) == [str(index) for index in range(len(parts))]


@pytest.mark.browser
def test_a_browser(tmp_path, drawn):
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("needs Chromium and chromedriver")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for switch in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(switch)
    options.add_argument(f"--user-data-dir={tmp_path / 'profile'}")
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as page:
        tags = {}
        for key, name in NAMES.items():
            file = tmp_path / "x.html"
            file.write_text(drawn[name].html, encoding="utf-8")
            page.get(file.as_uri())
            shown = page.execute_script("return document.title || document.querySelector('svg title').textContent")
            assert " ".join(seen(" ".join(name.split())).split())[:60] in " ".join(shown.split()), key
            script = "return ['script', 'img', 'b', 'iframe'].map(tag => document.querySelectorAll(tag).length).join()"
            tags[key] = page.execute_script(script)
        assert len(set(tags.values())) == 1, tags
