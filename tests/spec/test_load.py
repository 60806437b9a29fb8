"""Loading: what is asked again is the same network, and what looks alike is not."""

import pytest

import archgraph as ag
from archgraph.cost.part import whole_part
from archgraph.errors import QueryError, SpecError
from archgraph.gallery import spec_text
from archgraph.spec.load import find_spec
from archgraph.spec.source import SpecSource

TEXT = "{archgraph: 1, symbols: {D: 8}, inputs: {x: {c: D, n: 4}}, network: [linear: {out: D}]}"


def test_the_same_question_is_the_same_network():
    assert ag.load("dit").network is ag.load("dit").network
    assert ag.loads(TEXT).network is ag.loads(TEXT).network
    assert ag.load("dit").bind(L=3).network is ag.load("dit").bind(L=3).network


def test_another_value_text_or_variant_is_another_network():
    networks = [
        *(ag.load(name).network for name in ("dit", "dit:S/2")),
        *(ag.load("dit").bind(L=layers).network for layers in (3, 4)),
        *(ag.loads(text).network for text in (TEXT, f"{TEXT} ")),
    ]
    assert len(set(map(id, networks))) == len(networks)


@pytest.mark.parametrize("like_one", [True, "1", [1]], ids=str)
def test_what_only_equals_a_size_is_refused_still(like_one):
    assert ag.load("dit").bind(L=1).at().params
    with pytest.raises(SpecError, match="symbol 'L'"):
        ag.load("dit").bind(L=like_one)


def test_an_edited_file_is_read_anew(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(TEXT)
    assert ag.load(path).at().params == 72
    path.write_text(TEXT.replace("D: 8}, in", "D: 16}, in"))
    assert ag.load(path).at().params == 272
    path.write_text("{archgraph: 1")
    with pytest.raises(SpecError):
        ag.load(path)


def test_a_colon_without_a_variant_is_refused():
    with pytest.raises(SpecError, match="'unet:' names no variant behind its colon"):
        ag.load("unet:")


def test_a_spec_is_written_with_all_its_variants():
    with pytest.raises(QueryError, match="'dit' is written with all its variants"):
        spec_text("dit:S/2")


@pytest.mark.parametrize("name", ["bert", "stunet", "swin", "unet", "vgg"])
def test_a_variant_over_its_family_is_the_variant(name):
    source = SpecSource(find_spec(name)[0])
    for variant in source.spec.variants:
        over, alone = source.variant_at(source.network(), variant), ag.load(f"{name}:{variant}").network.at()
        assert [over.name, over.origin, over.defaults] == [alone.name, alone.origin, alone.defaults]
        assert whole_part(over).metric("macs") == whole_part(alone).metric("macs")
        assert whole_part(over).metric("params") == whole_part(alone).metric("params")


def test_variants_that_only_have_other_values_are_not_traced(monkeypatch):
    source = SpecSource(find_spec("swin")[0])
    family = source.network()
    monkeypatch.setattr("archgraph.spec.source.trace_spec", lambda *_: pytest.fail("traced"))
    assert len({source.variant_at(family, name).defaults["C"] for name in source.spec.variants}) > 1
