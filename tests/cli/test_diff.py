"""`archgraph diff`: what it prints in each format, and how it ends."""

import json

import pytest

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


def test_other_formats_are_refused(files, capsys):
    assert main(["diff", "old.yaml", "new.yaml", "--format", "yaml"]) in (1, 2)
    assert "yaml" in capsys.readouterr().err
