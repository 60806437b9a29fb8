"""Modules that use weights in several places, as networks of papers do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812


def layer(width: int) -> nn.Module:
    return nn.TransformerEncoderLayer(width, 4, 2 * width, batch_first=True)


class Tied(nn.Module):
    """The table of the embedding is that of the head."""

    def __init__(self):
        super().__init__()
        self.embedding, self.positions = nn.Embedding(100, 32), nn.Parameter(torch.zeros(1, 16, 32))
        self.layers, self.norm = nn.ModuleList(layer(32) for _ in range(3)), nn.LayerNorm(32)

    def forward(self, ids):
        x = self.embedding(ids) + self.positions
        for one in self.layers:
            x = one(x)
        return self.norm(x) @ self.embedding.weight.T


class SharedPositions(nn.Module):
    """One table is added before every layer."""

    def __init__(self):
        super().__init__()
        self.positions, self.head = nn.Parameter(torch.zeros(1, 16, 32)), nn.Linear(32, 5)
        self.layers, self.between = nn.ModuleList(layer(32) for _ in range(3)), nn.Linear(32, 32)

    def forward(self, x):
        first, second, third = self.layers
        x = self.between(first(x + self.positions))
        x = F.gelu(second(x + self.positions))
        return self.head(third(x + self.positions).mean(1))


class Exchanging(nn.Module):
    """As in CoaT: three resolutions side by side, whose blocks share the convolutions of positions, and exchange."""

    def __init__(self):
        super().__init__()
        self.patches = nn.ModuleList([nn.Conv2d(3, 16, 4, 4), nn.Conv2d(16, 16, 2, 2), nn.Conv2d(16, 16, 2, 2)])
        self.places = nn.ModuleList(nn.Conv2d(16, 16, side, padding=side // 2, groups=16) for side in (3, 5))
        self.mixers = nn.ModuleList(nn.Conv2d(16, 16, 1) for _ in range(6))
        self.head = nn.Linear(48, 5)

    def forward(self, x):
        scales = []
        for patch in self.patches:
            x = patch(x)
            scales.append(x)
        for step in (0, 3):
            mixed = [self.mixers[step + i](sum(place(one) for place in self.places)) for i, one in enumerate(scales)]
            scales = [
                one + sum(F.interpolate(other, size=one.shape[2:]) for other in mixed if other is not one)
                for one in scales
            ]
        return self.head(torch.cat([one.mean((2, 3)) for one in scales], 1))


class SharedHead(nn.Module):
    """As in RetinaNet: one head on three resolutions."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 8, 3, 1, 1), nn.Conv2d(8, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, 2, 1)
        self.head = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 4, 3, padding=1))

    def forward(self, x):
        a = F.relu(self.a(x))
        b = F.relu(self.b(a))
        c = F.relu(self.c(b))
        return self.head(a), self.head(b), self.head(c)


class SharedU(nn.Module):
    """A U whose levels share all weights."""

    def __init__(self):
        super().__init__()
        self.stem, self.conv, self.head = nn.Conv2d(3, 8, 3, 1, 1), nn.Conv2d(8, 8, 3, 1, 1), nn.Conv2d(8, 2, 1)
        self.up, self.join = nn.ConvTranspose2d(8, 8, 2, 2), nn.Conv2d(16, 8, 1)

    def forward(self, x):
        a = F.relu(self.conv(self.stem(x)))
        b = F.relu(self.conv(F.max_pool2d(a, 2)))
        c = F.relu(self.conv(F.max_pool2d(b, 2)))
        b = F.relu(self.conv(self.join(torch.cat([self.up(c), b], 1))))
        return self.head(F.relu(self.conv(self.join(torch.cat([self.up(b), a], 1)))))


class TwoStreams(nn.Module):
    """A perceptron that both streams go through."""

    def __init__(self):
        super().__init__()
        self.mlp, self.head = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 8)), nn.Linear(16, 5)

    def forward(self, a, b):
        return self.head(torch.cat([self.mlp(a), self.mlp(b)], -1))


class OneLayer(nn.Module):
    """As in ALBERT: one layer again and again, here with something between."""

    def __init__(self):
        super().__init__()
        self.layer, self.between = layer(32), nn.ModuleList(nn.Linear(32, 32) for _ in range(3))

    def forward(self, x):
        for between in self.between:
            x = between(self.layer(x))
        return self.layer(self.layer(x))


class MadeOfWeights(nn.Module):
    """A matrix that is the product of two, used at every step."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.zeros(16, 4)), nn.Parameter(torch.zeros(4, 16))
        self.between = nn.ModuleList(nn.Linear(16, 16) for _ in range(2))

    def forward(self, x):
        weight = self.a @ self.b
        for between in self.between:
            x = F.relu(between(F.linear(x, weight)))
        return F.linear(x, weight)


def of(*shape: int, dtype: torch.dtype = torch.float32) -> Callable[[], Any]:
    return lambda: (torch.zeros(shape, dtype=dtype),)


SHARING = {
    "tied": (Tied, of(1, 16, dtype=torch.long)),
    "positions": (SharedPositions, of(1, 16, 32)),
    "exchanging": (Exchanging, of(1, 3, 64, 64)),
    "head": (SharedHead, of(1, 3, 32, 32)),
    "u": (SharedU, of(1, 3, 32, 32)),
    "streams": (TwoStreams, lambda: (torch.zeros(1, 6, 8), torch.zeros(1, 6, 8))),
    "layer": (OneLayer, of(1, 16, 32)),
    "made": (MadeOfWeights, of(1, 10, 16)),
}
