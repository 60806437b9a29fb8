"""The U-Net of guided diffusion in plain PyTorch, from its published code; residual blocks level by level."""

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812


class ResBlock(nn.Module):
    def __init__(self, before, after, told, resample=None):
        super().__init__()
        self.norms = nn.ModuleList(nn.GroupNorm(32, width) for width in (before, after))
        self.convs = nn.ModuleList(nn.Conv2d(width, after, 3, padding=1) for width in (before, after))
        self.told, self.resample = nn.Linear(told, 2 * after), resample
        self.shortcut = nn.Conv2d(before, after, 1) if before != after else nn.Identity()

    def resized(self, x):
        if self.resample == "down":
            return F.avg_pool2d(x, 2)
        return F.interpolate(x, scale_factor=2) if self.resample == "up" else x

    def forward(self, x, cond):
        y = self.convs[0](self.resized(F.silu(self.norms[0](x))))
        scale, shift = self.told(F.silu(cond))[..., None, None].chunk(2, 1)
        y = self.convs[1](F.silu(self.norms[1](y) * (1 + scale) + shift))
        return y + self.shortcut(self.resized(x))


class SelfAttention(nn.Module):
    def __init__(self, width, head):
        super().__init__()
        self.norm, self.heads = nn.GroupNorm(32, width), width // head
        self.qkv, self.proj = nn.Conv1d(width, 3 * width, 1), nn.Conv1d(width, width, 1)

    def forward(self, x, _):
        q, k, v = self.qkv(self.norm(x).flatten(2)).unflatten(1, (3, self.heads, -1)).mT.unbind(1)
        y = F.scaled_dot_product_attention(q, k, v).mT.flatten(1, 2)
        return x + self.proj(y).unflatten(2, x.shape[2:])


class Level(nn.ModuleList):
    def forward(self, x, cond):
        for part in self:
            x = part(x, cond)
        return x


class ADM(nn.Module):
    def __init__(self, width, mult, attends, depths, head=64, classes=1000):
        super().__init__()
        told, here = 4 * width, width
        self.frequencies, self.stem = width, nn.Conv2d(3, width, 3, padding=1)
        self.time = nn.Sequential(nn.Linear(width, told), nn.SiLU(), nn.Linear(told, told))
        self.classes = nn.Embedding(classes, told)
        self.down, self.up, kept = nn.ModuleList(), nn.ModuleList(), [width]
        levels = [(width * factor, *rest) for factor, *rest in zip(mult, attends, depths, strict=True)]
        for index, (after, attend, depth) in enumerate(levels):
            for _ in range(depth):
                parts = [ResBlock(here, after, told), *([SelfAttention(after, head)] if attend else [])]
                self.down.append(Level(parts))
                kept.append(here := after)
            if index + 1 < len(levels):
                self.down.append(Level([ResBlock(here, here, told, "down")]))
                kept.append(here)
        self.middle = Level([ResBlock(here, here, told), SelfAttention(here, head), ResBlock(here, here, told)])
        for index, (after, attend, depth) in reversed(list(enumerate(levels))):
            for last in [False] * depth + [True]:
                parts = [ResBlock(here + kept.pop(), after, told), *([SelfAttention(after, head)] if attend else [])]
                here = after
                self.up.append(Level([*parts, *([ResBlock(here, here, told, "up")] if last and index else [])]))
        self.norm, self.head = nn.GroupNorm(32, here), nn.Conv2d(here, 6, 3, padding=1)

    def forward(self, x, labels):
        cond = self.time(x.new_zeros(len(x), self.frequencies)) + self.classes(labels)
        kept = [x := self.stem(x)]
        for part in self.down:
            kept.append(x := part(x, cond))
        x = self.middle(x, cond)
        for part in self.up:
            x = part(torch.cat((x, kept.pop()), 1), cond)
        return self.head(F.silu(self.norm(x)))
