"""The exchange form: what Graphviz's own tools make of it, with every edge, cluster, label and colour."""

import re
import shutil
import subprocess
from xml.etree import ElementTree

import pytest
from gallery_pages import figure_of

from archgraph.figures.content.mathtext import words
from archgraph.figures.drawing.diagram import Box, Diagram, Edge, Path, Text
from archgraph.figures.drawing.metrics import text_width
from archgraph.figures.write.dot import to_dot
from archgraph.spec.load import shipped_names

DOT, NEATO = shutil.which("dot"), shutil.which("neato")
SVG = "{http://www.w3.org/2000/svg}"


def test_it_holds_positions_and_labels():
    box = Box("a", 72, 36, (Text(words("conv 3×3", 8)),), 10, 20, "9*C^2")
    edge = Edge("a", "a", Path(((10, 20), (10, 60)), arrow=True), style="dashed")
    lines = to_dot(Diagram((box,), (edge,), width=100, height=80, title="U-Net")).splitlines()
    assert lines[4] == '  n0 [height=0.5, id="a", label="conv 3×3", pos="46,42!", tooltip="9*C^2", width=1]'
    assert 'n0 -> n0 [color="#1a1a1a", pos="e,10,20 10,60 10,60 10,25 10,25", style="dashed"]' in lines[5]


@pytest.mark.parametrize("name", ['"]; evil [label="', "a\\", 'a\\"', "a\nb", "digraph", "<b>x</b>", "a\x00b", "{|}"])
def test_names_cannot_break_out(name):
    box = Box(name, 72, 36, (Text(words(name, 8)),), tooltip=name)
    source = to_dot(Diagram((box,), width=100, height=80, title=name))
    assert source.count("\n") == 6
    assert "evil [" not in source.replace('\\"]; evil [', "")


@pytest.mark.parametrize("name", ["dit", "unet", "flux"])
def test_no_edge_is_lost_and_frames_are_clusters(name):
    figure = figure_of(name)
    assert figure.dot.count(" -> ") == len(figure.diagram.edges)
    boxes = {box.name for box in figure.diagram.boxes}
    frames = [cluster for cluster in figure.diagram.clusters if cluster.name not in boxes]
    assert figure.dot.count("subgraph cluster_") == len(frames)


def test_powers_stay_powers():
    dot = figure_of("unet").dot
    assert "C²" in dot and not re.search(r"C2[ +]", dot)


def _shapes(svg):
    """Every node as (its rectangle, its lines of text with their width in Helvetica)."""
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        shape = group.find(f".//{SVG}polygon")
        if group.get("class") == "node" and shape is not None:
            every = [
                tuple(map(float, pair.split(",")))
                for one in group.iter(f"{SVG}polygon")
                for pair in one.get("points", "").split()
            ]
            yield [x for x, _ in every], [y for _, y in every], list(group.iter(f"{SVG}text"))


@pytest.mark.slow
@pytest.mark.skipif(DOT is None or NEATO is None, reason="needs Graphviz")
@pytest.mark.parametrize("tool", ["dot", "neato"])
@pytest.mark.parametrize("name", shipped_names())
def test_graphviz_draws_it_without_an_overflow(name, tool):
    source = figure_of(name).dot
    command = [str(DOT), "-Tsvg"] if tool == "dot" else [str(NEATO), "-n2", "-Tsvg"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and not done.stderr
    seen = 0
    for xs, ys, texts in _shapes(done.stdout):
        for text in texts:
            middle, half = float(text.get("x", 0)), text_width(text.text or "", "sans", 7) / 2
            assert min(xs) - 0.5 <= middle - half and middle + half <= max(xs) + 0.5
            assert min(ys) <= float(text.get("y", 0)) <= max(ys)
            seen += 1
    assert seen > 4


@pytest.mark.skipif(NEATO is None, reason="needs Graphviz")
@pytest.mark.parametrize("name, options", [("vgg", {"width": "text"}), ("unet", {})])
def test_what_is_written_beside_an_edge_stands_where_it_does_in_the_figure(name, options):
    drawn = figure_of(name, **options)
    done = subprocess.run([str(NEATO), "-n2", "-Tsvg"], input=drawn.dot, capture_output=True, text=True, timeout=120)
    edges = [one for one in ElementTree.fromstring(done.stdout).iter(f"{SVG}g") if one.get("class") == "edge"]
    tall = drawn.diagram.height
    found = [(float(t.get("x", 0)), tall + float(t.get("y", 0))) for one in edges for t in one.iter(f"{SVG}text")]
    labels = [[text.extent for text in edge.label] for edge in drawn.diagram.edges if edge.label]
    assert len(found) == sum(map(len, labels)) > 2
    for extents in labels:
        x = (min(one.left for one in extents) + max(one.right for one in extents)) / 2
        y = (min(one.top for one in extents) + max(one.bottom for one in extents)) / 2
        assert any(abs(x - other) < 3 and abs(y - height) < 12 for other, height in found)
