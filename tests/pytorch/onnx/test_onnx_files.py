"""Files of ONNX that say too little, or what cannot be: each is told with a way on."""

from __future__ import annotations

from contextlib import chdir

import pytest

import archgraph as ag
from archgraph.errors import ArchgraphError, SpecError

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytestmark = pytest.mark.torch

import numpy as np  # noqa: E402
from onnx import TensorProto, helper  # noqa: E402
from onnx_models import graph  # noqa: E402
from onnx_rows import floats, ints  # noqa: E402

node = helper.make_node
NEWEST = onnx.defs.onnx_opset_version()
CUT = "cut the file behind it: onnx.utils.extract_model"
CHECK = "onnx.checker.check_model tells what else is wrong with it"


def product(shape=(1, 6, 8), **more):
    return graph([node("MatMul", ["x", "w"], ["z"], name="mm")], {"x": shape}, ["z"], {"w": floats(8, 4)}, **more)


def refusal(model, tmp_path, **keywords):
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    with chdir(tmp_path), pytest.raises(ArchgraphError) as caught:
        ag.load("model.onnx", **keywords)
    assert type(caught.value) is SpecError
    return caught.value.message, caught.value.hint


@pytest.mark.parametrize(
    ("version", "hint"),
    [
        (5, "export it with opset_version=7 or more, or onnx.version_converter.convert_version"),
        (99, "pip install -U onnx, or export it with a smaller opset_version"),
    ],
)
def test_versions_that_are_not_read(tmp_path, version, hint):
    told = f"'model.onnx' is written in version {version} of the operators, and 7 to {NEWEST} are read"
    assert refusal(product(opset=version), tmp_path) == (told, hint)


def test_a_version_that_is_not_stated(tmp_path):
    model = product()
    del model.opset_import[:]
    told, hint = refusal(model, tmp_path)
    assert told == "'model.onnx' does not say in which version of the operators it is written"
    assert hint == f"opset_import says it: onnx.helper.make_opsetid('', {NEWEST})"


def test_an_input_whose_shape_the_file_leaves_open(tmp_path):
    model = product()
    model.graph.input[0].type.tensor_type.ClearField("shape")
    told, hint = refusal(model, tmp_path)
    assert told == "'model.onnx' leaves the shape of x open"
    assert hint == "inputs={'x': (1, 3, 224, 224)}, or --shape x=1x3x224x224"
    assert ag.load(str(tmp_path / "model.onnx"), inputs={"x": (1, 6, 8)}).macs == 192


def test_inputs_that_are_no_tensors(tmp_path):
    model = product()
    tensor = helper.make_tensor_type_proto(TensorProto.FLOAT, [1, 6, 8])
    model.graph.input[0].type.CopyFrom(helper.make_sequence_type_proto(tensor))
    assert refusal(model, tmp_path) == ("the input x of 'model.onnx' is no tensor but a sequence", CUT)
    model.graph.input[0].ClearField("type")
    assert refusal(model, tmp_path, inputs={"x": (1, 6, 8)}) == ("the input x of 'model.onnx' has no type", CUT)


def test_an_input_of_a_type_that_pytorch_has_not(tmp_path):
    model = product()
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.STRING
    told, hint = refusal(model, tmp_path)
    assert told.startswith("the input x of 'model.onnx' is no tensor of PyTorch's: values of ONNX's type 8")
    assert hint == CUT


@pytest.mark.parametrize("shape", [(1, -6, 8), (1, 0, 8), "1x6x8", (1, 6.0, 8), 5, (True, 6, 8)])
def test_what_is_no_shape(tmp_path, shape):
    told, hint = refusal(product(), tmp_path, inputs={"x": shape})
    assert told == f"'{shape}' is no shape of x" and hint == "inputs={'x': (1, 6, 8)}, or --shape x=1x6x8"


def test_a_shape_of_other_rank(tmp_path):
    told, hint = refusal(product(), tmp_path, inputs={"x": (1, 8)})
    assert told == "x of 'model.onnx' has 3 dimensions, and 1x8 has 2"
    assert hint == "inputs={'x': (1, 6, 8)}, or --shape x=1x6x8"


def test_values_that_lie_in_another_file(tmp_path):
    """Weights need none, but a shape does."""
    nodes = [node("Reshape", ["x", "s"], ["y"]), node("MatMul", ["y", "w"], ["z"])]
    model = graph(nodes, {"x": floats(1, 6, 8)}, ["z"], {"w": floats(8, 4), "s": ints(1, 6, 8)})
    for tensor in model.graph.initializer:
        if tensor.name == "s":
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value="model.bin")
    told, hint = refusal(model, tmp_path)
    assert told == "Reshape asks for the values of 's', which lie in another file, and none is opened"
    assert hint == "onnx.save_model(model, path, save_as_external_data=False) stores them within"


def test_tensors_that_nothing_gives(tmp_path):
    model = product()
    del model.graph.initializer[:]
    told = "'model.onnx' is damaged: MatMul 'mm' reads 'w', and nothing in the file gives it"
    assert refusal(model, tmp_path) == (told, CHECK)
    backwards = graph([node("Relu", ["y"], ["z"]), node("Relu", ["x"], ["y"])], {"x": floats(1, 6)}, ["z"])
    told = "'model.onnx' is damaged: Relu reads 'y', before a step gives it"
    assert refusal(backwards, tmp_path) == (told, CHECK)
    model = graph([node("Relu", ["x"], ["y"])], {"x": floats(1, 6)}, ["z"])
    assert refusal(model, tmp_path) == ("'model.onnx' is damaged: nothing gives its output 'z'", CHECK)


def test_tensors_that_nothing_gives_within_a_branch(tmp_path):
    inner = helper.make_graph(
        [node("Relu", ["gone"], ["a"])], "in", [], [helper.make_value_info("a", onnx.TypeProto())]
    )
    chosen = node("If", ["t"], ["y"], then_branch=inner, else_branch=inner)
    told, _ = refusal(graph([chosen], {"x": floats(1, 6)}, ["y"], {"t": np.array(True)}), tmp_path)
    assert told == "'model.onnx' is damaged: Relu reads 'gone', and nothing in the file gives it"


def test_operands_that_an_operator_does_not_take(tmp_path):
    model = graph([node("Conv", ["x", "w"], ["z"])], {"x": floats(1, 6, 8)}, ["z"], {"w": floats(8, 4)})
    told, hint = refusal(model, tmp_path)
    assert told.startswith("Conv does not take operands of 1x6x8 and 8x4: ")
    assert hint == "onnx.checker.check_model(path, full_check=True) tells whether the file is right"
