"""Models of transformers and diffusers, built from configurations: counts equal the module's and the counter's."""

import logging
import os
import warnings

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("diffusers")
pytestmark = [pytest.mark.models, pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

from real_models import HEAD, MODELS, PAGE, SLOW, measure, row  # noqa: E402


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
    assert row(found) in PAGE.read_text(), "python tests/models/real_models.py writes the page"


def test_the_page_has_a_row_for_every_model():
    text = PAGE.read_text()
    rows = text.removeprefix(HEAD).splitlines()
    assert text.startswith(HEAD)
    assert [line.split(" | ")[0].removeprefix("| ") for line in rows] == list(MODELS)


def test_most_models_are_exact():
    assert sum(line.endswith("| exact |") for line in PAGE.read_text().splitlines()) >= 60
