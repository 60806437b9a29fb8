"""Modules of many kinds to record, each with its inputs: how it is built, and what it is called with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.checkpoint import checkpoint


class Case(NamedTuple):
    build: Callable[[], nn.Module]
    inputs: Callable[[], Any]
    modules: bool = True
    """Whether export tells the modules around an operator in the same way."""


class Does(nn.Module):
    """A module that does what a function says, with the parts that it is given."""

    def __init__(self, function: Callable[..., Any], **parts: Any) -> None:
        super().__init__()
        self.function = function
        for name, part in parts.items():
            if isinstance(part, torch.Tensor) and not isinstance(part, nn.Parameter):
                self.register_buffer(name, part)
            else:
                setattr(self, name, part)

    def forward(self, x, *rest):
        return self.function(self, x, *rest)


class Block(nn.Module):
    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inside, outside, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outside)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)), inplace=True)


class ConvNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(Block(3, 8), Block(8, 8))
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        x = self.pool(self.blocks(x))
        return self.head(F.adaptive_avg_pool2d(x, 1).flatten(1))


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down, self.mid = Block(3, 4), Block(4, 8)
        self.up = nn.ConvTranspose2d(8, 4, 2, 2)
        self.out = nn.Conv2d(8, 1, 1)

    def forward(self, x):
        a = self.down(x)
        b = self.up(self.mid(F.avg_pool2d(a, 2)))
        return self.out(torch.cat([a, F.interpolate(b, size=a.shape[2:], mode="bilinear")], dim=1))


class Attention(nn.Module):
    """Causal attention: written out, fused, or as an einsum."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way
        self.qkv, self.out = nn.Linear(16, 48), nn.Linear(16, 16)
        self.register_buffer("mask", torch.ones(64, 64).tril().bool(), persistent=False)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, 4, d // 4).permute(2, 0, 3, 1, 4).unbind(0)
        if self.way == "fused":
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        elif self.way == "masked":
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=self.mask[:n, :n])
        elif self.way == "einsum":
            y = torch.einsum("bhqk,bhkd->bhqd", torch.einsum("bhqd,bhkd->bhqk", q, k).softmax(-1), v)
        else:
            scores = (q @ k.transpose(-2, -1)) / (d // 4) ** 0.5
            y = scores.masked_fill(~self.mask[:n, :n], float("-inf")).softmax(-1) @ v
        return self.out(y.transpose(1, 2).reshape(b, n, d))


class Tables(nn.Module):
    """Rotary positions whose tables are made when they are first needed, and kept."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[int, Any] = {}
        self.cos = None
        self.register_buffer("scale", 1 / 10000 ** (torch.arange(0, 8, 2) / 8), persistent=False)
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, x):
        n = x.shape[1]
        if n not in self.tables:
            angles = torch.outer(torch.arange(n), self.scale)
            self.tables[n] = torch.cat([angles, angles], -1)
            self.cos, self.sin = self.tables[n].cos(), self.tables[n].sin()
        self.seen = self.seen + 1
        a, b = x.chunk(2, dim=-1)
        return x * self.cos + torch.cat([-b, a], -1) * self.sin


class Autocast(nn.Module):
    def __init__(self, device: str | None = None) -> None:
        super().__init__()
        self.device, self.a, self.b = device, nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x):
        with torch.autocast(self.device or x.device.type, dtype=torch.bfloat16):
            x = self.a(x)
        with torch.autocast(self.device or x.device.type, enabled=False):
            return self.b(x.float())


@dataclass
class Detection:
    boxes: torch.Tensor
    scores: torch.Tensor


class Pair(NamedTuple):
    left: torch.Tensor
    right: torch.Tensor


class Nested(nn.Module):
    def forward(self, x):
        pair = Pair(x + 1, x + 2)
        return {"logits": x * 2, "past_key_values": [(x - 1, None), (x - 2, x - 3)], "pair": pair, "count": 3}


def in_place(self, x):
    y = torch.zeros_like(x)
    y[:, 1:] += x[:, :-1]
    y.mul_(2).clamp_(min=0)
    return y + x


def windows(self, x):
    mask = torch.zeros(1, 8, 8, 1)
    for number, rows in enumerate((slice(0, -4), slice(-4, -2), slice(-2, None))):
        mask[:, rows, :, :] = number
    mask = mask.view(1, 2, 4, 2, 4, 1).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16)
    mask = mask.unsqueeze(1) - mask.unsqueeze(2)
    mask = mask.masked_fill(mask != 0, -100.0).masked_fill(mask == 0, 0.0)
    return (x @ x.transpose(-2, -1) + mask).softmax(-1) @ x


def pruned(self, x):
    if bool((self.keep > 0).all()):
        return x
    chosen = self.keep.nonzero().flatten()
    return x[..., chosen] * float(self.keep.sum())


def by_mask(self, x):
    return x[:, self.keep > 0] + x[:, (self.keep > 0).nonzero().squeeze(1)]


def literals(self, x):
    return x * torch.tensor([1.0, 2.0, 3.0, 4.0], device=x.device) + x.new_tensor([1.0])


def regions(self, x):
    with torch.no_grad():
        scale = x.abs().amax(-1, keepdim=True)
    return self.a(x / scale.detach())


def dead(self, x):
    unused = self.a(x)
    unused.sum()
    return x + 1


def split(self, x):
    a, b, c = x.split([1, 1, 2], dim=-1)
    d, e = torch.tensor_split(x, 2, dim=-1)
    return (a * b + c).sum(-1) + (d + e).sum(-1)


def linear(**options: Any) -> dict[str, Any]:
    return {"a": nn.Linear(4, 4, **options)}


def keep() -> torch.Tensor:
    return torch.tensor([1.0, 0.0, 1.0, 1.0])


def image() -> torch.Tensor:
    return torch.zeros(1, 3, 16, 16)


def tokens(width: int = 16) -> torch.Tensor:
    return torch.zeros(2, 8, width)


CASES = {
    "convolutions": Case(ConvNet, image),
    "unet": Case(UNet, image),
    "attention written out": Case(lambda: Attention("written"), tokens),
    "attention fused": Case(lambda: Attention("fused"), tokens),
    "attention masked": Case(lambda: Attention("masked"), tokens),
    "attention einsum": Case(lambda: Attention("einsum"), tokens),
    "multi-head": Case(lambda: Does(lambda m, x: m.a(x, x, x)[0], a=nn.MultiheadAttention(16, 4)), tokens),
    "encoder": Case(lambda: nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), tokens),
    "frozen encoder": Case(
        lambda: nn.TransformerEncoderLayer(16, 4, 32, batch_first=True).requires_grad_(False), tokens
    ),
    "decoder": Case(lambda: nn.TransformerDecoderLayer(16, 4, 32), lambda: (tokens(), tokens())),
    "lstm": Case(lambda: nn.LSTM(16, 8, 2, bidirectional=True, batch_first=True), tokens),
    "gru": Case(lambda: nn.GRU(16, 8), tokens),
    "tables": Case(Tables, lambda: tokens(8)),
    "autocast": Case(lambda: Autocast("cpu"), lambda: tokens(8)),
    "nested": Case(Nested, lambda: tokens(4)),
    "in place": Case(lambda: Does(in_place), lambda: tokens(4)),
    "windows": Case(lambda: Does(windows), lambda: torch.zeros(4, 16, 8)),
    "mask of a buffer": Case(lambda: Does(by_mask, keep=keep()), lambda: torch.zeros(2, 4)),
    "control flow": Case(lambda: Does(pruned, keep=keep()), lambda: tokens(4)),
    "literals": Case(lambda: Does(literals), lambda: tokens(4)),
    "regions": Case(lambda: Does(regions, **linear()), lambda: tokens(4)),
    "dead": Case(lambda: Does(dead, **linear()), lambda: tokens(4)),
    "split": Case(lambda: Does(split), lambda: tokens(4)),
    "checkpoint": Case(
        lambda: Does(lambda m, x: checkpoint(m.a, x, use_reentrant=False) + x, **linear()), lambda: tokens(4)
    ),
    "embedding": Case(
        lambda: Does(lambda m, x: m.a(x) + m.b(torch.arange(x.shape[1])), a=nn.Embedding(9, 4), b=nn.Embedding(9, 4)),
        lambda: torch.zeros(1, 5, dtype=torch.long),
    ),
    "tied": Case(lambda: Does(lambda m, x: F.linear(m.a(x), m.a.weight), **linear()), lambda: tokens(4)),
    "shared": Case(lambda: Does(lambda m, x: m.a(m.a(x)), **linear()), lambda: tokens(4)),
    "random": Case(lambda: Does(lambda m, x: x + torch.randn_like(x) + torch.rand(4)), lambda: tokens(4)),
    "norms": Case(
        lambda: nn.Sequential(nn.GroupNorm(2, 8), nn.SiLU(), nn.InstanceNorm1d(8), nn.LayerNorm(4), nn.GELU()),
        lambda: torch.zeros(1, 8, 4),
    ),
}
