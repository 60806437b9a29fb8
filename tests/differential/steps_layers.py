"""Layers: linear ones, convolutions, norms, pools, resizing; shared and frozen ones."""

from __future__ import annotations

from tests.differential.grammar_state import Growing, produces


def applied(g: Growing, layer: str, x: str) -> tuple:
    """Return the lines of a new layer on a value, now and then frozen."""
    member = g.member
    frozen = ".requires_grad_(False)" if g.random.random() < 0.1 else ""
    return [f"{g.name} = self.{member}({x})"], [f"self.{member} = {layer}{frozen}"]


@produces("layers")
def linear(g: Growing) -> tuple:
    x = g.value()
    bias = g.pick(True, False)
    return applied(g, f"nn.Linear({g.shape_of(x)[-1]}, {g.pick(2, 3, 4, 6)}, bias={bias})", x)


@produces("layers")
def conv(g: Growing) -> tuple | None:
    if (x := g.of_rank(3, 4)) is None:
        return None
    width = g.shape_of(x)[1]
    out = width * g.pick(1, 2) if (depthwise := g.random.random() < 0.2) else g.pick(2, 3, 4)
    groups = f", groups={width}" if depthwise else g.pick("", "", ", bias=False")
    rest = f"{g.pick(1, 2, 3)}, stride={g.pick(1, 1, 2)}, padding={g.pick(0, 1, 2)}, dilation={g.pick(1, 1, 2)}"
    return applied(g, f"nn.Conv{len(g.shape_of(x)) - 2}d({width}, {out}, {rest}{groups})", x)


@produces("layers")
def transposed(g: Growing) -> tuple | None:
    if (x := g.of_rank(3, 4)) is None:
        return None
    rest = f"{g.pick(2, 3)}, stride={g.pick(1, 2)}, padding={g.pick(0, 1)}"
    return applied(g, f"nn.ConvTranspose{len(g.shape_of(x)) - 2}d({g.shape_of(x)[1]}, {g.pick(2, 3)}, {rest})", x)


@produces("norms")
def last_norm(g: Growing) -> tuple:
    x = g.value(lambda shape: shape[-1] > 1) or "x"
    kind = g.pick("nn.LayerNorm({})", "nn.LayerNorm({}, elementwise_affine=False)", "nn.RMSNorm({})")
    return applied(g, kind.format(g.shape_of(x)[-1]), x)


@produces("norms")
def channel_norm(g: Growing) -> tuple | None:
    if (x := g.value(lambda shape: len(shape) in (3, 4) and shape[1] > 1 and shape[-1] > 1)) is None:
        return None
    width, rank = g.shape_of(x)[1], len(g.shape_of(x)) - 2
    groups = g.pick(*(n for n in range(1, width + 1) if width % n == 0))
    return applied(g, g.pick(f"nn.BatchNorm{rank}d({width})", f"nn.GroupNorm({groups}, {width})"), x)


@produces("pools")
def pool(g: Growing) -> tuple | None:
    if (x := g.of_rank(3, 4)) is None:
        return None
    rank = len(g.shape_of(x)) - 2
    kernel, stride, padding = g.pick((2, 2, 0), (3, 1, 1), (3, 2, 1), (2, 1, 0))
    return [f"{g.name} = F.{g.pick('avg', 'max')}_pool{rank}d({x}, {kernel}, {stride}, {padding})"], ()


@produces("pools")
def whole_pool(g: Growing) -> tuple | None:
    if (x := g.of_rank(3, 4)) is None:
        return None
    return [f"{g.name} = F.adaptive_avg_pool{len(g.shape_of(x)) - 2}d({x}, {g.pick(1, 2)})"], ()


@produces("pools")
def resized(g: Growing) -> tuple | None:
    if (x := g.of_rank(3, 4)) is None:
        return None
    smooth = "linear" if len(g.shape_of(x)) == 3 else "bilinear"
    return [f"{g.name} = F.interpolate({x}, scale_factor=2, mode={g.pick('nearest', smooth)!r})"], ()


@produces("pools")
def padded(g: Growing) -> tuple | None:
    if (x := g.of_rank(3, 4)) is None:
        return None
    sides = [g.pick(0, 1, 2) for _ in range(2 * (len(g.shape_of(x)) - 2))]
    if not any(sides):
        return None
    mode = g.pick("constant", "constant", "reflect", "replicate")
    return [f"{g.name} = F.pad({x}, {tuple(sides)}, mode={mode!r})"], ()


@produces("shared")
def again(g: Growing) -> tuple | None:
    """The layer of an earlier step on another value."""
    made = [step for step in g.steps if step.members and step.kind == "layers"]
    if not made or (x := g.value()) is None:
        return None
    return [f"{g.name} = self.{g.random.choice(made).name.replace('v', 'm')}({x})"], ()


@produces("shared")
def twice(g: Growing) -> tuple:
    """A layer that keeps the size, applied several times."""
    x = g.value()
    size, name, member = g.shape_of(x)[-1], g.name, g.member
    lines = [f"{name} = {x}", f"for _ in range({g.pick(2, 3)}):", f"    {name} = F.relu(self.{member}({name}))"]
    return lines, [f"self.{member} = nn.Linear({size}, {size})"]


@produces("dead")
def dead(g: Growing) -> tuple:
    """A layer whose result nobody reads."""
    x, y = g.value(), g.value()
    member = g.member
    lines = [f"unread = self.{member}({x})", f"{g.name} = {y} * 2"]
    return lines, [f"self.{member} = nn.Linear({g.shape_of(x)[-1]}, 2)"]
