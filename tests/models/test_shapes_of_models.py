"""Figures of models of transformers and diffusers: no fault, true laws and headings, and an arrow for every skip."""

import logging
import os
import warnings
from collections import Counter

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("diffusers")
pytestmark = [pytest.mark.models, pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

from real_models import MODELS, SLOW  # noqa: E402

import archgraph as ag  # noqa: E402
from archgraph.architecture.architecture import Architecture  # noqa: E402
from archgraph.figures.drawing.geometry import faults  # noqa: E402
from archgraph.figures.facts.facts import Facts  # noqa: E402
from tests.figures.box_members import noted, titles_of, untrue_headings  # noqa: E402
from tests.figures.law_reader import false_laws  # noqa: E402

QUICK = [name for name in MODELS if name not in SLOW]
US = ["UNet2DModel (DDPM)", "UNet2DConditionModel (SDXL-like)"]


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def traced(name: str) -> Architecture:
    real = MODELS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.device("meta"):
            model = real.build().eval()
        return ag.trace(model, real.inputs, name=real.name, allow_unsupported=True)


@pytest.mark.parametrize("name", [name if name in US else pytest.param(name, marks=pytest.mark.slow) for name in QUICK])
def test_of_a_model(name):
    g = traced(name)
    with noted() as members:
        figure = g.draw()
    diagram, us = figure.diagram, Facts(g.network).us
    assert faults(diagram) == [] and false_laws(figure, g.network) == []
    assert untrue_headings(figure, members, titles_of(g.graph)) == []
    names = {box.name for box in diagram.boxes}
    dashed = Counter((edge.source, edge.target) for edge in diagram.edges if edge.style == "dashed")
    plain = Counter((skip.source.name, skip.target.name) for u in us for skip in u.skips if not skip.works)
    assert all(dashed[pair] == count for pair, count in plain.items() if set(pair) <= names)
    if name in US:
        assert len(us) == 1 and plain
