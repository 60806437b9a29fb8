"""`python -m archgraph` is the command line, and what tests start runs this checkout."""

import subprocess
import sys

import archgraph


def python(*arguments, folder):
    return subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_version(tmp_path):
    done = python("-m", "archgraph", "--version", folder=tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == (f"archgraph {archgraph.__version__}\n", "", 0)


def test_help_names_the_command(tmp_path):
    assert python("-m", "archgraph", "--help", folder=tmp_path).stdout.startswith("usage: archgraph ")


def test_a_mistake_is_the_exit_status(tmp_path):
    done = python("-m", "archgraph", "cost", "no-such-spec", folder=tmp_path)
    assert done.returncode == 1 and "no-such-spec" in done.stderr


def test_interpreters_that_tests_start_import_this_checkout(tmp_path):
    assert (
        python("-c", "import archgraph; print(archgraph.__file__)", folder=tmp_path).stdout.strip()
        == archgraph.__file__
    )
