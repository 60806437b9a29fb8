"""Dropout that a module switches on itself, also in evaluation mode: what is multiplied by noise keeps the noise."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402
from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: E402

from archgraph.pytorch.verify.original import KeptStorages  # noqa: E402

pytestmark = pytest.mark.torch
torch.set_num_threads(1)

SHAPE = (1, 4, 6)
ROWS = {
    "dropout": lambda m, x: functional.dropout(m.a(x), 0.5, training=True),
    "after what keeps its result": lambda m, x: functional.dropout(m.a(x).relu(), 0.5, training=True).sin(),
    "in place": lambda m, x: functional.dropout(m.a(x), 0.5, training=True, inplace=True),
    "of whole features": lambda m, x: functional.dropout1d(m.c(x), 0.5, training=True),
    "that keeps the variance": lambda m, x: functional.alpha_dropout(m.a(x), 0.5, training=True),
    "of features that keeps the variance": lambda m, x: functional.feature_alpha_dropout(m.a(x), training=True),
    "of weights": lambda m, x: functional.dropout((m.a(x) @ x.mT).softmax(-1), 0.5, training=True) @ m.b(x),
    "in fused attention": lambda m, x: functional.scaled_dot_product_attention(m.a(x), m.b(x), m.a(x), dropout_p=0.3),
    "of the input": lambda m, x: m.a(functional.dropout(x, 0.5, training=True)),
    "of nothing": lambda m, x: functional.dropout(m.a(x), 0.0, training=True),
    "switched off": lambda m, x: functional.dropout(m.a(x), 0.5, training=False),
    "of features, switched off": lambda m, x: functional.dropout1d(m.c(x), 0.5, training=False),
}


class Drops(nn.Module):
    def __init__(self, does):
        super().__init__()
        self.does, self.a, self.b, self.c = does, nn.Linear(6, 6), nn.Linear(6, 6), nn.Conv1d(4, 4, 3, padding=1)

    def forward(self, x):
        return self.does(self, x)


@pytest.mark.parametrize("name", ROWS)
def test_noise_is_kept_where_there_is_some(name):
    net, x = Drops(ROWS[name]).eval(), torch.rand(SHAPE)
    kept = KeptStorages(net.state_dict(keep_vars=True))
    with sdpa_kernel(SDPBackend.MATH), kept.hooks():
        result = net(x)
    assert result is not None
    assert int(ag.trace(net, x).at().saved_bytes) == kept.bytes()


def test_what_drops_everything_reads_nothing_and_is_no_step_that_is_known():
    net = Drops(lambda m, x: functional.dropout(m.a(x), 1.0, training=True)).eval()
    with pytest.raises(ag.ArchgraphError, match="dropout"):
        ag.trace(net, torch.rand(SHAPE))
    assert ag.trace(net, torch.rand(SHAPE), allow_unsupported=True).gaps
