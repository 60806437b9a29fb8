"""Receptive fields of the shipped specs against published numbers, and a table for every one of them."""

from __future__ import annotations

import pytest

import archgraph as ag
from archgraph.gallery import variants_of
from archgraph.spec.load import shipped_names

RESNETS = {
    "resnet:50-v1": (35, 99, 291, 483),
    "resnet:50": (35, 91, 267, 427),
    "resnet:18": (43, 99, 211, 435),
    "resnet:34": (59, 179, 547, 899),
    "resnet:101": (35, 91, 811, 971),
}
"""Behind each of the four stages; the last ones are of Araujo, Norris & Sim 2019 (Distill)."""


@pytest.mark.parametrize("name", RESNETS)
def test_resnets(name):
    g = ag.load(name)
    sizes = [g.receptive_field(f"stage({stage})").h.size_max for stage in range(4)]
    assert sizes[3] == RESNETS[name][3]
    if name != "resnet:101":
        assert tuple(sizes) == RESNETS[name]


def test_vgg():
    field = ag.load("vgg").receptive_field("pool(4)").h
    assert (field.size_max, field.stride) == (212, 32)
    assert [field.reads(i).lo for i in (0, 1, 5)] == [-90, -58, 70]


def test_mobilenet_v2():
    g = ag.load("mobilenet_v2")
    assert max(field.h.size_max for field in map(g.receptive_field, _local(g))) == 491


def _local(g: ag.Architecture) -> list[str]:
    names = [member.name for member in g.graph.nodes]
    return names[: names.index("global_avg_pool")]


def test_convnext():
    g = ag.load("convnext")
    assert max(g.receptive_field(name).h.size_max for name in _local(g)) == 1688


def test_swin_on_a_large_image():
    """On maps of one window nothing is shifted, so that the last stage of Swin at 224 sees 1064 at most."""
    names = [f"stage({stage})" for stage in range(4)]
    large = ag.load("swin").bind(H=896, W=896)
    assert [large.receptive_field(name).h.size_max for name in names] == [56, 168, 840, 1288]
    assert ag.load("swin").receptive_field("stage(3)").h.size_max == 1064


ANISOTROPIC = """\
archgraph: 1
name: nnU-Net of flat kernels first
symbols:
  stages: 4
  kernel: {default: [1, 1, 3, 3, 3]}
  stride: {default: [1, 1, 1, 2, 2]}
  plane: {default: [1, 2, 2, 2, 2]}
inputs:
  image: {c: 1, d: 32, h: 64, w: 64}
network:
  - for: {i: 0..stages}
    do:
      - conv: {out: 4, kernel: [kernel(i), 3, 3], stride: [stride(i), plane(i), plane(i)], padding: same}
      - conv: {out: 4, kernel: [kernel(i), 3, 3], padding: same}
        as: enc(i)
  - for: {i: stages..1 by -1}
    do:
      - conv_transpose:
          out: 4
          kernel: [stride(i), plane(i), plane(i)]
          stride: [stride(i), plane(i), plane(i)]
      - concat: [enc(i-1), _]
      - conv: {out: 4, kernel: [kernel(i-1), 3, 3], padding: same}
      - conv: {out: 4, kernel: [kernel(i-1), 3, 3], padding: same}
        as: dec(i-1)
"""


def test_nnunet_3d_anisotropic():
    g = ag.loads(ANISOTROPIC)
    bottleneck, output = g.receptive_field("enc(4)"), g.receptive_field("dec(0)")
    assert (bottleneck.d.size_max, bottleneck.w.size_max) == (23, 95)
    assert (output.d.size_min, output.d.size_max) == (35, 35)
    assert (output.w.size_min, output.w.size_max) == (143, 159)


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_spec_has_a_table(name):
    for g in variants_of(name):
        for value in g.graph.inputs:
            if value.type.positions:
                table = g.receptive_field_table(value.name)
                assert table.rows
                assert {"size_min", "size_max", "size_mean", "stride", "period"} <= set(table.columns)
