"""Damage done to the tree of a spec: its text stays YAML, so that what is asked is the language and not its reader."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

Place = tuple[Any, Any]  # a mapping or list, and the key or index in it

STRANGE = (0, -1, 1, 2.5, True, None, "", [], {}, "0", "10**9", "2**600", "1 / 0", "0..3", "x.c", "_", "_.h", "C", "i")


def places(tree: Any) -> list[Place]:
    """Every part of a tree that has a place in another."""
    found: list[Place] = []
    waiting = [tree]
    while waiting:
        at = waiting.pop()
        keys = list(at) if isinstance(at, dict) else list(range(len(at))) if isinstance(at, list) else []
        found += [(at, key) for key in keys]
        waiting += [at[key] for key in keys]
    return found


def damage(tree: Any, donor: Any, random: Random) -> None:
    """Take away, replace, move, repeat or rename one part; what comes in is strange or comes from a donor."""
    known = places(tree)
    if not known:
        return
    at, key = random.choice(known)
    other, its = random.choice(places(donor))
    match random.randrange(6):
        case 0:
            del at[key]
        case 1:
            at[key] = random.choice(STRANGE)
        case 2:
            at[key] = copy.deepcopy(other[its])
        case 3 if isinstance(at, dict):
            at[its if isinstance(its, str) else str(key)] = at.pop(key)
        case 4 if isinstance(at, list):
            at.insert(random.randint(0, len(at)), copy.deepcopy(at[key]))
        case _:
            here, there = random.choice(known)
            at[key] = copy.deepcopy(here[there]) if there in here or isinstance(here, list) else None


def mutant(tree: Any, donor: Any, random: Random) -> str:
    """The text of a copy of `tree` with one or two parts damaged."""
    copied = copy.deepcopy(tree)
    for _ in range(random.randint(1, 2)):
        damage(copied, donor, random)
    return json.dumps(copied, ensure_ascii=False)
