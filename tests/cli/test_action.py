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

    def act(limits):
        summary = tmp_path / "summary.md"
        summary.write_text("")
        more = {"BASE": "HEAD", "LIMITS": limits, "GITHUB_STEP_SUMMARY": str(summary)}
        found = command("bash", str(ACTION / "cost.sh"), **more)
        assert not (work / "hacked").exists()
        return found, summary.read_text()

    return act


def test_changed_specs_are_in_the_summary_and_broken_limits_fail_the_job(run):
    found, summary = run("macs=+5% params=+100%")
    assert found.returncode == 1
    assert [line for line in summary.splitlines() if line.startswith("###")] == ["### wider; touch hacked"]
    assert "| params | 72 | 144 | +100 % |" in summary and "**limit broken: macs may be 268" in summary
    (error,) = (line for line in found.stdout.splitlines() if line.startswith("::error"))
    text = "macs may be 268 at most (macs=+5%25, from 256), and is 512"
    assert error == f"::error file=specs/wider; touch hacked.yaml::{text}"


def test_no_text_of_a_pull_request_enters_a_command():
    steps = yaml.safe_load((ACTION / "action.yml").read_text())["runs"]["steps"]
    assert [step["run"] for step in steps] == ["${{ github.action_path }}/cost.sh"]
    assert all(set(step) == {"shell", "env", "run"} for step in steps)
