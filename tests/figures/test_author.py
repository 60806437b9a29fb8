"""What the author says of a figure: labels, looks, hidden parts, depth, focus, direction, palette, title, height."""

import pytest

import archgraph as ag
from archgraph.data.figure_keywords import DrawOptions
from archgraph.data.figure_words import FIGURE_OPTIONS, PALETTES
from archgraph.errors import QueryError
from archgraph.figures.drawing.diagram import Rect
from archgraph.figures.drawing.look import checked_look
from archgraph.figures.drawing.style import luminance

DIT, STACK = ag.load("dit"), ag.load("conv_stack")


def strings(figure):
    return [text.string for text in figure.diagram.texts()]


def box_saying(figure, word):
    return next(box for box in figure.diagram.boxes if any(word in text.string for text in box.texts()))


def test_every_option_that_a_spec_holds_is_one_of_draw():
    assert {"view", *DrawOptions.__annotations__} == set(FIGURE_OPTIONS)


def test_labels_by_path_and_kind_and_of_inputs_and_frames():
    shown = strings(DIT.draw(labels={"blocks": "Trunk", "mlp": "Feed forward", "t": "noise level"}))
    assert {"Feed forward", "noise level"} <= set(shown)
    assert any(text.startswith("Trunk") for text in shown) and not any(text.startswith("DiT block") for text in shown)
    # The frame is called so, and not what is inside.
    assert "Attention" in shown


def test_the_label_of_what_stands_closest_counts():
    shown = strings(DIT.draw("blocks", labels={"mlp": "by kind", "blocks.mlp": "by path", "blocks.*": "by pattern"}))
    assert "by path" in shown and "by kind" not in shown and "by pattern" in shown


@pytest.mark.parametrize("option", ["labels", "node_style", "hide"])
def test_an_unknown_name_says_what_there_is(option):
    said = {"labels": {"blocs": "x"}, "node_style": {"blocs": {"fill": "#fff"}}, "hide": ["blocs"]}[option]
    with pytest.raises(QueryError, match=rf"{option}: nothing is called 'blocs'. Did you mean 'blocks'\?"):
        DIT.draw(**{option: said})


def test_a_name_that_the_view_has_no_box_for_is_told():
    figure = DIT.draw(labels={"blocks.mlp.gelu": "bend"})
    assert figure.notes == ("the view overview has no box for blocks.mlp.gelu",)


def test_looks_of_boxes():
    style = {"attention": {"fill": "#102040", "line": "#a00", "width": 2, "dashed": True}}
    frame, *rest = box_saying(DIT.draw(node_style=style), "Attention").parts
    assert isinstance(frame, Rect) and (frame.fill, frame.stroke, frame.thickness) == ("#102040", "#aa0000", 2)
    assert frame.dash and {part.color for part in rest if hasattr(part, "runs")} == {"#ffffff"}


@pytest.mark.parametrize(
    "style, message",
    [
        ({"fil": "#fff"}, "no style of conv 'fil'. Did you mean 'fill'"),
        ({"fill": "blue"}, "cannot read the colour 'blue'"),
        ({"fill": "url(#x)"}, "cannot read the colour"),
        ({"width": 0.1}, "0.5 to 10 points"),
        ({"dashed": "yes"}, "true or false"),
    ],
)
def test_a_look_that_cannot_be_drawn(style, message):
    with pytest.raises(QueryError, match=message):
        STACK.draw(node_style={"conv": style})


def test_what_is_hidden_is_said_and_still_counted():
    figure, whole = DIT.draw(hide=["y", "layer_norm"]), DIT.draw()
    shown = strings(figure)
    assert "y" in strings(whole) and "y" not in shown and not any("Layer norm" in text for text in shown)
    assert any(text == "Not drawn: y, layer_norm" for text in shown)
    totals = [text for text in shown if text.startswith("Whole network")]
    assert totals and totals == [text for text in strings(whole) if text.startswith("Whole network")]


def test_nothing_left_to_draw():
    with pytest.raises(QueryError, match=r"nothing of .* is left to draw"):
        STACK.draw(hide=[member.name for member in STACK.graph.nodes])


def test_depth_opens_as_many_levels():
    counts = [len(DIT.draw("full", depth=depth).diagram.boxes) for depth in (0, 1)]
    assert counts[0] < counts[1]
    assert not any(cluster.parts for cluster in DIT.draw(depth=0).diagram.clusters)
    with pytest.raises(QueryError, match="depth must be a whole number from 0"):
        DIT.draw(depth=-1)


def test_focus_draws_the_inside_of_a_block():
    shown = strings(DIT.draw(focus="blocks"))
    assert "Attention" in shown and not any("patchify" in text.lower() for text in shown)
    with pytest.raises(QueryError, match=r"there is no node or scope 'block'. Did you mean 'blocks'"):
        DIT.draw(focus="block")
    with pytest.raises(QueryError, match="single operation"):
        DIT.draw(focus="blocks.mlp.gelu")
    with pytest.raises(QueryError, match=r"the view ladder is of the whole network"):
        DIT.draw("ladder", focus="blocks")


@pytest.mark.dot
def test_direction():
    unet = ag.load("unet")
    down, right = unet.draw(direction="down"), unet.draw(direction="right")
    centers = [[box.center for box in one.diagram.boxes if box.kind == "node"] for one in (down, right)]
    assert max(y for _, y in centers[0]) - min(y for _, y in centers[0]) > 400
    assert max(x for x, _ in centers[1]) - min(x for x, _ in centers[1]) > 400


def test_palettes_get_darker_and_are_everywhere():
    for name, colors in PALETTES.items():
        assert checked_look(palette=colors).palette == PALETTES[name]
        assert luminance(colors[0]) - luminance(colors[-1]) > 0.5
    svg, plain = (DIT.draw(palette=name).svg for name in ("ember", "ocean"))
    assert PALETTES["ember"][-1] in svg and PALETTES["ocean"][-1] not in svg and PALETTES["ocean"][-1] in plain
    assert "#220000" in DIT.draw(palette=["#fff", "#f00", "#200"]).svg


@pytest.mark.parametrize(
    "palette, message",
    [
        ("oceen", "no palette 'oceen'. Did you mean 'ocean'"),
        (["#fff"], "2 to 9 colours, and 1"),
        (["#000", "#fff"], "a palette gets darker, and #ffffff is not darker than #000000"),
    ],
)
def test_palettes_that_are_none(palette, message):
    with pytest.raises(QueryError, match=message):
        STACK.draw(palette=palette)


def test_title_legend_and_height():
    plain, figure = STACK.draw(), STACK.draw(title="Of my <paper> & more", legend=False)
    assert strings(figure)[-1] == "Of my <paper> & more" == figure.diagram.title
    assert not any("Whole network" in text for text in strings(figure))
    assert "Of my &lt;paper&gt; &amp; more" in figure.svg
    low = STACK.draw(height="1.4in")
    assert any("1.4 in asked" in note for note in low.notes) and not plain.notes
    with pytest.raises(QueryError, match=r"the height '9parsecs'|cannot read the height"):
        STACK.draw(height="9parsecs")


@pytest.mark.parametrize(
    "text", ["L" * 300, "模型のブロック", "דגם", "<script>alert(1)</script>", "$50\\%$ & #1_{x}^~"]
)
def test_any_text_is_a_label_in_every_format(text):
    figure = STACK.draw(labels={"conv": text}, title=text)
    assert "<script>" not in figure.svg and "<script>alert" not in figure.html
    assert all(form for form in (figure.svg, figure.tikz, figure.dot, figure.html))
    for box in figure.diagram.boxes:
        for part in box.texts():
            assert box.extent.contains(part.extent, 1.0)


def test_contrasts_take_what_belongs_to_all():
    figure = ag.contrast(STACK, DIT, labels={"mlp": "Feed forward"}, title="Two", palette="grey", panels=["stages"])
    assert "Two" in strings(figure) and figure.diagram.title == "Two"
    with pytest.raises(QueryError, match="labels: nothing is called 'nowhere'"):
        ag.contrast(STACK, DIT, labels={"nowhere": "x"})
