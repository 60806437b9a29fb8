"""Models of ONNX as bytes that tests write down by their nodes."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

VERSION = 23


def graph(nodes, inputs, outputs, stored=(), opset=VERSION, domains=()):
    kind = lambda value: helper.np_dtype_to_tensor_dtype(value.dtype) if hasattr(value, "dtype") else TensorProto.FLOAT  # noqa: E731
    taken = [
        helper.make_tensor_value_info(n, kind(v), list(v.shape) if hasattr(v, "shape") else v)
        for n, v in inputs.items()
    ]
    made = [helper.make_value_info(name, onnx.TypeProto()) for name in outputs]
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(name, 1) for name in domains)]
    held = [numpy_helper.from_array(np.asarray(value), name) for name, value in dict(stored).items()]
    return helper.make_model(helper.make_graph(nodes, "net", taken, made, held), opset_imports=opsets)


def save(model, tmp_path):
    place = tmp_path / "model.onnx"
    onnx.save(model, place)
    return str(place)
