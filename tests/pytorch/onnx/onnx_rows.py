"""A row per operator of ONNX: its attributes, and its operands, of which those in capitals are inputs of the graph."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

RANDOM = np.random.default_rng(0)


def floats(*shape: int) -> Any:
    """Positive numbers, so that logarithms and roots are numbers too."""
    return (RANDOM.random(shape) * 0.8 + 0.1).astype(np.float32)


def ints(*numbers: int) -> Any:
    return np.array(numbers, np.int64)


X, IMAGE, TOKENS = floats(1, 6, 8), floats(1, 4, 6, 6), floats(1, 5, 4)
TESTS, NUMBERS = floats(1, 6, 8) > 0.5, (floats(1, 6, 8) * 9).astype(np.int64)
HEADS = floats(1, 2, 5, 4)
Row = tuple[Mapping[str, Any], Sequence[Any]]
"""Attributes, and operands: the first is the input, the others stand in the file; None for one that is left out."""

ONE = """Abs Acos Asin Asinh Atan Ceil Celu Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid HardSwish
Identity IsInf IsNaN LeakyRelu Log LogSoftmax Mish Neg Reciprocal Relu Round Selu Shape Shrink Sigmoid Sign Sin
Sinh Size Softmax Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu Flatten Dropout""".split()  # noqa: SIM905
TWO = ["Add", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Mean", "Min", "Mul", "Pow",
       "Sub", "Sum"]  # fmt: skip
REDUCED = ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"]
BYTES, PICTURE = (X * 200).astype(np.uint8), (IMAGE * 200).astype(np.uint8)
ROWS_OF_BYTES, KERNELS = (floats(8, 3) * 20).astype(np.int8), (floats(5, 4, 3, 3) * 20).astype(np.int8)
STEPS_OF_IMAGE = [
    *(np.float32(0.02), np.uint8(3), KERNELS, floats(5) / 9, np.zeros(5, np.int8), np.float32(0.5), np.uint8(9)),
    np.array([30, -20, 0, 5, 90], np.int32),
]
STEPS = {"hidden_size": 3}


def step_weights(gates: int, ways: int = 1) -> list[Any]:
    return [floats(ways, gates * 3, 4) - 0.5, floats(ways, gates * 3, 3) - 0.5, floats(ways, gates * 6) - 0.5]


ROWS: dict[str, Row] = {
    **{name: ({}, [X]) for name in ONE},
    **{name: ({}, [X, floats(8)]) for name in TWO},
    **{f"Reduce{name}": ({"keepdims": 0}, [X, ints(1)]) for name in REDUCED},
    **{f"{name}: tests": ({}, [TESTS, TESTS[:, :1]]) for name in ("And", "Or", "Xor")},
    **{f"Bitwise{name}": ({}, [NUMBERS, NUMBERS[:, :1]]) for name in ("And", "Or", "Xor")},
    "GlobalAveragePool": ({}, [IMAGE]),
    "GlobalMaxPool": ({}, [IMAGE]),
    "Acosh": ({}, [X + 1]),
    "Atanh": ({}, [X]),
    "Not": ({}, [TESTS]),
    "BitwiseNot": ({}, [NUMBERS]),
    "ArgMax": ({"axis": 1}, [X]),
    "ArgMin": ({"axis": -1, "keepdims": 0}, [X]),
    "AveragePool": ({"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]}, [IMAGE]),
    "AveragePool: uneven": ({"kernel_shape": [2, 2], "pads": [0, 0, 1, 1]}, [IMAGE]),
    "AveragePool: same": ({"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"}, [IMAGE]),
    "BatchNormalization": ({}, [IMAGE, floats(4), floats(4), floats(4), floats(4)]),
    "Cast": ({"to": 7}, [X * 9]),
    "CastLike": ({}, [X * 9, ints(1)]),
    "Clip": ({}, [X, np.float32(0.3), np.float32(0.6)]),
    "Concat": ({"axis": 1}, [X, X]),
    "ConstantOfShape": ({}, [ints(2, 3)]),
    "Conv": ({"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]}, [IMAGE, floats(5, 4, 3, 3), floats(5)]),
    "Conv: same": ({"auto_pad": "SAME_LOWER", "strides": [2, 2], "kernel_shape": [3, 3]}, [IMAGE, floats(5, 4, 3, 3)]),
    "Conv: uneven, groups": ({"pads": [0, 1, 2, 1], "group": 2, "kernel_shape": [3, 3]}, [IMAGE, floats(6, 2, 3, 3)]),
    "ConvTranspose": (
        {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1], "kernel_shape": [3, 3]},
        [IMAGE, floats(4, 5, 3, 3)],
    ),
    "ConvTranspose: uneven": ({"pads": [0, 1, 1, 0], "kernel_shape": [3, 3]}, [IMAGE, floats(4, 5, 3, 3)]),
    "CumSum": ({"exclusive": 1, "reverse": 1}, [X, np.int64(1)]),
    "QuantizeLinear": ({}, [X, np.float32(0.01), np.uint8(3)]),
    "QuantizeLinear: usual": ({}, [X, np.float32(0.01)]),
    "QuantizeLinear: channels": ({"axis": 1}, [X, floats(6) / 50, NUMBERS[0, :, 0].astype(np.int8)]),
    "QuantizeLinear: blocks": ({"axis": 2, "block_size": 4}, [X, floats(1, 6, 2) / 50]),
    "DequantizeLinear": ({}, [BYTES, np.float32(0.1), np.uint8(3)]),
    "DequantizeLinear: channels": ({"axis": -1}, [BYTES, floats(8)]),
    "DequantizeLinear: blocks": ({"axis": 2, "block_size": 4}, [BYTES, floats(1, 6, 2)]),
    "DynamicQuantizeLinear": ({}, [X - 0.5]),
    "QLinearConv": ({"pads": [1, 1, 1, 1], "strides": [2, 2], "kernel_shape": [3, 3]}, [PICTURE, *STEPS_OF_IMAGE]),
    "QLinearMatMul": (
        {},
        [BYTES[0], *STEPS_OF_IMAGE[:2], ROWS_OF_BYTES, np.float32(0.1), np.int8(0), *STEPS_OF_IMAGE[5:7]],
    ),
    "MatMulInteger": ({}, [BYTES[0], ROWS_OF_BYTES, np.uint8(2), np.int8(1)]),
    "ConvInteger": ({"kernel_shape": [3, 3]}, [PICTURE, KERNELS, np.uint8(2)]),
    "DepthToSpace": ({"blocksize": 2}, [IMAGE]),
    "DepthToSpace: by channels": ({"blocksize": 2, "mode": "CRD"}, [IMAGE]),
    "Einsum": ({"equation": "bnc,co->bno"}, [X, floats(8, 3)]),
    "Expand": ({}, [X, ints(3, 6, 8)]),
    "EyeLike": ({"k": 1}, [X[0]]),
    "Gather": ({"axis": 1}, [X, ints(5, 0, -2)]),
    "Gather: table": ({}, [floats(4, 3), ints(2, 0, 1)]),
    "GatherElements": ({"axis": 1}, [X, NUMBERS % 6]),
    "GatherND": ({}, [X[0], np.array([[0, 1], [5, 7]])]),
    "Gemm": ({"transB": 1}, [X[0], floats(3, 8), floats(3)]),
    "Gemm: scaled": ({"alpha": 0.5, "beta": 2.0, "transA": 1}, [X[0], floats(6, 3), floats(3)]),
    "GridSample": ({}, [IMAGE, floats(1, 3, 2, 2)]),
    "GroupNormalization": ({"num_groups": 2}, [IMAGE, floats(4), floats(4)]),
    "GRU": ({**STEPS, "linear_before_reset": 1}, [TOKENS.transpose(1, 0, 2), *step_weights(3)]),
    "InstanceNormalization": ({}, [IMAGE, floats(4), floats(4)]),
    "LRN": ({"size": 3}, [IMAGE]),
    "LSTM": (STEPS, [TOKENS.transpose(1, 0, 2), *step_weights(4)]),
    "LSTM: both ways": ({**STEPS, "direction": "bidirectional"}, [TOKENS.transpose(1, 0, 2), *step_weights(4, 2)]),
    "LayerNormalization": ({"axis": 1}, [X, floats(6, 8), floats(6, 8)]),
    "LpNormalization": ({}, [X]),
    "MatMul": ({}, [X, floats(8, 3)]),
    "MaxPool": ({"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2], "ceil_mode": 1}, [IMAGE]),
    "Mod": ({"fmod": 1}, [X, floats(8)]),
    "NonZero": ({}, [np.array([[1.0, 0.0], [0.0, 2.0]], np.float32)]),
    "OneHot": ({}, [ints(1, 0, 2), np.int64(4), np.array([0.0, 1.0], np.float32)]),
    "PRelu": ({}, [IMAGE - 0.5, floats(4, 1, 1)]),
    "Pad": ({}, [X, ints(0, 1, 2, 0, 0, 1), np.float32(2)]),
    "Pad: reflected": ({"mode": "reflect"}, [IMAGE, ints(0, 0, 1, 2, 0, 0, 0, 1)]),
    "RMSNormalization": ({}, [X, floats(8)]),
    "RNN": (STEPS, [TOKENS.transpose(1, 0, 2), *step_weights(1)]),
    "Range": ({}, [np.int64(1), np.int64(9), np.int64(3)]),
    "Reshape": ({}, [X, ints(0, -1, 4)]),
    "Resize": ({"mode": "linear"}, [IMAGE, None, None, ints(1, 4, 9, 11)]),
    "Resize: factors": ({"mode": "linear"}, [IMAGE, None, np.array([1, 1, 1.6, 2.3], np.float32)]),
    "Resize: corners": (
        {"mode": "cubic", "coordinate_transformation_mode": "align_corners"}, [IMAGE, None, None, ints(1, 4, 9, 11)]
    ),
    "Resize: nearest": ({}, [IMAGE, None, None, ints(1, 4, 7, 9)]),
    "Resize: doubled": (
        {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        [IMAGE, None, np.array([1, 1, 2, 2], np.float32)],
    ),
    "ScatterElements": ({"axis": 1, "reduction": "add"}, [X, NUMBERS % 6, X]),
    "ScatterND": ({}, [X[0], np.array([[0], [5]]), X[0, :2]]),
    "Slice": ({}, [X, ints(1, -1), ints(6, -9), ints(1, 2), ints(2, -3)]),
    "SpaceToDepth": ({"blocksize": 2}, [IMAGE]),
    "Split": ({"axis": 1}, [X, ints(2, 4)]),
    "Squeeze": ({}, [X, ints(0)]),
    "Tile": ({}, [X, ints(1, 2, 3)]),
    "TopK": ({"axis": 1}, [X, ints(3)]),
    "Transpose": ({"perm": [0, 2, 1]}, [X]),
    "Trilu": ({"upper": 0}, [X, np.int64(1)]),
    "Unsqueeze": ({}, [X, ints(1, -1)]),
    "AffineGrid": ({}, [floats(1, 2, 3), ints(1, 3, 4, 5)]),
    "Attention": ({}, [HEADS, floats(1, 2, 7, 4), floats(1, 2, 7, 6)]),
    "Attention: grouped, causal": (
        {"q_num_heads": 4, "kv_num_heads": 2, "is_causal": 1}, [floats(1, 5, 16), floats(1, 5, 8), floats(1, 5, 8)]
    ),
    "Attention: masked, scaled": ({"scale": 0.3}, [HEADS, HEADS, HEADS, floats(5, 5)]),
    "Attention: window": ({"left_window_size": 1, "right_window_size": 2}, [HEADS, HEADS, HEADS]),
    "Attention: past": ({"is_causal": 1}, [HEADS, HEADS, HEADS, None, floats(1, 2, 3, 4), floats(1, 2, 3, 4)]),
    "BitShift": ({"direction": "RIGHT"}, [NUMBERS.astype(np.uint8), (NUMBERS[:, :1] % 3).astype(np.uint8)]),
    "CenterCropPad": ({"axes": [1, 2]}, [X, ints(3, 11)]),
    "Col2Im": ({"pads": [1, 1, 1, 1]}, [floats(1, 18, 25), ints(5, 5), ints(3, 3)]),
    "CumProd": ({"exclusive": 1}, [X, np.int64(-1)]),
    "Det": ({}, [floats(1, 3, 3)]),
    "Hardmax": ({}, [X]),
    "LpPool": ({"kernel_shape": [3, 3], "strides": [2, 2]}, [IMAGE]),
    "MeanVarianceNormalization": ({}, [IMAGE]),
    "NegativeLogLikelihoodLoss": ({"reduction": "sum"}, [floats(4, 3), ints(0, 2, 1, 1)]),
    "ReverseSequence": ({"batch_axis": 0, "time_axis": 1}, [floats(3, 4, 2), ints(4, 1, 3)]),
    "RotaryEmbedding": ({"num_heads": 2}, [floats(1, 5, 8), floats(1, 5, 2), floats(1, 5, 2)]),
    "RotaryEmbedding: pairs": ({"interleaved": 1}, [HEADS, floats(9, 2), floats(9, 2), ints(4, 0, 8, 1, 2)[None]]),
    "RotaryEmbedding: a part": (
        {"num_heads": 2, "rotary_embedding_dim": 4}, [floats(1, 5, 12), floats(1, 5, 2), floats(1, 5, 2)]
    ),
    "SoftmaxCrossEntropyLoss": ({}, [floats(4, 3, 2), np.array([[0, 2], [1, 1], [2, 0], [1, 2]])]),
    "SwiGLU": ({"alpha": 1.5}, [X, X]),
    "Where": ({}, [TESTS, X, floats(8)]),
}  # fmt: skip
OUTPUTS = {
    "Attention: past": 3,
    "SoftmaxCrossEntropyLoss": 2,
    "Split": 2,
    "TopK": 2,
    "DynamicQuantizeLinear": 3,
    "LSTM": 3,
    "LSTM: both ways": 3,
    "GRU": 2,
    "RNN": 2,
}
"""How many results an operator has, where there are several."""
INPUTS = {"Gather: table": 1}
"""Which operand is the input, where it is not the first."""
EXCUSED = {"Scatter": "the old name of ScatterElements", "Upsample": "left out of the standard: a test of its own"}
