"""A slice of the fuzzers in the gate; `python -m tests.fuzz --minutes 60` runs them for long."""

from __future__ import annotations

from random import Random

import pytest

from tests.fuzz import grammar, mutants

SEEDS = range(10)


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_specs(seed):
    random = Random(seed)
    kept = sum(mutants.ask_mutant(mutants.mutant(random)) for _ in range(1000))
    assert 20 < kept < 980


@pytest.mark.parametrize("seed", SEEDS)
def test_command_lines(seed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = Random(seed)
    for _ in range(20):
        mutants.ask_command(mutants.command_line(random))


@pytest.mark.parametrize("seed", SEEDS)
def test_valid_specs(seed):
    random = Random(seed)
    for _ in range(50):
        grammar.check(grammar.spec(random), random)
