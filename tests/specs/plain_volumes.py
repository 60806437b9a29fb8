"""Networks on volumes that are in the gallery, written in plain PyTorch from their papers and their published code."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812


class ResBlock(nn.Module):
    """Two convolutions; a 1x1x1 convolution beside them where the first of a stage says so."""

    def __init__(self, before, after, stride=1, *, projected=False):
        super().__init__()
        self.first, self.second = nn.Conv3d(before, after, 3, stride, 1), nn.Conv3d(after, after, 3, 1, 1)
        self.norms = nn.ModuleList(nn.InstanceNorm3d(after, affine=True) for _ in range(2))
        self.shortcut = nn.Conv3d(before, after, 1, stride) if projected else nn.Identity()

    def forward(self, x):
        y = F.leaky_relu(self.norms[0](self.first(x)))
        return F.leaky_relu(self.norms[1](self.second(y)) + self.shortcut(x))


def res_stage(before, after, depth, stride=1):
    rest = (ResBlock(after, after) for _ in range(depth - 1))
    return nn.Sequential(ResBlock(before, after, stride, projected=True), *rest)


class STUNet(nn.Module):
    def __init__(self, width, depth, classes=105):
        super().__init__()
        widths = [width * factor for factor in (1, 2, 4, 8, 16, 16)]
        pairs = list(pairwise(widths))
        self.down = nn.ModuleList([res_stage(1, width, depth), *(res_stage(a, b, depth, 2) for a, b in pairs)])
        self.narrow = nn.ModuleList(nn.Conv3d(b, a, 1) for a, b in reversed(pairs))
        self.up = nn.ModuleList(res_stage(2 * a, a, depth) for a, _ in reversed(pairs))
        self.heads = nn.ModuleList(nn.Conv3d(a, classes, 1) for a, _ in reversed(pairs))

    def forward(self, x):
        kept = []
        for stage in self.down:
            kept.append(x := stage(x))
        kept.pop()
        outs = []
        for narrow, stage, head in zip(self.narrow, self.up, self.heads, strict=True):
            x = stage(torch.cat((narrow(F.interpolate(x, scale_factor=2)), kept.pop()), 1))
            outs.append(head(x))
        return outs[::-1]


class MedNeXtBlock(nn.Module):
    kind = nn.Conv3d

    def __init__(self, before, after, ratio, kernel, stride=1):
        super().__init__()
        self.depthwise = self.kind(before, before, kernel, stride, kernel // 2, groups=before)
        self.norm = nn.GroupNorm(before, before)
        self.wide, self.narrow = nn.Conv3d(before, ratio * before, 1), nn.Conv3d(ratio * before, after, 1)

    def mixed(self, x):
        return self.narrow(F.gelu(self.wide(self.norm(self.depthwise(x)))))

    def forward(self, x):
        return x + self.mixed(x)


class DownBlock(MedNeXtBlock):
    def __init__(self, before, ratio, kernel):
        super().__init__(before, 2 * before, ratio, kernel, 2)
        self.shortcut = nn.Conv3d(before, 2 * before, 1, 2)

    def forward(self, x):
        return self.mixed(x) + self.shortcut(x)


class UpBlock(MedNeXtBlock):
    kind = nn.ConvTranspose3d

    def __init__(self, before, ratio, kernel):
        super().__init__(before, before // 2, ratio, kernel, 2)
        self.shortcut = nn.ConvTranspose3d(before, before // 2, 1, 2)

    def forward(self, x):
        return F.pad(self.mixed(x), (1, 0) * 3) + F.pad(self.shortcut(x), (1, 0) * 3)


class MedNeXt(nn.Module):
    def __init__(self, ratios, depths, kernel, width=32, classes=14):
        super().__init__()
        self.stem, self.dummy = nn.Conv3d(1, width, 1), nn.Parameter(torch.ones(1))
        widths = [width * factor for factor in (1, 2, 4, 8, 16, 8, 4, 2, 1)]
        rows = list(zip(widths, ratios, depths, strict=True))
        self.stages = nn.ModuleList(
            nn.Sequential(*(MedNeXtBlock(w, w, ratio, kernel) for _ in range(depth))) for w, ratio, depth in rows
        )
        self.down = nn.ModuleList(DownBlock(widths[i], ratios[i + 1], kernel) for i in range(4))
        self.up = nn.ModuleList(UpBlock(widths[i + 4], ratios[i + 5], kernel) for i in range(4))
        self.heads = nn.ModuleList(nn.ConvTranspose3d(w, classes, 1) for w in widths[4:])

    def forward(self, x):
        x, kept = self.stem(x), []
        for stage, down in zip(self.stages, self.down, strict=False):
            kept.append(x := stage(x))
            x = down(x)
        x = self.stages[4](x)
        outs = [self.heads[0](x)]
        for up, stage, head in zip(self.up, self.stages[5:], self.heads[1:], strict=True):
            x = stage(up(x) + kept.pop())
            outs.append(head(x))
        return [*outs[:0:-1], outs[0]]


class UNETRBlock(nn.Module):
    """Two convolutions and a projection where the width changes; norms that learn nothing."""

    def __init__(self, before, after):
        super().__init__()
        self.first, self.second = (nn.Conv3d(c, after, 3, padding=1, bias=False) for c in (before, after))
        self.shortcut = nn.Conv3d(before, after, 1, bias=False) if before != after else None

    def forward(self, x):
        y = F.instance_norm(self.second(F.leaky_relu(F.instance_norm(self.first(x)))))
        return F.leaky_relu(y + (x if self.shortcut is None else F.instance_norm(self.shortcut(x))))


class Encoded(nn.Module):
    """A block of a ViT whose queries, keys and values have no bias."""

    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads, self.norms = heads, nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.qkv, self.proj = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, x):
        q, k, v = self.qkv(self.norms[0](x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        x = x + self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return x + self.mlp(self.norms[1](x))


def twice(before, after):
    return nn.ConvTranspose3d(before, after, 2, 2, bias=False)


class UNETR(nn.Module):
    def __init__(self, width=768, depth=12, heads=12, hidden=3072, channels=16, classes=14, side=96):
        super().__init__()
        self.grid, self.quarter, levels = (side // 16,) * 3, depth // 4, [channels * 2**i for i in range(4)]
        self.patches = nn.Conv3d(1, width, 16, 16)
        self.places = nn.Parameter(torch.zeros(1, (side // 16) ** 3, width))
        self.blocks = nn.ModuleList(Encoded(width, heads, hidden) for _ in range(depth))
        self.norm, self.first = nn.LayerNorm(width), UNETRBlock(1, channels)
        self.lifts = nn.ModuleList(
            nn.Sequential(twice(width, c), *(part for _ in range(3 - i) for part in (twice(c, c), UNETRBlock(c, c))))
            for i, c in enumerate(levels)
            if i
        )
        self.ups = nn.ModuleList(twice(a, b) for a, b in pairwise([width, *reversed(levels)]))
        self.joins = nn.ModuleList(UNETRBlock(2 * c, c) for c in reversed(levels))
        self.head = nn.Conv3d(channels, classes, 1)

    def forward(self, image):
        x, skips = self.patches(image).flatten(2).transpose(1, 2) + self.places, [self.first(image)]
        for place, block in enumerate(self.blocks, 1):
            x = block(x)
            if place % self.quarter == 0 and place < len(self.blocks):
                skips.append(self.lifts[len(skips) - 1](self.on_grid(x)))
        x = self.on_grid(self.norm(x))
        for up, join in zip(self.ups, self.joins, strict=True):
            x = join(torch.cat((up(x), skips.pop()), 1))
        return [self.head(x)]

    def on_grid(self, x):
        return x.transpose(1, 2).unflatten(2, self.grid)


class WindowAttention(nn.Module):
    """Attention within windows on a grid padded to whole ones, with the table of biases of a full window."""

    def __init__(self, width, heads, window, *, shifted):
        super().__init__()
        self.heads, self.window, self.shifted = heads, window, shifted
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.bias = nn.Parameter(torch.zeros((2 * window - 1) ** 3, heads))

    def forward(self, x):  # samples, d, h, w, channels
        sides = [min(self.window, side) for side in x.shape[1:4]]
        shifts = [
            side // 2 if self.shifted and side < full else 0 for side, full in zip(sides, x.shape[1:4], strict=True)
        ]
        ends = [-full % side for side, full in zip(sides, x.shape[1:4], strict=True)]
        padded = F.pad(x, [0, 0, *(n for end in reversed(ends) for n in (0, end))]).roll(
            [-n for n in shifts], (1, 2, 3)
        )
        out = self.attended(padded, sides).roll(shifts, (1, 2, 3))
        return out[:, : x.shape[1], : x.shape[2], : x.shape[3]]

    def attended(self, x, sides):
        a, b, c = sides
        grid = [full // side for full, side in zip(x.shape[1:4], sides, strict=True)]
        parts = x.unflatten(3, (grid[2], c)).unflatten(2, (grid[1], b)).unflatten(1, (grid[0], a))
        parts = parts.permute(0, 1, 3, 5, 2, 4, 6, 7).flatten(4, 6).flatten(0, 3)  # windows, positions, channels
        q, k, v = self.qkv(parts).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        bias = self.bias[0].view(1, self.heads, 1, 1).expand(1, -1, parts.shape[1], parts.shape[1])
        out = self.proj(F.scaled_dot_product_attention(q, k, v, bias).transpose(1, 2).flatten(2))
        out = out.unflatten(0, (-1, *grid)).unflatten(4, sides).permute(0, 1, 4, 2, 5, 3, 6, 7)
        return out.flatten(5, 6).flatten(3, 4).flatten(1, 2)


class SwinBlock(nn.Module):
    def __init__(self, width, heads, window, *, shifted):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.attention = WindowAttention(width, heads, window, shifted=shifted)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attention(self.norms[0](x))
        return x + self.mlp(self.norms[1](x))


class SwinStage(nn.Module):
    """Blocks with regular and shifted windows, then every cube of eight positions as one of twice the channels."""

    def __init__(self, width, heads, window, pairs):
        super().__init__()
        self.blocks = nn.Sequential(
            *(SwinBlock(width, heads, window, shifted=odd) for _ in range(pairs) for odd in (0, 1))
        )
        self.norm, self.reduction = nn.LayerNorm(8 * width), nn.Linear(8 * width, 2 * width, bias=False)

    def forward(self, x):
        x = self.blocks(x.permute(0, 2, 3, 4, 1))
        cubes = torch.cat([x[:, i::2, j::2, k::2] for i in (0, 1) for j in (0, 1) for k in (0, 1)], -1)
        return self.reduction(self.norm(cubes)).permute(0, 4, 1, 2, 3)


class SwinUNETR(nn.Module):
    def __init__(self, width=48, modalities=1, classes=14, head_dim=16, window=7, pairs=(1, 1, 1, 1)):
        super().__init__()
        widths = [width * 2**i for i in range(5)]
        self.patches = nn.Conv3d(modalities, width, 2, 2)
        self.stages = nn.ModuleList(SwinStage(c, c // head_dim, window, n) for c, n in zip(widths, pairs, strict=False))
        self.first = UNETRBlock(modalities, width)
        self.skips = nn.ModuleList(UNETRBlock(c, c) for c in (*widths[:3], widths[4]))
        down = [*reversed(widths), width]
        self.ups = nn.ModuleList(twice(a, b) for a, b in pairwise(down))
        self.joins = nn.ModuleList(UNETRBlock(2 * c, c) for c in down[1:])
        self.head = nn.Conv3d(width, classes, 1)

    def forward(self, image):
        grids = [self.patches(image)]
        for stage in self.stages:
            grids.append(stage(grids[-1]))
        grids = [F.layer_norm(grid.movedim(1, -1), grid.shape[1:2]).movedim(-1, 1) for grid in grids]
        shallow = [block(grid) for block, grid in zip(self.skips[:3], grids, strict=False)]
        skips, x = [self.first(image), *shallow, grids[3]], self.skips[3](grids[4])
        for up, join in zip(self.ups, self.joins, strict=True):
            x = join(torch.cat((up(x), skips.pop()), 1))
        return self.head(x)
