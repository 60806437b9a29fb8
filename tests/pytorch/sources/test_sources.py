"""Models by name and by file: built without weights, called with what their library says, and nothing else is run."""

import json
import socket
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import archgraph as ag
from archgraph.__main__ import main
from archgraph.data.model_prefixes import MODEL_PREFIXES
from archgraph.errors import MissingToolError, QueryError, SpecError
from archgraph.pytorch.sources.model import built_or_told
from archgraph.pytorch.sources.table import MODEL_SOURCES, source_of

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """No source connects to anything."""

    def refuse(*arguments):
        raise AssertionError("a source opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def small(width=4, channels=3):
    layers = torch.nn.Sequential(torch.nn.Conv2d(channels, width, 3), torch.nn.ReLU())
    layers.pretrained_cfg = {"input_size": (3, 12, 10)}
    return layers


@pytest.fixture
def timm(monkeypatch):
    """A library with the interface of timm, and one model."""
    library: Any = ModuleType("timm")
    library.is_model = lambda name: name == "resnet_small"
    library.list_models = lambda: ["resnet_small"]

    def create_model(name, pretrained, **options):
        assert not pretrained
        options.pop("img_size", None)
        return small(channels=options.pop("in_chans", 3), **options)

    library.create_model = create_model
    monkeypatch.setitem(sys.modules, "timm", library)


class VideoClassification:
    """What torchvision calls the preset of a video."""


class OfOneSize(torch.nn.Conv2d):
    """Takes images of one size, which is not that of its weights."""

    def __init__(self, image_size=6, weights=None):
        super().__init__(3, 2, 3)
        self.image_size = image_size


@pytest.fixture
def torchvision(monkeypatch):
    """A library with the interface of torchvision: an image classifier, one of videos, one without a preset."""
    made = {
        "net": (lambda weights=None: torch.nn.Conv2d(3, 2, 3), SimpleNamespace(func=object, keywords={"crop_size": 9})),
        "film": (
            lambda weights=None: torch.nn.Conv3d(3, 2, 3),
            SimpleNamespace(func=VideoClassification, keywords={"crop_size": (6, 7)}),
        ),
        "plain": (lambda: torch.nn.Linear(3, 2), None),
        "fixed": (OfOneSize, SimpleNamespace(func=object, keywords={"crop_size": 9})),
    }
    models = SimpleNamespace(
        list_models=lambda: [*made],
        get_model_builder=lambda name: made[name][0],
        get_model=lambda name, **options: made[name][0](**options),
        get_model_weights=lambda name: [SimpleNamespace(transforms=made[name][1])] if made[name][1] else [],
    )
    library: Any = ModuleType("torchvision")
    library.models = models
    monkeypatch.setitem(sys.modules, "torchvision", library)


def test_a_model_of_timm_is_called_with_its_own_size(timm):
    g = ag.load("timm:resnet_small")
    assert (g.params, g.macs) == (3 * 4 * 9 + 4, 3 * 4 * 9 * 10 * 8)
    assert g.network.origin.told == ("input 1x3x12x10, by timm's input_size",)


@pytest.mark.parametrize(
    ("options", "macs"),
    [({"in_chans": 1}, 4 * 9 * 80), ({"img_size": 5}, 12 * 9 * 9), ({"img_size": [4, 8], "width": 2}, 6 * 9 * 12)],
)
def test_keywords_are_those_of_the_builder_and_change_the_input(timm, options, macs):
    assert ag.load("timm:resnet_small", **options).macs == macs


def test_sizes_of_a_named_model_are_symbols_where_they_are_asked_for(timm):
    g = ag.load("timm:resnet_small", dynamic={"input": {2: "h", 3: "w"}})
    assert g.at(h=7, w=9).macs == 12 * 9 * 5 * 7


def test_own_inputs_stand_in_for_those_of_the_library(timm):
    assert ag.load("timm:resnet_small", inputs=torch.rand(1, 3, 3, 3)).macs == 12 * 9
    assert ag.load("timm:resnet_small", inputs={"input": torch.rand(1, 3, 3, 4)}).network.origin.told == ()


def test_an_unknown_name_is_told_with_the_nearest(timm):
    with pytest.raises(SpecError, match=r"timm has no model 'resnet_smal'. Did you mean 'resnet_small'\?"):
        ag.load("timm:resnet_smal")


def test_keywords_that_do_not_fit_are_one_error(timm):
    with pytest.raises(SpecError, match=r"cannot build timm:resnet_small: \w+Error: "):
        ag.load("timm:resnet_small", width="many")


def test_a_slip_in_a_keyword_is_told_with_the_nearest(timm):
    near = r"^timm:resnet_small has no keyword 'widht'. Did you mean 'width'\?\n  hint  keywords: width, channels$"
    with pytest.raises(SpecError, match=near):
        ag.load("timm:resnet_small", widht=3)
    with pytest.raises(SpecError, match=r"^timm:resnet_small has no keyword 'zzz'\.?\n"):
        ag.load("timm:resnet_small", zzz=3)


def test_a_slip_in_a_prefix_is_told_with_the_nearest():
    assert tuple(MODEL_SOURCES) == MODEL_PREFIXES
    for wrong, right in (("tim:resnet50", "timm:resnet50"), ("torchvison:resnet50", "torchvision:resnet50")):
        with pytest.raises(SpecError, match=f"no spec is named '{wrong.partition(':')[0]}'. Did you mean '{right}'"):
            ag.load(wrong)


@pytest.mark.parametrize("name", ["timm", "torchvision", "diffusers", "transformers"])
def test_a_missing_library_is_one_line(name, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    config = {"diffusers": {"_class_name": "X"}, "transformers": {"model_type": "x"}}.get(name, {})
    (tmp_path / "config.json").write_text(json.dumps(config))
    asked = f"{name}:x" if not config else f"hf:{tmp_path / 'config.json'}"
    with pytest.raises(MissingToolError, match=f"^{name} is not installed\n  hint  pip install {name}$"):
        ag.load(asked)


def test_a_library_that_cannot_be_imported_says_so(tmp_path, monkeypatch):
    (tmp_path / "timm.py").write_text("raise RuntimeError('operator nms does not exist')\n")
    monkeypatch.delitem(sys.modules, "timm", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingToolError, match="timm cannot be imported: RuntimeError: operator nms does not exist"):
        ag.load("timm:x")


def test_a_library_that_breaks_while_a_model_is_built_says_so():
    told = r"cannot build x: ImportError: no nms\n  hint  install what it needs"
    with pytest.raises(MissingToolError, match=told), built_or_told("x"):
        raise ImportError("no nms")


def test_a_name_that_a_module_of_ones_own_lacks_is_told_with_the_nearest():
    with pytest.raises(SpecError, match=r"^'torch.nn' has no 'Linearr'. Did you mean 'Linear'\?$"):
        ag.load("torch.nn:Linearr", inputs={"x": torch.zeros(1, 3)})


@pytest.mark.parametrize("name", ["model.onx", "modle.onnx1"])
def test_a_model_with_a_slip_in_its_ending_is_told(name, tmp_path, monkeypatch):
    (tmp_path / "model.onnx").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError, match=rf"no spec is named '{name}'. Did you mean 'model.onnx'\?"):
        ag.load(name)


def test_a_model_of_torchvision_is_called_with_the_preset_of_its_weights(torchvision):
    assert ag.load("torchvision:net").macs == 6 * 9 * 49
    assert ag.load("torchvision:film").macs == 6 * 27 * 14 * 4 * 5
    assert ag.load("torchvision:fixed").macs == 6 * 9 * 16
    assert ag.load("torchvision:fixed", image_size=5).network.origin.told == (
        "input 1x3x5x5, by the module's image_size",
    )
    with pytest.raises(SpecError, match="torchvision has no model 'nte'"):
        ag.load("torchvision:nte")


def test_what_a_model_takes_is_asked_for_where_nothing_says_it(torchvision):
    with pytest.raises(SpecError, match="nothing says what plain takes"):
        ag.load("torchvision:plain")
    assert ag.load("torchvision:plain", inputs=torch.rand(1, 5, 3)).macs == 5 * 6


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "own_models.py").write_text(
        "from torch import nn\nimport pathlib\n\ndef build(width):\n    return nn.Linear(3, width)\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "own_models", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_builder_of_ones_own_takes_keywords(own):
    assert ag.load("own_models:build", inputs=torch.rand(1, 4, 3), width=5).macs == 4 * 15
    with pytest.raises(QueryError, match=r"takes arguments \(width\)"):
        ag.load("own_models:build", inputs=torch.rand(1, 4, 3))


def test_a_slip_in_a_keyword_of_a_builder_is_told_with_the_nearest(own):
    near = r"^'own_models:\w+' makes no module: it has no keyword 'widht'. Did you mean 'width'\?\n  hint  keywords: "
    with pytest.raises(SpecError, match=near):
        ag.load("own_models:build", inputs=torch.rand(1, 4, 3), width=5, widht=8)


def test_a_configuration_without_its_prefix_is_told_how_it_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "llama.json").write_text('{"model_type": "llama"}')
    with pytest.raises(SpecError) as caught:
        ag.load("llama.json")
    assert caught.value.hint == "a configuration of transformers or diffusers is named by its library: hf:llama.json"


def test_every_command_takes_models(timm, capsys, tmp_path):
    assert main(["cost", "timm:resnet_small", "--set", "width=2", "--json"]) == 0
    out, err = capsys.readouterr()
    assert sum(row["macs"] for row in json.loads(out)) == 3 * 2 * 9 * 80
    assert "traced with input 1x3x12x10, by timm's input_size" in err
    assert main(["draw", "timm:resnet_small", "-o", str(tmp_path / "x.svg")]) == 0
    assert main(["rf", "timm:resnet_small", "--shape", "1x3x9x9"]) == 0
    assert main(["contrast", "timm:resnet_small", "conv_stack", "-o", str(tmp_path / "y.svg")]) == 0


def test_sizes_are_named_on_the_command_line(timm, capsys):
    command = [
        "cost",
        "timm:resnet_small",
        "--shape",
        "input=1x3x8x8",
        "--dynamic",
        "input:2=h",
        "--at",
        "h=5",
        "--json",
    ]
    assert main(command) == 0
    assert sum(row["macs"] for row in json.loads(capsys.readouterr().out)) == 12 * 9 * 3 * 6


def test_keywords_of_models_are_refused_for_specs():
    with pytest.raises(QueryError, match=r"img_size='.*' belongs to a model, and 'unet' is a spec"):
        ag.load("unet", img_size=3)


def test_names_are_told_apart_without_importing(own):
    found = {name: source_of(name) for name in ("timm:x", "unte:x", "own_models:build", "a/plans.json:2d", "x.yaml")}
    assert [*found.values()] == ["timm", None, "own", "nnunet", None]
    assert "own_models" not in sys.modules


# -- configurations ------------------------------------------------------------------------------------------


def written(path, **fields):
    path.write_text(json.dumps(fields))
    return path


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('{"model_type": "llama", "auto_map": {"AutoModel": "x.Y"}}', "asks for code of its own"),
        ("[1]", "holds no configuration but list"),
        ("{", "cannot read"),
        ("{}", "names no class"),
        (" " * 2**20 + "{}", "bytes, and a configuration"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_refused(tmp_path, monkeypatch, text, rule):
    monkeypatch.setitem(sys.modules, "transformers", ModuleType("transformers"))
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(SpecError, match=rule):
        ag.load(f"hf:{tmp_path / 'config.json'}")
    with pytest.raises(SpecError, match="no such file"):
        ag.load(f"hf:{tmp_path / 'none.json'}")


# -- plans of nnU-Net ----------------------------------------------------------------------------------------


@pytest.fixture
def plans(tmp_path, monkeypatch):
    """A plan with two configurations, of a library with the name of the one that holds nnU-Net's networks."""
    library = ModuleType("dynamic_network_architectures")
    part: Any = ModuleType("dynamic_network_architectures.nets")

    class Net(torch.nn.Sequential):
        def __init__(self, input_channels, num_classes, conv_op, width):
            super().__init__(conv_op(input_channels, width, 1), conv_op(width, num_classes, 1))

    part.Net = Net
    monkeypatch.setitem(sys.modules, library.__name__, library)
    monkeypatch.setitem(sys.modules, part.__name__, part)
    architecture = {
        "network_class_name": "dynamic_network_architectures.nets.Net",
        "arch_kwargs": {"conv_op": "torch.nn.modules.conv.Conv2d", "width": 5},
        "_kw_requires_import": ["conv_op"],
    }
    flat = {"patch_size": [8, 6], "architecture": architecture}
    configurations = {"2d": flat, "2d_wide": {"inherits_from": "2d", "patch_size": [8, 12]}}
    written(tmp_path / "plans.json", configurations=configurations)
    written(tmp_path / "dataset.json", channel_names={"0": "CT", "1": "MR"}, labels={"background": 0, "a": 1, "b": 2})
    return tmp_path / "plans.json"


def test_a_plan_is_built_by_the_class_and_keywords_that_it_names(plans):
    assert ag.load(f"{plans}:2d").macs == 48 * (2 * 5 + 5 * 3)
    assert ag.load(f"{plans}:2d_wide", num_classes=1).macs == 96 * (2 * 5 + 5)
    assert ag.load(plans, configuration="2d", width=1).macs == 48 * (2 + 3)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"network_class_name": "os.system"}, "classes are taken from"),
        ({"network_class_name": "torch.nn.functional.conv2d"}, "which is no class of modules"),
        ({"arch_kwargs": {"conv_op": "builtins.eval"}}, "classes are taken from"),
    ],
)
def test_a_plan_names_no_code_from_elsewhere(plans, changes, rule):
    known = json.loads(plans.read_text())
    known["configurations"]["2d"]["architecture"].update(changes)
    plans.write_text(json.dumps(known))
    with pytest.raises(SpecError, match=rule):
        ag.load(f"{plans}:2d")


def test_what_a_plan_leaves_open_is_asked_for(plans):
    with pytest.raises(SpecError, match="has 2 configurations"):
        ag.load(plans)
    with pytest.raises(SpecError, match="has no configuration '3d'"):
        ag.load(f"{plans}:3d")
    plans.with_name("dataset.json").unlink()
    with pytest.raises(SpecError, match="does not say how many channels and classes"):
        ag.load(f"{plans}:2d")
