"""The share of answers that are exact may only rise: a label where an exact answer was had is a step back."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
torch.set_num_threads(1)

from tests.differential.__main__ import verdict_of  # noqa: E402
from tests.differential.answers import METRICS  # noqa: E402
from tests.differential.random_modules import ALL_KINDS, random_module  # noqa: E402

FILE = Path(__file__).with_name("exact_share.json")
SEEDS = range(100_000, 100_150)
"""Modules of all kinds, also of those that are not held against PyTorch yet: what is wrong is not exact."""


def counted() -> dict[str, dict[str, int]]:
    """Return how many answers there are and how many of them are exact and right, by metric."""
    answers: Counter[tuple[str, str]] = Counter()
    for seed in SEEDS:
        found = verdict_of(random_module(seed, ALL_KINDS), seed)
        answers.update(found.answers)
        answers.update((metric, "wrong") for metric in found.wrong)
    exact = {metric: answers[metric, "exact"] for metric in METRICS}
    every = {metric: sum(n for (name, _), n in answers.items() if name == metric) for metric in METRICS}
    return {metric: {"exact": exact[metric], "of": every[metric]} for metric in METRICS}


@pytest.mark.filterwarnings("ignore")
def test_no_share_of_exact_answers_falls(request):
    found = counted()
    if request.config.getoption("--overwrite"):
        FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    before = json.loads(FILE.read_text(encoding="utf-8"))
    share = lambda counts: {metric: Fraction(row["exact"], row["of"]) for metric, row in counts.items()}  # noqa: E731
    assert share(found) == share(before), "a share that fell is a step back; one that rose: run pytest --overwrite"
