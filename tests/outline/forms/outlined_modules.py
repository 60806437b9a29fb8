"""Modules of PyTorch whose outline a person knows."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, interpolate, max_pool2d


class LateFusion(nn.Module):
    def __init__(self):
        super().__init__()
        self.rgb, self.depth = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(1, 4, 3, padding=1)
        self.both = nn.Conv2d(10, 5, 1)

    def forward(self, rgb, depth):
        return self.both(torch.cat([self.rgb(rgb), self.depth(depth)], 1))


class Loop(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 8)

    def forward(self, x):
        for _ in range(12):
            x = torch.tanh(self.layer(x)) + x
        return x


def twice(channels: int, out: int) -> nn.Module:
    convolutions = nn.Conv2d(channels, out, 3, padding=1), nn.Conv2d(out, out, 3, padding=1)
    return nn.Sequential(convolutions[0], nn.ReLU(), convolutions[1], nn.ReLU())


class Down(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.pool, self.body = nn.MaxPool2d(2), twice(channels, 2 * channels)

    def forward(self, x):
        return self.body(self.pool(x))


class Up(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.up, self.body = nn.ConvTranspose2d(channels, channels // 2, 2, 2), twice(channels, channels // 2)

    def forward(self, x, skip):
        return self.body(torch.cat([skip, self.up(x)], 1))


class SmallUNet(nn.Module):
    def __init__(self, inputs=3, outputs=2):
        super().__init__()
        self.stem, self.head = twice(inputs, 4), nn.Conv2d(4, outputs, 1)
        self.down = nn.ModuleList([Down(4), Down(8)])
        self.up = nn.ModuleList([Up(16), Up(8)])

    def forward(self, x):
        known = [self.stem(x)]
        for down in self.down:
            known.append(down(known[-1]))
        x = known.pop()
        for up in self.up:
            x = up(x, known.pop())
        return self.head(x)


class Wrapped(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = SmallUNet()

    def forward(self, x):
        return torch.sigmoid(self.net(x))


class WNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = SmallUNet(3, 4), SmallUNet(4, 2)

    def forward(self, x):
        return self.second(self.first(x))


class Dense(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(6 + 2 * index, 2, 3, padding=1) for index in range(4))

    def forward(self, x):
        known = [x]
        for layer in self.layers:
            known.append(layer(torch.cat(known, 1)))
        return torch.cat(known, 1)


class Squeeze(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.weigh = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 1)

    def forward(self, x):
        x = self.conv(x)
        return x * torch.sigmoid(self.weigh(adaptive_avg_pool2d(x, 1)))


class Inception(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 1)
        self.branches = nn.ModuleList(nn.Conv2d(6, 4, side, padding=side // 2) for side in (1, 3, 5))

    def forward(self, x):
        x = self.stem(x)
        return torch.cat([branch(x) for branch in self.branches], 1)


class Pyramid(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.head = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(12, 4, 1)
        self.layers = nn.ModuleList(nn.Conv2d(6, 2, 1) for _ in range(3))

    def forward(self, x):
        x = self.stem(x)
        pooled = [
            interpolate(layer(avg_pool2d(x, side)), scale_factor=side)
            for side, layer in zip((2, 4, 8), self.layers, strict=True)
        ]
        return self.head(torch.cat([x, *pooled], 1))


class UNetPlusPlus(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = {"x00": 3, "x10": 4, "x20": 4, "x01": 8, "x11": 8, "x02": 12}
        self.convs = nn.ModuleDict({name: nn.Conv2d(size, 4, 3, padding=1) for name, size in sizes.items()})

    def forward(self, x):
        up = lambda value: interpolate(value, scale_factor=2)  # noqa: E731
        x00 = self.convs["x00"](x)
        x10 = self.convs["x10"](max_pool2d(x00, 2))
        x20 = self.convs["x20"](max_pool2d(x10, 2))
        x01 = self.convs["x01"](torch.cat([x00, up(x10)], 1))
        x11 = self.convs["x11"](torch.cat([x10, up(x20)], 1))
        return self.convs["x02"](torch.cat([x00, x01, up(x11)], 1))


class Towers(nn.Module):
    def __init__(self):
        super().__init__()
        self.left = nn.ModuleList(nn.Conv2d(4, 4, 3, padding=1) for _ in range(2))
        self.right = nn.ModuleList(nn.Conv2d(4, 4, 3, padding=1) for _ in range(2))
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x, y):
        for left, right in zip(self.left, self.right, strict=True):
            a, b = left(x), right(y)
            x, y = a + b, b + a.relu()
        return self.head(torch.cat([x, y], 1))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), 3)
        self.head = nn.Linear(16, 4)

    def forward(self, x):
        return self.head(self.layers(x))


def image(channels: int, side: int = 16) -> torch.Tensor:
    return torch.zeros(1, channels, side, side)


MODULES = {
    "late fusion": (LateFusion, lambda: (image(3), image(1)), "two branches that meet in one concatenation"),
    "loop": (Loop, lambda: (torch.zeros(1, 8),), "one residual, again and again"),
    "u": (SmallUNet, lambda: (image(3),), "a U of two levels and a bottom, a skip each"),
    "wrapped u": (Wrapped, lambda: (image(3),), "the same, with a sigmoid behind it"),
    "w": (WNet, lambda: (image(3),), "two such Us, one after the other"),
    "dense": (Dense, lambda: (image(6),), "every layer reads all before it"),
    "squeeze": (Squeeze, lambda: (image(3),), "a gate of pooled values"),
    "inception": (Inception, lambda: (image(3),), "three branches"),
    "pyramid": (Pyramid, lambda: (image(3),), "three pooled branches and a way past them"),
    "u++": (UNetPlusPlus, lambda: (image(3),), "a grid of two levels and a bottom"),
    "towers": (Towers, lambda: (image(4), image(4)), "two rows that exchange values"),
    "encoder": (Encoder, lambda: (torch.zeros(1, 7, 16),), "three equal layers and a head"),
}
