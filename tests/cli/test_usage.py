"""What is wrong with a command line is told without loading what would answer it."""

import subprocess
import sys

import pytest

from archgraph.cli import main
from archgraph.cost.costs import GROUPS, METRICS
from archgraph.cost.memory.optimizers import OPTIMIZERS
from archgraph.cost.memory.precision import PRECISIONS
from archgraph.data.question_words import CHOICES, GROUP_NAMES, METRIC_NAMES
from tests.cli.test_every_option import commands

LOADS = {"fit", "serve"}
"""Commands whose options show the defaults of a class of settings."""

ASK = """
import sys
from archgraph.cli import main
for name in sys.argv[1:]:
    for words in ([name, "--help"], [name, "--no-such-thing"]):
        try:
            main(words)
        except SystemExit as stopped:
            assert stopped.code == (0 if "--help" in words else 2), words
    assert "sympy" not in sys.modules, name
"""


def test_help_and_usage_errors_load_no_sympy():
    names = [name for name in commands() if name not in LOADS]
    done = subprocess.run([sys.executable, "-c", ASK, *names], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_words_are_those_of_what_answers():
    assert tuple(GROUPS) == GROUP_NAMES
    assert tuple(METRICS) == METRIC_NAMES
    assert tuple(PRECISIONS) == CHOICES["dtype"]
    assert tuple(OPTIMIZERS) == CHOICES["optimizer"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["cost", "unet", "--formt", "csv"], "--formt csv. Did you mean '--format'?"),
        (["cost", "unet", "--ats=3"], "--ats=3. Did you mean '--at'?"),
        (["cost", "unet", "dit"], "dit"),
        (["cost", "unet", "--qqq..."], "--qqq..."),
    ],
    ids=lambda each: "" if isinstance(each, str) else " ".join(each),
)
def test_a_mistyped_option_is_told_beside_those_of_its_command(words, told, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert capsys.readouterr().err.splitlines()[0] == f"archgraph cost: error: unrecognized arguments: {told}"


@pytest.mark.parametrize(
    ("words", "near"),
    [(["cots"], "cost"), (["completion", "bsh"], "bash"), (["cost", "unet", "--format", "jsn"], "json")],
)
def test_a_mistyped_word_is_told_beside_those_that_there_are(words, near, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert capsys.readouterr().err.splitlines()[0].endswith(f"). Did you mean '{near}'?")


@pytest.mark.parametrize(
    "words",
    [
        ["sweep", "dit", "L=1..3", "L=4"],
        ["cost", "dit", "--at", "features=[8,16]", "features=true"],
        ["draw", "dit", "-o", "x.svg", "--label", "a=b", "--label", "a=c"],
        ["fit", "dit", "--memory", "80GB", "--largest", "B", "--over", "batch=1,8", "batch=2"],
    ],
    ids=lambda words: words[0],
)
def test_what_stands_twice_is_told_as_it_was_given(words, capsys, tmp_path, monkeypatch):
    pytest.importorskip("numpy")
    monkeypatch.chdir(tmp_path)
    assert main(words) == 1
    first, second = (word for word in words if "=" in word)
    assert capsys.readouterr().err.endswith(f"twice: '{first}' and '{second}'\n")


def test_what_belongs_to_models_is_refused_as_it_was_given(capsys):
    assert main(["cost", "conv_stack", "--set", "width=3"]) == 1
    assert "--set width=3 is about models, and specs alone are given" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("draw unet", ["draw: error: the following arguments are required: -o/--output", "example: archgraph draw "]),
        ("cost", ["cost: error: the following arguments are required: SPEC", "example: archgraph cost "]),
        ("", ["error: the following arguments are required: COMMAND"]),
    ],
)
def test_a_wrong_line_is_answered_by_an_example_and_where_the_help_is(line, said, capsys):
    with pytest.raises(SystemExit) as end:
        main(line.split())
    lines = capsys.readouterr().err.splitlines()
    command = "archgraph" if not line else f"archgraph {line.split()[0]}"
    assert end.value.code == 2 and len(lines) == len(said) + 1 and lines[-1] == f"  help: {command} --help"
    assert all(part in told for part, told in zip(said, lines, strict=False))
