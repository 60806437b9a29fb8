"""What a box is called where there is little room, or where many boxes would have one name."""

import pytest
from gallery_pages import figure_of

import archgraph as ag
from archgraph.figures.drawing.diagram import Diagram

NORMLESS = """\
archgraph: 1
symbols: {C: 8, H: 16, n: 3}
inputs: {x: {c: C, h: H, w: H}}
blocks:
  conv_and_norm: {do: [{conv_norm_act: {out: x.c, kernel: 3$}}, {conv: {out: x.c, kernel: 1}}]}
network:
  - conv_and_norm:
    repeat: n
  - {linear: {out: 3}}
"""


def strings(diagram: Diagram) -> list[str]:
    return [text.string for box in diagram.boxes for text in box.texts()]


@pytest.mark.parametrize(("norm", "named"), [(", norm: none", False), ("", True)])
def test_a_name_that_speaks_of_a_norm_is_used_where_there_is_one(norm, named):
    g = ag.loads(NORMLESS.replace("$", norm))
    for view in ("overview", "full"):
        said = " ".join(strings(g.draw(view, depth=0).diagram)).lower()
        assert ("conv and norm" in said) == named and ("norm" in said) == named, (view, said)


def test_vgg_has_no_norm_in_any_view():
    for view in ("overview", "full"):
        assert "norm" not in " ".join(strings(figure_of("vgg", view).diagram)).lower()


def test_stages_that_differ_in_their_kernels_say_which_they_have():
    found = [text for text in strings(figure_of("efficientnet").diagram) if "kernels up to" in text]
    assert [text.rpartition(" ")[2] for text in found] == ["3×3", "3×3", "5×5", "3×3", "5×5", "5×5", "3×3"]
    sides = [text.rpartition(" ")[2] for text in strings(figure_of("replknet").diagram) if "kernels up to" in text]
    assert sides == ["31×31", "29×29", "27×27", "13×13"]


@pytest.mark.parametrize("name", ["resnet", "mobilenet_v2", "unet", "mednext", "convnext", "vgg"])
def test_kernels_that_are_the_same_or_in_the_name_are_not_told_again(name):
    assert not any("kernels up to" in text for text in strings(figure_of(name).diagram))


def test_a_heading_that_is_cut_names_what_carries_the_cost():
    long = "\n".join(f"  - linear: {{out: {8 + step}}}\n  - layer_norm\n  - {act}" for step, act in
                     enumerate(["gelu", "silu", "tanh", "relu", "softplus", "sigmoid"] * 40))  # fmt: skip
    text = f"archgraph: 1\nsymbols: {{N: 16}}\ninputs: {{x: {{n: N, c: 8}}}}\nnetwork:\n  - layer_norm\n{long}\n"
    diagram = ag.loads(text).draw(height="2in").diagram
    cut = [box for box in diagram.boxes if any(text.string.endswith("…") for text in box.texts())]
    assert cut
    for box in cut:
        first = next(iter(box.texts())).string
        assert first.lower().lstrip("0123456789× (").startswith("linear"), first


def test_a_row_of_a_narrow_contrast_has_its_name_below_its_number():
    both = ag.load("conv_stack"), ag.load("vit")
    figure = ag.contrast(*both, panels=["stages"], theme="slides", width="text")
    said = strings(figure.diagram)
    assert not any(text.endswith("…") for text in said)
    assert {"Layer 1", "conv K×K, ReLU", "C×H×W", "Conv p×p stride p"} <= set(said)
