"""`archgraph diff`: what it prints in each format, and how it ends."""

import json
import os
import subprocess

import pytest

import archgraph as ag
from archgraph.cli import main

TEXT = "{archgraph: 1, symbols: {D: 8}, inputs: {x: {c: D, n: 4}}, network: [linear: {out: D}]}"


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.yaml").write_text(TEXT)
    (tmp_path / "new.yaml").write_text(TEXT.replace("out: D", "out: 2*D"))
    (tmp_path / "bad.yaml").write_text(TEXT.replace("linear", "linaer"))


def test_a_difference_alone_is_no_failure(files, capsys):
    assert main(["diff", "old.yaml", "new.yaml"]) == 0
    assert ["params", "72", "144", "+100", "%"] in map(str.split, capsys.readouterr().out.splitlines())


def test_a_broken_limit_is_one(files, capsys):
    assert main(["diff", "old.yaml", "new.yaml", "--limit", "params=+100%", "--limit", "macs=+5%"]) == 1
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("limit broken")]
    assert told == ["limit broken: macs may be 268 at most (macs=+5%, from 256), and is 512"]


def test_at_other_values(files, capsys):
    assert main(["diff", "old.yaml", "new.yaml", "--at", "D=16", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["totals"][0]["after"] == 2 * (16 * 16 + 16)


def test_markdown(files, capsys):
    assert main(["diff", "old.yaml", "new.yaml", "--format", "markdown"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("### old → new") and "| params | 72 | 144 | +100 % |" in out


def test_annotations_for_a_build(files, capsys):
    assert main(["diff", "old.yaml", "new.yaml", "--format", "github", "--limit", "params=same"]) == 1
    error, notice = capsys.readouterr().out.splitlines()
    assert error == "::error file=new.yaml::params must stay 72, and is 144"
    assert notice.startswith("::notice file=new.yaml::old → new: params +100 %25, macs +100 %25")


def test_a_wrong_spec_is_annotated_where_it_is_wrong(files, capsys):
    assert main(["diff", "old.yaml", "bad.yaml", "--format", "github"]) == 1
    assert capsys.readouterr().out.startswith("::error file=bad.yaml,line=1,col=")


@pytest.mark.parametrize("after", ["dit:B/2", "dit#B/2"])
def test_a_network_without_a_file_is_annotated_without_one(after, capsys):
    assert main(["diff", "dit:S/2", after, "--format", "github", "--limit", "params=same"]) == 1
    error, notice = capsys.readouterr().out.splitlines()
    assert error.startswith("::error::params must stay") and notice.startswith("::notice::DiT S/2")


def test_a_text_is_annotated_without_a_file():
    old, new = ag.loads(TEXT), ag.loads(TEXT.replace("out: D", "out: 2*D"))
    assert old.diff(new).report("github").startswith("::notice::")


def test_a_file_with_a_variant_is_annotated_by_its_path(files, tmp_path, capsys):
    (tmp_path / "old.yaml").write_text(TEXT[:-1] + ", variants: {big: {at: {D: 16}}}}")
    assert main(["diff", "new.yaml", "old.yaml:big", "--format", "github"]) == 0
    assert capsys.readouterr().out.startswith("::notice file=old.yaml::")


def test_a_revision_is_annotated_by_its_path_and_a_mistake_in_it_without(files, tmp_path, capsys, monkeypatch):
    def git(*words):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True, capture_output=True)

    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    git("init")
    git("add", ".")
    git("commit", "-m", "one")
    (tmp_path / "bad.yaml").write_text(TEXT)
    assert main(["diff", "old.yaml", "HEAD:new.yaml", "--format", "github"]) == 0
    assert capsys.readouterr().out.startswith("::notice file=new.yaml::")
    assert main(["diff", "HEAD:bad.yaml", "bad.yaml", "--format", "github"]) == 1
    assert capsys.readouterr().out.startswith("::error::HEAD:bad.yaml:1:")


def test_other_formats_are_refused(files, capsys):
    assert main(["diff", "old.yaml", "new.yaml", "--format", "yaml"]) in (1, 2)
    assert "yaml" in capsys.readouterr().err
