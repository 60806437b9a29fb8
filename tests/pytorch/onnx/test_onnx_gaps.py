"""Operators of ONNX without a rule: refused by name, or gaps of the shapes that the file states."""

from __future__ import annotations

import json

import pytest

import archgraph as ag
from archgraph.cli import main
from archgraph.errors import SpecError, UnsupportedOpError

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytestmark = pytest.mark.torch

import numpy as np  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx_models import VERSION, graph, save  # noqa: E402
from onnx_rows import floats, ints  # noqa: E402

node = helper.make_node
LIST_THEM = "allow_unsupported=True, or --allow-unsupported, lists them as gaps and traces the rest"
KEEP_SIZES = "keep the sizes that the file states, or name in it those that vary: dim_param in graph.value_info"
STATE_SHAPE = (
    "state it in the file's value_info: onnx.shape_inference.infer_shapes does, where it knows the operator; "
    "or give the operator a function of standard ones: onnx.helper.make_function"
)


def fused(operands, results, **more):
    return node("Fused", operands, results, domain="com.own", **more)


def stated(model, **shapes):
    """A model that states some shapes, of floating numbers."""
    model.graph.value_info.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()
    )
    return model


def network(size=6, batch=1, **shapes):
    """A ReLU, an operator of another domain with a weight of 8 x 4, and a product with one of 4 x 5."""
    nodes = [node("Relu", ["x"], ["r"]), fused(["r", "w"], ["y"], name="mid"), node("MatMul", ["y", "v"], ["z"])]
    stored = {"w": floats(8, 4), "v": floats(4, 5)}
    return stated(graph(nodes, {"x": [batch, size, 8]}, ["z"], stored, domains=["com.own"]), **shapes)


FIXED = {"r": [1, 6, 8], "y": [1, 6, 4]}
NAMED = {"r": ["batch", "n", 8], "y": ["batch", "n", 4]}


def refusal(kind, *arguments, **keywords):
    with pytest.raises(kind) as caught:
        ag.load(*arguments, **keywords)
    return caught.value


def gap(model, tmp_path, **keywords):
    return ag.load(save(model, tmp_path), allow_unsupported=True, **keywords)


def gap_refusal(model, tmp_path, **keywords):
    return refusal(UnsupportedOpError, save(model, tmp_path), allow_unsupported=True, **keywords)


# -- without being asked for -------------------------------------------------------------------------------------------


def test_it_is_refused_with_name_domain_version_and_count(tmp_path):
    nodes = [
        fused(["x"], ["a"]),
        node("Other", ["a"], ["b"], domain="com.two"),
        fused(["b"], ["c"]),
        node("Bernoulli", ["c"], ["z"]),
    ]
    error = refusal(UnsupportedOpError, save(graph(nodes, {"x": floats(1, 6)}, ["z"], domains=["com.own"]), tmp_path))
    assert error.message == (
        "model.onnx uses 3 operators of ONNX without a rule: Fused (com.own, version 1) x 2; "
        f"Other (com.two, no version) x 1; Bernoulli (ai.onnx, version {VERSION}) x 1"
    )
    assert error.hint == LIST_THEM


def test_an_operator_of_another_domain_has_not_the_rule_of_its_name(tmp_path):
    for kind in ("Conv", "Constant", "If", "LSTM"):
        model = graph([node(kind, ["x"], ["y"], domain="com.own")], {"x": floats(1, 6)}, ["y"], domains=["com.own"])
        assert f"{kind} (com.own, version 1) x 1" in refusal(UnsupportedOpError, save(model, tmp_path)).message


def test_one_that_is_never_run_is_no_matter(tmp_path):
    """In the branch that is not taken."""
    for taken, macs in ((True, None), (False, 6 * 8 * 4)):
        place = save(choice(np.array(taken)), tmp_path)
        if macs is None:
            assert "Fused (com.own, version 1) x 1" in refusal(UnsupportedOpError, place).message
        else:
            assert ag.load(place).macs == macs


def choice(test, shape=(1, 6, 4)):
    """Either an operator of another domain, or a product with a weight of the graph around it."""
    info = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)  # noqa: E731
    one = helper.make_graph([fused(["x", "w"], ["p"])], "one", [], [info("p")])
    other = helper.make_graph([node("MatMul", ["x", "w"], ["q"])], "other", [], [info("q")])
    chosen = node("If", ["t"], ["y"], then_branch=one, else_branch=other)
    return graph([chosen], {"x": floats(1, 6, 8)}, ["y"], {"w": floats(8, 4), "t": test}, domains=["com.own"])


# -- asked for ---------------------------------------------------------------------------------------------------------


def test_it_is_a_gap_of_the_shape_that_the_file_states(tmp_path):
    g = gap(network(**FIXED), tmp_path)
    (found,) = g.gaps
    assert (found.operator, found.count, found.place) == ("Fused (com.own, version 1)", 1, "body.mid")
    assert g.macs == 6 * 4 * 5 and g.at().table().total["scope"] == "total, at least"
    assert g.saved_doubt == "operators without a rule keep what is not counted"


def test_what_it_reads_is_a_bound(tmp_path):
    assert "at most: what Fused (com.own, version 1) reads is not described" in str(
        gap(network(**FIXED), tmp_path).receptive_field()
    )


def test_stored_numbers_that_it_reads_count_as_parameters_and_are_told(tmp_path):
    g = gap(network(**FIXED), tmp_path)
    assert g.params == 8 * 4 + 4 * 5
    assert str(g.gaps[0]).endswith("where 32 stored numbers count as parameters")
    turned = [node("Transpose", ["w"], ["t"]), fused(["x", "t"], ["y"])]
    model = graph(turned, {"x": floats(1, 6, 8)}, ["y"], {"w": floats(8, 4)}, domains=["com.own"])
    g = gap(stated(model, y=[1, 6, 4], t=[4, 8]), tmp_path)
    assert g.params == 32 and "32 stored numbers" in str(g.gaps[0])


def test_shapes_with_names_hold_at_every_size(tmp_path):
    model = network("n", "batch", **NAMED)
    g = gap(model, tmp_path, inputs={"x": (1, 6, 8)}, dynamic={"x": {1: "n"}})
    assert [g.at(n=n).macs for n in (3, 6, 50)] == [n * 4 * 5 for n in (3, 6, 50)]
    assert gap(model, tmp_path, inputs={"x": (1, 9, 8)}).macs == 9 * 4 * 5


def test_a_standard_operator_is_a_gap_at_every_size(tmp_path):
    nodes = [node("Bernoulli", ["x"], ["y"]), node("MatMul", ["y", "w"], ["z"])]
    model = graph(nodes, {"x": floats(1, 6, 8)}, ["z"], {"w": floats(8, 4)})
    g = gap(model, tmp_path, dynamic={"x": {1: "n"}})
    assert g.at(n=11).macs == 11 * 8 * 4
    assert [gap.operator for gap in g.gaps] == [f"Bernoulli (ai.onnx, version {VERSION})"]


def test_in_a_branch_and_in_a_function_of_the_file(tmp_path):
    assert [found.count for found in gap(choice(np.array(True)), tmp_path).gaps] == [1]
    inner = [node("MatMul", ["X", "W"], ["T"]), fused(["T"], ["Y"])]
    opsets = [helper.make_opsetid("", VERSION), helper.make_opsetid("com.own", 1)]
    block = helper.make_function("com.file", "Block", ["X", "W"], ["Y"], inner, opsets)
    model = graph(
        [node("Block", ["x", "w"], ["y"], domain="com.file")],
        {"x": floats(1, 6, 8)},
        ["y"],
        {"w": floats(8, 4)},
        domains=["com.file", "com.own"],
    )
    model.functions.append(block)
    g = gap(stated(model, y=[1, 6, 4]), tmp_path)
    assert g.macs == 6 * 8 * 4 and [found.operator for found in g.gaps] == ["Fused (com.own, version 1)"]


@pytest.mark.parametrize(("kind", "domain"), [("2D-Conv", "9.a-b"), ("Ü", "ü"), ("Relu", "ai.onnx.ml"), ("A B", "c")])
def test_any_name_will_do(tmp_path, kind, domain):
    model = graph([node(kind, ["x"], ["y"], domain=domain)], {"x": floats(1, 6)}, ["y"], domains=[domain])
    assert gap(stated(model, y=[1, 6]), tmp_path).gaps[0].operator == f"{kind} ({domain}, version 1)"


def test_results_that_are_left_out_keep_the_others_in_their_places(tmp_path):
    nodes = [fused(["x"], ["", "y"]), node("MatMul", ["y", "w"], ["z"])]
    model = graph(nodes, {"x": floats(1, 6, 8)}, ["z"], {"w": floats(3, 5)}, domains=["com.own"])
    assert gap(stated(model, y=[1, 2, 3]), tmp_path).macs == 2 * 3 * 5


def test_what_it_computes_of_constants_is_a_gap_and_has_no_value(tmp_path):
    """Its memory is never read: it would decide on shapes by chance."""
    nodes = [fused(["c"], ["s"]), node("Cast", ["s"], ["i"], to=7), node("Reshape", ["x", "i"], ["y"])]
    model = stated(
        graph(nodes, {"x": floats(1, 6, 8)}, ["y"], {"c": np.float32([1, 2, 3])}, domains=["com.own"]), s=[3]
    )
    with pytest.raises(ag.ArchgraphError, match="Reshape decides on the values of a tensor"):
        gap(model, tmp_path)
    alone = graph([fused(["c"], ["s"]), node("Add", ["x", "s"], ["y"])], {"x": floats(1, 3)}, ["y"], {"c": ints(1, 2)})
    assert [found.count for found in gap(stated(alone, s=[3]), tmp_path).gaps] == [1]


# -- where nothing says its shape --------------------------------------------------------------------------------------


def test_a_shape_that_the_file_does_not_state(tmp_path):
    error = gap_refusal(network(), tmp_path)
    assert error.message == "Fused (com.own, version 1) has no rule, and the file does not say what shape 'y' has"
    assert (error.hint, error.path) == (STATE_SHAPE, "mid")


def test_an_operand_whose_shape_the_file_does_not_state(tmp_path):
    assert gap(network(y=[1, 6, 4]), tmp_path).macs == 120
    error = gap_refusal(network(batch="", y=["", 6, 4]), tmp_path)
    assert error.message.endswith("the file does not say what shape 'r' has, which it reads")


def test_a_size_that_the_file_leaves_open(tmp_path):
    model = network("n", r=[1, "n", 8], y=[1, "k", 4])
    error = gap_refusal(model, tmp_path, inputs={"x": (1, 6, 8)})
    assert error.message.endswith("and the file leaves dimension 1 (k) of 'y' open") and error.hint == STATE_SHAPE


def test_sizes_that_the_file_does_not_state(tmp_path):
    error = gap_refusal(network(**FIXED), tmp_path, inputs={"x": (1, 12, 8)})
    assert error.message == (
        "Fused (com.own, version 1) has no rule, and the file states its results where 'r' is 1x6x8, and here it is "
        "1x12x8"
    )
    assert error.hint == KEEP_SIZES
    varied = refusal(
        ag.ArchgraphError, save(network(**FIXED), tmp_path), allow_unsupported=True, dynamic={"x": {1: "n"}}
    )
    assert varied.message.startswith("'n' cannot vary from 6 to") and "'r' is 1x6x8" in varied.message


def test_a_name_of_two_sizes(tmp_path):
    error = gap_refusal(network(8, r=[1, "n", "n"], y=[1, "n", 4]), tmp_path, inputs={"x": (1, 6, 8)})
    assert "where 'r' is 1x6x6, and here it is 1x6x8" in error.message


def test_sizes_of_another_input_are_looked_at_too(tmp_path):
    """They may tell the values of what the operator reads, and so the shape of its result."""
    nodes = [node("Shape", ["like"], ["s"]), fused(["x", "s"], ["y"])]
    model = graph(nodes, {"x": floats(1, 6), "like": floats(1, 9)}, ["y"], domains=["com.own"])
    model.graph.value_info.append(helper.make_tensor_value_info("s", TensorProto.INT64, [2]))
    model = stated(model, y=[1, 9])
    assert gap(model, tmp_path, batch_axis=None).gaps
    error = gap_refusal(model, tmp_path, inputs={"like": (1, 7)}, batch_axis=None)
    assert "where 'like' is 1x9, and here it is 1x7" in error.message


def test_a_type_that_pytorch_has_not(tmp_path):
    model = graph([fused(["x"], ["y"])], {"x": floats(1, 6)}, ["y"], domains=["com.own"])
    model.graph.value_info.append(helper.make_tensor_value_info("y", TensorProto.STRING, [1, 6]))
    assert (
        "'y', which it gives, is no tensor of PyTorch's: values of ONNX's type 8"
        in gap_refusal(model, tmp_path).message
    )


# -- what holds graphs of its own --------------------------------------------------------------------------------------

BODY = [("k", TensorProto.INT64, []), ("c", TensorProto.BOOL, []), ("a", TensorProto.FLOAT, [1, 4])]


@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize("step", [node("Relu", ["a"], ["b"]), fused(["a"], ["b"])])
def test_a_loop_is_refused_with_a_way_on(tmp_path, allowed, step):
    body = helper.make_graph(
        [node("Identity", ["c"], ["go"]), step],
        "body",
        [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in BODY],
        [helper.make_tensor_value_info("go", TensorProto.BOOL, []), helper.make_tensor_value_info("b", 1, [1, 4])],
    )
    loop = node("Loop", ["times", "", "x"], ["y"], body=body)
    model = graph([loop], {"x": (1, 4)}, ["y"], {"times": ints(3).reshape(())}, domains=["com.own"])
    error = refusal(UnsupportedOpError, save(stated(model, y=[1, 4]), tmp_path), allow_unsupported=allowed)
    assert f"Loop (ai.onnx, version {VERSION})" in error.message
    assert error.hint == "export the model for inputs of fixed sizes, whose steps are written out one after another"


def test_another_operator_with_a_graph_of_its_own(tmp_path):
    inner = helper.make_graph([node("Relu", ["x"], ["q"])], "in", [], [helper.make_tensor_value_info("q", 1, [1, 6])])
    model = graph([fused(["x"], ["y"], body=inner)], {"x": floats(1, 6)}, ["y"], domains=["com.own"])
    error = gap_refusal(stated(model, y=[1, 6]), tmp_path)
    assert error.message.endswith("runs a graph of its own, whose work and weights would be missing")
    assert error.hint == "cut the file before it: onnx.utils.extract_model"


def test_a_choice_by_what_the_network_computes(tmp_path):
    model = choice(np.array(True))
    del model.graph.initializer[1]
    model.graph.node.insert(0, node("ReduceMax", ["x"], ["m"], keepdims=0))
    model.graph.node.insert(1, node("Cast", ["m"], ["t"], to=TensorProto.BOOL))
    error = refusal(UnsupportedOpError, save(model, tmp_path))
    assert error.message == "If chooses a graph by 't', whose value depends on what the network computes"
    assert error.hint.startswith("export the model for one of the choices")


# -- functions of the file ---------------------------------------------------------------------------------------------


def with_function(version, inner):
    opsets = [helper.make_opsetid("", version), helper.make_opsetid("com.own", 1)]
    model = graph([fused(["x", "w"], ["y"])], {"x": floats(1, 6, 8)}, ["y"], {"w": floats(8, 4)}, domains=["com.own"])
    model.functions.append(helper.make_function("com.own", "Fused", ["X", "W"], ["Y"], [inner], opsets))
    return model


def test_a_function_of_the_file_is_a_rule(tmp_path):
    assert ag.load(save(with_function(VERSION, node("MatMul", ["X", "W"], ["Y"])), tmp_path)).macs == 6 * 8 * 4


def test_functions_that_cannot_be_written_out(tmp_path):
    error = refusal(SpecError, save(with_function(13, node("MatMul", ["X", "W"], ["Y"])), tmp_path))
    assert error.message.endswith("than the graph that calls it: ai.onnx 13, com.own 1")
    assert error.hint == "export both in one version, or convert the function with onnx.version_converter"
    (tmp_path / "again.onnx").write_bytes(with_function(VERSION, fused(["X", "W"], ["Y"])).SerializeToString())
    assert "cannot be written out: Cycle detected" in refusal(SpecError, str(tmp_path / "again.onnx")).message


# -- commands and figures ----------------------------------------------------------------------------------------------


def test_commands_list_gaps_when_they_are_asked(tmp_path, capsys):
    place = save(network(**FIXED), tmp_path)
    assert main(["cost", place]) == 1
    assert f"hint  {LIST_THEM}" in capsys.readouterr().err
    assert main(["cost", place, "--allow-unsupported"]) == 0
    out, err = capsys.readouterr()
    assert "macs = at least 120" in out and "total, at least" in out
    assert "so that totals are at least what is said: Fused (com.own, version 1) x 1, first in body.mid" in err
    assert main(["cost", "unet", "--allow-unsupported"]) == 1
    assert "--allow-unsupported is about models, and specs alone are given" in capsys.readouterr().err


def test_fields_of_a_command_are_bounds(tmp_path, capsys):
    assert main(["rf", save(network(**FIXED), tmp_path), "--allow-unsupported", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert any("at most" in str(row["note"]) for row in rows)


def test_figures_say_that_costs_are_at_least(tmp_path):
    text = " ".join(text.string for text in gap(network(**FIXED), tmp_path).draw().diagram.texts())
    assert "Costs at least, fields at most: no rule for Fused" in text


def test_weights_that_a_branch_alone_reads_are_parameters(tmp_path):
    model = choice(np.array(False))
    assert ag.load(save(model, tmp_path)).params == numpy_helper.to_array(model.graph.initializer[0]).size
