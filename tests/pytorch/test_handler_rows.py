"""Every operator that a trace knows against PyTorch: shapes, weights, MACs, saved bytes, and what every position reads.

A row per operator, in several settings: contiguous and strided values, single and double precision.
"""

from __future__ import annotations

from contextlib import contextmanager

import pytest

import archgraph as ag
from archgraph.data import table
from archgraph.pytorch.trace.handlers.indexing import SOURCES
from archgraph.pytorch.trace.registry import HANDLERS

torch = pytest.importorskip("torch")
from handler_rows import LAYERS, NAMES, ROWS  # noqa: E402
from perturbing import places_read  # noqa: E402  it needs torch

from archgraph.pytorch.verify.original import KeptStorages  # noqa: E402
from tests.differential.output_axes import readings  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:LSTM with projections"),
    pytest.mark.filterwarnings("ignore:index_reduce.. is in beta"),
]
torch.set_num_threads(1)

ALL = {**ROWS, **NAMES, **LAYERS}
SAVED_DIFFERS = {
    "col2im": "the CPU's kernel works in a buffer twice as large, which the result lies in",
    "native_dropout": "called by this name, it makes a mask of ones in evaluation mode too",
}
"""Rows where our bytes are another number, and why."""
_COMPLEX = ("_conj", "_fft_c2c", "_fft_c2r", "_fft_r2c", "complex", "conj_physical", "polar", "view_as_complex")
SINGLE = dict.fromkeys((*_COMPLEX, "view_as_real"), "complex numbers are counted in single precision")
"""Operators whose bytes are right in single precision only, and why."""
SOURCES_ONLY = frozenset(
    [
        *SOURCES,
        "bernoulli",
        "bucketize",
        "nonzero",
        "exponential_",
        "normal_",
        "one_hot",
        "searchsorted",
        "uniform_",
        "constant",
    ]
)
"""Operators that make values of nothing, or places of values."""
REFUSED = {"masked_select": "how many it gives depends on the values"}
WITHOUT_CALL = {
    "_native_batch_norm_legit_no_training": "batch_norm as export takes it apart; so",
    "cudnn_batch_norm": "on a GPU alone",
    "_weight_norm_interface": "what `_weight_norm` calls",
    "requires_grad_": "changes no value",
    "native_channel_shuffle": "what `channel_shuffle` calls",
    "feature_alpha_dropout": "as `feature_dropout`",
    "_grouped_mm": "takes rows in an order that a router decides, as tests of its own have it",
    "transformers::grouped_mm_fallback": "as `_grouped_mm`, of a library",
    "embedding_bag": "takes numbers of learned rows, as a test of its own has it",
    "_embedding_bag": "what `embedding_bag` calls",
    "written_into": "what a write through a view does to what it is a view of",
    "attention": "what a module writes out: a pattern of other operators",
    "half": "a row calls it `half`: `to` of a type",
}
"""Names that no row can call, and why."""


class Net(torch.nn.Module):
    """A row on the result of a layer, and on the input."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(8, 8)
        self.row = LAYERS[name]() if name in LAYERS else ALL[name]

    def before(self, x):
        return self.layer(x)

    def forward(self, x):
        h = self.before(x)
        return self.row(h) if isinstance(self.row, torch.nn.Module) else self.row(h, x)


class Strided(Net):
    """The same, where the result of the layer lies in memory column by column."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.layer = torch.nn.Conv1d(8, 8, 1)

    def before(self, x):
        return self.layer(x.transpose(1, 2)).transpose(1, 2)


def built(kind, name: str, dtype):
    """Return a module of a row, its input and its result; None where PyTorch cannot run it in a further setting."""
    torch.manual_seed(0)
    net, x = kind(name).eval().to(dtype), torch.rand(1, 6, 8, dtype=dtype) * 0.8 + 0.1
    try:
        return net, x, net(x)
    except RuntimeError:
        assert (kind, dtype) != (Net, torch.float32)
        return None


@contextmanager
def own_kernels():
    """Another library may compute recurrent layers on a CPU: its memory is its own, and its products go uncounted."""
    before = torch.backends.mkldnn.enabled
    torch._C._set_mkldnn_enabled(False)
    try:
        yield
    finally:
        torch._C._set_mkldnn_enabled(before)


def measured(net, x) -> dict[str, int]:
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    kept = KeptStorages(net.state_dict(keep_vars=True))
    with kept.hooks(), sdpa_kernel(SDPBackend.MATH), own_kernels(), FlopCounterMode(display=False) as counter:
        result = net(x)
    saved = kept.bytes()
    assert result is not None
    params = sum(parameter.numel() for parameter in net.parameters())
    return {"params": params, "macs": counter.get_total_flops() // 2, "saved_bytes": saved}


SETTINGS = ((Net, torch.float32), (Strided, torch.float32), (Net, torch.float64))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.filterwarnings("ignore:what autograd keeps")  # what it keeps is measured here
def test_counts_of_an_operator(name):
    for kind, dtype in SETTINGS[:2] if name.partition(":")[0] in SINGLE else SETTINGS:
        made = built(kind, name, dtype)
        if made:
            check_counts(name, *made)


def check_counts(name, net, x, result) -> None:
    g = ag.trace(net, x)
    (out,) = g.outputs.values()
    assert sorted(int(n) for _, n in out.axes if int(n) != 1) == sorted(n for n in _sizes(result, out) if n != 1)
    numbers, right = g.at(), measured(net, x)
    said = {metric: int(getattr(numbers, metric)) for metric in right}
    if name in SAVED_DIFFERS:
        assert said.pop("saved_bytes") != right.pop("saved_bytes")
    right["macs"] += COUNTER_LEAVES_OUT.get(name, ("", 0))[1]
    assert said == right, type(net).__name__


VECTOR, STACK = "products with a vector (mv, dot, addmv)", "sums of a stack of products (addbmm)"
THREE, GRIDS = "products of three factors (bilinear layers)", "Euclidean distances by products, and affine grids"
COUNTER_LEAVES_OUT = {
    "mv": (VECTOR, 6 * 8),
    "dot": (VECTOR, 8),
    "vdot": (VECTOR, 8),
    "addmv": (VECTOR, 6 * 8),
    "addbmm": (STACK, 6 * 6 * 8),
    "affine_grid_generator": (GRIDS, 4 * 6 * 2 * 3),
    "affine_grid_generator: odd": (GRIDS, 3 * 5 * 2 * 3),
    "affine_grid_generator: space": (GRIDS, 4 * 6 * 2 * 3 * 4),
    "_euclidean_dist": (GRIDS, 6 * 4 * 8),
    "_euclidean_dist: both": (GRIDS, 6 * 6 * 8),
    "_trilinear": (THREE, 6 * 3 * (8 * 8 + 8)),
}
"""Rows where PyTorch's counter has less, why, and by how much: of all others it has what we count."""


@pytest.mark.parametrize("name", ["flopcounter", "flopcounter-cpu"])
def test_what_the_counter_leaves_out_is_named(name):
    """Whoever asks what it prints is told, in the words of the table above; LSTMs of another library, too."""
    notes = " ".join(table("tools")[name]["notes"])
    for reason, _ in COUNTER_LEAVES_OUT.values():
        assert f"it leaves out {reason}" in notes
    assert ("LSTMs that oneDNN computes" in notes) == (name == "flopcounter-cpu")


def test_rows_that_the_counter_leaves_out_are_rows():
    assert set(ALL) >= set(COUNTER_LEAVES_OUT)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_a_bag_of_learned_rows(mode):
    net = torch.nn.Sequential(torch.nn.EmbeddingBag(20, 8, mode=mode), torch.nn.Linear(8, 3))
    g = ag.trace(net, torch.randint(0, 19, (1, 6)))
    assert (g.params, g.macs) == (20 * 8 + 8 * 3 + 3, 8 * 3)
    assert [int(n) for n in g.receptive_field().axes["n"].map.phases[0]] == list(range(6))


def _sizes(result, out) -> list[int]:
    """The sizes of a result; a dimension that two axes make up counts as both."""
    assert result.numel() == out.numel
    sizes = [int(n) for _, n in out.axes]
    return (
        list(result.shape) if sorted(n for n in result.shape if n != 1) == sorted(n for n in sizes if n != 1) else sizes
    )


FIELD_REFUSED: frozenset[str] = frozenset()
"""Operators of which no field is known yet, in some of their uses: the set may only shrink."""
FIELD_LARGER: frozenset[str] = frozenset()
"""Rows whose field is said to be exact and is larger: the set may only shrink."""
SELDOM = frozenset(
    """
    all count_nonzero eq isfinite isinf isnan isneginf isposinf logical_and logical_not logical_or logical_xor ne
    not_equal
    """.split()  # noqa: SIM905  names
)
"""Operators that give the same whatever stands where they read, but for a few values."""


@pytest.mark.parametrize("name", ALL)
def test_every_position_reads_what_changes_it(name):
    net, x, result = built(Net, name, torch.float64)
    with torch.no_grad():
        weight = net.layer.weight
        weight.copy_(torch.softmax(weight * 4, -1))
        net.layer.bias.zero_()
    try:
        wrong = wrong_fields(ag.trace(net, x), net, x, result)
    except ag.ArchgraphError:
        wrong = "refused"
    called = name.partition(":")[0]
    assert (wrong == "refused") == (called in FIELD_REFUSED)
    if wrong != "refused" and called not in SELDOM:
        assert bool(wrong) == (called in FIELD_LARGER), wrong


def test_what_is_refused_is_in_the_table():
    assert {name.partition(":")[0] for name in ALL} >= FIELD_REFUSED | FIELD_LARGER | SELDOM


def wrong_fields(g, net, x, result) -> list[str]:
    """Return the positions whose field is another one, under the reading of the axes that fits best."""
    (source,), (out,) = g.inputs.values(), g.outputs.values()
    field = g.receptive_field()
    with torch.no_grad():
        reads = places_read(net, tuple(x.shape), source.names.index("c") + 1)
    found = [
        [text for index, given in reading.pairs if (text := differs(field, given, union(reads, index)))]
        for reading in readings(out, tuple(result.shape[1:]), field.outputs, list)
    ]
    return min(found, key=len, default=[f"no dimensions of {tuple(result.shape)} are the axes {out}"])


def union(reads, index) -> set:
    return {
        place
        for at, places in reads.items()
        if all(i in some for i, some in zip(at, index, strict=True))
        for place in places
    }


def differs(field, given, right) -> str:
    """Return what is wrong of what a position reads: all kinds together are what changes it, content is some of it."""
    every, content = field.probe("stat", **given), field.probe(**given)
    said = set(every)
    good = (said == right if every.exact else said >= right) and set(content) <= said
    return "" if good else f"{dict(given)}: {sorted(said)}, changed by {sorted(right)}"


def test_every_operator_has_a_row():
    rows = {name.partition(":")[0] for name in ALL}
    excused = SOURCES_ONLY | set(REFUSED) | set(WITHOUT_CALL)
    missing = {name for name in HANDLERS if name not in rows and name.rstrip("_") not in rows}
    assert missing - excused == set()


@pytest.mark.parametrize("name", REFUSED)
def test_what_depends_on_values_is_refused(name):
    class Selected(torch.nn.Module):
        def forward(self, x):
            return torch.masked_select(x, x > 0.5)[None]

    with pytest.raises(ag.ArchgraphError):
        ag.trace(Selected(), torch.rand(1, 6, 8))
