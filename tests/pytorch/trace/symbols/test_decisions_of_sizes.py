"""Code that decides by what it computes of sizes: a law holds where it decides the same, or says that nobody knows."""

from __future__ import annotations

import copy
import itertools
import math
import operator
import pickle
from decimal import Decimal
from fractions import Fraction
from math import gcd

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import numpy as np  # noqa: E402
from torch import nn  # noqa: E402

import archgraph as ag  # noqa: E402
from archgraph.sizes.conventions import Convention  # noqa: E402

WIDE, NARROW = 3, 1
KNOWN = range(1000)
SIZES = (10, 11, 20, 49, 70, 100, 128, 199, 201, 203, 256, 300, 400, 600)


def is_long(n: int) -> bool:
    return n > 200


class Window(nn.Module):
    """Attention within a distance of each position, which is wide where the length says so."""

    def __init__(self, decides) -> None:
        super().__init__()
        self.decides = decides

    def width(self, length):
        return WIDE if self.decides(length) else NARROW

    def forward(self, x):
        places = torch.arange(x.shape[1])
        near = (places[:, None] - places).abs() <= self.width(x.shape[1])
        return (x @ x.transpose(1, 2)).masked_fill(~near, float("-inf")).softmax(-1) @ x


def traced(decides):
    return ag.trace(Window(decides), torch.zeros(1, 10, 2), dynamic={"x": {1: "n"}})


FOLLOWED = {
    "no_rest": lambda n: not n % 100,
    "rest_beyond_all_recordings": lambda n: n % 300 == 0,
    "rest_within_them": lambda n: n % 7 == 0,
    "rest_of_a_sum": lambda n: (2 * n + 1) % 401 == 0,
    "quotient": lambda n: n // 100 > 0,
    "quotient_and_rest": lambda n: divmod(n, 200)[0],
    "of_a_number": lambda n: 60_000 // n < 300,
    "half": lambda n: n / 2 > 100,
    "half_by_a_fraction": lambda n: n * 0.5 > 100.3,
    "ratio_of_sizes": lambda n: n / (n + 100) > 0.7,
    "rounded_up": lambda n: math.ceil(n / 4) > 50,
    "rounded_down": lambda n: math.floor(n / 4) >= 50,
    "square": lambda n: n**2 > 40_000,
    "far_from": lambda n: -n < -200,
    "smaller_one": lambda n: min(n, 200) == 200,
    "one_of_them": lambda n: n in (128, 256),
    "complement": lambda n: ~n < -200,
    "product": lambda n: math.prod([n, n, 2]) > 80_000,
    "numerator": lambda n: n.numerator > 200,
    "half_of_it": lambda n: 0.5 * n > 100.3,
    "part_of_one": lambda n: 1.0 / n < 0.005,
    "of_itself": lambda n: isinstance(n, int) and n.__class__ is int and n > 200,
    "number_of_numpy": lambda n: n > np.int64(200) and np.int64(300) < n,
    "fraction_of_numpy": lambda n: n * np.float64(0.5) > 100.3,
    "copied": lambda n: copy.deepcopy(n) > 200,
    "sum_of_all": lambda n: sum([n, n]) > 400,
}
UNFOLLOWED = {
    "bit": lambda n: n & 256,
    "bits": lambda n: n.bit_length() > 9,
    "nearest": lambda n: round(n / 4) > 50,
    "root": lambda n: math.sqrt(n) > 20,
    "power": lambda n: n**0.5 > 20,
    "common_divisor": lambda n: math.gcd(n, 400) == 400,
    "distance": lambda n: math.hypot(n, 1) > 200,
    "sum": lambda n: math.fsum([n, 1]) > 200,
    "close": lambda n: math.isclose(n, 300),
    "only_the_smallest": lambda n: n & (n - 1) != 0 or n > 200,
    "whole": lambda n: (n / 300).is_integer(),
    "of_a_root": lambda n: torch.tensor(n).sqrt().item() > 20,
}
FORGOTTEN = {
    "whole_number": lambda n: int(n) % 300 == 0,
    "cut": lambda n: int(n / 9) > 30,
    "fraction": lambda n: float(n) > 200.5,
    "text": lambda n: str(n) == "300",
    "formatted": lambda n: len(f"{n}/2") > 4,
    "name": lambda n: {"300": 1}.get(repr(n)),
    "ratio": lambda n: n.as_integer_ratio()[0] > 200,
    "bytes": lambda n: n.to_bytes(2, "big")[0],
    "ones": lambda n: n.bit_count() > 12,
    "count": lambda n: len(range(n - 200)) > 0,
    "turns": lambda n: [turn for turn in range(n) if turn > 200],
    "end_of_a_list": lambda n: KNOWN[:n][-1] > 200,
    "place_in_a_list": lambda n: KNOWN[n] > 200,
    "times": lambda n: len([0] * n) > 200,
    "times_a_list": lambda n: len(n * [0]) > 200,
    "times_text": lambda n: len(n * "0") > 200,
    "index": lambda n: operator.index(n) > 200,
    "zeros": lambda n: len(bytes(n)) > 200,
    "letter": lambda n: chr(n) > chr(200),
    "first_of_many": lambda n: len(list(itertools.islice(KNOWN, n))) > 200,
    "under_another_name": lambda n: gcd(n, 400) == 400,
    "elements": lambda n: torch.Size([n, 2]).numel() > 400,
    "rows": lambda n: len(torch.empty(n, 1)) > 200,
    "part": lambda n: n > Fraction(401, 2),
    "decimal": lambda n: Decimal(2) * n > 400,
    "complex": lambda n: (1j * n).imag > 200,
    "places_of_numpy": lambda n: np.arange(n)[-1] > 200,
    "root_of_numpy": lambda n: np.sqrt(n) > 15,
    "times_numpy": lambda n: (np.array([1, 2]) * n).sum() > 600,
    "single_of_numpy": lambda n: n * np.float32(0.5) > 100,
    "saved": lambda n: pickle.loads(pickle.dumps(n)) > 200,
    "larger_of_two": lambda n: torch.sym_max(n, 200) > 200,
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_a_law_ends_where_the_code_decides_otherwise(name):
    module = Window(FOLLOWED[name])
    g = traced(FOLLOWED[name])
    assert not any(isinstance(fact, Convention) for fact in g.assumptions)
    answered = 0
    for size in SIZES:
        try:
            field = g.at(n=size).receptive_field().n
        except ag.ArchgraphError as error:
            assert "under the condition that" in str(error) or "must be a multiple of" in str(error)
            continue
        answered += 1
        assert field.size_max == 2 * module.width(size) + 1, size
    assert answered


@pytest.mark.parametrize("name", UNFOLLOWED)
def test_what_is_not_followed_is_said(name):
    told = [str(fact) for fact in traced(UNFOLLOWED[name]).assumptions]
    assert len(told) == 1
    assert "test_decisions_of_sizes.py" in told[0]
    assert told[0].endswith("compares a number without a law; what comes out is taken to be the same at all sizes")


@pytest.mark.parametrize("name", FORGOTTEN)
def test_what_becomes_a_plain_number_or_text_is_said(name):
    told = [str(fact) for fact in traced(FORGOTTEN[name]).assumptions]
    assert len(told) == 1
    assert "test_decisions_of_sizes.py" in told[0]
    assert told[0].endswith(
        "makes a plain number or text of a size; what that decides is taken to be the same at all sizes"
    )


def test_what_a_compiled_function_is_given_is_said():
    with pytest.warns(DeprecationWarning, match="is deprecated"):
        decides = torch.jit.script(is_long)
    told = [str(fact) for fact in traced(decides).assumptions]
    assert len(told) == 1
    assert "makes a plain number or text of a size" in told[0]


def test_what_only_some_sizes_compare_is_said():
    told = [str(fact) for fact in traced(lambda n: max(n, 5) > 200).assumptions]
    assert len(told) == 1
    assert told[0].endswith(
        "compares a size at some of the recorded sizes only; what comes out is taken to be the same at all sizes"
    )


def test_numbers_that_follow_from_sizes_are_followed():
    class Choosing(nn.Module):
        def forward(self, x):
            known = torch.tensor(x.shape[1])
            small = x.nbytes < 1600 and x.stride(0) < 400 and torch.numel(x) < 400 and known.item() < 200
            return x.relu() if small else x @ x.transpose(1, 2)

    g = ag.trace(Choosing(), torch.zeros(1, 10, 2), dynamic={"x": {1: "n"}})
    assert [str(fact) for fact in g.assumptions] == ["n <= 199"]


class Repeated(nn.Module):
    """A layer that is applied as many times as something says that is rounded."""

    def __init__(self, times) -> None:
        super().__init__()
        self.times = times
        self.layer = nn.Linear(2, 2)

    def forward(self, x):
        for _ in range(self.times(x.shape[1])):
            x = self.layer(x)
        return x


ROUNDED = {
    "divided": lambda n: 1 + n // 100,
    "rest": lambda n: 1 + (n % 100 == n),
    "rest_itself": lambda n: 1 + min(n - n % 100, 1),
    "cut": lambda n: 1 + int(n / 100),
    "cut_below_zero": lambda n: 3 + int(n / 100 - 2.5),
    "down": lambda n: 1 + math.floor(n * 0.01),
    "up": lambda n: math.ceil(n / 100),
    "nearest": lambda n: 1 + round(n / 200),
}


@pytest.mark.parametrize("name", ROUNDED)
def test_a_law_ends_where_something_is_rounded_to_another_number(name):
    times = ROUNDED[name]
    g = ag.trace(Repeated(times), torch.zeros(1, 10, 2), dynamic={"x": {1: "n"}})
    assert not any(isinstance(fact, Convention) for fact in g.assumptions)
    answered = 0
    for size in SIZES:
        try:
            macs = g.at(n=size).macs
        except ag.ArchgraphError as error:
            assert "under the condition that" in str(error)
            continue
        answered += 1
        assert macs == 4 * size * times(size), size
    assert answered >= 3


def test_what_is_rounded_without_a_law_is_said():
    g = ag.trace(Repeated(lambda n: 1 + int(math.log10(n) / 2)), torch.zeros(1, 10, 2), dynamic={"x": {1: "n"}})
    assert [str(fact).split(" ", 1)[1] for fact in g.assumptions] == [
        "compares a number without a law; what comes out is taken to be the same at all sizes"
    ]


def test_a_size_that_is_looked_up_is_said():
    told = [str(fact) for fact in traced(lambda n: n in {128, 256}).assumptions]
    assert len(told) == 1
    assert told[0].endswith("looks a size up in a set or a dict; what it finds is taken to be the same at all sizes")


def test_arguments_that_a_call_leaves_out_are_their_defaults():
    class Dilated(nn.Conv1d):
        def forward(self, x):
            wide = {16: 1}.get(x.shape[-1], 2)
            return nn.functional.conv1d(x, self.weight, padding=wide, dilation=wide)

    with pytest.raises(ag.ArchgraphError, match="no law in 'n'"):
        ag.trace(Dilated(2, 2, 3), torch.zeros(1, 2, 16), dynamic={"x": {2: "n"}})


def test_a_decision_that_no_size_changes_is_no_condition():
    assert traced(lambda n: n % 1 == 5 or n // 1 < 0 or (n + 1) / n > 3).assumptions == ()


class Notes:
    """Keeps what a module notes: a trace puts dicts and attributes back, but not these."""

    __slots__ = ("taken",)


def test_numbers_of_sizes_are_those_of_python():
    notes = Notes()

    class Counting(nn.Module):
        def forward(self, x):
            n = x.shape[1]
            notes.taken = {
                "numbers": [
                    n + 1,
                    1 + n,
                    n - 1,
                    1 - n,
                    n * 2,
                    n / 4,
                    1 / n,
                    n // 3,
                    25 // n,
                    n % 3,
                    25 % n,
                    n**2,
                    2**n,
                ],
                "bits": [n & 2, n | 1, n ^ 3, n << 1, n >> 1, 1 << n, n.bit_length()],
                "rounded": [round(n), round(n / 4, 1), math.floor(n / 4), math.ceil(n / 4), int(n / 4), float(n)],
                "others": [
                    -n,
                    +n,
                    abs(-n),
                    divmod(n, 3),
                    divmod(25, n),
                    pow(n, 2, 7),
                    bool(n),
                    bool(n - n),
                    hash(n),
                    n == "n",
                ],
            }
            return x * (n / 4)

    g = ag.trace(Counting(), torch.zeros(1, 10, 2))
    n = 10
    assert notes.taken == {
        "numbers": [11, 11, 9, -9, 20, 2.5, 0.1, 3, 2, 1, 5, 100, 1024],
        "bits": [2, 11, 9, 20, 5, 1024, 4],
        "rounded": [10, 2.5, 2, 3, 2, 10.0],
        "others": [-10, 10, 10, (3, 1), (2, 5), 2, True, False, hash(n), False],
    }
    assert g.params == 0


def test_a_long_computation_is_fitted():
    def decides(n):
        total = n
        for _ in range(100):
            total = total + n
        return total > 60_000

    assert list(map(str, traced(decides).assumptions)) == ["n <= 594"]


@pytest.mark.parametrize(
    "decides",
    [
        lambda n: n < math.inf,
        lambda n: min(n, math.inf) > 0,
        lambda n: n != math.nan,
        lambda n: n // math.inf == 0,
        lambda n: n / 1e-320 > 3,
        lambda n: 2 ** (40 * n) // 3 > 1,
        lambda n: 10 ** (20 * n) % 7 < 8,
    ],
    ids=["less", "smaller", "no_number", "divided", "beyond_floats", "huge", "rest_of_huge"],
)
def test_what_no_float_holds_stops_no_trace(decides):
    g = traced(decides)
    assert g.at(n=200).receptive_field().n.size_max == 2 * WIDE + 1
