"""Fourier transforms: their operations by a convention, which is said, and networks that mix by them."""

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402

import archgraph as ag  # noqa: E402


class Transformed(nn.Module):
    """A function of what a linear layer gives."""

    def __init__(self, run):
        super().__init__()
        self.layer, self.run = nn.Linear(8, 8), run

    def forward(self, x):
        return self.run(self.layer(x))


CONVENTION = "a Fourier transform of N numbers is counted as 5 N log2 N operations, log2 N rounded up"


@pytest.mark.parametrize(
    ("run", "operations"),
    [
        (lambda y: torch.fft.fft(y.to(torch.cfloat), dim=1), 5 * 16 * 4 * 8),
        (lambda y: torch.fft.rfft(y, dim=1), 5 * 16 * 4 * 8 // 2),
        (lambda y: torch.fft.fftn(y.to(torch.cfloat), dim=(1, 2)), 5 * (16 * 8) * 7),
        (lambda y: torch.fft.rfft(y, n=9, dim=1), (5 * 9 * 4 // 2) * 8),
    ],
)
def test_operations_are_those_of_the_convention(run, operations):
    x = torch.rand(1, 16, 8)
    g, plain = ag.trace(Transformed(run), x), ag.trace(Transformed(lambda y: y.sin()), x)
    assert g.elementwise - plain.elementwise + 16 * 8 == operations
    assert g.macs == 16 * 8 * 8
    assert CONVENTION in g.conditions and CONVENTION not in plain.conditions


def test_a_spectrogram_is_traced():
    window = torch.hann_window(16)

    class Spectrogram(nn.Module):
        def forward(self, x):
            return torch.stft(x, 16, 4, window=window, return_complex=True).abs()

    g = ag.trace(Spectrogram(), torch.rand(1, 64), axes={"x": ["n"]})
    (out,) = g.outputs.values()
    assert sorted(int(n) for _, n in out.axes) == [9, 17]
    assert g.macs == 0


def test_a_length_that_varies_has_no_law():
    with pytest.raises(ag.ArchgraphError, match="costs N log2 N, which is no law of sizes"):
        ag.trace(Transformed(lambda y: torch.fft.fft(y, dim=1)), torch.rand(1, 16, 8), dynamic={"x": {1: "n"}})


def test_what_a_transform_back_undoes_is_a_bound():
    mixed = ag.trace(Transformed(lambda y: torch.fft.fft(y, dim=1)), torch.rand(1, 16, 8))
    undone = ag.trace(Transformed(lambda y: torch.fft.irfft(torch.fft.rfft(y, dim=1), dim=1)), torch.rand(1, 16, 8))
    assert mixed.receptive_field().probe(n=3).exact
    assert not undone.receptive_field().probe(n=3).exact
