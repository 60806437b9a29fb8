"""A module inside of another one that hands several outputs on: each is what it is, not what they are together."""

from __future__ import annotations

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402


class Pyramid(nn.Module):
    """Outputs of which each reads more than the one before."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv1d(4, 4, kernel, padding=kernel // 2) for kernel in (3, 5, 9))

    def forward(self, x):
        found = []
        for layer in self.layers:
            x = layer(x)
            found.append(x)
        return found


class Around(nn.Module):
    def __init__(self, form) -> None:
        super().__init__()
        self.inner, self.form = Pyramid(), form

    def forward(self, x):
        return self.form(self.inner(x))


FORMS = {
    "list": lambda found: found,
    "tuple, turned": lambda found: tuple(reversed(found)),
    "names": lambda found: dict(zip("abc", found, strict=True)),
}


@pytest.mark.parametrize("form", FORMS)
def test_outputs_have_fields_of_their_own(form):
    module, x = Around(FORMS[form]).eval(), torch.rand(1, 4, 64)
    g = ag.trace(module, x)
    widths = [g.receptive_field(name).n.size_max for name in g.outputs]
    assert widths == ([15, 7, 3] if form == "tuple, turned" else [3, 7, 15])
    assert [len(g.receptive_field(name).probe(n=30)) for name in g.outputs] == widths
    assert [g.halo(name).n.before for name in g.outputs] == [width // 2 for width in widths]


def test_an_input_that_is_handed_on_is_told():
    class Beside(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Conv1d(4, 4, 3)

        def forward(self, x):
            return x, self.layer(x)

    g = ag.trace(Beside().eval(), torch.rand(1, 4, 9))
    assert list(g.outputs) == ["output[0]", "output[1]"]
    with pytest.raises(ag.ArchgraphError, match="'x' is an input: each of its positions reads itself alone"):
        g.receptive_field("x")
    with pytest.raises(ag.ArchgraphError, match="'x' is an input, which nothing computes"):
        g.select("x")
    assert g.receptive_field("output[1]").n.size_max == 3
