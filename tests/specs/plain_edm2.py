"""EDM2 in plain PyTorch, after Karras et al. 2024, arXiv:2312.02696, without constant factors and clipping."""

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812


def unit(x, dim):
    return x * torch.rsqrt(x.square().mean(dim, keepdim=True) + 1e-8)


def conv(before, after, kernel):
    return nn.Conv2d(before, after, kernel, padding=kernel // 2, bias=False)


class Block(nn.Module):
    def __init__(self, before, after, embedding, *, decoder, attends=False):
        super().__init__()
        self.decoder, self.heads = decoder, after // 64 if attends else 0
        self.first = conv(before if decoder else after, after, 3)
        self.second = conv(after, after, 3)
        self.embedded, self.gain = nn.Linear(embedding, after, bias=False), nn.Parameter(torch.zeros([]))
        self.skip = conv(before, after, 1) if before != after else nn.Identity()
        if attends:
            self.qkv, self.proj = conv(after, 3 * after, 1), conv(after, after, 1)

    def branch(self, x, cond):
        scale = self.embedded(cond) * self.gain + 1
        return self.second(F.silu(self.first(F.silu(x)) * scale[:, :, None, None]))

    def attended(self, x):
        b, c, h, w = x.shape
        parts = self.qkv(x).reshape(b, 3, self.heads, 64, h * w)
        q, k, v = unit(parts, 3).unbind(1)
        scores = torch.einsum("bhcq,bhck->bhqk", q, k / 8).softmax(-1)
        return self.proj(torch.einsum("bhqk,bhck->bhcq", scores, v).reshape(b, c, h, w))

    def forward(self, x, cond):
        if self.decoder:
            x = self.skip(x) + self.branch(x, cond)
        else:
            x = unit(self.skip(x), 1)
            x = x + self.branch(x, cond)
        return x + self.attended(x) if self.heads else x


class EDM2(nn.Module):
    def __init__(self, width, mult=(1, 2, 3, 4), attends=(False, False, True, True), blocks=3, classes=1000):
        super().__init__()
        widths = [width * factor for factor in mult]
        whole = max(widths)
        self.level, self.label = nn.Linear(width, whole, bias=False), nn.Linear(classes, whole, bias=False)
        self.first, channels = conv(5, width, 3), width
        self.encoder, kept = nn.ModuleList(), [width]
        for place, (after, attend) in enumerate(zip(widths, attends, strict=True)):
            made = [Block(channels, channels, whole, decoder=False)] if place else []
            for _ in range(blocks):
                made.append(Block(channels, after, whole, decoder=False, attends=attend))
                channels = after
            self.encoder.append(nn.ModuleList(made))
            kept += [block.second.out_channels for block in made]
        self.middle = nn.ModuleList(Block(channels, channels, whole, decoder=True, attends=a) for a in (True, False))
        self.decoder = nn.ModuleList()
        for place, (after, attend) in reversed(list(enumerate(zip(widths, attends, strict=True)))):
            up = Block(channels, channels, whole, decoder=True) if place < len(widths) - 1 else None
            made = [up] if up else []
            for _ in range(blocks + 1):
                made.append(Block(channels + kept.pop(), after, whole, decoder=True, attends=attend))
                channels = after
            self.decoder.append(nn.ModuleList(made))
        self.last, self.gain = conv(channels, 4, 3), nn.Parameter(torch.zeros([]))

    def forward(self, latents, noise, label):
        half = torch.arange(self.level.in_features, device=latents.device)
        cond = F.silu(self.level((noise[:, None] * half).cos()) + self.label(label))
        x = self.first(torch.cat((latents, torch.ones_like(latents[:, :1])), 1))
        kept = [x]
        for place, level in enumerate(self.encoder):
            for index, block in enumerate(level):
                kept.append(x := block(F.avg_pool2d(x, 2) if place and not index else x, cond))
        for block in self.middle:
            x = block(x, cond)
        for place, level in enumerate(self.decoder):
            for index, block in enumerate(level):
                up = place and not index
                x = block(F.interpolate(x, scale_factor=2) if up else torch.cat((x, kept.pop()), 1), cond)
        return self.last(x) * self.gain
