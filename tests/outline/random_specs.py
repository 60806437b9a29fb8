"""Random networks with what an outline must cope with: branches, resolutions, conditioning, constants, blocks."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

INPUTS = {"image": "{c: C, h: H, w: H}", "other": "{c: C, h: H, w: H}", "t": "{c: C}"}
HEAD = """archgraph: 1
symbols: {C: 8, H: {default: 32, multiple_of: 8}, L: 3}
blocks:
  layer: {do: [{conv: {out: x.c, kernel: 3, padding: same}}, relu]}
  skipping: {do: [{residual: [batch_norm, layer]}]}
  chapter: {do: [{layer: , repeat: 2}, {conv: {out: x.c, kernel: 1}}]}
  deep: {do: [{chapter: , repeat: L}, {skipping: , repeat: 2}]}
  cross: {inputs: [x, m], do: [{conv: {out: x.c, kernel: 1}}, {add: [_, m]}]}
  placed: {inputs: [x, p], do: [{add: [x, p]}, {max_pool: {kernel: 2}}]}
  twins: {do: [{conv: {out: x.c, kernel: 1}, as: a}, {linear: {out: x.c}, from: x, as: b}], outputs: [a, b]}
"""


def spec(seed: int, most: int = 14) -> str:
    """Return the text of a random network; the same seed gives the same."""
    grown = _Grown(Random(seed))
    grown.step("conv: {out: C, kernel: 3, padding: same}", "image", 0)
    if grown.random.random() < 0.3:
        _u(grown, grown.random.randint(1, 3))
    for _ in range(grown.random.randint(1, most)):
        grown.random.choice(STEPS)(grown)
    inputs = ", ".join(f"{name}: {type_}" for name, type_ in INPUTS.items() if name in grown.taken())
    steps, outputs = "\n".join(grown.lines), ", ".join(grown.outputs())
    return f"{HEAD}inputs: {{{inputs}}}\nnetwork:\n{steps}\noutputs: [{outputs}]\n"


class _Grown:
    """Values by how often their positions were halved."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.lines: list[str] = []
        self.levels: list[tuple[str, int]] = [("image", 0), ("other", 0)]
        self.conditions = ["t"]

    def step(self, text: str, operands: str, level: int, keywords: str = "") -> None:
        name = f"v{len(self.lines)}"
        self.lines.append(f"  - {text}\n    from: {operands}\n    as: {name}{keywords}")
        self.levels.append((name, level))

    def value(self) -> tuple[str, int]:
        """Mostly the last, so that there is a main line."""
        return self.levels[-1] if self.random.random() < 0.7 else self.random.choice(self.levels)

    def pair(self) -> tuple[str, str, int]:
        first, level = self.value()
        return first, self.random.choice([name for name, other in self.levels if other == level]), level

    def taken(self) -> set[str]:
        """What some step takes: a spec has no inputs or steps that nothing needs."""
        operands = [line.partition("from:")[2].partition("as:")[0] for line in self.lines]
        return {word for text in operands for word in re.findall(r"\w+", text)}

    def outputs(self) -> list[str]:
        """What no step takes, the last value first."""
        taken = {*self.taken(), *INPUTS}
        return [name for name in (*(name for name, _ in reversed(self.levels)), *self.conditions) if name not in taken]


def _plain(grown: _Grown) -> None:
    name, level = grown.value()
    kinds = ["conv: {out: C, kernel: 3, padding: same}", "relu:", "batch_norm:", "linear: {out: C}", "dropout:"]
    grown.step(grown.random.choice(kinds), name, level)


def _pooled(grown: _Grown) -> None:
    name, level = grown.value()
    if level < 3:
        kinds = ["max_pool: {kernel: 2}", "conv: {out: C, kernel: 2, stride: 2}"]
        grown.step(grown.random.choice(kinds), name, level + 1)


def _enlarged(grown: _Grown) -> None:
    name, level = grown.value()
    if level:
        kinds = ["upsample: {factor: 2}", "conv_transpose: {out: C, kernel: 2, stride: 2}"]
        grown.step(grown.random.choice(kinds), name, level - 1)


def _joined(grown: _Grown) -> None:
    first, second, level = grown.pair()
    if grown.random.random() < 0.5:
        grown.step(grown.random.choice(["add:", "multiply:"]), f"[{first}, {second}]", level)
    else:
        wide = f"w{len(grown.lines)}"
        grown.lines.append(f"  - concat:\n    from: [{first}, {second}]\n    as: {wide}")
        grown.step("conv: {out: C, kernel: 1}", wide, level)


def _block(grown: _Grown) -> None:
    name, level = grown.value()
    count = grown.random.choice(["", "", "2", "L", "0"])
    kind = grown.random.choice(["layer:", "skipping:", "chapter:", "deep:"])
    grown.step(kind, name, level, f"\n    repeat: {count}" if count else "")


def _crossed(grown: _Grown) -> None:
    first, second, level = grown.pair()
    grown.step("cross:", f"[{first}, {second}]", level, grown.random.choice(["", "\n    repeat: L"]))


def _twins(grown: _Grown) -> None:
    """A block of two results, of which one may be left over."""
    name, level = grown.value()
    own = f"v{len(grown.lines)}"
    grown.lines.append(f"  - twins:\n    from: {name}\n    as: [{own}, {own}b]")
    grown.levels.append((own, level))
    if grown.random.random() < 0.5:
        grown.levels.append((f"{own}b", level))


def _cropped(grown: _Grown) -> None:
    """A value of which only the shape is read."""
    first, second, level = grown.pair()
    grown.step("crop_like:", f"[{first}, {second}]", level)


def _conditioned(grown: _Grown) -> None:
    name, level = grown.value()
    condition = grown.random.choice(grown.conditions)
    if grown.random.random() < 0.5:
        made = f"t{len(grown.lines)}"
        grown.lines.append(f"  - linear: {{out: C}}\n    from: {condition}\n    as: {made}")
        grown.conditions.append(made)
        condition = made
    grown.step("add:", f"[{name}, {condition}]", level)


def _placed(grown: _Grown) -> None:
    name, level = grown.value()
    grown.step("position_embedding:", name, level)


def _placed_and_pooled(grown: _Grown) -> None:
    """A constant that is read by what only changes the resolution."""
    name, level = grown.value()
    if level < 3:
        table = f"w{len(grown.lines)}"
        grown.lines.append(f"  - parameter: \n    from: {name}\n    as: {table}")
        grown.step("placed:", f"[{name}, {table}]", level + 1)


def _shared(grown: _Grown) -> None:
    """A constant, or what is made of one, that several steps read, in circles and in blocks."""
    name, level = grown.value()
    table = f"w{len(grown.lines)}"
    grown.lines.append(f"  - parameter: \n    from: {name}\n    as: {table}")
    made = f"{table}b" if grown.random.random() < 0.5 else table
    if made != table:
        grown.lines.append(f"  - {{conv: {{out: C, kernel: 1}}, from: {table}, as: {made}}}")
    grown.step("add:", f"[{name}, {made}]", level)
    for _ in range(grown.random.randint(1, 2)):
        kind = grown.random.choice(["add:", "multiply:", "cross:"])
        operand = grown.random.choice([one for one, other in grown.levels if other == level])
        grown.step(kind, f"[{operand}, {grown.random.choice([table, made])}]", level)


def _u(grown: _Grown, depth: int) -> None:
    """Down, and up again past what was kept of each level."""
    kept: list[tuple[str, int]] = []
    for level in range(depth):
        grown.step("layer:", grown.levels[-1][0], level)
        kept.append(grown.levels[-1])
        grown.step("max_pool: {kernel: 2}", kept[-1][0], level + 1)
    grown.step("skipping:", grown.levels[-1][0], depth)
    for name, level in reversed(kept):
        grown.step("conv_transpose: {out: C, kernel: 2, stride: 2}", grown.levels[-1][0], level)
        grown.step("add:", f"[{grown.levels[-1][0]}, {name}]", level)
        grown.step("layer:", grown.levels[-1][0], level)


STEPS: list[Callable[[_Grown], None]] = [
    *[_plain] * 3, _pooled, _pooled, _enlarged, _enlarged, *[_joined] * 3, *[_block] * 3,
    _crossed, _crossed, _twins, _cropped, _conditioned, _placed, _placed_and_pooled, _shared,
]  # fmt: skip
