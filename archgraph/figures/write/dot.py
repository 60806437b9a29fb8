"""A finished diagram in the DOT language, for Graphviz's own tools: labels and colours, clusters, every edge.

Graphviz measures text by itself, so that boxes are at least as large as ours and grow with their labels.
"""

from collections.abc import Iterator, Sequence

from archgraph.figures.drawing.diagram import Box, Cluster, Diagram, Edge, Path, Point, Rect, Text
from archgraph.figures.drawing.style import ink_on
from archgraph.figures.layout.graphviz import dot_attributes, dot_number, dot_spline

_RAISED = dict(zip("0123456789+-−n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ", strict=True))
_SAME_ROW, _NEAR, _MARGIN = 2.0, 30.0, "0.06,0.03"


def to_dot(diagram: Diagram) -> str:
    """Write a diagram as a graph of its own look; ``neato -n2`` keeps its positions, ``dot`` finds others.

    >>> print(to_dot(Diagram(boxes=(Box("a", 72, 36),), width=72, height=36)))
    digraph {
      graph [bb="0,0,72,36", compound="true", fontname="Helvetica", fontsize=8, label="", splines="true"]
      node [fontname="Helvetica", fontsize=7, margin="0.06,0.03", shape="box"]
      edge [arrowsize=0.5, fontname="Helvetica", fontsize=7]
      n0 [height=0.5, id="a", label="a", pos="36,18!", tooltip="", width=1]
    }
    <BLANKLINE>
    """
    return "\n".join(("digraph {", *(f"  {line}" for line in _Writer(diagram).lines()), "}", ""))


def plain(text: Text) -> str:
    """A text without fonts: raised letters are superscripts of Unicode, or stand behind a caret.

    >>> from archgraph.figures.drawing.diagram import Run
    >>> plain(Text((Run("D", rise=0), Run("2", rise=2.5)))), plain(Text((Run("D"), Run("k", rise=2.5))))
    ('D²', 'D^k')
    """
    out = ""
    for run in text.runs:
        gap = " " if run.gap > 0.2 * run.size else ""
        if run.rise > 0:
            raised = [_RAISED.get(one) for one in run.text]
            out += gap + (f"^{run.text}" if None in raised else "".join(one or "" for one in raised))
        else:
            out += gap + ("_" if run.rise < 0 else "") + run.text
    return out


class _Writer:
    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self.names = {box.name: f"n{index}" for index, box in enumerate(diagram.boxes)}
        self.frames = [cluster for cluster in diagram.clusters if cluster.name not in self.names]
        # A frame around a single box is a pile of equal ones; a second line around the box says that without a cluster.
        self.decks = {cluster.name for cluster in diagram.clusters if cluster.name in self.names}
        self.ends: dict[tuple[str, str], tuple[str, str]] = {}

    def lines(self) -> Iterator[str]:
        look = {"fontname": "Helvetica", "fontsize": "7"}
        size = f"0,0,{dot_number(self.diagram.width)},{dot_number(self.diagram.height)}"
        graph = {"bb": size, "label": self.diagram.title, "splines": "true", "compound": "true"}
        yield f"graph [{dot_attributes({**graph, **look, 'fontsize': '8'})}]"
        yield f"node [{dot_attributes({'shape': 'box', 'margin': _MARGIN, **look})}]"
        yield f"edge [{dot_attributes({'arrowsize': '0.5', **look})}]"
        # Before the clusters: edges that end at a frame add the points at which they do, and these lie inside.
        edges = [self._edge(edge) for edge in self.diagram.edges]
        for index, frame in enumerate(self.frames):
            yield from self._cluster(index, frame)
        framed = {box.name for frame in self.frames for box in self._inside(frame)}
        yield from (self._node(box) for box in self.diagram.boxes if box.name not in framed)
        yield from (line for (home, _), (_, line) in self.ends.items() if not home)
        yield from self._beside()
        yield from edges

    def _inside(self, frame: Cluster) -> list[Box]:
        return [box for box in self.diagram.boxes if frame.extent.contains(box.extent, 1.0)]

    def _cluster(self, index: int, frame: Cluster) -> Iterator[str]:
        label = "\n".join(plain(part) for part in frame.parts if isinstance(part, Text))
        rect = frame.frames[-1] if frame.frames else Rect(0, 0, 0, 0, "#fafafa", "#6b6b6b")
        e, tall = frame.extent, self.diagram.height
        sides = (e.left, tall - e.bottom, e.right, tall - e.top)
        look = {
            # Graphviz counts heights from below, and gives clusters no size but this one with `neato -n2`.
            "bb": ",".join(map(dot_number, sides)),
            "label": label,
            "style": "rounded,filled",
            "fillcolor": rect.fill,
            "color": rect.stroke,
        }
        yield f"subgraph cluster_{index} {{"
        yield f"  graph [{dot_attributes({**look, 'labelloc': 'b', 'labeljust': 'r', 'tooltip': frame.tooltip})}]"
        yield from (f"  {self._node(box)}" for box in self._inside(frame))
        yield from (f"  {line}" for (home, _), (_, line) in self.ends.items() if home == frame.name)
        yield "}"

    def _node(self, box: Box) -> str:
        x, y = box.center
        rows = _rows(box)
        label = "\n".join(rows) or ("" if _is_circle(box) or _is_bare(box) else box.name)
        found = {
            "id": box.name,
            "pos": f"{dot_number(x)},{dot_number(self.diagram.height - y)}!",
            "width": dot_number(box.width / 72),
            "height": dot_number(box.height / 72),
            "label": label,
            "tooltip": box.tooltip,
        }
        if box.kind == "panel":
            found |= {"shape": "plaintext"}
        elif _is_circle(box):
            # A sum and a product differ by the sign inside, which is drawn and not written.
            dot = len(box.parts) > 1 and isinstance(box.parts[1], Rect)
            found |= {"shape": "circle", "label": "·" if dot else "+", "fixedsize": "true", "fontsize": "9"}
        elif box.parts and isinstance(box.parts[0], Rect):
            found |= _painted(box, box.parts[0]) | ({"fixedsize": "true"} if _is_bare(box) else {})
        if box.name in self.decks:
            found["peripheries"] = "2"
        return f"{self.names[box.name]} [{dot_attributes(found)}]"

    def _beside(self) -> Iterator[str]:
        """What is written beside boxes that hold no text, as nodes of their own."""
        if not any(map(_is_bare, self.diagram.boxes)):
            return
        for index, mark in enumerate(mark for mark in self.diagram.marks if isinstance(mark, Text)):
            e = mark.extent
            x, y = (e.left + e.right) / 2, self.diagram.height - (e.top + e.bottom) / 2
            place = {"pos": f"{dot_number(x)},{dot_number(y)}!", "fontsize": "7", "margin": "0"}
            yield f"text{index} [{dot_attributes({'shape': 'plaintext', 'label': plain(mark), **place})}]"

    def _edge(self, edge: Edge) -> str:
        source, target = (
            self._end(edge, name, last=last) for name, last in ((edge.source, False), (edge.target, True))
        )
        found = {"style": edge.style} if edge.style != "solid" else {}
        if edge.label:
            found |= {"label": "\n".join(map(plain, edge.label)), "lp": self._middle(edge.label)}
        if edge.path is not None:
            found |= {"pos": dot_spline(edge.path, self.diagram.height), "color": edge.path.stroke}
            found |= {} if edge.path.arrow else {"arrowhead": "none"}
        shown = f" [{dot_attributes(found)}]" if found else ""
        return f"{source} -> {target}{shown}"

    def _middle(self, texts: Sequence[Text]) -> str:
        """The middle of some texts, where Graphviz would else put them as it likes."""
        every = [text.extent for text in texts]
        x = (min(one.left for one in every) + max(one.right for one in every)) / 2
        y = (min(one.top for one in every) + max(one.bottom for one in every)) / 2
        return f"{dot_number(x)},{dot_number(self.diagram.height - y)}"

    def _end(self, edge: Edge, name: str, *, last: bool) -> str:
        """The node where an edge begins or ends: a box, or a point where it crosses a frame or leaves the drawing."""
        if name in self.names:
            return self.names[name]
        points = ((0.0, 0.0),) if edge.path is None else edge.path.points
        place, middle = (points[-1], points[0]) if last else (points[0], points[-1])
        if any(frame.name == name for frame in self.frames):
            return self._point(name, "in" if last else "out", place, named=False)
        # An edge without an end may still be drawn up to a box: a reader sees it end there, and so does Graphviz.
        touched = [] if name else [box for box in self.diagram.boxes if _touches(box, place)]
        if touched:
            return self.names[touched[0].name]
        home = next((frame.name for frame in self.frames if _holds(frame, middle)), "")
        return self._point(home, name or ("out" if last else "in"), place, named=bool(name) or not home)

    def _point(self, home: str, role: str, place: Point, *, named: bool) -> str:
        label = self._label(place, role) if named else ""
        role = f"{role} {label}" if role in ("in", "out") else role
        if (home, role) not in self.ends:
            node = f"end{len(self.ends)}"
            look = {"shape": "plaintext", "label": label} if label else {"shape": "point", "width": "0.04"}
            look["pos"] = f"{dot_number(place[0])},{dot_number(self.diagram.height - place[1])}!"
            self.ends[home, role] = node, f"{node} [{dot_attributes(look)}]"
        return self.ends[home, role][0]

    def _label(self, place: Point, role: str) -> str:
        """The loose text next to where a line begins or ends, or its name."""
        texts = [mark for mark in self.diagram.marks if isinstance(mark, Text)]
        near = [(_distance(text, place), plain(text)) for text in texts]
        return min((pair for pair in near if pair[0] < _NEAR), default=(0.0, "" if role in ("in", "out") else role))[1]


def _painted(box: Box, frame: Rect) -> dict[str, str]:
    """Fill and line of a box, and the bar at its left as a stripe."""
    found = {"color": frame.stroke, "penwidth": dot_number(frame.thickness), "style": "filled", "fillcolor": frame.fill}
    bar = next((part for part in box.parts[1:2] if isinstance(part, Path) and part.closed), None)
    if bar is not None:
        share = dot_number((bar.extent.right - bar.extent.left) / box.width)
        # The bar tells local from global; without this a drawing by Graphviz would lose what the figure is about.
        found |= {"style": "striped", "fillcolor": f"{bar.fill};{share}:{frame.fill}"}
    if frame.dash:
        found["style"] += ",dashed"
    if frame.fill.startswith("#") and ink_on(frame.fill) != "#000000":
        found["fontcolor"] = ink_on(frame.fill)
    return found


def _rows(box: Box) -> list[str]:
    """The lines of text of a box from top to bottom; what stands at one height is one line."""
    rows: list[list[Text]] = []
    for text in sorted(box.texts(), key=lambda text: (text.y, text.x)):
        if rows and abs(rows[-1][-1].y - text.y) < _SAME_ROW:
            rows[-1].append(text)
        else:
            rows.append([text])
    return ["   ".join(plain(text) for text in sorted(row, key=lambda text: text.x)) for row in rows]


def _is_bare(box: Box) -> bool:
    """Whether a box says everything by its size and colour."""
    return bool(box.parts) and box.kind == "node" and not any(True for _ in box.texts()) and not _is_circle(box)


def _is_circle(box: Box) -> bool:
    frame = box.parts[0] if box.parts else None
    return isinstance(frame, Rect) and frame.radius > 0 and frame.radius * 2 == frame.width == frame.height


def _holds(frame: Cluster, place: Point) -> bool:
    e = frame.extent
    return e.left <= place[0] <= e.right and e.top < place[1] < e.bottom


def _touches(box: Box, place: Point) -> bool:
    """Whether a line that ends there ends at the border of a box."""
    e = box.extent
    return (
        box.kind == "node" and e.left - 1.5 <= place[0] <= e.right + 1.5 and e.top - 1.5 <= place[1] <= e.bottom + 1.5
    )


def _distance(text: Text, place: Point) -> float:
    e = text.extent
    dx = max(e.left - place[0], 0.0, place[0] - e.right)
    dy = max(e.top - place[1], 0.0, place[1] - e.bottom)
    return dx + dy
