"""Specs at a revision of a git repository."""

import os
import shutil
import subprocess

import pytest

from archgraph.errors import SpecError
from archgraph.spec.revision import find_revision
from archgraph.spec.source import SpecSource

TEXT = """
archgraph: 1
symbols: {D: 8}
inputs: {x: {c: D, n: 4}}
network: [linear: {out: D}]
variants: {wide: {at: {D: 16}}}
"""
pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)

    def git(*words):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True, capture_output=True)

    git("init", "-b", "main")
    (tmp_path / "own.yaml").write_text(TEXT)
    (tmp_path / "bad.yaml").write_bytes(b"archgraph: 1 # \xff")
    git("add", ".")
    git("commit", "-m", "one")
    (tmp_path / "own.yaml").write_text(TEXT.replace("D: 8", "D: 32"))
    return git


def params(name):
    from archgraph.architecture.architecture import Architecture

    return Architecture(SpecSource(*find_revision(name)).network()).at().params


def test_then_and_now(repository):
    assert params("HEAD:own.yaml") == 72 and params("own.yaml") == 1056
    assert params("main:./own.yaml#wide") == 272 and params("own.yaml#wide") == 272


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("HEAD:none.yaml", "git cannot show HEAD:none.yaml: fatal: path 'none.yaml' does not exist in 'HEAD'"),
        ("gone:own.yaml", "git cannot show gone:own.yaml: fatal: "),
        ("--batch:own.yaml", "no revision is named '--batch'"),
        ("HEAD:bad.yaml", "not UTF-8: byte 0xff"),
        ("dit:S/2#B/2", "names two variants, 'S/2' and 'B/2'"),
        ("HEAD:own.yaml#narrow", "has no variant 'narrow'"),
        ("a\x00b:own.yaml", "git cannot show"),
    ],
)
def test_what_cannot_be_shown(repository, name, message):
    with pytest.raises(SpecError, match=message):
        params(name)


def test_outside_of_a_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(SpecError, match=r"git cannot show HEAD:own\.yaml"):
        find_revision("HEAD:own.yaml")
