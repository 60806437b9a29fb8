"""Types of values: named axes in order."""

import pytest

from archgraph.errors import ShapeError
from archgraph.sizes.symbols import size, symbol
from archgraph.sizes.types import TensorType, tensor

H, W = symbol("H"), symbol("W")
IMAGE = tensor(c=3, h=H, w=2 * W)


def test_axes_have_names_sizes_and_an_order():
    assert IMAGE.names == ("c", "h", "w")
    assert IMAGE.positions == ("h", "w")
    assert str(IMAGE) == "{c: 3, h: H, w: 2*W}"
    assert tensor(h=H, c=3, w=2 * W) != IMAGE
    assert hash(IMAGE) == hash(tensor(c=3, h=H, w=2 * W))


def test_counts():
    assert IMAGE.numel == 6 * H * W
    assert IMAGE.area == 2 * H * W
    assert IMAGE.channels == 3
    assert tensor().numel == 1
    assert str(tensor()) == "{}"


def test_an_axis_that_is_not_there():
    assert not IMAGE.has("d")
    with pytest.raises(ShapeError, match="has no axis 'hh'"):
        IMAGE.size("hh")


def test_sizes_are_replaced_in_place_and_new_axes_come_last():
    assert str(IMAGE.with_sizes({"h": size(5), "n": size(7)})) == "{c: 3, h: 5, w: 2*W, n: 7}"


def test_channels_come_first_where_there_were_none():
    assert str(tensor(n=4).with_channels(size(8))) == "{c: 8, n: 4}"
    assert str(tensor(n=4, c=2).with_channels(size(8))) == "{n: 4, c: 8}"


def test_axes_and_dtype_can_be_dropped_and_changed():
    assert str(IMAGE.without("c", "w")) == "{h: H}"
    assert IMAGE.as_dtype("int") == TensorType(IMAGE.axes, "int")
    assert IMAGE.as_dtype("int").dtype == "int"
