"""A slice of the random modules in the gate; `python -m tests.differential --minutes 60` runs them for long."""

from __future__ import annotations

from collections import Counter

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
torch.set_num_threads(1)

from tests.differential.__main__ import shown, verdict_of  # noqa: E402
from tests.differential.answers import METRICS  # noqa: E402
from tests.differential.random_modules import KINDS, OFF, ZEROS, random_module  # noqa: E402
from tests.differential.random_program import Program, Step  # noqa: E402
from tests.differential.shrinking import shrunk  # noqa: E402

CHUNK = 50
CHUNKS = range(60)
"""Every one is a test of its own, so that workers share them: 3,000 modules."""

KNOWN: dict[int, str] = {}
"""Seeds that are answered wrongly, and in what: the set may only shrink."""

ONCE_WRONG = (
    20_000_867,
    20_009_906,
    20_016_734,
    20_028_945,
    20_029_484,
    20_035_780,
    30_022_960,
    40_010_303,
    50_001_218,
    90_021_548,
)
"""Seeds that hours of searching found, whose kinds are mended."""


@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.filterwarnings("ignore")
def test_random_modules_are_answered_as_pytorch_answers(chunk):
    answers: Counter[tuple[str, str]] = Counter()
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        program = random_module(seed, KINDS)
        found = verdict_of(program, seed)
        answers.update(found.answers)
        if seed in KNOWN:
            assert list(found.wrong) == [KNOWN[seed]], "right at last: take it out"
            continue
        for metric in found.wrong:
            raise AssertionError(shown(program, seed, metric))
    for metric in METRICS:
        assert answers[metric, "exact"] > CHUNK / 2


@pytest.mark.parametrize("chunk", range(4))
@pytest.mark.filterwarnings("ignore")
def test_products_with_zeros_are_answered_as_pytorch_answers(chunk):
    answers: Counter[tuple[str, str]] = Counter()
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        found = verdict_of(program := random_module(seed, ZEROS), seed)
        answers.update(found.answers)
        for metric in found.wrong:
            raise AssertionError(shown(program, seed, metric))
    assert answers["fields", "exact"] > CHUNK


@pytest.mark.parametrize("seed", ONCE_WRONG)
@pytest.mark.filterwarnings("ignore")
def test_what_a_long_search_found_is_right(seed):
    assert verdict_of(random_module(seed, KINDS), seed).wrong == {}


def test_kinds_are_on_or_off():
    assert KINDS and not set(KINDS) & set(OFF)


def test_a_seed_is_a_module():
    assert random_module(7, KINDS) == random_module(7, KINDS) != random_module(8, KINDS)


def test_a_failing_module_shrinks_to_what_fails():
    """Whatever is around it, what is left is the step that the failure needs, and what that step needs."""
    steps = [Step("pointwise", f"v{n}", (f"v{n} = F.relu({'x' if n == 0 else f'v{n - 1}'})",)) for n in range(6)]
    steps[3] = Step("pointwise", "v3", ("v3 = v2.sin()",))
    small = shrunk(Program((1, 6, 4), tuple(steps), ("v5",)), lambda program: "sin" in program.source())
    assert [step.lines for step in small.steps] == [("v3 = x.sin()",)]
    net, x = small.module()
    assert torch.equal(net(x), x.sin())


def test_a_wrong_answer_is_seen():
    """A module whose trace is of another one is found out, metric by metric."""
    linear = Step("layers", "v0", ("v0 = self.m0(x)",), ("self.m0 = nn.Linear(4, 4)",))
    right = Program((1, 6, 4), (linear,), ("v0",))
    assert not verdict_of(right, 0).wrong
    said = verdict_of(right, 0).answers
    assert said["macs", "exact"] == said["params", "exact"] == said["saved bytes", "exact"] == 1
