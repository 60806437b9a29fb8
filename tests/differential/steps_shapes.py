"""Reshapes, permutations and windows."""

from __future__ import annotations

from tests.differential.grammar_state import Growing, produces


@produces("permutes")
def permuted(g: Growing) -> tuple:
    x = g.value()
    rank = len(g.shape_of(x))
    order = g.random.sample(range(1, rank), rank - 1)
    rest = g.pick("", "", ".contiguous()")
    return [f"{g.name} = {x}.permute(0, {', '.join(map(str, order))}){rest}"], ()


@produces("permutes")
def transposed(g: Growing) -> tuple | None:
    if (x := g.value(lambda shape: len(shape) > 2)) is None:
        return None
    a, b = g.random.sample(range(1, len(g.shape_of(x))), 2)
    return [f"{g.name} = {x}.transpose({a}, {b})"], ()


@produces("permutes")
def unit(g: Growing) -> tuple:
    x = g.value(lambda shape: len(shape) < 5)
    return [f"{g.name} = {x}.unsqueeze({g.random.randint(1, len(g.shape_of(x)))})"], ()


@produces("permutes")
def squeezed(g: Growing) -> tuple | None:
    if (x := g.value(lambda shape: 1 in shape[1:])) is None:
        return None
    return [f"{g.name} = {x}.squeeze({g.shape_of(x).index(1, 1)})"], ()


@produces("reshapes")
def merged(g: Growing) -> tuple | None:
    if (x := g.value(lambda shape: len(shape) > 2)) is None:
        return None
    first = g.random.randint(1, len(g.shape_of(x)) - 2)
    return [f"{g.name} = {x}.flatten({first}, {first + 1})"], ()


@produces("reshapes")
def split(g: Growing) -> tuple | None:
    x = g.value(lambda shape: any(size % 2 == 0 for size in shape[1:]) and len(shape) < 5)
    if x is None or (dim := g.dim(x)) is None or (size := g.shape_of(x)[dim]) % 2:
        return None
    return [f"{g.name} = {x}.unflatten({dim}, {g.pick((2, size // 2), (size // 2, 2))})"], ()


@produces("reshapes")
def reshaped(g: Growing) -> tuple:
    """All numbers in other dimensions, and back in a later step perhaps."""
    x, sizes = g.value(), []
    rest = g.values[x].numel()
    while rest > 1 and len(sizes) < 4:
        sizes.append(g.pick(*(n for n in range(2, rest + 1) if rest % n == 0)))
        rest //= sizes[-1]
    return [f"{g.name} = {x}.reshape(1, {', '.join(map(str, [*sizes, rest][: len(sizes) + (rest > 1)]))})"], ()


@produces("windows")
def image_windows(g: Growing) -> tuple | None:
    """Windows of 2 x 2 of an image, mixed inside, and put back."""
    if (x := g.value(lambda s: len(s) == 4 and s[2] % 2 == 0 and s[3] % 2 == 0)) is None:
        return None
    _, c, h, w = g.shape_of(x)
    shift = g.pick("", ".roll((-1, -1), (2, 3))")
    back = shift.replace("-1", "1")
    name = g.name
    inside = g.pick(f"{name}.softmax(-2) * {name}", f"self.{g.member}({name}.transpose(-1, -2)).transpose(-1, -2)")
    lines = [
        f"{name} = {x}{shift}.view(1, {c}, {h // 2}, 2, {w // 2}, 2).permute(0, 2, 4, 3, 5, 1).reshape(-1, 4, {c})",
        f"{name} = {inside}",
        f"{name} = {name}.view(1, {h // 2}, {w // 2}, 2, 2, {c}).permute(0, 5, 1, 3, 2, 4)"
        f".reshape(1, {c}, {h}, {w}){back}",
    ]
    return lines, [f"self.{g.member} = nn.Linear(4, 4)"]


@produces("windows")
def sequence_windows(g: Growing) -> tuple | None:
    """Windows of a sequence as a batch, with attention inside."""
    if (x := g.value(lambda s: len(s) == 3 and s[1] % 2 == 0)) is None:
        return None
    _, n, c = g.shape_of(x)
    size, name = g.pick(2, n // 2), g.name
    shape = g.pick(f"({n // size}, {size}, {c})", f"(1, {n // size}, {size}, {c})")
    lines = [
        f"{name} = {x}.reshape{shape}",
        f"{name} = ({name} @ {name}.transpose(-1, -2)).softmax(-1) @ {name}",
        f"{name} = {name}.reshape(1, {n}, {c})",
    ]
    return lines, ()
