"""Operations that a spec calls by PyTorch's names: what they cost, and what is wrong with their arguments."""

import pytest

import archgraph as ag
from archgraph.errors import ArchgraphError
from archgraph.ops.base import spec_fields
from archgraph.ops.catalogue import registry
from archgraph.spec.arguments import CONVERTERS
from archgraph.spec.operations import BY_TORCHS_NAMES, operations

HEAD = "archgraph: 1\nsymbols: {N: 5}\ninputs: {x: {n: N, c: 4}}\nnetwork:\n"
NORM = (
    "  - function: {name: pow, call: [_, 2]}\n  - reduce: {function: mean, over: c}\n"
    "  - function: {name: add, call: [_, 1e-06]}\n  - function: {name: rsqrt}\n  - multiply: [x, _]\n"
)


def test_every_one_is_in_the_file_that_it_is_said_to_be_in():
    for file, kinds in BY_TORCHS_NAMES.items():
        assert {operations()[kind].__module__ for kind in kinds} == {f"archgraph.ops.traced.{file}"}


@pytest.mark.parametrize("kind", operations())
def test_every_argument_can_be_written(kind):
    for field in spec_fields(registry()[kind]):
        annotation = str(field.type).removesuffix(" | None")
        assert annotation.startswith("Literal[") or annotation in CONVERTERS, field.name


def test_a_norm_that_is_written_out():
    g = ag.loads(HEAD + NORM)
    # 4 squares, 4 additions of the mean, 4 products, and one addition and root for each of the N positions.
    assert str(g.elementwise) == "14*N"
    assert ag.loads(g.to_spec()).elementwise == g.elementwise


@pytest.mark.torch
def test_a_norm_that_is_written_out_is_what_pytorch_computes():
    torch = pytest.importorskip("torch")
    module = ag.loads(HEAD + NORM).at(N=3).to_torch()
    x = torch.randn(2, 3, 4)
    assert torch.allclose(module(x), torch.nn.functional.rms_norm(x, (4,), eps=1e-6), atol=1e-6)


def test_a_table_that_is_looked_up_at_constant_places():
    steps = (
        "  - constant: {shape: {m: N}, dtype: int}\n    as: places\n  - gather: {axis: n}\n    from: [x, places]\n"
        '  - rearrange: {into: {c: [[m, 1, N], [c, 1, 4], ["", 1, 2]]}}\n'
    )
    g = ag.loads(HEAD + steps)
    assert [str(g.type(value.type)) for value in g.selected] == ["{c: 8*N}"]
    assert ag.loads(g.to_spec()).macs == g.macs == 0


@pytest.mark.torch
def test_a_move_by_a_name_that_no_spec_has_is_told():
    torch = pytest.importorskip("torch")

    class Shuffled(torch.nn.Module):
        def forward(self, x):
            return torch.channel_shuffle(x, 2)

    g = ag.trace(Shuffled(), torch.zeros(1, 4, 6, 6))
    assert [row.node.op.kind for row in g.rows()] == ["move"]
    with pytest.raises(ArchgraphError, match="no move 'channel_shuffle' x 1"):
        g.to_spec()


WRONG = {
    "function: {name: cosine}": "name must be one of abs, acos",
    "function: {name: coss}": "Did you mean 'cos'",
    "function: {name: mul, call: [_, half]}": "call has .* where a number or _ stands",
    "function: {name: mul, call: [_, _]}": "function mul takes 2 and has 1 operand",
    "function: {name: mul}": "function mul takes 2 and has 1 operand",
    "reduce: {function: system, over: c}": "function must be one of sum, mean",
    "reduce: {function: sum, over: h}": "no axis",
    "reduce: {function: median, over: [n, c]}": "median is over one axis, and here over 2",
    "move: {function: system, shape: {c: 1}}": "function must be one of argmax",
    "rearrange: {into: {c: [[n, 1]]}}": r"a digit of into is \[axis, stride, size\], and this has 2 parts",
    "rearrange: {into: {c: [[n, 1, N]]}}": "a rearrangement of .* elements uses .* of them",
    "subsample: {axis: n, step: 0}": "every 0-th of .* elements",
    "subsample: {axis: n, step: 1, stop: 9}": "every 1-th of .* elements from 0 to 9",
    "constant: {shape: {n: 0}}": "axis n of a constant has size 0",
}


@pytest.mark.parametrize("step", WRONG)
def test_a_wrong_argument_is_told(step):
    with pytest.raises(ArchgraphError, match=WRONG[step]):
        ag.loads(f"{HEAD}  - {step}\n")


def test_a_block_may_have_such_a_name():
    blocks = "blocks: {cast: {args: [width], do: [linear: {out: width}]}}\n"
    text = f"archgraph: 1\ninputs: {{x: {{n: 3, c: 4}}}}\n{blocks}network: [cast: {{width: 7}}]\n"
    assert ag.loads(text).at().macs == 3 * 4 * 7
