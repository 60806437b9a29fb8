"""Networks of the gallery as their users write them: torch's modules, and fused attention called as a function."""

import math
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812


def double_conv(before, after):
    return nn.Sequential(nn.Conv2d(before, after, 3), nn.ReLU(), nn.Conv2d(after, after, 3), nn.ReLU())


class UNet(nn.Module):
    def __init__(self, C=64, H=572, W=572):  # noqa: N803
        super().__init__()
        widths = [C * 2**level for level in range(5)]
        self.inputs = (torch.zeros(1, 1, H, W),)
        self.encoder = nn.ModuleList([double_conv(1, C), *(double_conv(a, b) for a, b in pairwise(widths))])
        self.pool = nn.MaxPool2d(2)
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in pairwise(widths))
        self.decoder = nn.ModuleList(double_conv(b, a) for a, b in pairwise(widths))
        self.logits = nn.Conv2d(C, 2, 1)

    def forward(self, x):
        skips = []
        for index, stage in enumerate(self.encoder):
            x = stage(self.pool(x) if index else x)
            skips.append(x)
        skips.pop()
        for up, stage in zip(reversed(self.up), reversed(self.decoder), strict=True):
            x, skip = up(x), skips.pop()
            top, left = ((a - b) // 2 for a, b in zip(skip.shape[2:], x.shape[2:], strict=True))
            x = stage(torch.cat([skip[..., top : top + x.shape[2], left : left + x.shape[3]], x], dim=1))
        return self.logits(x)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


def mlp(width, approximate="none"):
    return nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(approximate), nn.Linear(4 * width, width))


class ViTBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(width), Attention(width, heads)
        self.norm2, self.mlp = nn.LayerNorm(width), mlp(width)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    def __init__(self, D=768, L=12, heads=12, H=224, W=224):  # noqa: N803
        super().__init__()
        self.inputs = (torch.zeros(1, 3, H, W),)
        self.patches = nn.Conv2d(3, D, 16, 16)
        self.token = nn.Parameter(torch.zeros(1, 1, D))
        self.positions = nn.Parameter(torch.zeros(1, H * W // 256 + 1, D))
        self.blocks = nn.Sequential(*(ViTBlock(D, heads) for _ in range(L)))
        self.norm, self.head = nn.LayerNorm(D), nn.Linear(D, 1000)

    def forward(self, image):
        x = torch.cat([self.token, self.patches(image).flatten(2).transpose(1, 2)], dim=1) + self.positions
        return self.head(self.norm(self.blocks(x))[:, 0])


def modulate(x, shift, scale):
    return x * (1 + scale.unsqueeze(1)) + shift.unsqueeze(1)


class DiTBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.norm2 = (nn.LayerNorm(width, elementwise_affine=False) for _ in range(2))
        self.attention, self.mlp = Attention(width, heads), mlp(width, "tanh")
        self.adaln = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, x, cond):
        shift1, scale1, gate1, shift2, scale2, gate2 = self.adaln(cond).chunk(6, dim=1)
        x = x + gate1.unsqueeze(1) * self.attention(modulate(self.norm1(x), shift1, scale1))
        return x + gate2.unsqueeze(1) * self.mlp(modulate(self.norm2(x), shift2, scale2))


class DiT(nn.Module):
    def __init__(self, D=1152, L=28, heads=16, p=2, S=32):  # noqa: N803
        super().__init__()
        self.inputs = (torch.zeros(1, 4, S, S), torch.zeros(1), torch.zeros(1, dtype=torch.long))
        self.patch, self.side = p, S // p
        self.patches = nn.Conv2d(4, D, p, p)
        self.positions = nn.Parameter(torch.zeros(1, self.side**2, D), requires_grad=False)
        self.time = nn.Sequential(nn.Linear(256, D), nn.SiLU(), nn.Linear(D, D))
        self.classes = nn.Embedding(1001, D)
        self.blocks = nn.ModuleList(DiTBlock(D, heads) for _ in range(L))
        self.adaln = nn.Sequential(nn.SiLU(), nn.Linear(D, 2 * D))
        self.norm, self.final = nn.LayerNorm(D, elementwise_affine=False), nn.Linear(D, 8 * p * p)

    def forward(self, latent, t, y):
        rates = torch.exp(-math.log(10000) * torch.arange(128, device=t.device) / 128)
        angles = t[:, None] * rates
        cond = self.time(torch.cat([angles.cos(), angles.sin()], dim=-1)) + self.classes(y)
        x = self.patches(latent).flatten(2).transpose(1, 2) + self.positions
        for block in self.blocks:
            x = block(x, cond)
        x = self.final(modulate(self.norm(x), *self.adaln(cond).chunk(2, dim=1)))
        cut = x.unflatten(1, (self.side, self.side)).unflatten(-1, (self.patch, self.patch, 8))
        return cut.permute(0, 5, 1, 3, 2, 4).flatten(4, 5).flatten(2, 3)


class Bottleneck(nn.Module):
    def __init__(self, before, width, stride):
        super().__init__()
        after = 4 * width
        self.conv1, self.norm1 = nn.Conv2d(before, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.norm2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.norm3 = nn.Conv2d(width, after, 1, bias=False), nn.BatchNorm2d(after)
        self.relu, self.shortcut = nn.ReLU(inplace=True), None
        if stride > 1 or before != after:
            self.shortcut = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x):
        same = x if self.shortcut is None else self.shortcut(x)
        y = self.relu(self.norm1(self.conv1(x)))
        y = self.relu(self.norm2(self.conv2(y)))
        return self.relu(self.norm3(self.conv3(y)) + same)


class ResNet(nn.Module):
    def __init__(self, H=224, W=224):  # noqa: N803
        super().__init__()
        self.inputs = (torch.zeros(1, 3, H, W),)
        stem = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        blocks, before = [], 64
        for width, depth, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
            for index in range(depth):
                blocks.append(Bottleneck(before, width, stride if index == 0 else 1))
                before = 4 * width
        self.body = nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1))
        self.head = nn.Linear(before, 1000)

    def forward(self, image):
        return self.head(self.body(image).flatten(1))


def stable_diffusion(C=320, X=768, H=64, W=64, heads=(8, 8, 8, 8)):  # noqa: N803
    from diffusers import UNet2DConditionModel

    module = UNet2DConditionModel(
        sample_size=H,
        block_out_channels=(C, 2 * C, 4 * C, 4 * C),
        cross_attention_dim=X,
        attention_head_dim=tuple(heads),
    )
    module.inputs = (torch.zeros(1, 4, H, W), torch.zeros(1), torch.zeros(1, 77, X))
    return module
