"""Products of values, attention, and attention under masks."""

from __future__ import annotations

from tests.differential.grammar_state import Growing, produces

MASKS = (
    "torch.ones({n}, {n}).tril().bool()",
    "torch.ones({n}, {n}).triu().bool()",
    "(torch.arange({n})[:, None] - torch.arange({n})).abs() <= 1",
    "((torch.arange({n})[:, None] - torch.arange({n})) >= 0) & ((torch.arange({n})[:, None] - torch.arange({n})) < 2)",
    "torch.arange({n})[:, None] // 2 == torch.arange({n}) // 2",
    "(torch.arange({n}) < 3).expand({n}, {n})",
    "torch.eye({n}).bool()",
    "torch.ones({n}, {n}).bool()",
)
"""Which key a query may read."""
MASKED = (
    "{s}.masked_fill(~{m}, float('-inf'))",
    "{s}.masked_fill({m} == 0, -1e9)",
    "torch.where({m}, {s}, float('-inf'))",
    "{s} + torch.zeros({n}, {n}).masked_fill(~{m}, float('-inf'))",
    "{s} + torch.where({m}, 0.0, -100.0 * 50)",
    "{s} + ({m}.float() - 1) * 1e9",
)


def sequence(g: Growing) -> str | None:
    return g.value(lambda shape: len(shape) == 3 and 1 < shape[1] <= 8)


def heads(g: Growing, x: str) -> tuple[list[str], list[str], int, int]:
    """Return lines that make q, k, v with two heads of width 2 from a sequence."""
    _, n, c = g.shape_of(x)
    lines = [
        f"q, k, v = self.{g.member}({x}).chunk(3, -1)",
        f"q, k, v = (t.view(1, {n}, 2, 2).transpose(1, 2) for t in (q, k, v))",
    ]
    return lines, [f"self.{g.member} = nn.Linear({c}, 12)"], n, c


@produces("products")
def product(g: Growing) -> tuple | None:
    if (x := g.of_rank(3, 4)) is None:
        return None
    y = g.value(lambda shape: shape == g.shape_of(x))
    kind = g.pick(
        "{x} @ {y}.transpose(-1, -2)",
        "{x}.transpose(-1, -2) @ {y}",
        "torch.einsum('b...nc,b...mc->b...nm', {x}, {y})",
        "torch.einsum('b...nc,b...nd->b...cd', {x}, {y})",
    )
    return [f"{g.name} = {kind.format(x=x, y=y)}"], ()


@produces("products")
def mixed(g: Growing) -> tuple | None:
    """Positions mixed by a learned matrix."""
    if (x := sequence(g)) is None:
        return None
    n = g.shape_of(x)[1]
    work = g.pick("self.{m} @ {x}", "torch.einsum('nm,bmc->bnc', self.{m}, {x})", "({x}.mT @ self.{m}).mT")
    return [f"{g.name} = {work.format(m=g.member, x=x)}"], [f"self.{g.member} = nn.Parameter(torch.ones({n}, {n}))"]


@produces("attention")
def attention(g: Growing) -> tuple | None:
    if (x := sequence(g)) is None:
        return None
    lines, members, n, _ = heads(g, x)
    kind = g.pick(
        "F.scaled_dot_product_attention(q, k, v)",
        "(q @ k.transpose(-1, -2) * 0.7).softmax(-1) @ v",
        "F.scaled_dot_product_attention(q, k[:, :, :2], v[:, :, :2])",
    )
    return [*lines, f"{g.name} = ({kind}).transpose(1, 2).reshape(1, {n}, 4)"], members


@produces("attention")
def crossed(g: Growing) -> tuple | None:
    """Queries of one value, keys and values of another, without layers."""
    if (x := sequence(g)) is None:
        return None
    y = g.value(lambda shape: len(shape) == 3 and shape[2] == g.shape_of(x)[2])
    return [f"{g.name} = F.scaled_dot_product_attention({x}, {y}, {y})"], ()


@produces("causal")
def causal(g: Growing) -> tuple | None:
    if (x := sequence(g)) is None:
        return None
    lines, members, n, _ = heads(g, x)
    work = f"F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(1, {n}, 4)"
    return [*lines, f"{g.name} = {work}"], members


@produces("masks")
def masked(g: Growing) -> tuple | None:
    if (x := sequence(g)) is None:
        return None
    lines, members, n, _ = heads(g, x)
    mask, where = g.pick(*MASKS).format(n=n), f"self.mask_{g.member}"
    if g.random.random() < 0.5:
        members = [*members, f"self.register_buffer('mask_{g.member}', {mask})"]
        lines.append(f"mask = {where}")
    else:
        lines.append(f"mask = {mask}")
    scores = g.pick(*MASKED).format(s="(q @ k.transpose(-1, -2))", m="mask", n=n)
    kind = g.pick(f"({scores}).softmax(-1) @ v", "F.scaled_dot_product_attention(q, k, v, attn_mask=mask)")
    return [*lines, f"{g.name} = ({kind}).transpose(1, 2).reshape(1, {n}, 4)"], members


@produces("matrices")
def matrix(g: Growing) -> tuple | None:
    """Positions mixed by a constant matrix with holes, or multiplied by zeros and ones."""
    if (x := sequence(g)) is None:
        return None
    n = g.shape_of(x)[1]
    mask = g.pick(*MASKS).format(n=n)
    work = g.pick("self.{m} @ {x}", "self.{m}[0][:, None] * {x}").format(m=g.member, x=x)
    return [f"{g.name} = {work}"], [f"self.register_buffer('{g.member}', ({mask}).float())"]
