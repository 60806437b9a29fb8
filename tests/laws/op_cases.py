"""Operations with operands, for the laws that all of them obey: the examples, and what they leave out."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, NamedTuple

from sympy import Expr, Integer, Rational

from archgraph.ops.arguments import Named
from archgraph.ops.base import Op, Types
from archgraph.ops.catalogue import registry
from archgraph.sizes.types import TensorType, tensor

VALUATIONS = ((2, 3, 4, 5, 6), (3, 2, 5, 4, 1))


class Case(NamedTuple):
    op: Op
    types: Types

    def __str__(self) -> str:
        arguments = ",".join(f"{name}={value}" for name, value in self.op.arguments.items())
        return f"{self.op.kind}[{arguments}]({', '.join(map(str, self.types))})".replace(" ", "")


def substitute(item: Any, values: dict) -> Any:
    """Replace symbols by numbers, anywhere inside of operations, types and facts."""
    if isinstance(item, Expr):
        return item.xreplace(values)
    if isinstance(item, Named):
        return Named(tuple(substitute(list(item), values)))
    if isinstance(item, (tuple, list)):
        return type(item)([substitute(part, values) for part in item])
    if isinstance(item, dict):
        return {key: substitute(part, values) for key, part in item.items()}
    if is_dataclass(item) and not isinstance(item, type):
        return replace(item, **{f.name: substitute(getattr(item, f.name), values) for f in fields(item)})
    return item


def free_symbols(item: Any) -> set:
    """Return the symbols anywhere inside."""
    if isinstance(item, Expr):
        return item.free_symbols
    if isinstance(item, (tuple, list)):
        return set().union(*map(free_symbols, item))
    if is_dataclass(item):
        return set().union(*(free_symbols(getattr(item, f.name)) for f in fields(item)))
    return set()


def valuations(op: Op, types: Types) -> Iterator[dict]:
    """Yield numbers for the symbols of an example."""
    symbols = sorted(free_symbols((op, types)), key=str)
    for numbers in VALUATIONS:
        yield {symbol: Integer(numbers[index % len(numbers)]) for index, symbol in enumerate(symbols)}


def kinds() -> list[str]:
    return sorted(registry())


def examples() -> list[Case]:
    return [Case(*registry()[kind].example()) for kind in kinds()]


def numeric_examples() -> list[Case]:
    cases = []
    for op, types in examples():
        cases += [Case(substitute(op, values), substitute(types, values)) for values in valuations(op, types)]
    return list(dict.fromkeys(cases))


def _argument(value: Any) -> Any:
    if isinstance(value, (bool, str, Expr)) or value is None:
        return value
    if isinstance(value, dict):
        return Named({name: _argument(item) for name, item in value.items()})
    return tuple(map(_argument, value)) if isinstance(value, (list, tuple)) else Integer(value)


def case(kind: str, *types: TensorType, parts: int | None = None, **arguments: Any) -> Case:
    given = {name: _argument(value) for name, value in arguments.items()}
    return Case(registry()[kind](**given, **({} if parts is None else {"parts": parts})), types)  # type: ignore


def t(**axes: int) -> TensorType:
    return tensor(**axes)


IMAGE = t(c=4, h=6, w=5)
LAST = t(h=6, w=5, c=4)
VOLUME = t(c=4, d=4, h=4, w=3)
TOKENS = t(n=6, c=8)
SIGNAL = t(c=4, n=7)
VECTOR = t(c=4)
MIDDLE = t(h=5, c=4, w=3)
VOLUME_LAST = t(d=3, h=4, w=3, c=4)
HALF = Rational(1, 2)
AWAY = (TOKENS, MIDDLE, VOLUME_LAST)
"""Channels that do not stand first."""

CONVOLUTIONS = [
    case("conv", SIGNAL, out=3, kernel=3),
    case("conv", VOLUME, out=2, kernel=3, padding="same"),
    case("conv", IMAGE, out=6, kernel=3, stride=2, padding=1, groups=2),
    case("conv", IMAGE, out=4, kernel=3, padding="same", groups=4, bias=False),
    case("conv", IMAGE, out=2, kernel=2, dilation=3, padding=2),
    case("conv", IMAGE, out=2, kernel={"h": 3, "w": 1}, stride=[2, 1], padding={"before": 1, "after": 0}),
    case("conv", IMAGE, out=2, kernel=3, padding={"h": [0, 2], "w": 1}),
    case("conv", LAST, out=3, kernel=3, padding=1),
    case("conv", t(h=5, c=3, w=4), out=3, kernel=3, padding={"before": 0, "after": 1}),
    *(case(kind, operand, out=3, kernel=2) for operand in AWAY for kind in ("conv", "conv_transpose")),
    *(case("conv", operand, out=6, kernel=3, padding=1, groups=2, standardise=True) for operand in (IMAGE, SIGNAL)),
    case("conv", LAST, out=3, kernel=3, padding={"before": 1, "after": 0}, standardise=True, bias=False),
    case("conv_transpose", SIGNAL, out=3, kernel=4, stride=2, padding=1),
    case("conv_transpose", VOLUME, out=2, kernel=2, stride=2),
    case("conv_transpose", IMAGE, out=6, kernel=3, stride=2, padding=1, output_padding=1, groups=2),
    case("conv_transpose", IMAGE, out=3, kernel=2, stride=3, dilation=2, bias=False),
    case("conv_transpose", IMAGE, out=3, kernel=3, stride=2, padding={"before": 1, "after": 0}),
    case("conv_transpose", LAST, out=3, kernel=2, stride=2),
]
POOLS = [
    case(kind, operand, **arguments)
    for kind in ("max_pool", "avg_pool")
    for operand, arguments in [
        (SIGNAL, {"kernel": 3, "stride": 2, "padding": 1}),
        (VOLUME, {"kernel": 2}),
        (IMAGE, {"kernel": 3, "stride": 2, "padding": 1, "ceil": True}),
        (IMAGE, {"kernel": 2, "ceil": True}),
        (IMAGE, {"kernel": 1, "stride": 3, "ceil": True}),
        (IMAGE, {"kernel": 2, "stride": 3, "padding": 1, "ceil": True}),
        (IMAGE, {"kernel": 3, "stride": 1, "padding": {"before": 0, "after": 2}}),
        (LAST, {"kernel": 2}),
        (TOKENS, {"kernel": 2}),
        (MIDDLE, {"kernel": 2}),
        (VOLUME_LAST, {"kernel": 2}),
    ]
]
NORMS = [
    *(case("batch_norm", operand, affine=affine) for operand in (SIGNAL, VOLUME, LAST) for affine in (True, False)),
    case("batch_norm", VECTOR),
    *(case("batch_norm", operand, running=True) for operand in (IMAGE, TOKENS, VECTOR)),
    *(case(kind, operand) for operand in AWAY for kind in ("batch_norm", "instance_norm", "layer_norm", "rms_norm")),
    *(case("group_norm", operand, groups=2) for operand in AWAY),
    *(case("instance_norm", operand) for operand in (SIGNAL, VOLUME, LAST)),
    case("instance_norm", IMAGE, affine=False),
    *(case("group_norm", operand, groups=2) for operand in (SIGNAL, IMAGE, VOLUME, LAST, VECTOR)),
    case("group_norm", IMAGE, groups=4, affine=False),
    *(case("layer_norm", operand) for operand in (VECTOR, LAST, TOKENS, IMAGE)),
    case("layer_norm", TOKENS, bias=False),
    case("layer_norm", TOKENS, affine=False),
    *(case("group_norm", VOLUME, groups=2, over=over) for over in (["h", "w"], "d", ["w", "h", "d"])),
    *(case("group_norm", t(d=3, c=4, h=4, w=3), groups=2, over=["h", "w"], affine=affine) for affine in (True, False)),
    case("group_norm", VOLUME_LAST, groups=4, over=["h", "w"]),
    *(case("instance_norm", VOLUME, over=over) for over in (["h", "w"], "d", ["w", "h", "d"])),
    *(case("instance_norm", t(d=3, c=4, h=4, w=3), over=["h", "w"], affine=affine) for affine in (True, False)),
    case("instance_norm", VOLUME_LAST, over=["h", "w"]),
    *(case("layer_norm", IMAGE, over=over) for over in (["c", "h", "w"], ["h", "w"], "w", ["w", "c"])),
    case("layer_norm", VOLUME_LAST, over=["h", "c"], bias=False),
    case("layer_norm", TOKENS, over="n", affine=False),
    case("rms_norm", TOKENS, heads=2),
    case("rms_norm", IMAGE, affine=False),
    case("global_response_norm", LAST),
]
ARITHMETIC = [
    case("add", VECTOR, IMAGE, LAST),
    case("add", t(h=6, w=5), VECTOR),
    case("add", IMAGE, constant=3),
    case("add", TOKENS, t(c=8), constant=-1),
    case("multiply", VECTOR, IMAGE, LAST),
    case("multiply", IMAGE, IMAGE),
    case("multiply", t(h=6, w=5), VECTOR),
    case("multiply", IMAGE, constant=HALF),
    case("multiply", VECTOR, IMAGE, constant=-3),
    case("add", IMAGE, VECTOR, constant=HALF),
    *(case("divide", *operands) for operands in ((IMAGE, VECTOR), (VECTOR, LAST), (TOKENS, TOKENS))),
    case("linear", VECTOR, out=3, bias=False),
    case("linear", IMAGE, out=3),
    case("linear", TOKENS, out=3, bias=False),
    case("linear", LAST, out=3),
    case("softmax", TOKENS, axis="n"),
    case("softmax", IMAGE, axis="w"),
    case("gelu", TOKENS, approximate="tanh"),
]
REARRANGEMENTS = [
    case("concat", IMAGE, IMAGE, t(c=1, h=6, w=5)),
    case("concat", t(c=8), TOKENS, axis="n"),
    case("concat", TOKENS, t(c=8, n=3), axis="n"),
    case("concat", LAST, IMAGE),
    case("crop_like", t(c=2, h=9, w=6), t(c=5, w=4, h=6)),
    case("split", TOKENS, sizes=[1, 5, 2]),
    case("split", IMAGE, parts=2),
    case("pixel_shuffle", t(c=8, n=3), factor=4),
    case("pixel_shuffle", t(c=8, d=2, h=3, w=2), factor=2),
    case("pixel_shuffle", t(h=2, w=3, c=12), factor=[2, 3]),
    case("pixel_unshuffle", t(c=2, n=12), factor=4),
    case("pixel_unshuffle", t(h=4, w=6, c=3), factor=2),
    case("flatten", IMAGE, axes=["h", "w"], into="n"),
    case("flatten", LAST, axes=["w", "h"], into="n"),
    case("flatten", t(h=6, c=3, w=5), axes=["h", "w"], into="n"),
    case("flatten", IMAGE, axes=["c", "h", "w"], into="c"),
    case("unflatten", t(n=12, c=2), axis="n", into={"h": 4, "w": 3}),
    case("rename", IMAGE, axis="h", to="x"),
    case("pad", IMAGE, by=1),
    *(case("pad", IMAGE, by=1, mode=mode) for mode in ("reflect", "replicate", "circular")),
    *(case("pad", operand, by=1, value=-HALF) for operand in (IMAGE, LAST)),
    case("pad", LAST, by={"h": [1, 2], "w": 0}),
    case("pad", LAST, by={"h": [1, 2]}),
    case("crop", IMAGE, by={"before": 1, "after": 2}),
    case("slice", TOKENS, axis="n", start=2, size=3),
    case("slice", TOKENS, axis="c", start=2, size=3),
    case("take", TOKENS, axis="n", index=2),
    case("roll", LAST, by=[1, 2]),
]
RESAMPLING = [
    case("upsample", SIGNAL, factor=3),
    case("upsample", LAST, factor=2),
    case("upsample", IMAGE, factor=2, mode="linear"),
    case("upsample", VOLUME, factor=2, mode="linear"),
    case("upsample", SIGNAL, factor=3, mode="linear", align_corners=True),
    case("adaptive_avg_pool", IMAGE, size=[4, 2]),
    case("adaptive_avg_pool", SIGNAL, size=3),
    case("adaptive_max_pool", VOLUME, size=2),
    case("max_pool", IMAGE, kernel=2, dilation=2, stride=1),
    case("global_avg_pool", LAST, over="h"),
    case("global_max_pool", VOLUME, over=["d", "w"]),
    case("broadcast_like", t(c=4, w=5), IMAGE),
]
SOURCES = [
    case("parameter", IMAGE, status="frozen"),
    case("parameter", shape={"c": 2}, unused=True),
    case("parameter", shape={"n": 3, "c": 2}, status="buffer"),
    case("embedding", tensor("int"), count=5, out=3),
    case("embedding", tensor("int", h=2, w=3), count=5, out=3),
    case("sinusoid", t(n=3), out=4),
]
ATTENTION = [
    case("scaled_dot_product_attention", *operands, **arguments)
    for operands, arguments in [
        ((TOKENS, TOKENS, TOKENS), {"heads": 4}),
        ((t(c=4, h=3, w=2),) * 3, {"heads": 2}),
        ((t(h=2, w=3, c=4), t(n=5, c=4), t(c=6, n=5)), {"heads": 2}),
        ((t(c=8), TOKENS, TOKENS), {"heads": 2}),
        ((TOKENS, t(n=6, c=4), t(n=6, c=4)), {"heads": 4, "kv_heads": 2}),
        ((TOKENS,) * 3, {"heads": 2, "causal": True}),
        ((TOKENS,) * 3, {"heads": 1}),
        *(((TOKENS,) * 3, {"heads": 2, "causal": True, "span": span}) for span in (1, 3, 9)),
        ((TOKENS,) * 3, {"heads": 2, "causal": True, "span": 2, "written": "plain"}),
        ((TOKENS, t(m=6, c=8), t(m=6, c=8)), {"heads": 2, "causal": True, "span": 2}),
        *(
            ((TOKENS,) * 3, {"heads": 2, "written": form, **more})
            for form in ("plain", "queries", "keys", "both")
            for more in ({}, {"causal": True}, {"causal": True, "masked": 36, "factors": 1}, {"masked": 6})
        ),
        ((TOKENS, t(n=6, c=4), t(n=6, c=4)), {"heads": 4, "kv_heads": 2, "written": "plain"}),
        ((t(c=4, h=3, w=2),) * 3, {"heads": 2, "written": "plain"}),
        ((t(c=8), t(n=1, c=8), t(n=1, c=8)), {"heads": 2}),
        ((t(c=4, h=3, w=4),) * 3, {"heads": 2, "over": "h"}),
        ((t(h=3, w=4, d=2, c=4),) * 3, {"heads": 2, "over": ["d", "w"]}),
        ((t(c=4, h=4, w=6),) * 3, {"heads": 2, "window": 2}),
        ((t(h=4, w=6, c=4),) * 3, {"heads": 2, "window": [4, 3], "relative_bias": True}),
        ((t(h=4, w=6, c=4),) * 3, {"heads": 2, "window": 2, "shift": 1}),
        ((t(n=4, c=4), t(n=4, c=4), t(n=4, c=6), t(n=3, c=4), t(n=3, c=4), t(n=3, c=6)), {"heads": 2}),
    ]
]
OTHERS = [
    case("einsum", t(n=3, c=4), t(n=3, m=2), over="n"),
    case("einsum", t(n=3, m=2), t(c=4, m=2), over="m"),
    case("einsum", t(n=3, c=4), t(c=4, d=2, n=3), over=["c", "n"]),
    case("rotary", t(h=2, w=3, c=8), heads=2),
    case("rotary", t(c=8, n=5), heads=1),
    case("cumulate", TOKENS, axis="n", function="cumprod"),
    case("cumulate", TOKENS, axis="n", function="logcumsumexp"),
    case("cumulate", TOKENS, axis="n", function="cumprod", dtype="float64"),
    case("cross", t(n=2, h=3, c=3), t(h=3, c=3)),
    case("cross", t(n=3, c=4), t(n=3, c=4), axis="n"),
    case("extrema", t(n=3, h=2, c=4), over=["h", "c"]),
    case("distances", t(n=3, c=4), t(m=2, c=4), p=1),
    case("distances", t(d=2, n=3, c=4), t(d=2, m=5, c=4), product=True),
    case("distances", t(c=3, n=4), t(m=5, n=4), over="n"),
    case("reduce", TOKENS, function="prod", over=["n"], dtype="float64"),
    case("reduce", TOKENS, function="sum", over=["n"], dtype="float64"),
]
EXTRA = [
    *CONVOLUTIONS,
    *POOLS,
    *NORMS,
    *ARITHMETIC,
    *REARRANGEMENTS,
    *RESAMPLING,
    *SOURCES,
    *ATTENTION,
    *OTHERS,
]


def cases() -> list[Case]:
    return [*numeric_examples(), *EXTRA]
