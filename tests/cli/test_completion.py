"""What a shell completes: every command, every option, the words that an option takes, and shipped specs."""

import re
import shutil
import subprocess
from contextlib import redirect_stdout
from functools import cache
from io import StringIO

import pytest

from archgraph.cli import main
from archgraph.cli.parser import Parser
from archgraph.cli.program import COMMANDS


@cache
def script(shell):
    printed = StringIO()
    with redirect_stdout(printed):
        assert main(["completion", shell]) == 0
    return printed.getvalue()


BASH = 'source /dev/stdin\nCOMP_CWORD=$(($# - 1)); COMP_WORDS=("$@"); _archgraph; printf "%s\\n" "${COMPREPLY[@]}"'


@pytest.fixture
def completed(tmp_path):
    if shutil.which("bash") is None:
        pytest.skip("needs bash")
    (tmp_path / "mynet.yaml").touch()

    def completions(*words):
        command = ["bash", "-c", BASH, "archgraph", *words]
        done = subprocess.run(command, input=script("bash"), capture_output=True, text=True, cwd=tmp_path, check=True)
        assert done.stderr == ""
        return set(done.stdout.split())

    return completions


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("archgraph", "so"), {"solve"}),
        (("archgraph", "draw", "--vie"), {"--view"}),
        (("archgraph", "cost", "vit"), {"vit"}),
        (("archgraph", "cost", "myn"), {"mynet.yaml"}),
        (("archgraph", "completion", "f"), {"fish"}),
        (("archgraph", "draw", "--view", "over"), {"overview"}),
        (("archgraph", "nothing", "x"), set()),
    ],
)
def test_bash_offers(completed, words, offered):
    assert completed(*words) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_command_and_option_is_offered(shell):
    text = script(shell)
    for command in COMMANDS:
        name, parser = command.name, Parser(prog=command.name)
        command.options(parser)
        for flag in parser._option_string_actions:
            told = flag if shell != "fish" else f"{name}' -{'l' if flag.startswith('--') else 's'} {flag.lstrip('-')}"
            assert told in text


def test_fish_describes_every_option_whole():
    described = [line.partition(" -d ")[2] for line in script("fish").splitlines() if " -d " in line]
    assert all(re.fullmatch(r"'(?:[^'\\]|\\['\\])+'", each) and "%(" not in each for each in described)
    assert all(each.count("(") == each.count(")") and each[1] not in " (" for each in described)
    for whole in ("how to write the table (default: text)", "values of a symbol, and what follows it: \\'C=96|128\\'"):
        assert any(each.startswith(f"'{whole}") for each in described)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_reads_it(shell):
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    done = subprocess.run([shell, "-n", "/dev/stdin"], input=script(shell), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


ZSH = """\
zmodload zsh/zpty
zpty -b shell zsh -f -i
zpty -w shell 'PS1=; fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -d $PWD/dump; print rea""dy'
heard=
until [[ $heard = *ready* ]]; do zpty -r shell line && heard+=$line; done
zpty -w -n shell $'archgraph dif\\t'
repeat 100; do
  zpty -r -t shell line && heard+=$line || sleep 0.1
  [[ $heard = *diff* ]] && break
done
print -r -- $heard
zpty -d shell
"""


def test_zsh_answers_the_first_question(tmp_path):
    if shutil.which("zsh") is None:
        pytest.skip("needs zsh")
    (tmp_path / "_archgraph").write_text(script("zsh"))
    done = subprocess.run(
        ["zsh", "-f", "-c", ZSH], capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False
    )
    assert "diff" in done.stdout
