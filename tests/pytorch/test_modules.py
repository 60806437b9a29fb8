"""Modules of the user's own: traced in Python and on the command line, with every analysis at hand."""

import json

import pytest

import archgraph as ag
from archgraph.cli import main
from archgraph.errors import MissingToolError, QueryError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

SOURCE = """
from torch import nn

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)
        self.act = nn.ReLU()

    def forward(self, x):
        return x + self.act(self.conv(x))

def build():
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), *(Block() for _ in range(4)))
"""


@pytest.fixture
def build(tmp_path, monkeypatch):
    (tmp_path / "mynet.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    import importlib
    import sys

    sys.modules.pop("mynet", None)
    return importlib.import_module("mynet").build


def test_a_module_has_laws_and_fields(build):
    g = ag.trace(build(), torch.empty(1, 3, 16, 16), {"input": {2: "h", 3: "w"}})
    h, w = g.symbols["h"], g.symbols["w"]
    assert g.params == 224 + 4 * 584
    assert g.macs == (216 + 4 * 576) * h * w
    assert g.at(h=8, w=4).macs == (216 + 4 * 576) * 32
    assert g.receptive_field().h.size_max == 11
    assert g.degree("macs", "h") == 1
    assert g.gaps == ()


def test_equal_blocks_fold_into_a_repeat(build):
    g = ag.trace(build(), torch.empty(1, 3, 16, 16))
    counts = [member.count for _, member in g.graph.walk() if hasattr(member, "count") and not member.once]
    assert counts == [4]


def test_a_traced_module_cannot_be_bound(build):
    with pytest.raises(QueryError, match="cannot be bound"):
        ag.trace(build(), torch.empty(1, 3, 16, 16)).bind(h=3)


def test_the_command_prints_costs(build, capsys):
    code = main(["trace", "mynet:build", "--shape", "1x3x16x16", "--dynamic", "input:2=h,3=w", "--json"])
    rows = json.loads(capsys.readouterr().out)
    assert code == 0
    assert sum(row["macs"] for row in rows) == (216 + 4 * 576) * 256


@pytest.mark.parametrize(
    ("more", "macs"),
    [
        (["--shape", "3x4x6", "--batch-axis", "0"], 48),
        (["--shape", "3x4x6", "--batch-axis", "input=1"], 36),
        (["--shape", "3x4x6", "--batch-axis", "none", "--axes", "input=a,b,c"], 144),
    ],
)
def test_the_command_is_told_axes(tmp_path, monkeypatch, capsys, more, macs):
    (tmp_path / "axes_net.py").write_text("from torch import nn\nbuild = lambda: nn.Linear(6, 2)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["trace", "axes_net:build", *more, "--json"]) == 0
    assert sum(row["macs"] for row in json.loads(capsys.readouterr().out)) == macs


def test_gaps_and_dead_work_are_said_by_every_command(tmp_path, monkeypatch, capsys):
    text = (
        "import torch\nfrom torch import nn\n\nclass Net(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n"
        "        self.a, self.r = nn.Linear(4, 4), nn.Linear(4, 4)\n\n"
        "    def forward(self, x):\n        torch.relu(x)\n        return self.a(torch.linalg.matrix_exp(self.r(x)))\n"
    )
    (tmp_path / "gap_net.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["trace", "gap_net:Net", "--shape", "1x4x4", "--allow-unsupported"]) == 0
    out, err = capsys.readouterr()
    assert "macs = at least 128" in out and "total, at least" in out and "params = 40" in out
    assert "not counted, so that totals are at least what is said: linalg_matrix_exp x 1" in err
    assert "run though no output depends on it: relu" in err


def test_the_command_draws(build, capsys, tmp_path):
    assert main(["trace", "mynet:build", "--shape", "1x3x16x16", "-o", "model.svg"]) == 0
    assert (tmp_path / "model.svg").read_text().startswith("<svg")


def test_the_command_writes_a_spec(build, capsys, tmp_path):
    arguments = ["trace", "mynet:build", "--shape", "1x3x16x16", "--dynamic", "input:2=h,3=w"]
    assert main([*arguments, "-o", "model.yaml"]) == 0
    g = ag.load(tmp_path / "model.yaml")
    h, w = g.symbols["h"], g.symbols["w"]
    assert (g.params, g.macs) == (224 + 4 * 584, (216 + 4 * 576) * h * w)
    assert main([*arguments[:4], "-o", "no/folder/model.yaml"]) == 1
    assert "cannot write" in capsys.readouterr().err


def test_missing_torch_is_told(build, monkeypatch, capsys):
    import sys

    x, module = torch.empty(1, 3, 16, 16), build()
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingToolError, match="PyTorch is not installed") as caught:
        ag.trace(module, x)
    assert caught.value.hint == 'pip install "torch>=2.6"'
    for query in (lambda: ag.load("unet").to_torch(), lambda: ag.verify(ag.load("unet"))):
        with pytest.raises(MissingToolError, match="PyTorch is not installed"):
            query()
    assert main(["trace", "mynet:build", "--shape", "1x3x16x16"]) == 1
    assert "PyTorch is not installed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mynet:missing", "--shape", "1x3x8x8"], "SpecError: 'mynet' has no 'missing'"),
        (["mynet", "--shape", "1x3x8x8"], "SpecError: cannot read the module 'mynet'"),
        (["mynet:build", "--shape", "1x3xa"], "SpecError: cannot read the input '1x3xa'"),
        (["mynet:build", "--shape", "1x3x8x8", "--dynamic", "input=h"], "SpecError: cannot read the dynamic sizes"),
        (["mynet:build", "--shape", "1x3x8x8", "--axes", "c,h,w"], "SpecError: cannot read the axes 'c,h,w'"),
        (["mynet:build", "--shape", "1x3x8x8", "--batch-axis", "last"], "SpecError: cannot read the batch axis 'last'"),
        (["mynet:build", "--shape", "1x3x8x8", "--batch-axis", "y=0"], "ArchgraphError: no input is named 'y'"),
        (["mynet:build", "--shape", "1x3x8x8", "--batch-axis", "9"], "ShapeError: input 'input' of shape"),
    ],
)
def test_the_command_says_what_is_wrong(build, capsys, arguments, message):
    assert main(["trace", *arguments]) == 1
    assert capsys.readouterr().err.startswith(message)


def test_a_size_of_a_module_is_never_zero():
    pytest.importorskip("torch")
    from torch import nn, zeros

    g = ag.trace(nn.Conv2d(3, 8, 3), zeros(1, 3, 32, 32), {"input": {2: "h", 3: "w"}})
    with pytest.raises(ag.QueryError, match="'h' is a size of Conv2d and cannot be 0"):
        g.at(h=0)
