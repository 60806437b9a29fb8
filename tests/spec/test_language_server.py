"""The schema in yaml-language-server, which editors ask: shipped specs are right, mistakes have their line."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archgraph.cli import main
from archgraph.spec.shipped import shipped_folder, shipped_names

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not shutil.which("npm") or not shutil.which("node"), reason="needs npm and node"),
]
SERVER = "yaml-language-server@2.0.0"
FIRST = "# yaml-language-server: $schema=spec.schema.json\n"
SPEC = "archgraph: 1\ninputs:\n  x: {c: 3, h: 8, w: 8}\nnetwork:\n  - conv: {out: 16, kernel: 3}\n  - relu\n"


class Server:
    """A running language server: what it is asked, and what it says, as JSON."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process, self.folder, self.count = process, folder, 0
        self.ask("initialize", processId=None, rootUri=folder.as_uri(), capabilities={})
        self.tell("initialized")

    def send(self, **message: Any) -> None:
        assert self.process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def heard(self) -> Any:
        """Return the next message; questions of the server get an empty answer."""
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        message = json.loads(self.process.stdout.read(length))
        if "method" in message and "id" in message:
            items = message["params"].get("items", []) if isinstance(message.get("params"), dict) else []
            self.send(id=message["id"], result=[None for _ in items])
        return message

    def tell(self, method: str, **params: Any) -> None:
        self.send(method=method, params=params)

    def ask(self, method: str, **params: Any) -> Any:
        self.count += 1
        self.send(id=self.count, method=method, params=params)
        while True:
            message = self.heard()
            if message.get("id") == self.count and "method" not in message:
                return message["result"]

    def open(self, name: str, text: str) -> tuple[str, list[Any]]:
        """Return the address of a document and what is wrong in it."""
        address = (self.folder / name).as_uri()
        document = {"uri": address, "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", textDocument=document)
        while True:
            message = self.heard()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == address:
                return address, message["params"]["diagnostics"]


@pytest.fixture(scope="module")
def server(tmp_path_factory, request) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("server")
    fetched = subprocess.run(
        ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", home, SERVER], check=False
    )
    if fetched.returncode:
        pytest.skip("npm's registry is out of reach")
    folder = tmp_path_factory.mktemp("specs")
    with pytest.MonkeyPatch.context() as patch, (folder / "spec.schema.json").open("w", encoding="utf-8") as schema:
        patch.setattr("sys.stdout", schema)
        assert main(["schema"]) == 0
    program = home / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(["node", program, "--stdio"], cwd=folder, **pipes) as process:
        yield Server(process, folder)
        process.kill()


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_spec_has_nothing_wrong(server, name):
    text = (shipped_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    assert server.open(f"{name}.yaml", FIRST + text)[1] == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("conv:", "cnov:"),
        ("kernel:", "kernle:"),
        ("relu", "rleu"),
        ("network:", "netwrok:"),
        ("kernel: 3", "kernel: 0"),
        ("- relu", "- {relu: , frmo: x}"),
    ],
)
def test_a_mistake_is_shown_in_its_line(server, right, wrong):
    text = FIRST + SPEC.replace(right, wrong)
    (line,) = [number for number, each in enumerate(text.splitlines()) if wrong in each]
    found = server.open(f"{wrong.strip(' -{:')[:6].strip()}.yaml", text)[1]
    assert line in {each["range"]["start"]["line"] for each in found}


def test_it_completes_operations_and_explains_them(server):
    address, _ = server.open("typing.yaml", FIRST + SPEC + "  - group\n")
    document, line = {"uri": address}, (FIRST + SPEC).count("\n")
    offered = server.ask("textDocument/completion", textDocument=document, position={"line": line, "character": 9})
    assert "group_norm" in {item["label"] for item in offered["items"]}
    told = server.ask("textDocument/hover", textDocument=document, position={"line": line - 2, "character": 5})
    assert "onvolution" in json.dumps(told)
