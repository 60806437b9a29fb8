"""Networks that are not in the gallery, written in plain PyTorch from their papers."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812


def conv_bn(before, after, kernel=1, stride=1, groups=1, act=True):
    conv = nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(after), nn.ReLU() if act else nn.Identity())


class SqueezeExcite(nn.Module):
    def __init__(self, channels, hidden):
        super().__init__()
        self.squeeze, self.excite = nn.Conv2d(channels, hidden, 1), nn.Conv2d(hidden, channels, 1)

    def forward(self, x):
        return x * self.excite(self.squeeze(x.mean((2, 3), keepdim=True)).relu()).sigmoid()


class YBlock(nn.Module):
    def __init__(self, before, after, stride):
        super().__init__()
        changed = stride > 1 or before != after
        self.proj = conv_bn(before, after, 1, stride, act=False) if changed else nn.Identity()
        self.first = conv_bn(before, after)
        self.middle = conv_bn(after, after, 3, stride, after // 8)
        self.gate = SqueezeExcite(after, before // 4)
        self.last = conv_bn(after, after, act=False)

    def forward(self, x):
        return (self.proj(x) + self.last(self.gate(self.middle(self.first(x))))).relu()


class RegNetY(nn.Module):
    def __init__(self):
        super().__init__()
        layers, before = [conv_bn(3, 32, 3, 2)], 32
        for width, depth in ((48, 1), (104, 3), (208, 6), (440, 6)):
            for index in range(depth):
                layers.append(YBlock(before, width, 2 if index == 0 else 1))
                before = width
        self.body, self.head = nn.Sequential(*layers), nn.Linear(440, 1000)

    def forward(self, image):
        return self.head(self.body(image).mean((2, 3)))


class ReducedAttention(nn.Module):
    def __init__(self, width, heads, ratio):
        super().__init__()
        self.heads, self.norm = heads, nn.LayerNorm(width)
        self.q, self.kv, self.proj = (nn.Linear(width, n * width) for n in (1, 2, 1))
        self.reduce = nn.Conv2d(width, width, ratio, ratio) if ratio > 1 else None
        self.reduced_norm = nn.LayerNorm(width) if ratio > 1 else None

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x):
        y = self.norm(x)
        context = y
        if self.reduce is not None:
            context = self.reduced_norm(self.reduce(y.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))
        k, v = self.kv(context).flatten(1, 2).chunk(2, -1)
        q = self.q(y).flatten(1, 2)
        out = F.scaled_dot_product_attention(self.split(q), self.split(k), self.split(v))
        return x + self.proj(out.transpose(1, 2).flatten(2)).view_as(x)


class MixMlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.depthwise = nn.Conv2d(4 * width, 4 * width, 3, 1, 1, groups=4 * width)

    def forward(self, x):
        y = self.depthwise(self.up(self.norm(x)).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return x + self.down(F.gelu(y))


class SegFormer(nn.Module):
    def __init__(self):
        super().__init__()
        widths, before = (32, 64, 160, 256), 3
        self.patches, self.norms, self.stages, self.ends, self.heads = (nn.ModuleList() for _ in range(5))
        for index, width in enumerate(widths):
            kernel, stride = (7, 4) if index == 0 else (3, 2)
            self.patches.append(nn.Conv2d(before, width, kernel, stride, kernel // 2))
            self.norms.append(nn.LayerNorm(width))
            blocks = ((ReducedAttention(width, width // 32, 8 >> index), MixMlp(width)) for _ in range(2))
            self.stages.append(nn.Sequential(*(part for block in blocks for part in block)))
            self.ends.append(nn.LayerNorm(width))
            self.heads.append(nn.Linear(width, 256))
            before = width
        self.fuse, self.classify = conv_bn(4 * 256, 256), nn.Conv2d(256, 150, 1)

    def forward(self, x):
        levels = []
        for patches, norm, stage, end, head in zip(
            self.patches, self.norms, self.stages, self.ends, self.heads, strict=True
        ):
            y = end(stage(norm(patches(x).permute(0, 2, 3, 1))))
            x = y.permute(0, 3, 1, 2)
            levels.append(head(y).permute(0, 3, 1, 2))
        size = levels[0].shape[2:]
        levels = [F.interpolate(level, size, mode="bilinear") for level in levels]
        return self.classify(self.fuse(torch.cat(levels[::-1], 1)))


class MixerBlock(nn.Module):
    def __init__(self, tokens, width):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.over_tokens = nn.Sequential(nn.Linear(tokens, 384), nn.GELU(), nn.Linear(384, tokens))
        self.over_channels = nn.Sequential(nn.Linear(width, 3072), nn.GELU(), nn.Linear(3072, width))

    def forward(self, x):
        x = x + self.over_tokens(self.norms[0](x).transpose(1, 2)).transpose(1, 2)
        return x + self.over_channels(self.norms[1](x))


class MlpMixer(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 768, 16, 16)
        self.blocks = nn.Sequential(*(MixerBlock(196, 768) for _ in range(12)))
        self.norm, self.head = nn.LayerNorm(768), nn.Linear(768, 1000)

    def forward(self, image):
        return self.head(self.norm(self.blocks(self.patches(image).flatten(2).transpose(1, 2))).mean(1))


class GatedLayer(nn.Module):
    def __init__(self, dilation):
        super().__init__()
        self.dilation, self.conv = dilation, nn.Conv1d(32, 64, 2, dilation=dilation)
        self.skip, self.back = nn.Conv1d(32, 256, 1), nn.Conv1d(32, 32, 1)

    def forward(self, x, last):
        value, gate = self.conv(F.pad(x, (self.dilation, 0))).chunk(2, 1)
        gated = value.tanh() * gate.sigmoid()
        return x if last else x + self.back(gated), self.skip(gated)


class WaveNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.first = nn.Embedding(256, 32), nn.Conv1d(32, 32, 2)
        self.layers = nn.ModuleList(GatedLayer(2 ** (i % 10)) for i in range(30))
        self.head = nn.Sequential(nn.ReLU(), nn.Conv1d(256, 256, 1), nn.ReLU(), nn.Conv1d(256, 256, 1))

    def forward(self, audio):
        x = self.first(F.pad(self.embedding(audio).transpose(1, 2), (1, 0)))
        total = 0
        for layer in self.layers:
            x, skip = layer(x, layer is self.layers[-1])
            total = total + skip
        return self.head(total).transpose(1, 2)


def norm_act_conv(before, after, kernel=1):
    conv = nn.Conv2d(before, after, kernel, padding=kernel // 2)
    return nn.Sequential(nn.BatchNorm2d(before), nn.ReLU(), conv)


class ResidualModule(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        half = after // 2
        self.steps = nn.Sequential(
            norm_act_conv(before, half), norm_act_conv(half, half, 3), norm_act_conv(half, after)
        )
        self.shortcut = nn.Identity() if before == after else nn.Conv2d(before, after, 1)

    def forward(self, x):
        return self.shortcut(x) + self.steps(x)


class Hourglass(nn.Module):
    """One level of it, with the next one inside."""

    def __init__(self, width, levels):
        super().__init__()
        self.kept, self.down, self.up = (ResidualModule(width, width) for _ in range(3))
        self.inner = Hourglass(width, levels - 1) if levels > 1 else ResidualModule(width, width)

    def forward(self, x):
        below = self.up(self.inner(self.down(F.max_pool2d(x, 2))))
        return self.kept(x) + F.interpolate(below, scale_factor=2)


class StackedHourglass(nn.Module):
    def __init__(self, stacks=2):
        super().__init__()
        first = nn.Sequential(nn.Conv2d(3, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU())
        rest = (ResidualModule(before, after) for before, after in pairwise((64, 128, 128, 256)))
        self.first, self.modules_ = first, nn.ModuleList(rest)
        self.hourglasses = nn.ModuleList(Hourglass(256, 4) for _ in range(stacks))
        self.after = nn.ModuleList(
            nn.Sequential(ResidualModule(256, 256), nn.Conv2d(256, 256, 1), nn.BatchNorm2d(256), nn.ReLU())
            for _ in range(stacks)
        )
        self.heat = nn.ModuleList(nn.Conv2d(256, 16, 1) for _ in range(stacks))
        self.back = nn.ModuleList(nn.Conv2d(256, 256, 1) for _ in range(stacks - 1))
        self.again = nn.ModuleList(nn.Conv2d(16, 256, 1) for _ in range(stacks - 1))

    def forward(self, image):
        x = F.max_pool2d(self.modules_[0](self.first(image)), 2)
        x = self.modules_[2](self.modules_[1](x))
        maps = []
        for index, hourglass in enumerate(self.hourglasses):
            features = self.after[index](hourglass(x))
            maps.append(self.heat[index](features))
            if index < len(self.back):
                x = x + self.back[index](features) + self.again[index](maps[-1])
        return maps


class MambaBlock(nn.Module):
    def __init__(self, width, states=16):
        super().__init__()
        inner, rank = 2 * width, width // 16
        self.states, self.rank, self.norm = states, rank, nn.RMSNorm(width)
        self.in_proj, self.out_proj = nn.Linear(width, 2 * inner, False), nn.Linear(inner, width, False)
        self.conv = nn.Conv1d(inner, inner, 4, groups=inner)
        self.x_proj, self.dt_proj = nn.Linear(inner, rank + 2 * states, False), nn.Linear(rank, inner)
        self.a, self.d = nn.Parameter(torch.zeros(inner, states)), nn.Parameter(torch.ones(inner))

    def forward(self, x):
        u, gate = self.in_proj(self.norm(x)).chunk(2, -1)
        u = F.silu(self.conv(F.pad(u.transpose(1, 2), (3, 0))).transpose(1, 2))
        step, b, c = self.x_proj(u).split((self.rank, self.states, self.states), -1)
        y = self.scan(u, F.softplus(self.dt_proj(step)), b, c)
        return x + self.out_proj(y * F.silu(gate))

    def scan(self, u, delta, b, c):
        state, outputs = torch.zeros_like(u[:, 0, :, None]), []
        for i in range(u.shape[1]):
            decay = torch.exp(-delta[:, i, :, None] * self.a.exp())
            state = decay * state + (delta[:, i] * u[:, i])[..., None] * b[:, i, None]
            outputs.append((state * c[:, i, None]).sum(-1))
        return torch.stack(outputs, 1) + self.d * u


class Mamba(nn.Module):
    def __init__(self, width=768, depth=24):
        super().__init__()
        self.embedding, self.norm = nn.Embedding(50280, width), nn.RMSNorm(width)
        self.blocks = nn.Sequential(*(MambaBlock(width) for _ in range(depth)))

    def forward(self, ids):
        return F.linear(self.norm(self.blocks(self.embedding(ids))), self.embedding.weight)


def normed(before, after, kernel=1, stride=1, groups=1):
    conv = nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(after))


class Beside(nn.Module):
    def __init__(self, branch):
        super().__init__()
        self.branch = branch

    def forward(self, x):
        return x + self.branch(x)


class LargeKernel(nn.Module):
    """A depthwise convolution and a small one beside it; or the two as one."""

    def __init__(self, width, kernel, small):
        super().__init__()
        self.large = normed(width, width, kernel, groups=width)
        self.small = normed(width, width, small, groups=width) if small else None
        if not small:
            self.large = nn.Conv2d(width, width, kernel, padding=kernel // 2, groups=width)

    def forward(self, x):
        return self.large(x) if self.small is None else self.large(x) + self.small(x)


class RepLKNet(nn.Module):
    def __init__(self, width, kernels=(31, 29, 27, 13), depths=(2, 2, 18, 2), small=5):
        super().__init__()
        widths, relu = [width * 2**i for i in range(4)], nn.ReLU
        layers = [normed(3, width, 3, 2), relu(), normed(width, width, 3, 1, width), relu()]
        before = width
        for after, kernel, depth in zip(widths, kernels, depths, strict=True):
            layers += [normed(before, after), relu(), normed(after, after, 3, 2, after), relu()]
            for _ in range(depth):
                layers += [Beside(self.filtered(after, kernel, small)), Beside(self.mixed(after))]
            before = after
        self.body = nn.Sequential(*layers, nn.BatchNorm2d(before), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(before, 1000)

    @staticmethod
    def filtered(c, kernel, small):
        inner = (nn.ReLU(), LargeKernel(c, kernel, small), nn.ReLU())
        return nn.Sequential(nn.BatchNorm2d(c), normed(c, c), *inner, normed(c, c))

    @staticmethod
    def mixed(c):
        return nn.Sequential(nn.BatchNorm2d(c), normed(c, 4 * c), nn.GELU(), normed(4 * c, c))

    def forward(self, image):
        return self.head(self.body(image))
