"""Pointwise functions, numbers, joins, broadcasts, reductions, in-place arithmetic, regions without gradients."""

from __future__ import annotations

from tests.differential.grammar_state import Growing, produces

UNARY = (
    "F.relu({})",
    "F.gelu({})",
    "F.silu({})",
    "torch.sigmoid({})",
    "{}.tanh()",
    "{}.exp()",
    "F.leaky_relu({}, 0.1)",
    "F.softplus({})",
    "{}.sqrt()",
    "{}.abs()",
    "{}.clamp(min=0.1)",
    "F.elu({})",
    "F.hardswish({})",
    "{}.square()",
    "{}.log1p()",
    "{}.rsqrt()",
    "{}.reciprocal()",
    "-{}",
)
NUMBER = (
    "{} * 0.5",
    "{} + 1",
    "2 - {}",
    "{} / 3",
    "1 / {}",
    "{} ** 2",
    "{} ** 1.5",
    "{}.mul(3).add(1)",
    "torch.add({}, 1, alpha=2)",
    "{}.double().float()",
    "{}.half().float()",
    "{}.clone()",
    "F.dropout({}, 0.5, training=self.training)",
)
INPLACE = ("F.relu({}, inplace=True)", "{}.mul_(0.5)", "{}.add_(1)", "{}.relu_()", "{}.sigmoid_()", "{}.clamp_(0, 9)")


@produces("pointwise")
def unary(g: Growing) -> tuple:
    return [f"{g.name} = {g.pick(*UNARY).format(g.value())}"], ()


@produces("numbers")
def number(g: Growing) -> tuple:
    return [f"{g.name} = {g.pick(*NUMBER).format(g.value())}"], ()


@produces("numbers")
def parameter(g: Growing) -> tuple:
    """A product or sum with a learned vector, scalar or map."""
    x = g.value()
    shape = g.shape_of(x)
    own = g.pick((shape[-1],), (1,), shape[1:], (*shape[1:-1], 1), ())
    made = f"nn.Parameter(torch.ones({own}))"
    return [f"{g.name} = {x} {g.pick('*', '+', '/')} self.{g.member}"], [f"self.{g.member} = {made}"]


@produces("numbers")
def buffer(g: Growing) -> tuple:
    x = g.value()
    own = g.shape_of(x)[g.pick(1, -1) :]
    made = f"self.register_buffer('{g.member}', torch.rand({own}) + 0.1)"
    return [f"{g.name} = {x} {g.pick('*', '+')} self.{g.member}"], [made]


@produces("inplace")
def inplace(g: Growing) -> tuple:
    first = g.pick("{}.clone()", "{} + 1", "{} * 2").format(g.value())
    return [f"{g.name} = {first}", f"{g.name} = {g.pick(*INPLACE).format(g.name)}"], ()


@produces("inplace")
def accumulated(g: Growing) -> tuple | None:
    x = g.value()
    if (y := g.value(lambda shape: shape == g.shape_of(x))) is None:
        return None
    return [f"{g.name} = {x} + 1", f"{g.name} {g.pick('+=', '*=')} {y}"], ()


@produces("joins")
def both(g: Growing) -> tuple | None:
    x = g.value()
    y = g.value(lambda shape: shape == g.shape_of(x))
    sign = g.pick("+", "+", "*", "/") if x != y else "*"
    return [f"{g.name} = {x} {sign} {y}"], ()


@produces("joins")
def three(g: Growing) -> tuple:
    x = g.value()
    y, z = (g.value(lambda shape: shape == g.shape_of(x)) for _ in range(2))
    kind = g.pick("torch.addcmul({}, {}, {})", "torch.lerp({}, {}, {})", "torch.maximum({}, {}) + {}", "{} * {} + {}")
    return [f"{g.name} = {kind.format(x, y, z)}"], ()


@produces("joins")
def residual(g: Growing) -> tuple:
    x = g.value()
    size = g.shape_of(x)[-1]
    body = g.pick("self.{m}(F.gelu({x}))", "F.relu(self.{m}({x}))", "self.{m}({x})").format(m=g.member, x=x)
    return [f"{g.name} = {x} + {body}"], [f"self.{g.member} = nn.Linear({size}, {size})"]


@produces("joins")
def concatenated(g: Growing) -> tuple | None:
    x = g.value()
    if (dim := g.dim(x, 1)) is None:
        return None
    shape = g.shape_of(x)

    def beside(other: tuple[int, ...]) -> bool:
        return len(other) == len(shape) and (*other[:dim], *other[dim + 1 :]) == (*shape[:dim], *shape[dim + 1 :])

    parts = [x, *(g.value(beside) for _ in range(g.pick(1, 1, 2)))]
    g.random.shuffle(parts)
    return [f"{g.name} = torch.cat([{', '.join(parts)}], {g.pick(dim, dim - len(shape))})"], ()


@produces("joins")
def stacked(g: Growing) -> tuple:
    x = g.value(lambda shape: len(shape) < 5)
    parts = [x, *(g.value(lambda shape: shape == g.shape_of(x)) for _ in range(g.pick(1, 2)))]
    return [f"{g.name} = torch.stack([{', '.join(parts)}], {g.random.randint(1, len(g.shape_of(x)))})"], ()


@produces("broadcast")
def gated(g: Growing) -> tuple | None:
    """A factor or summand that is the same along one dimension."""
    x = g.value()
    y = g.value(lambda shape: shape == g.shape_of(x))
    if (dim := g.dim(y)) is None:
        return None
    factor = g.pick(f"{y}.mean({dim}, keepdim=True)", f"{y}.narrow({dim}, 0, 1)", f"{y}.sum({dim}, keepdim=True)")
    return [f"{g.name} = {x} {g.pick('*', '+')} {factor}"], ()


@produces("broadcast")
def pairs(g: Growing) -> tuple | None:
    """All pairs of positions."""
    if (x := g.of_rank(2, 3)) is None or (y := g.value(lambda shape: shape == g.shape_of(x))) is None:
        return None
    return [f"{g.name} = {x}.unsqueeze(1) {g.pick('*', '+')} {y}.unsqueeze(2)"], ()


@produces("broadcast")
def expanded(g: Growing) -> tuple | None:
    if (dim := g.dim(x := g.value(), 1)) is None:
        return None
    shape = list(g.shape_of(x))
    size, shape[dim] = shape[dim], g.pick(2, 3)
    first = x if size == 1 else f"{x}.narrow({dim}, {g.random.randrange(size)}, 1)"
    return [f"{g.name} = {first}.expand({', '.join(map(str, shape))})"], ()


@produces("reductions")
def reduced(g: Growing) -> tuple | None:
    if (dim := g.dim(x := g.value())) is None:
        return None
    kind = g.pick("sum({d})", "mean({d})", "amax({d})", "sum({d}, keepdim=True)", "max({d}).values", "cumsum({d})")
    return [f"{g.name} = {x}.{kind.format(d=dim)}"], ()


@produces("reductions")
def normalised(g: Growing) -> tuple | None:
    if (dim := g.dim(x := g.value())) is None:
        return None
    kind = g.pick("F.softmax({x}, {d})", "F.log_softmax({x}, {d})", "F.normalize({x}, dim={d})", "{x}.softmax({d})")
    return [f"{g.name} = {kind.format(x=x, d=dim)}"], ()


@produces("regions")
def region(g: Growing) -> tuple:
    x = g.value()
    work = g.pick("{x} * 2", "F.gelu({x})", "self.{m}({x})", "{x} * {x}").format(x=x, m=g.member)
    members = [f"self.{g.member} = nn.Linear({g.shape_of(x)[-1]}, 3)"] if "self" in work else ()
    if g.random.random() < 0.5:
        return [f"{g.name} = ({work}).detach()"], members
    return ["with torch.no_grad():", f"    {g.name} = {work}"], members
