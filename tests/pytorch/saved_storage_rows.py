"""A row per way in which values share memory, or are copied: a function of a module's layers and of its input."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

Row = Callable[[Any, Any], Any]
"""Takes the module, whose `a` and `b` are linear layers of 8 channels, and x of shape (1, 6, 8)."""


def write(into: Any, value: Any) -> Any:
    """Write a value over a part, and return it."""
    into.copy_(value)
    return into


def _written_slice(m, x):
    y = m.a(x)
    y[:, :4] = m.b(x)[:, :4].sin()
    return y.sin()


def _stepped_write(m, x):
    y = m.a(x)
    y[:, ::2] = y[:, 1::2].cos()
    return y.sin()


def _filled_buffer(m, x):
    y = torch.zeros(1, 6, 8)
    y[:, :2] = m.a(x)[:, :2].sin()
    y[:, 2:] = m.b(x)[:, 2:].cos()
    return y.sin()


def _read_again(m, x):
    y = m.a(x)
    part = y[:, :3]
    part *= 2
    return y.sin() + part.cos().sum()


def _gates_in_place(m, x):
    y = m.a(x)
    gate, value = y.narrow(-1, 0, 4), y.narrow(-1, 4, 4)
    gate.sigmoid_()
    value.tanh_()
    return gate * value


def _softmax_in_place(m, x):
    y = m.a(x)
    y.sub_(y.max(-1, keepdim=True)[0]).exp_()
    return y.div_(y.sum(-1, keepdim=True))


def _gru_by_hand(m, x):
    h = m.a(x)[:, 0]
    for t in range(2):
        (r, z), (s, n) = m.a(x[:, t]).chunk(2, -1), m.b(h).chunk(2, -1)
        r, z = (r + s).sigmoid(), (z + n).tanh()
        h = torch.cat([r * z, (1 - r) * z], -1)
    return h


def _without_gradients(m, x):
    with torch.no_grad():
        y = m.a(x).sin()
    return m.b(y) * y


IN_PLACE: dict[str, Row] = {
    "a slice": lambda m, x: m.a(x)[:, :, :5].sigmoid_(),
    "a slice, and all of it read": lambda m, x: (lambda y: y[:, :, :5].sigmoid_().sum() + y.sin())(m.a(x)),
    "narrow": lambda m, x: (lambda y: y.narrow(1, 1, 3).exp_().sum() + y * y)(m.a(x)),
    "transposed": lambda m, x: m.a(x).transpose(1, 2).tanh_().sin(),
    "seen in more dimensions": lambda m, x: (lambda y: y.view(1, 6, 2, 4)[:, :, 0].add_(1.0).sum() + y.sin())(m.a(x)),
    "over an operand that is kept": lambda m, x: m.a(x).mul_(m.b(x)).sin(),
    "over a divided one": lambda m, x: m.a(x).div_(m.b(x)).sin(),
    "a power": lambda m, x: m.a(x).pow_(2).sin(),
    "leaky": lambda m, x: functional.leaky_relu(m.a(x), 0.1, inplace=True).sin(),
    "elu": lambda m, x: functional.elu(m.a(x), inplace=True).sin(),
    "silu": lambda m, x: functional.silu(m.a(x), inplace=True) * 2,
    "chained": lambda m, x: m.a(x).sin().mul_(m.b(x)).add_(1).exp(),
    "filled": lambda m, x: (lambda y: y[:, 0].zero_().sum() + y.sin())(m.a(x)),
    "moved on": lambda m, x: (lambda y: write(y[:, 1:], m.b(x)[:, :-1]).sum() + y.sin())(m.a(x)),
    "a written slice": _written_slice,
    "a slice with steps": _stepped_write,
    "a buffer part by part": _filled_buffer,
    "a part read again": _read_again,
    "gates": _gates_in_place,
    "softmax": _softmax_in_place,
}
COPIES: dict[str, Row] = {
    "transposed, and made contiguous": lambda m, x: (lambda y: y.sin() + y.mT.contiguous().sin().mT)(m.a(x)),
    "transposed, and reshaped": lambda m, x: (lambda y: y.sin() + y.mT.reshape(1, 6, 8).sin())(m.a(x)),
    "repeated, and reshaped": lambda m, x: m.a(x)[:, :, None].expand(1, 6, 3, 8).reshape(1, 18, 8).sin(),
    "repeated": lambda m, x: m.a(x).tile(1, 1, 2).sin().view(1, 6, 2, 8).transpose(1, 2).reshape(1, 12, 8),
    "repeated once": lambda m, x: (lambda y: y.repeat(1, 1, 1).sin() * y)(m.a(x)),
    "joined alone": lambda m, x: (lambda y: torch.cat([y], 1).sin() * y)(m.a(x)),
    "padded by nothing": lambda m, x: (lambda y: functional.pad(y, (0, 0)).sin() * y)(m.a(x)),
    "contiguous already": lambda m, x: (lambda y: y.sin() + y.contiguous().cos())(m.a(x)),
    "heads merged": lambda m, x: m.b(m.a(x).view(1, 6, 2, 4).mT.softmax(-1).mT.transpose(1, 2).reshape(1, 6, 8)),
    "a linear layer of what is expanded": lambda m, x: m.b(m.a(x)[:, :1].expand(1, 6, 8)),
    "a linear layer of what is transposed": lambda m, x: functional.linear(m.a(x).mT, m.w),
    "a product of what is expanded": lambda m, x: m.a(x)[:, :1].expand(1, 6, 8) @ m.b(x).mT,
    "windows": lambda m, x: m.b(m.a(x).view(1, 2, 3, 2, 4).transpose(2, 3).reshape(4, 3, 4).repeat(1, 1, 2)).sin(),
    "repeated in another type, and read twice": lambda m, x: (lambda y: (y @ y.mT).softmax(-1) @ y)(
        m.a(x)[..., :1].expand(1, 6, 8).double()
    ),
    "repeated and shifted, and copied": lambda m, x: (lambda y: y.softmax(-2) * y)(
        m.a(x)[:, :1].expand(1, 6, 8).roll(1, 2).view(1, 2, 3, 8).transpose(1, 2).reshape(3, 2, 8)
    ).sum(0, keepdim=True),
    "repeated and shifted, and multiplied": lambda m, x: m.a(x)[:, :1].expand(1, 6, 8).roll(1, 2) * m.b(x),
    "repeated, contiguous, and cut": lambda m, x: m.a(x)[:, :1].expand(1, 6, 8).contiguous()[:, 1:4].sin().exp(),
    "groups of heads": lambda m, x: functional.scaled_dot_product_attention(
        m.a(x).view(1, 6, 4, 2).transpose(1, 2),
        m.b(x)[..., :4].view(1, 6, 2, 2).transpose(1, 2)[:, :, None].expand(1, 2, 2, 6, 2).reshape(1, 4, 6, 2),
        m.b(x)[..., 4:].view(1, 6, 2, 2).transpose(1, 2)[:, :, None].expand(1, 2, 2, 6, 2).reshape(1, 4, 6, 2),
    ),
    "a parameter, turned": lambda m, x: m.a(x)[..., :6] @ m.w.t().contiguous(),
    "a parameter, expanded": lambda m, x: m.w[:1, :1].expand(6, 8).reshape(1, 6, 8) * m.a(x),
    "attention in windows": lambda m, x: (lambda q: (q @ q.mT).softmax(-1) @ q)(m.a(x).reshape(2, 3, 8)).reshape(
        1, 6, 8
    ),
}
VIEWS: dict[str, Row] = {
    "every second": lambda m, x: m.b(m.a(x)[:, ::2]).sin(),
    "both halves with steps": lambda m, x: (lambda y: y[:, ::2].sin() + y[:, 1::2].sin())(m.a(x)),
    "a diagonal": lambda m, x: (lambda y: y.sin() + y.diagonal(0, 1, 2).sin().sum())(m.a(x)),
    "unfolded": lambda m, x: (lambda y: y.unfold(1, 2, 2).sin().sum() + y.cos())(m.a(x)),
    "strided as asked": lambda m, x: m.a(x).as_strided((1, 3, 4), (48, 8, 1)).sin(),
    "detached": lambda m, x: (lambda y: y * y.detach())(m.a(x)),
    "two chunks": lambda m, x: (lambda q, k: q * k)(*m.a(x).chunk(2, -1)),
    "unbound": lambda m, x: (lambda q, k: q @ k.mT)(*m.a(x).view(1, 6, 2, 4).unbind(2)),
    "of one storage in a product": lambda m, x: (lambda y: torch.baddbmm(y[..., :6], y, y.mT, beta=0.5))(m.a(x)),
    "of a parameter": lambda m, x: m.a(x)[..., :5] @ m.w[:, :4],
    "of the input": lambda m, x: m.a(x[:, 1:4]) * x[:, :3],
    "gates": _gru_by_hand,
    "another type and back": lambda m, x: m.a(x).double().sin().float() * m.b(x),
    "without gradients": _without_gradients,
    "computed again": lambda m, x: checkpoint(lambda y: m.b(y).sin().cos(), m.a(x), use_reentrant=False).exp(),
    "a layer applied twice": lambda m, x: m.a(m.a(x).sin()),
    "a norm applied twice": lambda m, x: m.norm(m.norm(m.a(x))),
}
ONE = {
    "a number": lambda m, x: m.a(x) * 2.0,
    "of no dimension": lambda m, x: m.a(x) * torch.tensor(2.0),
    "of one dimension": lambda m, x: m.a(x) / torch.tensor([2.0]),
    "below": lambda m, x: torch.tensor(2.0) / m.a(x),
    "in double precision": lambda m, x: m.a(x) * torch.tensor(2.0, dtype=torch.float64),
    "an integer": lambda m, x: m.a(x) * torch.tensor(2),
    "an exponent": lambda m, x: m.a(x) ** torch.tensor(2.0),
    "a bound": lambda m, x: torch.maximum(m.a(x), torch.tensor(0.0)),
    "a test": lambda m, x: m.a(x).masked_fill(torch.ones(1, dtype=torch.bool), 0.0),
    "a share": lambda m, x: torch.lerp(m.a(x), m.b(x), torch.tensor(0.3)),
    "in place": lambda m, x: m.a(x).mul_(torch.tensor(2.0)),
    "added, and so not kept": lambda m, x: m.a(x) + torch.tensor(2.0),
    "of a square root": lambda m, x: m.a(x) / torch.sqrt(torch.tensor(8.0)),
}
CONSTANTS: dict[str, Row] = {
    **{f"one element, {name}": row for name, row in ONE.items()},
    "kept twice": lambda m, x: (lambda c: m.a(x) * c + m.b(x) * c)(torch.ones(6, 8) / 2),
    "kept twice, transposed": lambda m, x: (lambda c: m.a(x) * c + m.b(x).mT[:, :6, :] @ c)(torch.rand(6, 8)),
    "two parts of one": lambda m, x: (lambda c: m.a(x) * c[:6] + m.b(x) * c[2:8])(torch.rand(9, 8)),
    "a part of one": lambda m, x: m.a(x) * torch.rand(9, 8)[:6],
    "both chunks of one": lambda m, x: (lambda c, d: m.a(x) * c + m.b(x) * d)(*torch.rand(6, 16).chunk(2, -1)),
    "expanded": lambda m, x: m.a(x) * torch.rand(1, 8).expand(6, 8),
    "written before it is read": lambda m, x: (lambda c: write(c[1:], torch.ones(5, 8)).sum() * 0 + m.a(x) * c * c)(
        torch.zeros(6, 8)
    ),
    "of the shape of the input": lambda m, x: (lambda c: m.a(c).mT @ c)(torch.zeros_like(x)),
    "filled in part": lambda m, x: (lambda c: write(c[:, :2], m.a(x)[:, :2]).sum() + c.sin())(torch.zeros_like(x)),
    "a mask of two products": lambda m, x: (lambda c: m.a(x).masked_fill(c, 0) * m.b(x).masked_fill(c, 1))(
        torch.ones(6, 8).tril().bool()
    ),
}
IMAGES: dict[str, Row] = {
    "a norm of part of a constant": lambda m, x: m.fixed(torch.zeros_like(x)[:, ::2]),
    "groups of a slice of channels": lambda m, x: m.groups(m.conv(x)[:, :4]).sin(),
    "groups of a slice of rows": lambda m, x: m.groups(m.conv(x)[:, :4, 1:3]),
    "groups, turned": lambda m, x: m.groups(m.conv(x)[:, :4].mT),
    "groups, channels last": lambda m, x: m.groups(m.conv(x)[:, :4].contiguous(memory_format=torch.channels_last)),
    "instances of a slice of rows": lambda m, x: functional.instance_norm(m.conv(x)[:, :, 1:]),
    "layer norm of channels last": lambda m, x: (lambda y: m.norm(y.permute(0, 2, 3, 1)) * y.permute(0, 2, 3, 1))(
        m.conv(x)
    ),
    "as tokens": lambda m, x: m.a(m.conv(x).flatten(2).transpose(1, 2)),
    "shuffled": lambda m, x: m.conv(x).view(1, 2, 4, 4, 4).transpose(1, 2).reshape(1, 8, 4, 4).sin(),
}


class Shared(nn.Module):
    """A row as a module."""

    def __init__(self, row: Row) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 8)
        self.w, self.norm = nn.Parameter(torch.rand(5, 6)), nn.LayerNorm(8)
        self.conv, self.groups = nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 4)
        self.fixed = nn.BatchNorm2d(2)
        self._row = row

    def forward(self, x):
        return self._row(self, x)


class Cells(nn.Module):
    """A cell of a recurrent layer, and a layer of two inputs, on what layers make."""

    def __init__(self, kind: type[nn.Module]) -> None:
        super().__init__()
        self.a, self.b, self.layer = nn.Linear(8, 8), nn.Linear(8, 8), kind(8, 8, *([3] if kind is nn.Bilinear else []))

    def forward(self, x):
        first, second = self.a(x)[0], self.b(x)[0]
        result = self.layer(first, (second, second) if isinstance(self.layer, nn.LSTMCell) else second)
        return result[0] if isinstance(result, tuple) else result
