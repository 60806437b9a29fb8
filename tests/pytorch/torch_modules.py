"""Plain PyTorch modules of many kinds, with example inputs and the dimensions that vary."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

import archgraph as ag


class Example(NamedTuple):
    """A module to be traced: how to build it, its inputs, what varies, and other sizes to check the law at."""

    build: Callable[[], nn.Module]
    inputs: Callable[..., dict[str, Any]]
    dynamic: dict[str, dict[int, str]]
    sizes: tuple[dict[str, int], ...]


class DoubleConv(nn.Sequential):
    def __init__(self, inside: int, outside: int, norm: bool = True) -> None:
        layers: list[nn.Module] = []
        for width in (inside, outside):
            layers += [
                nn.Conv2d(width, outside, 3, padding=1),
                nn.BatchNorm2d(outside) if norm else nn.Identity(),
                nn.ReLU(inplace=True),
            ]
        super().__init__(*layers)


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.enc1, self.enc2, self.mid = DoubleConv(3, 8), DoubleConv(8, 16), DoubleConv(16, 32)
        self.up2, self.dec2 = nn.ConvTranspose2d(32, 16, 2, 2), DoubleConv(32, 16)
        self.up1, self.dec1 = nn.ConvTranspose2d(16, 8, 2, 2, bias=False), DoubleConv(16, 8)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x):
        a = self.enc1(x)
        b = self.enc2(F.max_pool2d(a, 2))
        c = self.mid(F.max_pool2d(b, 2))
        b = self.dec2(torch.cat([b, self.up2(c)], 1))
        return self.head(self.dec1(torch.cat([a, self.up1(b)], 1)))


class ValidUNet(nn.Module):
    """Valid convolutions, so that the skip is cropped to a size that is computed."""

    def __init__(self) -> None:
        super().__init__()
        self.enc, self.mid = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 8, 3)
        self.up, self.dec = nn.ConvTranspose2d(8, 4, 2, 2), nn.Conv2d(8, 4, 3)

    def forward(self, x):
        a = self.enc(x)
        u = self.up(self.mid(F.max_pool2d(a, 2)))
        y, z = (a.shape[2] - u.shape[2]) // 2, (a.shape[3] - u.shape[3]) // 2
        a = a[:, :, y : y + u.shape[2], z : z + u.shape[3]]
        return self.dec(torch.cat([a, u], 1))


class Bottleneck(nn.Module):
    def __init__(self, inside: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inside, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        self.down = None
        if stride != 1 or inside != 4 * width:
            self.down = nn.Sequential(nn.Conv2d(inside, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))

    def forward(self, x):
        y = self.bn1(self.conv1(x)).relu_()
        y = self.bn2(self.conv2(y)).relu_()
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.down is None else self.down(x)))


class ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        )
        self.layer1 = nn.Sequential(Bottleneck(8, 4), Bottleneck(16, 4), Bottleneck(16, 4))
        self.layer2 = nn.Sequential(Bottleneck(16, 8, 2), Bottleneck(32, 8))
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(32, 10)

    def forward(self, x):
        return self.fc(torch.flatten(self.pool(self.layer2(self.layer1(self.stem(x)))), 1))


class ConvNeXtBlock(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.dw, self.norm = nn.Conv2d(c, c, 7, padding=3, groups=c), nn.LayerNorm(c)
        self.up, self.down = nn.Linear(c, 4 * c), nn.Linear(4 * c, c)
        self.gamma = nn.Parameter(torch.ones(c))

    def forward(self, x):
        y = self.norm(self.dw(x).permute(0, 2, 3, 1))
        y = self.gamma * self.down(F.gelu(self.up(y)))
        return x + y.permute(0, 3, 1, 2)


class ConvNeXt(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 4, 4)
        self.blocks = nn.Sequential(*(ConvNeXtBlock(8) for _ in range(3)))
        self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, 5)

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.stem(x)).mean([-2, -1])))


class Attention(nn.Module):
    def __init__(self, width: int, heads: int, fused: bool = True) -> None:
        super().__init__()
        self.heads, self.fused = heads, fused
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        if self.fused:
            y = F.scaled_dot_product_attention(q, k, v)
        else:
            scores = (q @ k.transpose(-2, -1)) * (c // self.heads) ** -0.5
            y = F.dropout(scores.softmax(-1), 0.1, self.training) @ v
        return self.out(y.transpose(1, 2).reshape(b, n, c))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, fused: bool = True) -> None:
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(width), Attention(width, heads, fused)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    def __init__(self, fused: bool = True) -> None:
        super().__init__()
        self.patch, self.cls = nn.Conv2d(3, 16, 4, 4), nn.Parameter(torch.zeros(1, 1, 16))
        self.pos = nn.Parameter(torch.zeros(1, 1 + 8 * 8, 16))
        self.blocks = nn.ModuleList(Block(16, 4, fused) for _ in range(4))
        self.norm, self.head = nn.LayerNorm(16), nn.Linear(16, 10)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1) + self.pos
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])


class DiTBlock(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width))
        self.ada = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, x, c):
        shift1, scale1, gate1, shift2, scale2, gate2 = self.ada(c).chunk(6, dim=1)
        x = x + gate1.unsqueeze(1) * self.attention(self.norm1(x) * (1 + scale1.unsqueeze(1)) + shift1.unsqueeze(1))
        return x + gate2.unsqueeze(1) * self.mlp(self.norm2(x) * (1 + scale2.unsqueeze(1)) + shift2.unsqueeze(1))


class DiT(nn.Module):
    def __init__(self, side: int | None = None) -> None:
        super().__init__()
        self.patch, self.time = nn.Conv2d(4, 24, 2, 2), nn.Sequential(nn.Linear(32, 24), nn.SiLU(), nn.Linear(24, 24))
        self.label = nn.Embedding(11, 24)
        self.pos = nn.Parameter(torch.zeros(1, (side // 2) ** 2, 24), requires_grad=False) if side else None
        self.blocks = nn.ModuleList(DiTBlock(24, 3) for _ in range(5))
        self.norm, self.final = nn.LayerNorm(24, elementwise_affine=False), nn.Linear(24, 2 * 2 * 8)
        self.ada = nn.Sequential(nn.SiLU(), nn.Linear(24, 48))

    def forward(self, x, t, y):
        h, w = x.shape[2] // 2, x.shape[3] // 2
        x = self.patch(x).flatten(2).transpose(1, 2)
        if self.pos is not None:
            x = x + self.pos
        frequencies = torch.exp(-9.2 * torch.arange(16, device=t.device) / 16)
        angles = t[:, None].float() * frequencies[None]
        c = self.time(torch.cat([angles.cos(), angles.sin()], -1)) + self.label(y)
        for block in self.blocks:
            x = block(x, c)
        shift, scale = self.ada(c).chunk(2, dim=1)
        x = self.final(self.norm(x) * (1 + scale[:, None]) + shift[:, None])
        x = torch.einsum("nhwpqc->nchpwq", x.reshape(x.shape[0], h, w, 2, 2, 8))
        return x.reshape(x.shape[0], 8, h * 2, w * 2)


class WindowAttention(nn.Module):
    """Swin: windows, a relative position bias, and a shift by roll with a mask."""

    def __init__(self, width: int, heads: int, window: int, shift: int) -> None:
        super().__init__()
        self.heads, self.window, self.shift = heads, window, shift
        self.norm, self.qkv, self.out = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        grid = torch.stack(torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")).flatten(1)
        offsets = (grid[:, :, None] - grid[:, None, :]).permute(1, 2, 0) + window - 1
        self.register_buffer("index", offsets[..., 0] * (2 * window - 1) + offsets[..., 1])

    def forward(self, x):
        b, h, w, c = x.shape
        s, m = self.shift, self.window
        y = self.norm(x)
        y = torch.roll(y, (-s, -s), (1, 2)) if s else y
        y = y.view(b, h // m, m, w // m, m, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, m * m, c)
        q, k, v = self.qkv(y).reshape(-1, m * m, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        bias = self.table[self.index.view(-1)].view(m * m, m * m, -1).permute(2, 0, 1)
        scores = (q * (c // self.heads) ** -0.5) @ k.transpose(-2, -1) + bias.unsqueeze(0)
        y = self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(-1, m * m, c))
        y = y.view(b, h // m, w // m, m, m, c).permute(0, 1, 3, 2, 4, 5).reshape(b, h, w, c)
        return x + (torch.roll(y, (s, s), (1, 2)) if s else y)


class Swin(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 2, 2)
        self.blocks = nn.Sequential(WindowAttention(16, 2, 4, 0), WindowAttention(16, 2, 4, 2))
        self.merge = nn.Linear(64, 32, bias=False)

    def forward(self, x):
        x = self.blocks(self.patch(x).permute(0, 2, 3, 1))
        x = torch.cat([x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]], -1)
        return self.merge(x).mean((1, 2))


class PlainWindows(nn.Module):
    """Attention in windows without a bias: one operation."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.attention = nn.Conv2d(3, 16, 2, 2), Attention(16, 2)

    def forward(self, x):
        x = self.patch(x).permute(0, 2, 3, 1)
        b, h, w, c = x.shape
        y = x.view(b, h // 4, 4, w // 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, c)
        y = self.attention(y)
        return y.view(b, h // 4, w // 4, 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(b, h, w, c) + x


class Mixer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patch, self.norm1, self.norm2 = nn.Conv2d(3, 12, 4, 4), nn.LayerNorm(12), nn.LayerNorm(12)
        self.tokens = nn.Sequential(nn.Linear(64, 20), nn.GELU(), nn.Linear(20, 64))
        self.channels = nn.Sequential(nn.Linear(12, 48), nn.GELU(), nn.Linear(48, 12))

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = x + self.tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return (x + self.channels(self.norm2(x))).mean(1)


class MobileBlock(nn.Module):
    """Depthwise convolution and squeeze-and-excitation."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.dw = nn.Conv2d(4, 16, 1, bias=False), nn.Conv2d(16, 16, 3, 2, 1, groups=16, bias=False)
        self.norm, self.squeeze, self.excite = nn.BatchNorm2d(16), nn.Conv2d(16, 4, 1), nn.Conv2d(4, 16, 1)
        self.down = nn.Conv2d(16, 4, 1, bias=False)

    def forward(self, x):
        y = F.hardswish(self.norm(self.dw(F.relu6(self.up(x)))))
        gate = self.excite(F.relu(self.squeeze(F.adaptive_avg_pool2d(y, 1)))).sigmoid()
        return self.down(y * gate)


class Transposed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2)
        self.b, self.c = nn.ConvTranspose2d(6, 3, 4, 2, 1, bias=False), nn.Conv2d(3, 12, 3, dilation=2, padding="same")
        self.norm = nn.GroupNorm(3, 12)

    def forward(self, x):
        x = F.pixel_shuffle(self.norm(self.c(self.b(self.a(x)))), 2)
        return F.interpolate(x, scale_factor=2, mode="bilinear") + F.interpolate(x, scale_factor=2, mode="nearest")


class RMSNorm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))


def rotate_half(x):
    first, second = x.chunk(2, dim=-1)
    return torch.cat([-second, first], dim=-1)


class LlamaBlock(nn.Module):
    def __init__(self, width: int, heads: int, kv: int) -> None:
        super().__init__()
        self.heads, self.kv, self.size = heads, kv, width // heads
        self.norm1, self.norm2 = RMSNorm(width), RMSNorm(width)
        self.q, self.o = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.k, self.v = (nn.Linear(width, kv * self.size, bias=False) for _ in range(2))
        self.gate, self.up = (nn.Linear(width, 3 * width, bias=False) for _ in range(2))
        self.down = nn.Linear(3 * width, width, bias=False)

    def forward(self, x, cos, sin):
        b, n, c = x.shape
        y = self.norm1(x)
        q = self.q(y).view(b, n, self.heads, self.size).transpose(1, 2)
        k = self.k(y).view(b, n, self.kv, self.size).transpose(1, 2)
        v = self.v(y).view(b, n, self.kv, self.size).transpose(1, 2)
        q, k = q * cos + rotate_half(q) * sin, k * cos + rotate_half(k) * sin
        k, v = (
            t[:, :, None].expand(b, self.kv, self.heads // self.kv, n, self.size).reshape(b, self.heads, n, self.size)
            for t in (k, v)
        )
        mask = torch.full((n, n), float("-inf"), device=x.device).triu(1)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = x + self.o(y.transpose(1, 2).reshape(b, n, c))
        y = self.norm2(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class Llama(nn.Module):
    """Grouped queries, rotary positions, and a head tied to the table."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(50, 32)
        self.blocks = nn.ModuleList(LlamaBlock(32, 4, 2) for _ in range(3))
        self.norm, self.head = RMSNorm(32), nn.Linear(32, 50, bias=False)
        self.head.weight = self.table.weight

    def forward(self, ids):
        x = self.table(ids)
        angles = torch.arange(ids.shape[1], device=ids.device)[:, None] * 10000 ** (
            -torch.arange(0, 8, 2, device=ids.device) / 8
        )
        angles = torch.cat([angles, angles], -1)
        for block in self.blocks:
            x = block(x, angles.cos()[None, None], angles.sin()[None, None])
        return self.head(self.norm(x))


class Signal(nn.Module):
    """1-D convolutions with normalised weights."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv1d(2, 8, 5, 2, 2), nn.Conv1d(8, 8, 3, padding=2, dilation=2)
        self.c = nn.utils.parametrizations.weight_norm(nn.Conv1d(8, 4, 3, padding=1, groups=2))
        self.norm = nn.InstanceNorm1d(8, affine=True)

    def forward(self, x):
        return self.c(F.leaky_relu(self.norm(self.b(F.gelu(self.a(x))))))


class Shared(nn.Module):
    """One layer called three times, a parameter that nothing uses, and a frozen one."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.unused = nn.Linear(8, 8), nn.Parameter(torch.zeros(3, 5))
        self.offset = nn.Parameter(torch.zeros(8), requires_grad=False)

    def forward(self, x):
        for _ in range(3):
            x = F.relu(self.layer(x))
        return x + self.offset


class TorchTransformer(nn.Module):
    """PyTorch's own encoder layers, and cross-attention to learned queries."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)
        self.queries = nn.Parameter(torch.zeros(1, 6, 16))
        self.cross = nn.MultiheadAttention(16, 2, batch_first=True)

    def forward(self, x):
        x = self.encoder(x)
        return self.cross(self.queries, x, x, need_weights=False)[0]


class Volume(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv3d(1, 4, 3, padding=1), nn.Conv3d(4, 8, 3, (1, 2, 2), 1)
        self.norm = nn.InstanceNorm3d(4)

    def forward(self, x):
        return F.max_pool3d(self.b(F.elu(self.norm(self.a(x)))), 2)


class Axial(nn.Module):
    """Attention along rows, then along columns: the other axis is a batch."""

    def __init__(self) -> None:
        super().__init__()
        self.rows, self.columns = Attention(8, 2), Attention(8, 2)

    def forward(self, x):
        b, c, h, w = x.shape
        y = x.permute(0, 2, 3, 1)
        y = self.rows(y.reshape(b * h, w, c)).reshape(b, h, w, c)
        y = self.columns(y.transpose(1, 2).reshape(b * w, h, c)).reshape(b, w, h, c)
        return y.permute(0, 3, 2, 1)


def image(c: int, h: int = 32, w: int = 48, name: str = "x") -> Callable[..., dict[str, Any]]:
    def make(h: int = h, w: int = w) -> dict[str, Any]:
        return {name: torch.empty(1, c, h, w, device="meta")}

    return make


def tokens(width: int) -> Callable[..., dict[str, Any]]:
    return lambda n=10: {"x": torch.empty(1, n, width, device="meta")}


def latent(h: int = 8, w: int = 12) -> dict[str, Any]:
    return {
        "x": torch.empty(1, 4, h, w, device="meta"),
        "t": torch.empty(1, device="meta"),
        "y": torch.zeros(1, dtype=torch.long, device="meta"),
    }


HW = {"x": {2: "h", 3: "w"}}
LARGER = ({"h": 64, "w": 96}, {"h": 96, "w": 32})
EXAMPLES = {
    "unet": Example(UNet, image(3), HW, LARGER),
    "valid unet": Example(ValidUNet, image(1, 20, 28), HW, ({"h": 36, "w": 44}, {"h": 60, "w": 20})),
    "resnet": Example(ResNet, image(3, 64, 96), HW, ({"h": 128, "w": 64}, {"h": 224, "w": 224})),
    "convnext": Example(ConvNeXt, image(3), HW, LARGER),
    "vit": Example(ViT, image(3, 32, 32), {}, ()),
    "vit written out": Example(lambda: ViT(fused=False), image(3, 32, 32), {}, ()),
    "dit": Example(DiT, latent, HW, ({"h": 16, "w": 24}, {"h": 32, "w": 32})),
    "dit with positions": Example(lambda: DiT(8), lambda: latent(8, 8), {}, ()),
    "swin": Example(Swin, image(3), HW, LARGER),
    "plain windows": Example(PlainWindows, image(3), HW, LARGER),
    "mixer": Example(Mixer, image(3, 32, 32), {}, ()),
    "mobile block": Example(MobileBlock, image(4), HW, LARGER),
    "transposed": Example(Transposed, image(4, 6, 8), HW, ({"h": 10, "w": 6}, {"h": 7, "w": 9})),
    "llama": Example(
        Llama,
        lambda n=10: {"ids": torch.zeros(1, n, dtype=torch.long, device="meta")},
        {"ids": {1: "n"}},
        ({"n": 24}, {"n": 33}),
    ),
    "signal": Example(
        Signal, lambda n=64: {"x": torch.empty(1, 2, n, device="meta")}, {"x": {2: "n"}}, ({"n": 100}, {"n": 37})
    ),
    "shared": Example(Shared, tokens(8), {"x": {1: "n"}}, ({"n": 3}, {"n": 20})),
    "torch transformer": Example(TorchTransformer, tokens(16), {"x": {1: "n"}}, ({"n": 5}, {"n": 21})),
    "volume": Example(
        Volume,
        lambda n=16: {"x": torch.empty(1, 1, 8, n, n, device="meta")},
        {"x": {3: "n", 4: "n"}},
        ({"n": 32}, {"n": 24}),
    ),
    "axial": Example(Axial, image(8, 6, 10), HW, ({"h": 12, "w": 20}, {"h": 5, "w": 7})),
}


@cache
def traced(name: str) -> Any:
    """An example as an architecture, traced once: nothing that is asked of it changes it."""
    example = EXAMPLES[name]
    return ag.trace(example.build().to("meta").eval(), example.inputs(), example.dynamic)
