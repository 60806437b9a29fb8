"""Changes of the resolution come from the laws: a patch that is a symbol is a stride of that symbol."""

from __future__ import annotations

import pytest

import archgraph as ag
from archgraph.figures.drawing.diagram import Line
from archgraph.outline.resolution import scale, stride

HEAD = """archgraph: 1
symbols: {S: {default: 24, multiple_of: q}, q: 6, k: 3, M: 5, C: 4}
inputs: {x: {c: 3, h: S}}
network:
"""
BESIDE = """archgraph: 1
symbols: {S: {default: 48, multiple_of: q}, q: 4, C: 6}
inputs: {image: {c: 3, h: S, w: S}}
network:
  - conv: {out: C, kernel: 5, padding: same}
    as: fine
  - patchify: {patch: q, out: 24}
    from: image
  - vit_block: {heads: 3}
    repeat: 3
    as: middle
  - vit_block: {heads: 3}
    repeat: 3
    as: last
  - conv_transpose: {out: C, kernel: 2, stride: 2}
    from: middle
    as: up
  - conv_transpose: {out: C, kernel: 2, stride: 2}
    from: last
  - concat: [_, up]
  - conv_transpose: {out: C, kernel: 2, stride: 2}
  - concat: [_, fine]
  - conv: {out: 2, kernel: 1}
"""


@pytest.mark.parametrize(
    ("step", "change", "said"),
    [
        ("conv: {out: 8, kernel: q, stride: q}", "q", "q"),
        ("conv: {out: 8, kernel: 2*q, stride: q, padding: k}", "q", "q"),
        ("conv: {out: 8, kernel: 3, stride: M}", "M", "M"),
        ("conv: {out: 8, kernel: 3, stride: 2}", "2", "2"),
        ("conv: {out: 8, kernel: k}", "1", "None"),
        ("max_pool: {kernel: 3}", "3", "3"),
        ("conv_transpose: {out: 8, kernel: q, stride: q}", "1/q", "None"),
        ("adaptive_avg_pool: {size: 1}", "q*s", "None"),
        ("adaptive_avg_pool: {size: M}", "1", "None"),
        ("conv: {out: 8, kernel: S}", "q*s", "None"),
    ],
)
def test_a_change_is_a_number_or_a_law(step, change, said):
    (member,) = ag.loads(f"{HEAD}  - {step}").graph.nodes
    assert (str(scale(member)), str(stride(member))) == (change, said)


@pytest.mark.parametrize(("patch", "number"), [("q", 4), ("2*q", 2), ("4", 4)])
def test_a_figure_says_no_stride_that_is_nowhere(patch, number):
    text = BESIDE.replace("patch: q", f"patch: {patch}").replace("multiple_of: q", f"multiple_of: {patch}")
    strides = [line for line in said(text.replace("q: 4", f"q: {number}")) if line.startswith("stride")]
    assert strides == [f"stride {patch.replace('*', '')}"]


def test_what_a_box_counts_beside_its_line_is_named():
    texts = said(BESIDE)
    assert "beside: conv 5×5" in texts and "beside: up-conv 2×2" in texts


def said(text: str) -> list[str]:
    return [words(each.runs) for each in ag.loads(text).draw().diagram.texts()]


def words(line: Line) -> str:
    return "".join((" " if run.gap > 1.5 else "") + run.text for run in line)
