"""Slices, flips, rolls, index lists, writes into slices."""

from __future__ import annotations

from tests.differential.grammar_state import Growing, produces


def index(dim: int, inside: str) -> str:
    """Return an index of one dimension."""
    return "[" + ":, " * dim + inside + "]"


def some_slice(g: Growing, size: int, step: str = "") -> str:
    start = g.random.randrange(size)
    stop = g.pick("", str(g.random.randint(start + 1, size)))
    return f"{start or g.pick('', '0')}:{stop}{step}"


@produces("slices")
def sliced(g: Growing) -> tuple | None:
    if (dim := g.dim(x := g.value())) is None:
        return None
    return [f"{g.name} = {x}{index(dim, some_slice(g, g.shape_of(x)[dim]))}"], ()


@produces("strides")
def strided(g: Growing) -> tuple | None:
    if (dim := g.dim(x := g.value())) is None:
        return None
    part = some_slice(g, g.shape_of(x)[dim], g.pick(":2", ":3"))
    return [f"{g.name} = {x}{index(dim, part)}"], ()


@produces("slices")
def parts(g: Growing) -> tuple | None:
    if (dim := g.dim(x := g.value())) is None:
        return None
    size = g.shape_of(x)[dim]
    kind = g.pick(
        f"chunk(2, {dim})[{g.pick(0, -1)}]",
        f"split({g.random.randint(1, size)}, {dim})[0]",
        f"unbind({dim})[{g.random.randrange(size)}]",
        f"select({dim}, {g.random.randrange(size)})",
        f"narrow({dim}, {g.random.randrange(size)}, 1)",
    )
    return [f"{g.name} = {x}.{kind}"], ()


@produces("slices")
def halves(g: Growing) -> tuple | None:
    """Two halves, joined."""
    if (dim := g.dim(x := g.value())) is None or g.shape_of(x)[dim] % 2:
        return None
    joined = g.pick("a * b", "torch.cat([b, a], {d})", "a * b.sigmoid()", "torch.cat([-b, a], {d})", "F.silu(a) * b")
    return [f"a, b = {x}.chunk(2, {dim})", f"{g.name} = {joined.format(d=dim)}"], ()


@produces("moves")
def moved(g: Growing) -> tuple | None:
    if (dim := g.dim(x := g.value())) is None:
        return None
    size = g.shape_of(x)[dim]
    kind = g.pick(
        f".flip({dim})",
        f".roll({g.pick(1, 2, -1)}, {dim})",
        index(dim, str([g.random.randrange(size) for _ in range(g.random.randint(1, size + 1))])),
        f".index_select({dim}, torch.tensor({g.random.sample(range(size), size)}))",
        f".repeat_interleave(2, {dim})",
        f".repeat({', '.join('2' if d == dim else '1' for d in range(len(g.shape_of(x))))})",
    )
    return [f"{g.name} = {x}{kind}"], ()


@produces("moves")
def listed(g: Growing) -> tuple | None:
    """An index list that is a buffer."""
    if (dim := g.dim(x := g.value())) is None:
        return None
    order = g.random.sample(range(g.shape_of(x)[dim]), g.shape_of(x)[dim])
    made = f"self.register_buffer('{g.member}', torch.tensor({order}))"
    return [f"{g.name} = {x}{index(dim, f'self.{g.member}')}"], [made]


@produces("writes")
def written(g: Growing) -> tuple | None:
    """A write into a slice of a copy, or of zeros."""
    x = g.value()
    y = g.value(lambda shape: shape == g.shape_of(x))
    if (dim := g.dim(x)) is None:
        return None
    at = index(dim, some_slice(g, g.shape_of(x)[dim]))
    first = g.pick(f"{x}.clone()", f"torch.zeros_like({x})", f"{x} + 1")
    write = g.pick(f"= {y}{at}", f"= {y}{at} * 2", "= 0", f"+= {y}{at}", "*= 2", f"= {y}{at}.flip({dim})")
    return [f"{g.name} = {first}", f"{g.name}{at} {write}"], ()
