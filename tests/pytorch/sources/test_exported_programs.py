"""Programs that `torch.export.save` wrote: read from the archive's JSON, and the same graph as that of the module."""

import json
import pickle
import zipfile

import pytest

import archgraph as ag
from archgraph.__main__ import main
from archgraph.errors import QueryError, SpecError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


class Block(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inner = torch.nn.Sequential(torch.nn.Linear(width, 2 * width), torch.nn.GELU())
        self.outer = torch.nn.Linear(2 * width, width)

    def forward(self, x):
        return x + self.outer(self.inner(x))


class Network(torch.nn.Module):
    """Convolutions with statistics, equal blocks, attention, parts, tied weights, a region without gradients."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.BatchNorm2d(4)
        self.blocks = torch.nn.ModuleList(Block(4) for _ in range(2))
        self.attention = torch.nn.MultiheadAttention(4, 2, batch_first=True)
        self.first, self.second = torch.nn.Linear(4, 4), torch.nn.Linear(4, 4)
        self.second.weight = self.first.weight
        self.first.bias.requires_grad_(False)

    def forward(self, image):
        x = torch.relu(self.norm(self.conv(image))).flatten(2).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        x = self.second(self.first(x))
        with torch.no_grad():
            x = x * 2.5
        x, _ = self.attention(x, x, x, need_weights=False)
        a, b = x.split(2, -1)
        return {"joint": torch.cat([b, a], -1).mean(1), "mean": x.sum((1, 2), keepdim=True)}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    path = tmp_path_factory.mktemp("programs") / "model.pt2"
    image = torch.rand(1, 3, 8, 8)
    side = torch.export.Dim("side", min=4, max=64)
    program = torch.export.export(Network().eval(), (image,), dynamic_shapes=({2: side},))
    torch.export.save(program, str(path))
    return path


def shape_of(graph):
    """What is the same in graphs that compute the same in the same modules."""
    return [(path, node.label, [value.type for value in node.outputs]) for path, node in graph.walk()]


def test_a_program_is_the_graph_of_its_module(stored):
    g, other = ag.load(stored), ag.trace(Network(), torch.zeros(1, 3, 8, 8))
    assert shape_of(g.network.graph) == shape_of(other.network.graph)
    assert (g.params, g.macs, g.flops, g.activations) == (other.params, other.macs, other.flops, other.activations)
    assert g.params == sum(parameter.numel() for parameter in Network().parameters())
    assert set(g.network.named) == {"joint", "mean"}
    assert g.network.origin.told == ("image 1x3x8x8, by what it was exported with",)


def test_a_size_that_varies_in_a_program_may_be_a_symbol(stored):
    g = ag.load(stored, dynamic={"image": {2: "h"}})
    for height in (5, 21):
        assert g.at(h=height).macs == ag.trace(Network(), torch.zeros(1, 3, height, 8)).macs


def test_a_program_is_a_network_on_the_command_line(stored, capsys):
    assert main(["cost", str(stored), "--json"]) == 0
    found = sum(row["macs"] for row in json.loads(capsys.readouterr().out))
    assert found == ag.load(stored).macs
    assert main(["cost", str(stored), "--set", "width=3"]) == 1
    assert "is built already, and takes no keywords such as width" in capsys.readouterr().err


class Trap:
    """What unpickling would run."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


def changed(stored, path, change, extra=None):
    """Copy an archive, with another program and with other members."""
    with zipfile.ZipFile(stored) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("models/model.json"):
                program = json.loads(data)
                change(program)
                data = json.dumps(program).encode()
            inner = name.partition("/")[2]
            new.writestr(name, (extra or {}).get(inner, data))
    return path


def test_nothing_in_an_archive_is_unpickled(stored, tmp_path):
    trap = pickle.dumps(Trap(str(tmp_path / "was-run")))
    names = [name.partition("/")[2] for name in zipfile.ZipFile(stored).namelist()]
    pickled = {name: trap for name in names if name.endswith(".pt") or "weight_" in name}
    path = changed(stored, tmp_path / "trap.pt2", lambda program: None, pickled)
    assert pickled and ag.load(path).params == ag.load(stored).params
    assert not (tmp_path / "was-run").exists()


def first_node(program):
    return program["graph_module"]["graph"]["nodes"][-1]


def set_target(target):
    return lambda program: first_node(program).update(target=target)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (set_target("torch.ops.aten.from_file.default"), "only operators of ATen are run"),
        (set_target("os.system"), "only operators of ATen are run"),
        (set_target("torch.ops.mine.op.default"), "only operators of ATen are run"),
        (set_target("torch.ops.aten.__class__.default"), "which this torch does not have"),
        (set_target("torch.ops.aten.relu.__init__"), "which this torch does not have"),
        (set_target("torch.ops.higher_order.cond"), "has a region 'cond', which is not read"),
        (lambda program: program.update(schema_version={"major": 7}), "has the schema 7 of torch .*, and 8 is read"),
        (lambda program: program.pop("schema_version"), "has the schema None"),
        (lambda program: program.pop("graph_module"), "cannot read the program of .*: KeyError"),
        (
            lambda program: program["graph_module"]["graph"]["tensor_values"]["image"].update(dtype=99),
            "a type of number '99', which is not known",
        ),
        (
            lambda program: program["graph_module"]["signature"]["input_specs"].append({"token": {"arg": {}}}),
            "takes an input of the kind 'token', which is not read",
        ),
    ],
)
def test_a_program_that_is_not_read_says_why(stored, tmp_path, change, rule):
    path = changed(stored, tmp_path / "bad.pt2", change)
    with pytest.raises(SpecError, match=rule):
        ag.load(path)


def test_an_argument_of_an_unknown_kind_is_told(stored, tmp_path):
    change = lambda program: first_node(program)["inputs"].append({"name": "x", "arg": {"as_custom_obj": {}}})  # noqa: E731
    with pytest.raises(SpecError, match="an argument of the kind 'as_custom_obj', which is not read"):
        ag.load(changed(stored, tmp_path / "odd.pt2", change))


def test_files_that_are_no_programs_are_refused(tmp_path, monkeypatch, stored):
    with pytest.raises(SpecError, match=r"no such file: none.pt2"):
        ag.load("none.pt2")
    (tmp_path / "text.pt2").write_text("{}")
    with pytest.raises(SpecError, match=r"cannot read '.*' as an archive: BadZipFile"):
        ag.load(tmp_path / "text.pt2")
    with zipfile.ZipFile(tmp_path / "empty.pt2", "w") as archive:
        archive.writestr("m/other.json", "{}")
    with pytest.raises(SpecError, match=r"holds no models/model.json"):
        ag.load(tmp_path / "empty.pt2")
    monkeypatch.setattr("archgraph.pytorch.sources.exported.archive.LARGEST_PROGRAM", 100)
    with pytest.raises(SpecError, match="has more than 100 bytes"):
        ag.load(stored)


def test_the_numbers_of_types_are_those_of_torch():
    schema = pytest.importorskip("torch._export.serde.schema")
    from archgraph.pytorch.sources.exported.arguments import MEMORY_FORMATS, TYPES_BY_NUMBER

    serialized = pytest.importorskip("torch._export.serde.serialize")
    for dtype, number in serialized._TORCH_TO_SERIALIZE_DTYPE.items():
        if number.value in TYPES_BY_NUMBER:
            assert getattr(torch, TYPES_BY_NUMBER[number.value]) is dtype
    for layout, number in serialized._TORCH_TO_SERIALIZE_MEMORY_FORMAT.items():
        assert getattr(torch, MEMORY_FORMATS[number.value]) is layout
    assert schema.SCHEMA_VERSION[0] == 8


def test_keywords_are_refused(stored):
    with pytest.raises(QueryError, match="is built already"):
        ag.load(stored, width=3)
