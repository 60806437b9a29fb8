"""What the page imports from memory, and the rest that is written once: by this Python, in a process of its own."""

from __future__ import annotations

import io
import json
import marshal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

FIRST = str(Path(__file__).parents[2] / "docs" / "playground" / "first.py")
KEPT = {
    "packed": ("packed/__init__.pyc", "try:\n    from packed import absent\nexcept ImportError:\n    absent = None\n"),
    "packed.early": ("packed/early.pyc", "import marshal\nfrom importlib.resources import files\nvalue = 1\n"),
}
REST = {"packed/late.py": "from packed.early import value\ntwice = 2 * value\n", "packed/deep/__init__.py": ""}
QUESTIONS = {
    "kept alone": "import packed.early",
    "a part that nobody has": "import packed; assert packed.absent is None",
    "a file beside a module": "from packed.early import files; assert (files('packed') / 'x.txt').read_text() == 'x'",
    "the rest": "import packed.late; assert packed.late.twice == 2",
    "the rest, and a folder of it": "import packed.deep, packed.late",
    "another library": "import json.tool",
}
PROGRAM = """
exec(open({first!r}).read())
read = []

def archive():
    read.append(1)
    return open("rest.zip", "rb").read()

rest = install("files", open("first.data", "rb").read(), archive)
{question}
before = len(read)
rest.write(), rest.write()
import packed.late, json
print(json.dumps([before, len(read)]))
"""


def packed() -> tuple[bytes, bytes]:
    modules = {name: (place, marshal.dumps(compile(text, place, "exec"))) for name, (place, text) in KEPT.items()}
    names = frozenset({"packed.late", "packed.deep"})
    first = marshal.dumps({"modules": modules, "files": {"packed/x.txt": b"x"}, "rest": names})
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        for place, text in REST.items():
            written.writestr(place, text)
    return first, archive.getvalue()


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_rest_is_written_once_an_import_asks_for_it(tmp_path, question):
    first, archive = packed()
    (tmp_path / "first.data").write_bytes(first)
    (tmp_path / "rest.zip").write_bytes(archive)
    program = PROGRAM.format(first=FIRST, question=QUESTIONS[question])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [int(question.startswith("the rest")), 1]
