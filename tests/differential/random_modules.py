"""Random modules by a seed: which kinds of steps there are, and how they are put together."""

from __future__ import annotations

from collections.abc import Collection
from random import Random

from tests.differential import steps_attention, steps_layers, steps_moves, steps_shapes, steps_values  # noqa: F401
from tests.differential.grammar_state import PRODUCTIONS, Growing
from tests.differential.random_program import Program, Step
from tests.differential.steps_vacancies import APART

ALL_KINDS = tuple(sorted(PRODUCTIONS.keys() - {APART}))
ZEROS = (APART, "pointwise", "numbers", "layers", "moves")
"""The kinds of a run that is about zeros beside what is computed."""
OFF = ()
"""Kinds that are not traced right yet, or not exactly: take one out of here when it is."""
KINDS = tuple(name for name in ALL_KINDS if name not in OFF)
"""The kinds that are held against PyTorch."""
SHAPES = ((1, 6, 4), (1, 8, 4), (1, 5, 3), (1, 4, 6), (1, 3, 4, 6), (1, 4, 4, 4), (1, 2, 6, 5))
WEIGHTS = {"vacancies": 8, "layers": 6, "pointwise": 4, "joins": 3}
"""How often a kind is taken; 2 of what is not named."""
STEPS = (1, 7)


def random_module(seed: int, kinds: Collection[str]) -> Program:
    """Return the module of a seed, of steps of some kinds only."""
    random = Random(seed)
    growing = Growing(random, random.choice(SHAPES))
    # A seed is the same module in whatever order the files of the grammar were imported.
    names = [name for name in sorted(PRODUCTIONS) if name in kinds]
    weights = [WEIGHTS.get(name, 2) for name in names]
    wanted = random.randint(*STEPS)
    for _ in range(20 * wanted):
        if len(growing.steps) == wanted:
            break
        _grow(growing, random.choices(names, weights)[0])
    return _finished(growing, kinds)


def _grow(growing: Growing, kind: str) -> bool:
    name = growing.random.choice(sorted(PRODUCTIONS[kind]))
    step = PRODUCTIONS[kind][name](growing)
    return step is not None and growing.add(step)


def _finished(growing: Growing, kinds: Collection[str]) -> Program:
    """Return what has grown: its last value, at times others too, and without dead steps where these are off."""
    while not growing.steps:
        growing.add(Step("pointwise", growing.name, (f"{growing.name} = F.relu(x)",)))
    made = [step.name for step in growing.steps]
    outputs = [made[-1]]
    if "outputs" in kinds and growing.random.random() < 0.15:
        outputs = growing.random.sample(made, min(len(made), 2))
    program = growing.program(outputs)
    return program if "dead" in kinds and growing.random.random() < 0.2 else program.needed()
