"""Tiles of a module that cuts or resamples by numbers: at one size these look like a margin, or a factor."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

AT_ONE_SIZE, AT_ANY = "seen at one size only: trace with free sizes", "a number of positions that a tile has others of"


class Convolved(torch.nn.Module):
    """A convolution, and what is done with its result."""

    def __init__(self, done):
        super().__init__()
        self.conv = torch.nn.Conv1d(3, 4, 3, padding=1)
        self.done = done

    def forward(self, x):
        return self.done(self.conv(x))


def resized(**keywords):
    return lambda x: torch.nn.functional.interpolate(x, **keywords)


def reasons(done, **keywords):
    return " ".join(ag.trace(Convolved(done), torch.zeros(1, 3, 24), **keywords).halo().reasons)


CUTS = {
    "the last": lambda x: x[..., -5:],
    "some": lambda x: x[..., 2:7],
    "a half": lambda x: x.chunk(2, -1)[1],
    "to fewer": resized(size=12),
    "to more": resized(size=48),
    "to more, linear": resized(size=48, mode="linear"),
}


@pytest.mark.parametrize("done", CUTS.values(), ids=CUTS)
def test_a_cut_by_numbers_is_not_exact(done):
    """A tile of another length than the whole input gives other positions, so that none of these may be stitched."""
    assert AT_ONE_SIZE in reasons(done)


@pytest.mark.parametrize("done", [CUTS["the last"], CUTS["some"]])
def test_free_sizes_tell_that_it_is_a_number_always(done):
    assert AT_ANY in reasons(done, dynamic={"x": {2: "n"}})


def test_a_margin_a_factor_and_a_cut_of_channels_stay_exact():
    free = {"x": {2: "n"}}
    assert reasons(lambda x: x[..., 2:-2], dynamic=free) == ""
    assert reasons(lambda x: resized(size=2 * x.shape[2])(x), dynamic=free) == ""
    assert reasons(resized(scale_factor=2)) == "" == reasons(lambda x: x[:, 1:3])
    assert reasons(lambda x: x.chunk(2, 1)[0] * x.chunk(2, 1)[1]) == ""
    assert reasons(lambda x: x + torch.ones(1, 1, 30)[..., 2:3]) == ""


def test_a_spec_says_whether_it_means_a_margin():
    head = "archgraph: 1\nname: a\nsymbols: {N: {default: 24}}\ninputs: {x: {c: 3, n: N}}\nnetwork:\n"
    margin, number = (
        ag.loads(f"{head}  - slice: {{axis: n, start: 2{size}}}\n  - linear: {{out: 4}}\n").halo()
        for size in ("", ", size: 5")
    )
    assert margin.exact and AT_ANY in " ".join(number.reasons)
