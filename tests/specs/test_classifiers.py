"""Laws and receptive fields of the convolutional classifiers, from the papers' own formulas."""

import pytest
from sympy import expand

import archgraph as ag


def symbols(g, *names):
    return [g.symbols[name] for name in names]


def test_resnet_50_in_its_resolution():
    g = ag.load("resnet").bind(C=64, L=6, classes=1000)
    height, width = symbols(g, "H", "W")
    assert g.macs.xreplace({width: height}) == 81456 * height**2 + 2048000


def test_resnet_block_laws():
    basic, bottleneck = ag.load("resnet:34"), ag.load("resnet")
    width, count = symbols(basic, "C", "L")
    inner = 4 * width
    assert basic.params.coeff(count) == expand(2 * 9 * inner**2 + 4 * inner)
    assert bottleneck.params.coeff(count) == expand((4 + 9 + 4) * inner**2 + (2 + 2 + 8) * inner)


def test_first_version_saves_three_quarters_of_a_1x1_per_stage():
    later, first = ag.load("resnet"), ag.load("resnet:50-v1")
    c, height, width = symbols(later, "C", "H", "W")
    inputs = ((4 * c, 2 * c, 4), (8 * c, 4 * c, 8), (16 * c, 8 * c, 16))
    saved = sum(before * after * height * width / side**2 * 3 / 4 for before, after, side in inputs)
    assert first.params == later.params
    assert expand(later.macs - first.macs - saved) == 0


def test_convnext_law():
    g = ag.load("convnext")
    c, length, k, classes = symbols(g, "C", "L", "K", "classes")
    widths = [c, 2 * c, 4 * c, 8 * c]
    blocks = sum(depth * (8 * w**2 + k**2 * w + 9 * w) for depth, w in zip((3, 3, length, 3), widths, strict=True))
    downs = sum(2 * w + 4 * w * 2 * w + 2 * w for w in widths[:3])
    ends = 48 * c + c + 2 * c + 2 * 8 * c + 8 * c * classes + classes
    assert expand(g.params - (blocks + downs + ends)) == 0


def test_large_depthwise_kernels_are_nearly_free():
    g = ag.load("convnext")
    small, large = g.at(K=3), g.at(K=31)
    assert large.params / small.params < 1.35
    assert g.bind(C=96, L=9, classes=1000).params.diff(g.symbols["K"], 2) == 2 * 96 * (3 + 6 + 4 * 9 + 24)


def test_vgg_law_and_its_classifier_that_reads_all_positions():
    g = ag.load("vgg")
    c, d, classes, height, width = symbols(g, "C", "D", "classes", "H", "W")
    pairs = [(3, c), (c, c), (c, 2 * c), (2 * c, 2 * c), (2 * c, 4 * c), *[(4 * c, 4 * c)] * 2]
    pairs += [(4 * c, 8 * c), *[(8 * c, 8 * c)] * 5]
    convolutions = sum(9 * a * b + b for a, b in pairs)
    head = 8 * c * height * width / 32**2 * d + d + d**2 + d + d * classes + classes
    assert expand(g.params - convolutions - head) == 0


def test_mobilenet_law():
    g = ag.load("mobilenet_v2")
    c, t, last, classes = symbols(g, "C", "E", "last", "classes")

    def block(before, after, expand_):
        wide = expand_ * before
        widening = before * wide + 2 * wide if expand_ != 1 else 0
        return widening + 9 * wide + 2 * wide + wide * after + 2 * after

    total, before = 27 * c + 2 * c, c
    stages = ((t, 3 * c / 4, 2), (t, c, 3), (t, 2 * c, 4), (t, 3 * c, 3), (t, 5 * c, 3), (t, 10 * c, 1))
    for expand_, width, count in ((1, c / 2, 1), *stages):
        total += block(before, width, expand_) + (count - 1) * block(width, width, expand_)
        before = width
    total += before * last + 2 * last + last * classes + classes
    assert expand(g.params - total) == 0


FIELDS = {
    "resnet:18": ("stage", [43, 99, 211, 435]),
    "resnet:34": ("stage", [59, 179, 547, 899]),
    "resnet:50": ("stage", [35, 91, 267, 427]),
    "resnet:50-v1": ("stage", [35, 99, 291, 483]),
    "resnet:101": ("stage", [35, 91, 811, 971]),
    "vgg:16": ("pool", [6, 16, 44, 100, 212]),
    "convnext": ("stage", [76, 224, 1096, 1688]),
    "mobilenet_v2": ("stage", [7, 19, 59, 171, 267, 427, 491]),
}


@pytest.mark.parametrize("name", FIELDS)
def test_receptive_fields(name):
    family, sizes = FIELDS[name]
    g = ag.load(name)
    fields = [g.receptive_field(f"{family}({i})").h for i in range(len(sizes))]
    assert [(field.size_min, field.size_max) for field in fields] == [(size, size) for size in sizes]


def test_vgg_sees_150_pixels_with_eleven_layers():
    assert ag.load("vgg:11").receptive_field("pool(4)").h.size_max == 150
