"""A smaller program that fails as a failing one does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.differential.random_program import Program, Step


def shrunk(program: Program, fails: Callable[[Program], bool]) -> Program:
    """Return the smallest program that still fails, of those that leave out one thing after the other."""
    while smaller := next((each for each in _smaller(program) if each != program and fails(each)), None):
        program = smaller
    return program


def _smaller(program: Program) -> Iterator[Program]:
    """Yield programs with less: an earlier output, no dead steps, a step passed over."""
    for step in program.steps:
        earlier = program.upto(step.name)
        if len(earlier.steps) < len(program.steps) or (earlier.outputs != program.outputs and len(program.outputs) > 1):
            yield earlier
    if program.needed() != program:
        yield program.needed()
    for place, step in enumerate(program.steps):
        for other in ("x", *(before.name for before in program.steps[:place])):
            yield _without(program, step, other)
        if len(step.lines) > 1 and step.lines[0].startswith(f"{step.name} ="):
            yield replace(
                program, steps=tuple(replace(s, lines=s.lines[:1]) if s is step else s for s in program.steps)
            )


def _without(program: Program, step: Step, other: str) -> Program:
    """Return the program in which another value stands for that of a step."""
    steps = (
        replace(each, lines=tuple(_renamed(line, step.name, other) for line in each.lines))
        for each in program.steps
        if each is not step
    )
    outputs = tuple(dict.fromkeys(other if name == step.name else name for name in program.outputs))
    return replace(program, steps=tuple(steps), outputs=outputs) if outputs != ("x",) else program


def _renamed(line: str, name: str, other: str) -> str:
    """Return a line with a name replaced where it stands as a word of its own."""
    parts = line.split(name)
    text = parts[0]
    for part in parts[1:]:
        inside = text[-1:].isalnum() or text[-1:] == "_" or part[:1].isalnum() or part[:1] == "_"
        text += (name if inside else other) + part
    return text
