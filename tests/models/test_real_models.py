"""Models of transformers and diffusers, built from configurations: counts equal the module's and the counter's."""

import logging
import os
import warnings
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("diffusers")
pytestmark = [pytest.mark.models, pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

from real_models import MODELS, SLOW, measure, real_models_page  # noqa: E402

os.environ.setdefault("HF_HUB_OFFLINE", "1")
PAGE = Path(__file__).parents[2] / "docs" / "traced-models.md"


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in MODELS])
def test_counts_are_the_models(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = measure(MODELS[name])
    assert found.params == found.torch_params
    assert found.macs == found.torch_macs
    assert found.status in ("exact", "exact but for gaps")


def test_there_are_enough_models():
    assert len(MODELS) >= 40


@pytest.mark.slow
def test_the_page_is_up_to_date():
    assert PAGE.read_text() == real_models_page()
