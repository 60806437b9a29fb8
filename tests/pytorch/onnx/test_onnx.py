"""Files of ONNX: rules against the standard's own evaluation, networks against PyTorch's counter, and bad files."""

from __future__ import annotations

from typing import Any, cast

import pytest

import archgraph as ag
from archgraph.errors import SpecError, UnsupportedOpError

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytestmark = pytest.mark.torch

import numpy as np  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402
from onnx_models import VERSION, graph, save  # noqa: E402
from onnx_rows import EXCUSED, INPUTS, OUTPUTS, ROWS, floats, ints  # noqa: E402
from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from archgraph.pytorch.onnx.load import load_onnx, onnx_module  # noqa: E402
from archgraph.pytorch.onnx.operators.table import OPERATORS  # noqa: E402
from archgraph.pytorch.onnx.reading import read_onnx  # noqa: E402


def row_model(name):
    attributes, operands = ROWS[name]
    given = INPUTS.get(name, 0)
    stored = {f"s{k}": value for k, value in enumerate(operands) if value is not None and k != given}
    names = ["x" if k == given else "" if value is None else f"s{k}" for k, value in enumerate(operands)]
    outputs = [f"y{place}" for place in range(OUTPUTS.get(name, 1))]
    kind, x = name.partition(":")[0], operands[given]
    version = 24 if kind == "Swish" else VERSION
    return graph([helper.make_node(kind, names, outputs, **attributes)], {"x": x}, outputs, stored, version), x


@pytest.mark.parametrize("name", ROWS)
def test_a_rule_computes_what_the_standard_says(name):
    model, x = row_model(name)
    if name == "Swish" and onnx.defs.onnx_opset_version() < 24:
        pytest.skip("it came with version 24")
    right = ReferenceEvaluator(model).run(None, {"x": x})
    with torch.no_grad():
        found = onnx_module(model, name, values=True)(x=torch.from_numpy(np.array(x)))
    for given, wanted in zip(found.values(), right, strict=True):
        assert tuple(given.shape) == np.shape(wanted)
        np.testing.assert_allclose(given.numpy(), wanted, rtol=1e-3, atol=1e-5)


def test_every_rule_has_a_row():
    assert set(OPERATORS) - {name.partition(":")[0] for name in ROWS} == set(EXCUSED)


def test_the_old_upsampling_takes_the_nearest():
    x, factors = floats(1, 2, 3, 3), np.array([1, 1, 2, 2], np.float32)
    node = helper.make_node("Upsample", ["x", "s"], ["y"])
    found = onnx_module(graph([node], {"x": x}, ["y"], {"s": factors}, 9), "up", values=True)(x=torch.from_numpy(x))
    np.testing.assert_array_equal(found["y"].numpy(), x.repeat(2, 2).repeat(2, 3))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_rules_compute_what_the_tests_of_the_standard_say():
    from onnx.backend.test.case.node import collect_testcases

    right = 0
    for case in cast("Any", collect_testcases(None)):
        kinds = {node.op_type for node in case.model.graph.node}
        plain = all(getattr(x, "dtype", None) in (np.float32, np.int64, np.bool_) for x in case.data_sets[0][0])
        if not kinds <= set(OPERATORS) or not plain or case.name in TIES or case.model.graph.node[0].domain:
            continue
        try:
            module = onnx_module(case.model, case.name, values=True)
            names = [given.name for given in case.model.graph.input]
            given = [torch.from_numpy(np.array(x)) for x in case.data_sets[0][0]]
            with torch.no_grad():
                found = module(**dict(zip(names, given, strict=True)))
        except ag.ArchgraphError:
            continue
        for ours, theirs in zip(found.values(), case.data_sets[0][1], strict=True):
            # Of types that numpy has not, the standard gives the bytes.
            theirs = numpy_helper.to_array(theirs).astype(np.float32) if hasattr(theirs, "raw_data") else theirs
            np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-3, atol=1e-4, err_msg=case.name)
        right += 1
    assert right > 500


TIES = frozenset(
    """
    test_top_k_same_values test_top_k_same_values_largest test_top_k_same_values_2d
    test_l2normalization_axis_0
    test_onehot_negative_indices test_onehot_out_of_range_indices test_reduce_max_empty_set
    test_reduce_max_empty_set_bool test_reduce_min_empty_set
    test_training_dropout test_training_dropout_default
    """.split()  # noqa: SIM905
)
"""Cases about which of equal numbers comes first, about dividing by zero, indices of nothing, and drawn numbers."""


def network():
    """Two convolutions with a norm, attention over positions, and a head, as exporters write them."""
    n = helper.make_node
    nodes = [
        n("Conv", ["images", "w1"], ["a"], "/stem/conv/Conv", kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]),
        n("BatchNormalization", ["a", "g", "b", "m", "v"], ["n"], "/stem/norm/BatchNormalization"),
        n("Relu", ["n"], ["r"], "/stem/act/Relu"),
        n("Shape", ["r"], ["size"], "/flat/Shape"),
        n("Slice", ["size", "zero", "two"], ["lead"], "/flat/Slice"),
        n("Concat", ["lead", "rest"], ["shape"], "/flat/Concat", axis=0),
        n("Reshape", ["r", "shape"], ["f"], "/flat/Reshape"),
        n("Transpose", ["f"], ["t"], "/flat/Transpose", perm=[0, 2, 1]),
        n("MatMul", ["t", "wq"], ["q"], "/attn/q/MatMul"),
        n("MatMul", ["q", "f"], ["s"], "/attn/MatMul"),
        n("Softmax", ["s"], ["p"], "/attn/Softmax", axis=-1),
        n("MatMul", ["p", "t"], ["o"], "/attn/MatMul_1"),
        n("ReduceMean", ["o", "one"], ["pooled"], "/head/ReduceMean", keepdims=0),
        n("Gemm", ["pooled", "wh", "bh"], ["logits"], "/head/Gemm", transB=1),
    ]
    stored = {
        "w1": floats(8, 3, 3, 3), "g": floats(8), "b": floats(8), "m": floats(8), "v": floats(8), "wq": floats(8, 8),
        "wh": floats(5, 8), "bh": floats(5), "zero": ints(0), "two": ints(2), "rest": ints(-1), "one": ints(1),
    }  # fmt: skip
    return graph(nodes, {"images": ["batch", 3, "H", "W"]}, ["logits"], stored)


@pytest.fixture
def path(tmp_path):
    return save(network(), tmp_path)


def counted(model, *shape):
    with FlopCounterMode(display=False) as counter:
        onnx_module(model, "net", values=True)(images=torch.rand(shape))
    return counter.get_total_flops() // 2


def test_a_network_counts_what_pytorch_counts(path):
    g = ag.load(path, inputs={"images": (1, 3, 12, 16)})
    assert g.macs == counted(network(), 1, 3, 12, 16)
    assert g.params == 8 * 27 + 16 + 64 + 45 and g.buffers >= 16
    assert list(g.outputs) == ["logits"]


def test_sizes_that_are_left_open_are_symbols(path):
    g = ag.load(path, inputs={"images": (1, 3, 12, 16)}, dynamic={"images": {2: "h", 3: "w"}})
    for h, w in ((20, 8), (32, 40)):
        assert g.at(h=h, w=w).macs == counted(network(), 1, 3, h, w)


def test_names_with_slashes_are_scopes(path):
    from archgraph.pytorch.onnx.inputs import derived_tensors

    model = network()
    module = onnx_module(model, "net")
    assert {name for name, _ in module.body.named_children()} == {"stem", "flat", "attn", "head"}
    assert derived_tensors("net", model.graph, (1, 3, 8, 8))["images"].shape == (1, 3, 8, 8)
    found = load_onnx(path, {"images": (1, 3, 12, 16)})
    assert found.name == "net"


def test_attention_of_one_operator_is_attention(tmp_path):
    """With as many products as PyTorch counts, causal, and with fewer heads of keys and values."""
    n = helper.make_node
    turned = (("q", 4), ("k", 2))
    nodes = [
        *(n("MatMul", ["images", f"w{each}"], [each], f"/{each}/MatMul") for each in "qkv"),
        *(
            n("RotaryEmbedding", [each, "cos", "sin"], [f"{each}r"], f"/{each}/Rotary", num_heads=h)
            for each, h in turned
        ),
        n("Attention", ["qr", "kr", "v"], ["y"], "/Attention", q_num_heads=4, kv_num_heads=2, is_causal=1),
    ]
    stored = {"wq": floats(16, 16), "wk": floats(16, 8), "wv": floats(16, 8), "cos": floats(1, 6, 2)}
    model = graph(nodes, {"images": floats(1, 6, 16)}, ["y"], {**stored, "sin": floats(1, 6, 2)})
    g = ag.load(save(model, tmp_path))
    with sdpa_kernel(SDPBackend.MATH):  # the fused kernel of a CPU is not counted
        assert g.macs == counted(model, 1, 6, 16)
    (found,) = [member.op for _, member in g.graph.walk() if member.label == "scaled_dot_product_attention"]
    assert found.causal and (found.heads, found.key_heads) == (4, 2)


def test_a_branch_is_the_one_of_a_known_test(tmp_path):
    def branch(name, width):
        weight = numpy_helper.from_array(floats(8, width), f"w{width}")
        node = helper.make_node("MatMul", ["x", f"w{width}"], [name])
        return helper.make_graph([node], name, [], [helper.make_value_info(name, onnx.TypeProto())], [weight])

    choice = helper.make_node("If", ["test"], ["y"], then_branch=branch("a", 3), else_branch=branch("b", 5))
    model = graph([choice], {"x": floats(1, 6, 8)}, ["y"], {"test": np.array(False)})
    assert ag.load(save(model, tmp_path)).macs == 6 * 8 * 5


# -- what is refused ---------------------------------------------------------------------------------------------------


def refusal(kind, *arguments, **keywords):
    with pytest.raises(kind) as caught:
        ag.load(*arguments, **keywords)
    return caught.value


def test_open_sizes_are_asked_for(path):
    error = refusal(SpecError, path)
    assert error.message == "'model.onnx' leaves dimensions 2 (H) and 3 (W) of images open"
    assert error.hint == "inputs={'images': (1, 3, 224, 224)}, or --shape images=1x3x224x224"
    assert "Did you mean 'images'?" in refusal(SpecError, path, inputs={"image": (1, 3, 8, 8)}).message


def test_what_is_no_model(tmp_path):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model at all")
    assert "is no model of ONNX" in refusal(SpecError, str(broken)).message
    assert "no such file" in refusal(SpecError, str(tmp_path / "none.onnx")).message
    broken.write_bytes(b"")
    assert "holds no graph" in refusal(SpecError, str(broken)).message


def test_an_attribute_that_no_rule_knows(tmp_path):
    node = helper.make_node("LeakyRelu", ["x"], ["y"], alpah=0.1)
    error = refusal(UnsupportedOpError, save(graph([node], {"x": floats(1, 6)}, ["y"]), tmp_path))
    assert error.message == "LeakyRelu with the attribute 'alpah' has no rule. Did you mean 'alpha'?"


def test_a_file_takes_no_keywords(path):
    assert "takes no 'img_size'" in refusal(SpecError, path, img_size=3).message


def test_a_file_beside_it_is_never_opened(tmp_path, monkeypatch):
    model = network()
    for tensor in model.graph.initializer:
        if tensor.name == "w1":
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value="../secret")
    place = save_raw(model, tmp_path)
    (tmp_path.parent / "secret").write_bytes(b"\0" * 864)
    opened = []
    real = open

    def spied(name, *arguments, **keywords):
        opened.append(str(name))
        return real(name, *arguments, **keywords)

    monkeypatch.setattr("builtins.open", spied)
    assert ag.load(place, inputs={"images": (1, 3, 12, 16)}).params == 8 * 27 + 16 + 64 + 45
    assert not [name for name in opened if name.endswith("secret")]


def save_raw(model, tmp_path):
    place = tmp_path / "outside.onnx"
    place.write_bytes(model.SerializeToString())
    return str(place)


def test_a_damaged_tensor_is_told(tmp_path):
    model = graph([helper.make_node("MatMul", ["x", "w"], ["y"])], {"x": floats(1, 6, 8)}, ["y"], {"w": floats(8, 4)})
    model.graph.initializer[0].dims[0] = -3
    error = refusal(ag.ArchgraphError, save_raw(model, tmp_path))
    assert error.message and "Traceback" not in str(error)


def test_a_second_result_without_a_rule_is_told(tmp_path):
    node = helper.make_node("MaxPool", ["x"], ["y", "places"], kernel_shape=[2, 2])
    model = graph([node], {"x": floats(1, 2, 4, 4)}, ["places"])
    assert "no step gives 'places'" in refusal(ag.ArchgraphError, save(model, tmp_path)).message
    assert read_onnx(save(model, tmp_path)).graph.output[0].name == "places"


def quantised_network():
    """Two convolutions whose weights are bytes: one on numbers that are made of them, one on the bytes."""
    n = helper.make_node
    nodes = [
        n("QuantizeLinear", ["x", "s", "z"], ["q"]),
        n("DequantizeLinear", ["q", "s", "z"], ["d"]),
        n("DequantizeLinear", ["w", "ws", "wz"], ["wd"], axis=0),
        n("DequantizeLinear", ["b", "bs"], ["bd"]),
        n("Conv", ["d", "wd", "bd"], ["a"], kernel_shape=[3, 3]),
        n("QuantizeLinear", ["a", "s", "z"], ["aq"]),
        n("QLinearConv", ["aq", "s", "z", "w2", "s", "zi", "s", "z"], ["c"], kernel_shape=[1, 1]),
        n("DequantizeLinear", ["c", "s", "z"], ["y"]),
    ]
    stored = {
        "s": np.float32(0.05), "z": np.uint8(4), "zi": np.int8(0), "w": np.ones((5, 3, 3, 3), np.int8),
        "ws": floats(5), "wz": np.zeros(5, np.int8), "b": np.ones(5, np.int32), "bs": np.float32(0.01),
        "w2": np.ones((7, 5, 1, 1), np.int8),
    }  # fmt: skip
    return graph(nodes, {"x": (1, 3, 8, 8)}, ["y"], stored)


def test_weights_in_small_integers_are_parameters(tmp_path):
    file = tmp_path / "quantised.onnx"
    onnx.save(quantised_network(), file)
    g = ag.load(str(file))
    assert g.params == 5 * 27 + 5 + 7 * 5
    assert g.macs == 36 * (5 * 27 + 7 * 5)
    assert g.receptive_field().axes["h"].size_max == 3
