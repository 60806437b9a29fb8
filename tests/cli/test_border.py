"""What ends a command from outside: signals, a closed or full output, files that are none."""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

from archgraph.cli.border import guarded
from tests.cli.processes import COMMAND, alive, children, crossing, start

SLOW = ["sweep", "dit", "D=16..40000:16", "L=1..2000", "-o", "x.csv"]


def run(*arguments, folder, **more):
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "timeout": 120, **more}
    return subprocess.run([*COMMAND, *arguments], cwd=folder, check=False, **settings)


def test_a_closed_output_is_one_line(tmp_path):
    done = run("cost", "conv_stack", folder=tmp_path, stdout=None, preexec_fn=lambda: os.close(1))
    assert (done.returncode, done.stderr) == (1, "cannot write to standard output: it is closed\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_output_is_one_line(tmp_path):
    with Path("/dev/full").open("w") as full:
        done = run("cost", "conv_stack", folder=tmp_path, stdout=full)
    assert (done.returncode, done.stderr) == (1, "cannot write to standard output: No space left on device\n")


def test_a_pipe_whose_reader_has_gone_is_silence(tmp_path):
    pytest.importorskip("numpy")
    reader, writer = os.pipe()
    os.close(reader)
    done = run("sweep", "conv_stack", "C=1..4000", folder=tmp_path, stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture(scope="module")
def in_utf8(tmp_path_factory):
    """What a terminal that can show everything gets."""
    done = run("contrast", "conv_stack", "vgg", "--json", folder=tmp_path_factory.mktemp("utf8"), encoding="utf-8")
    return json.loads(done.stdout)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_poor_terminal_gets_words_that_read_alike(tmp_path, encoding, in_utf8):
    env = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = run("contrast", "conv_stack", "vgg", folder=tmp_path, env=env, text=False)
    assert done.returncode == 0
    assert ("conv 3x3" if encoding == "ascii" else "conv 3×3") in done.stdout.decode(encoding)
    table = run("contrast", "conv_stack", "vgg", "--json", folder=tmp_path, env=env, text=False)
    assert json.loads(table.stdout.decode(encoding)) == in_utf8


@pytest.mark.parametrize(
    ("number", "status", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_a_signal_leaves_no_half_file(tmp_path, number, status, word):
    pytest.importorskip("numpy")
    process = start(SLOW, tmp_path, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (status, f"{word}\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_module_is_loaded_is_not_forgotten(number, tmp_path, monkeypatch, capsys):
    """Modules in C, as numpy's random numbers, forget what is raised in them: the command went on to its end."""
    text = f"import os\ntry:\n    os.kill({os.getpid()}, {int(number)})\nexcept BaseException:\n    pass\n"
    name = f"forgets_signal_{int(number)}"
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    deadline = time.monotonic() + 30

    def work() -> int:
        importlib.import_module(name)
        while time.monotonic() < deadline:
            time.sleep(0.01)
        return 0

    assert guarded(work) == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert capsys.readouterr().err in ("interrupted\n", "terminated\n")


@pytest.mark.dot
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found by /proc")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_graphviz_dies_with_its_parent(tmp_path, number, status):
    (tmp_path / "many.yaml").write_text(crossing(30))
    arguments = ["draw", "many.yaml", "-o", "x.svg", "--view", "full", "--depth", "0"]
    process = start(arguments, tmp_path)
    deadline = time.monotonic() + 60
    while not (found := children(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.02)
    # The child has to have asked the system to die with us.
    time.sleep(0.3)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == status
    while any(map(alive, found)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(alive, found))
    assert [path.name for path in tmp_path.iterdir()] == ["many.yaml"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file or directory"), "the folder that archgraph runs in is no more"),
        (OSError(24, "Too many open files"), "the system has too little for this: Too many open files"),
        (OSError(28, "No space left on device"), "cannot write to standard output: No space left on device"),
        (OSError(13, "Permission denied", "x\x1b"), "cannot use x\\x1b: Permission denied"),
    ],
)
def test_what_the_system_refuses_is_told_as_what_it_is(capsys, error, said):
    def run():
        raise error

    assert guarded(run) == 1
    assert capsys.readouterr().err == f"{said}\n"


def test_a_spec_is_a_regular_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    for name in ("pipe.yaml", "folder.yaml", "/dev/zero", "/dev/null"):
        done = run("cost", name, folder=tmp_path)
        assert done.returncode == 1 and name.split("/")[-1] in done.stderr
        assert "not a regular file" in done.stderr or "directory" in done.stderr


def test_a_full_disk_leaves_nothing_of_a_new_spec(tmp_path):
    def little():
        resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))

    # Python itself would leave cut files of compiled code in the checkout.
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = run("new", "mine.yaml", folder=tmp_path, preexec_fn=little, env=env)
    assert done.returncode == 1 and "mine.yaml" in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert run("new", "mine.yaml", folder=tmp_path).returncode == 0


def test_the_plain_locale_gets_words_that_read_alike(tmp_path):
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    (tmp_path / "s.yaml").write_text(
        'archgraph: 1\nname: "Tiñy ×"\ninputs: {x: {c: 3}}\nnetwork: [relu]\n', encoding="utf-8"
    )
    done = run("cost", "s.yaml", folder=tmp_path, env={**os.environ, **plain}, text=False)
    assert done.returncode == 0 and done.stdout.startswith(b"Ti\\xf1y x\n")
