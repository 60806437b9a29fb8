"""Loading: what is asked again is the same network, and what looks alike is not."""

import pytest

import archgraph as ag
from archgraph.errors import QueryError, SpecError
from archgraph.gallery import spec_text

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
