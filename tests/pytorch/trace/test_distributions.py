"""Distributions of `torch.distributions` are traced as what they compute: they look at no values."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
nn = torch.nn

from torch import distributions  # noqa: E402

from archgraph.pytorch.verify.original import KeptStorages  # noqa: E402


class Latent(nn.Module):
    """Gives a normal distribution of four numbers to a function."""

    def __init__(self, use):
        super().__init__()
        self.use, self.encoder, self.decoder = use, nn.Linear(8, 8), nn.Linear(4, 8)

    def forward(self, x):
        mean, deviation = self.encoder(x).chunk(2, -1)
        return self.decoder(self.use(distributions.Normal(mean, deviation.exp())))


USES = {
    "sample": lambda normal: normal.rsample(),
    "mean": lambda normal: normal.mean,
    "density": lambda normal: normal.log_prob(normal.loc + 1),
    "divergence": lambda normal: distributions.kl_divergence(normal, distributions.Normal(0.0, 1.0)),
    "squashed": lambda n: distributions.TransformedDistribution(n, [distributions.TanhTransform()]).rsample(),
}


@pytest.mark.parametrize("use", USES)
def test_a_distribution_costs_and_keeps_what_it_computes(use):
    module, x = Latent(USES[use]).eval(), torch.randn(1, 6, 8)
    g, kept = ag.trace(module, x), KeptStorages(module.state_dict(keep_vars=True))
    with kept.hooks():
        result = module(x)
    assert (g.macs, g.saved_bytes, g.saved_doubt) == (6 * 96, kept.bytes(), "")
    assert result.shape == x.shape
    assert set(g.receptive_field().probe("stat", n=2)) == {(2,)}
    assert distributions.Distribution._validate_args


def test_what_asks_for_values_itself_is_refused():
    module = Latent(lambda normal: distributions.Normal(normal.loc, 1.0, validate_args=True).mean)
    with pytest.raises(ag.ArchgraphError, match="decides on the values"):
        ag.trace(module, torch.randn(1, 6, 8))
