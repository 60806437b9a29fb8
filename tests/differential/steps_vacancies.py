"""Values that are zero where nothing was put, and products with them."""

from __future__ import annotations

from tests.differential.grammar_state import Growing, produces
from tests.differential.steps_moves import index

APART = "vacancies"
"""The kind of these steps: it is tried in a run of its own, so that seeds of the others stay the modules they were."""


@produces(APART)
def beside_nothing(g: Growing) -> tuple | None:
    """A part of a value beside zeros, of the value's own shape."""
    if (dim := g.dim(x := g.value(), 3)) is None:
        return None
    shape = g.shape_of(x)
    kept, front = g.random.randint(1, shape[dim] - 1), g.random.randint(0, 1)
    sizes = tuple(shape[dim] - kept if d == dim else size for d, size in enumerate(shape))
    part = x + index(dim, f":{kept}")
    pads = [0] * (2 * (len(shape) - 1 - dim)) + [0, shape[dim] - kept]
    pads[-2:] = pads[-2:][::-1] if front else pads[-2:]
    join = [part, f"torch.zeros({sizes})"]
    made = g.pick(
        f"F.pad({part}, {tuple(pads)})",
        f"torch.cat([{', '.join(join[::-1] if front else join)}], {dim})",
        f"torch.zeros_like({x}).slice_scatter({part}, {dim}, 0, {kept})",
    )
    return [f"{g.name} = {made}"], ()


@produces(APART)
def gated(g: Growing) -> tuple | None:
    """A product with an earlier value of the same shape, turned round or as it is."""
    x = g.value()
    y = g.value(lambda shape: shape == g.shape_of(x))
    if (dim := g.dim(x)) is None:
        return None
    other = g.pick(y, f"{y}.flip({dim})", f"{y}.roll(1, {dim})")
    return [f"{g.name} = " + g.pick("{} * {}", "torch.addcmul({0}, {0}, {1})", "{} * F.silu({})").format(x, other)], ()
