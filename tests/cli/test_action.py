"""The action for pull requests: what its script writes into the summary of a job, and how it ends."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github" / "actions" / "cost"
TEXT = "{archgraph: 1, symbols: {D: 8}, inputs: {x: {c: D, n: 4}}, network: [linear: {out: D}]}"
UNLIKE = "archgraph: 1\ninputs:\n  image: {c: 8, h: 2}\nnetwork:\n  - conv: {out: 5, kernel: 1}\n"
"""What git takes for no copy of the other."""
pytestmark = pytest.mark.skipif(not shutil.which("git") or not shutil.which("bash"), reason="needs git and bash")


@pytest.fixture
def run(tmp_path):
    work, programs = tmp_path / "work", tmp_path / "programs"
    (work / "specs").mkdir(parents=True)
    programs.mkdir()
    (programs / "archgraph").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m archgraph "$@"\n')
    (programs / "archgraph").chmod(0o755)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    path = f"{programs}{os.pathsep}{clean['PATH']}"
    clean |= {"PATH": path, "PYTHONPATH": str(ROOT), "GIT_CONFIG_GLOBAL": os.devnull}

    def command(*words, **more):
        return subprocess.run(words, cwd=work, env=clean | more, capture_output=True, text=True, check=False)

    def git(*words):
        assert command("git", "-c", "user.name=a", "-c", "user.email=a@b", *words).returncode == 0

    git("init", "-b", "main")
    for name in ("same", "wider; touch hacked"):
        (work / "specs" / f"{name}.yaml").write_text(TEXT)
    git("add", ".")
    git("commit", "-m", "one")
    (work / "specs" / "wider; touch hacked.yaml").write_text(TEXT.replace("out: D", "out: 2*D"))

    def act(limits="", base="HEAD"):
        summary = tmp_path / "summary.md"
        summary.write_text("")
        git("add", ".")
        more = {"BASE": base, "LIMITS": limits, "GITHUB_STEP_SUMMARY": str(summary)}
        found = command("bash", str(ACTION / "cost.sh"), **more)
        assert not (work / "hacked").exists()
        return found, summary.read_text()

    act.specs = work / "specs"
    return act


def heads(summary):
    return [line for line in summary.splitlines() if line.startswith("###")]


def test_changed_specs_are_in_the_summary_and_broken_limits_fail_the_job(run):
    found, summary = run("macs=+5% params=+100%")
    assert found.returncode == 1
    assert heads(summary) == ["### wider; touch hacked"]
    assert "| params | 72 | 144 | +100 % |" in summary and "**limit broken: macs may be 268" in summary
    (error,) = (line for line in found.stdout.splitlines() if line.startswith("::error"))
    text = "macs may be 268 at most (macs=+5%25, from 256), and is 512"
    assert error == f"::error file=specs/wider; touch hacked.yaml::{text}"


def test_a_new_spec_shows_its_cost_and_a_deleted_one_is_named(run):
    (run.specs / "new.yaml").write_text(UNLIKE)
    (run.specs / "same.yaml").unlink()
    (run.specs / "wider; touch hacked.yaml").unlink()
    found, summary = run("params=+0%")
    assert found.returncode == 0
    assert heads(summary) == [
        "### New spec: specs/new.yaml",
        "### Deleted spec: specs/same.yaml",
        r"### Deleted spec: specs/wider\;\ touch\ hacked.yaml",
    ]
    assert "| total | 45 |" in summary


def test_a_moved_spec_is_held_to_what_it_was(run):
    (run.specs / "same.yaml").rename(run.specs / "moved.yaml")
    (run.specs / "wider; touch hacked.yaml").write_text(TEXT)
    found, summary = run("params=+0%")
    assert found.returncode == 0
    assert heads(summary)[0] == "### Moved from specs/same.yaml: specs/moved.yaml"
    assert "| params | 72 | 72 | same |" in summary


def test_a_wrong_new_spec_fails_the_job_at_its_place(run):
    (run.specs / "new.yaml").write_text(TEXT.replace("linear", "linaer"))
    found, summary = run()
    assert found.returncode == 1
    assert "::error file=specs/new.yaml,line=1,col=" in found.stdout and "Did you mean 'linear'?" in found.stdout
    assert "### New spec: specs/new.yaml" in summary


@pytest.mark.parametrize("base", ["", "0123456789012345678901234567890123456789"])
def test_a_base_that_is_not_there_fails_the_job(run, base):
    found, summary = run(base=base)
    assert (found.returncode, summary) == (1, "")
    assert found.stdout.startswith(f"::error::git has no revision '{base}' to compare with.")


def test_no_text_of_a_pull_request_enters_a_command():
    steps = yaml.safe_load((ACTION / "action.yml").read_text())["runs"]["steps"]
    assert [step["run"] for step in steps] == ["${{ github.action_path }}/cost.sh"]
    assert all(set(step) == {"shell", "env", "run"} for step in steps)
