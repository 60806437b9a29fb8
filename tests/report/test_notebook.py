"""What a notebook shows of an answer, and answers as objects of pandas and xarray."""

import copy
import pickle
import re
import sys
from dataclasses import replace

import pytest

import archgraph as ag
from archgraph.errors import QueryError
from archgraph.report.table import Table
from archgraph.studies.sweeping import streamed


def cells(html):
    return re.findall(r"<td>(.*?)</td>", html)


def test_a_network_shows_its_laws_and_their_values():
    g = ag.load("unet:padded-512")
    html = g._repr_html_()
    assert f"<caption>{g.name}" in html and "at C=64, H=512, W=512" in html
    assert f"{g.at().params:,}" in cells(html) and str(g.macs) in cells(html)


def test_a_network_with_bound_symbols_shows_the_values_there():
    g = ag.load("dit:S/2")
    assert f"{g.at(L=3).params:,}" in cells(g.at(L=3)._repr_html_())
    assert f"{g.at().params:,}" not in cells(g.at(L=3)._repr_html_())


def test_a_name_is_escaped():
    g = ag.loads("{archgraph: 1, name: '<b>x', inputs: {x: {c: 3}}, network: [relu]}")
    assert "<b>" not in g._repr_html_()


def test_a_bound_is_said_to_be_one():
    torch = pytest.importorskip("torch")

    class Odd(torch.nn.Module):
        def forward(self, x):
            return torch.linalg.inv(x)

    g = ag.trace(Odd(), torch.zeros(1, 4, 4), batch_axis=0, allow_unsupported=True)
    assert "at least 0" in cells(g._repr_html_())


def test_a_field_shows_its_axes():
    field = ag.load("unet:padded-512").receptive_field("logits")
    found = cells(field._repr_html_())
    assert found[::2] == ["h", "w"] and all(text in str(field) for text in (found[1], "logits"))


def test_all_fields_show_a_row_for_each_step():
    g = ag.load("unet:padded-512")
    html = g.receptive_fields("image")._repr_html_()
    rows = [str(value) for row in g.receptive_field_table().rows for value in row.values()]
    assert cells(html) == rows and "receptive fields on image" in html
    assert "size marked `at most`" not in html


def test_fields_through_fixed_weights_say_so_and_bounds_say_why():
    fields = ag.load("sd").receptive_fields("latent", fixed_weights=True)
    assert "through fixed weights alone" in fields._repr_html_()


@pytest.mark.parametrize(
    ("ask", "first"),
    [
        (lambda g: g.halo(), ["h", "94", "94", "16", "96", "96"]),
        (lambda g: g.hops(distance=90), ["enc(0).conv", "166..166", ""]),
        (lambda g: g.productivity(), ["enc(0).conv", "1", "3", "3", "productive"]),
    ],
    ids=["halo", "hops", "productivity"],
)
def test_what_is_asked_of_fields_shows_itself(ask, first):
    found = ask(ag.load("unet:padded-512"))
    assert cells(found._repr_html_())[: len(first)] == first


def test_tiles_that_are_not_exact_show_why():
    html = ag.load("dit").halo()._repr_html_()
    assert "no margin is exact" in html and "reads every position" in html


def test_no_layer_that_widens_fields_has_no_feasible_sizes():
    g = ag.loads("{archgraph: 1, inputs: {x: {c: 3, h: 8}}, network: [relu]}")
    html = g.productivity()._repr_html_()
    assert "no layer widens receptive fields" in html and "feasible" not in html


def test_a_solution_and_a_difference_show_themselves():
    g = ag.load("dit")
    found = g.solve("D", macs=("<=", 1e12), multiple_of=64)
    assert "966,826,917,888" in cells(found._repr_html_())
    changed = ag.load("dit:S/2").diff(ag.load("dit:B/2"))
    assert changed._repr_markdown_() == changed.report("markdown")


def test_a_sweep_shows_its_points_and_computes_nothing_for_it():
    pytest.importorskip("numpy")
    dask = pytest.importorskip("dask.array")
    g = ag.load("transformer")
    assert len(cells(g.sweep({"L": [2, 4]}, ["params"])._repr_html_())) == 4
    assert g.sweep({"L": dask.arange(1, 5, chunks=2)}, ["params"])._repr_html_() is None
    assert g.sweep({"L": range(1, 1000)}, ["params"])._repr_html_() is None
    assert streamed(ag.load("vit").network, {"D": [18]}, ["macs"])._repr_html_() is None


@pytest.mark.parametrize(
    "ask",
    [lambda g: g.receptive_field(), lambda g: g.halo()],
    ids=["field", "halo"],
)
def test_an_axis_is_an_attribute_or_a_key(ask):
    found = ask(ag.load("unet:padded-512"))
    assert found["h"] is found.h is found.axes["h"]
    with pytest.raises(QueryError, match=r"axis 'hh'\. Did you mean 'h'"):
        found["hh"]
    with pytest.raises(AttributeError, match=r"has no 'hh': the axes are h, w\. Did you mean 'h'"):
        _ = found.hh
    assert copy.copy(found).h == found.h


def test_a_field_without_its_graph_is_pickled():
    field = replace(ag.load("unet:padded-512").receptive_field(), places=None)
    assert pickle.loads(pickle.dumps(field))["h"].size_max == field.h.size_max


def test_fields_are_asked_for_by_path():
    fields = ag.load("unet:padded-512").receptive_fields()
    assert fields["bottleneck"].h.size_max == fields.at("bottleneck").h.size_max == 140
    with pytest.raises(QueryError):
        fields["no such"]


def test_a_table_as_a_frame():
    pytest.importorskip("pandas")
    g = ag.load("unet:padded-512")
    table = g.at().table(by="scope")
    frame = table.to_pandas()
    assert list(frame.columns) == list(table.columns) and len(frame) == len(table.rows)
    assert frame["macs"].sum() == g.at().macs and frame.attrs["title"] == table.title
    assert g.symbolic().table().to_pandas()["params"].sum() == g.params
    huge = Table("x", ("n",), [{"n": 2**80}, {"n": 1}]).to_pandas()
    assert huge["n"].sum() == 2**80 + 1
    many = Table("x", ("n",), [{"n": 2**62}] * 3).to_pandas()
    assert many["n"].sum() == 3 * 2**62
    assert Table("x", ("n", "m"), [{"n": 1}]).to_pandas()["m"].isna().all()


def test_a_sweep_as_a_frame():
    pytest.importorskip("pandas")
    g = ag.load("vit")
    frame = g.sweep({"D": [12, 18, 24], "L": [2, 3]}, ["macs"]).to_pandas()
    assert [(row.D, row.L) for row in frame.itertuples()] == [(12, 2), (12, 3), (24, 2), (24, 3)]
    assert all(row.macs == g.at(D=row.D, L=row.L).macs for row in frame.itertuples())
    assert frame.attrs["notes"] == ["2 of 6 points left out: D must be a multiple of 12"]


def test_a_sweep_as_a_dataset():
    pytest.importorskip("xarray")
    g = ag.load("vit")
    data = g.sweep({"D": [12, 18, 24], "L": [2, 3]}, ["macs"]).to_xarray()
    assert dict(data.sizes) == {"D": 3, "L": 2} and data.attrs["title"] == g.name
    assert int(data["macs"].sel(D=24, L=3)) == g.at(D=24, L=3).macs
    assert data["valid"].sel(L=2).values.tolist() == [True, False, True]
    assert data["macs"].attrs == {"exact": True} and "multiple of 12" in data["valid"].attrs["rules"]


def test_a_lazy_sweep_stays_lazy_as_a_dataset():
    pytest.importorskip("xarray")
    dask = pytest.importorskip("dask.array")
    data = ag.load("transformer").sweep({"L": dask.arange(1, 5, chunks=2)}, ["params"]).to_xarray()
    assert data["params"].chunks == ((2, 2),)
    assert int(data["params"].isel(L=1)) == ag.load("transformer").at(L=2).params


@pytest.mark.parametrize("package", ["pandas", "xarray"])
def test_a_missing_package_is_named(package, monkeypatch):
    pytest.importorskip("numpy")
    monkeypatch.setitem(sys.modules, package, None)
    swept = ag.load("transformer").sweep({"L": [2]}, ["params"])
    with pytest.raises(ag.MissingToolError, match=rf'needs the package {package}\n.*pip install "{package}'):
        getattr(swept, f"to_{package}")()
