"""What autograd keeps of fused attention in windows: values as they lie in memory where their product reads them so."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402
from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: E402

from archgraph.pytorch.verify.original import KeptStorages  # noqa: E402

pytestmark = pytest.mark.torch
attend = functional.scaled_dot_product_attention


class Windows(nn.Module):
    """Attention of the parts of one product; a table of scores may be added."""

    def __init__(self, run):
        super().__init__()
        self.run, self.qkv = run, nn.Linear(4, 12)
        self.table = nn.Parameter(torch.rand(2, 3, 3))

    def forward(self, x):
        return self.run(self, x)


def parts(s, x):
    return s.qkv(x).chunk(3, -1)


def heads(s, x):
    """Four windows of three tokens, each of two heads."""
    return (t.reshape(4, 3, 2, 2).transpose(1, 2) for t in parts(s, x))


WINDOWS = {
    "stacked first": lambda s, x: attend(*parts(s, x.view(4, 3, 4))).view(1, 12, 4),
    "as heads": lambda s, x: attend(*parts(s, x.view(1, 4, 3, 4))).view(1, 12, 4),
    "across": lambda s, x: attend(*parts(s, x.view(1, 4, 3, 4).transpose(1, 2))),
    "turned afterwards": lambda s, x: attend(*(t.transpose(1, 2) for t in parts(s, x.view(1, 4, 3, 4)))),
    "causal": lambda s, x: attend(*parts(s, x.view(4, 3, 4)), is_causal=True).view(1, 12, 4),
    "with heads": lambda s, x: attend(*heads(s, x)).transpose(1, 2).reshape(1, 12, 4),
    "with scores": lambda s, x: attend(*heads(s, x), attn_mask=s.table).transpose(1, 2).reshape(1, 12, 4),
    "with scores alone": lambda s, x: attend(*parts(s, x.view(4, 3, 4)), attn_mask=s.table[:1]).view(1, 12, 4),
}


def kept(net, x):
    storages = KeptStorages(net.state_dict(keep_vars=True))
    with sdpa_kernel(SDPBackend.MATH), storages.hooks():
        y = net(x)
    size = storages.bytes()
    del y
    return size


@pytest.mark.parametrize("name", WINDOWS)
def test_values_are_kept_as_their_product_reads_them(name):
    net, x = Windows(WINDOWS[name]).eval(), torch.rand(1, 12, 4)
    assert int(ag.trace(net, x).at().saved_bytes) == kept(net, x)
