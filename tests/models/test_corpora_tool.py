"""What compares whole libraries finds what is wrong, and tells it from what PyTorch itself cannot do."""

import json
import os
import time
from copy import deepcopy
from functools import partial
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402

import archgraph as ag  # noqa: E402
from tests.models.corpora import __main__ as command  # noqa: E402
from tests.models.corpora import comparing, field_check  # noqa: E402
from tests.models.corpora.comparing import compared  # noqa: E402
from tests.models.corpora.entry import Entry, on  # noqa: E402
from tests.models.corpora.field_check import NotComparedError, field_checked  # noqa: E402
from tests.models.corpora.libraries import LIBRARIES, Library  # noqa: E402
from tests.models.corpora.other_sizes import other_sizes, small_sizes  # noqa: E402
from tests.models.corpora.page import HEAD, page  # noqa: E402
from tests.models.corpora.time_limit import TooLong, at_most, processor_seconds  # noqa: E402
from tests.models.corpora.worker import Worker, results  # noqa: E402

ROOT = Path(__file__).parents[2]


def strided():
    return nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 5, 3))


class Choosing(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        y = self.layer(x)
        return y[y > 0]


STRIDED = Entry("strided", strided, on(3, 24, 24))


def test_an_exact_model():
    found = compared("own", STRIDED).as_json()
    assert (found["status"], found["why"], found["spec"], found["drawing"]) == ("exact", "", "same", "whole")
    assert found["macs"] == 12 * 12 * 4 * 3 * 9 + 10 * 10 * 5 * 4 * 9
    assert (found["params"], found["law"]) == (4 * 28 + 5 * 37, "h, w")
    assert found["fields"] in ("equal", "inside")


@pytest.mark.parametrize(
    ("what", "wrong"), [("counted", lambda *given: 7), ("field_checked", lambda *given: "wrong: x")]
)
def test_a_difference_is_wrong(what, wrong, monkeypatch):
    monkeypatch.setattr(comparing, what, wrong)
    found = compared("own", STRIDED).as_json()
    assert found["status"] == "wrong"
    told = f"macs {found['macs']}, PyTorch 7; macs at {{'h': " if what == "counted" else "fields: wrong: x"
    assert found["why"].startswith(told)


def test_what_is_no_refusal_is_wrong(monkeypatch):
    monkeypatch.setattr(comparing, "counted", lambda *given: 1 // 0)
    assert compared("own", STRIDED).as_json()["why"].startswith("ZeroDivisionError: ")


def test_refused_not_run_and_not_built():
    choosing = compared("own", Entry("choosing", Choosing, on(3, 24, 24))).as_json()
    assert choosing["status"] == "refused" and "decides on the values of a tensor" in choosing["why"]
    narrow = compared("own", Entry("narrow", strided, on(4, 24, 24))).as_json()
    assert narrow["status"] == "not run" and "expected input" in narrow["why"]
    unbuilt = compared("own", Entry("unbuilt", partial(nn.Conv2d, 3, 4), on(3, 24, 24))).as_json()
    assert unbuilt["status"] == "not built" and "kernel_size" in unbuilt["why"]


def fetched():
    raise OSError("<urlopen error [Errno -2] Name or service not known>")


def test_a_constructor_that_fetches_is_told_from_one_that_fails():
    found = compared("own", Entry("fetched", fetched, on(3, 24, 24))).as_json()
    assert (found["status"], found["why"]) == ("not built", "its constructor fetches files from the network")


def test_a_configuration_is_built_without_the_weights_that_it_names():
    from tests.models.corpora.of_ultralytics import _offline

    layers = {"backbone": [[-1, 1, "TorchVision", [512, "resnet18", "DEFAULT"]]]}
    assert _offline(layers) == {"backbone": [[-1, 1, "TorchVision", [512, "resnet18", None]]]}


def test_a_gradient_outside_of_what_is_said_is_wrong():
    inputs = {"input": torch.empty(1, 3, 24, 24)}
    narrow = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 5, 1))
    wide = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 5, 3, padding=1))
    said_of_narrow = ag.trace(narrow, inputs)
    assert field_checked(said_of_narrow, partial(deepcopy, narrow), inputs) == "equal"
    assert field_checked(said_of_narrow, partial(deepcopy, wide), inputs).startswith("wrong: ")
    assert field_checked(ag.trace(wide, inputs), partial(deepcopy, narrow), inputs) == "inside"


class Overwriting(nn.Module):
    """Adds into the result of an exponential, which its derivative is, as a sampled code is made."""

    def forward(self, x):
        return x.exp().add_(x)


def test_a_module_that_overwrites_what_its_gradient_needs_has_no_gradient():
    found = compared("own", Entry("overwriting", Overwriting, on(3, 24, 24))).as_json()
    assert found["status"] == "exact", found["why"]
    assert found["fields"] == "not compared: it overwrites what its gradient needs"


class Stepping(nn.Module):
    """Asks for a number that its constructor made."""

    def __init__(self):
        super().__init__()
        self.layer, self.step = nn.Conv2d(3, 4, 3), torch.tensor(2)

    def forward(self, x):
        return self.layer(x)[..., :: int(self.step)]


def test_a_module_that_needs_the_values_of_its_constructor_is_built_with_them():
    assert compared("own", Entry("stepping", Stepping, on(3, 24, 24))).as_json()["status"] == "exact"


class Windowed(nn.Module):
    """Attention whose mask is finite, as that of shifted windows: e^-100 of what it hides is left."""

    def forward(self, x):
        hidden = torch.ones(6, 6).tril(-1) * -100.0
        return (x @ x.transpose(1, 2) + hidden).softmax(-1) @ x


def test_what_a_finite_mask_leaves_is_no_gradient():
    inputs = {"x": torch.empty(1, 6, 4)}
    g = ag.trace(Windowed(), inputs)
    assert field_checked(g, Windowed, inputs) == "equal"
    assert set(g.receptive_field().probe("stat", n=4)) == {(4,), (5,)}


def test_positions_of_tokens_are_read_through_their_embedding():
    causal = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 3))
    inputs = {"input": torch.zeros(1, 6, dtype=torch.long)}
    assert field_checked(ag.trace(causal, inputs), partial(deepcopy, causal), inputs) == "equal"
    with pytest.raises(NotComparedError, match="no gradient"):
        field_check.Gradients(lambda: nn.Flatten(), inputs, "input")


def test_sizes_are_those_that_the_conditions_allow():
    g = ag.trace(nn.PixelUnshuffle(4), torch.empty(1, 1, 64, 64), {"input": {2: "h", 3: "w"}})
    assert len(other_sizes(g)) == 2
    assert all(size % 4 == 0 and size != 64 for values in other_sizes(g) for size in values.values())
    assert small_sizes(g, 1) == {"h": 32, "w": 32}
    assert small_sizes(ag.trace(strided(), torch.empty(1, 3, 24, 24)), 1) is None


def test_a_call_that_takes_too_long_is_ended():
    with pytest.raises(TooLong), at_most(0.05):
        while True:
            pass
    with at_most(60):
        time.sleep(0)


def test_only_its_own_time_is_taken_from_a_model(monkeypatch):
    worker, spent = Worker("none", Library("torch", "of_timm"), 0.5), iter([0.0, 0.1, 0.2, 0.9])
    monkeypatch.setattr("tests.models.corpora.worker.processor_seconds", lambda process: next(spent))
    worker._process = type("Process", (), {"pid": 1})
    worker._here = type("Pipe", (), {"poll": lambda self, seconds: False})()
    assert not worker._answers() and next(spent, None) is None
    assert processor_seconds(os.getpid()) > 0


def test_a_library_that_is_not_there_is_said():
    (row,) = results("none", Library("no_such_library", "of_timm"), 120, [])
    assert (row["status"], row["why"]) == ("skipped", "ModuleNotFoundError: No module named 'no_such_library'")


def test_the_page():
    rows = [
        compared("own", STRIDED).as_json(),
        {"library": "own", "name": "other", "status": "refused", "why": "a|b"},
        {"library": "own", "name": "broken", "status": "not run", "why": "<its own fault>"},
        {"library": "own", "name": "", "status": "listed", "why": "6"},
        {**compared("own", STRIDED).as_json(), "name": "tangled", "drawing": "an edge crosses a box"},
        {**compared("own", STRIDED).as_json(), "name": "slow", "law": "fixed: no law within 40 s"},
        {"library": "away", "name": "", "status": "skipped", "why": "not installed"},
    ]
    text = page(json.loads(json.dumps(rows)))
    assert text.startswith(HEAD)
    assert "| all | 6 | 4 | 3 | 0 | 1 | 0 | 75.0 % | 2 | " in text
    assert "| own | tangled | drawing | an edge crosses a box |\n" in text
    assert "| own | other | refused | a\\|b |\n" in text
    assert "| own | broken | not run | &lt;its own fault> |\n" in text
    assert "| away | all | skipped | not installed |\n" in text
    assert "| strided | h, w | " in text and "| slow | not found | " in text
    assert "not compared here: 1 of own.\n" in text


def test_a_run_of_one_library_leaves_the_others_on_the_page(tmp_path, monkeypatch):
    """The last result of each model counts, also where a library was not there before."""
    row = {"status": "refused", "why": "then"}
    rows = [
        {**row, "library": "timm", "name": "", "status": "skipped"},
        {**row, "library": "timm", "name": "a"},
        {**row, "library": "timm", "name": "a", "why": "now"},
        {**row, "library": "timm, 2 drawn by 1", "name": "b"},
    ]
    (tmp_path / "kept.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in rows))
    listed = {"library": "onnx", "name": "", "status": "listed", "why": "0"}
    monkeypatch.setattr(command, "results", lambda title, *more: [{**listed, "library": title}])
    monkeypatch.setattr(command, "PAGE", tmp_path / "page.md")
    for only in ("onnx", "timm"):
        monkeypatch.setattr("sys.argv", ["", "--only", only, "--page", "--results", str(tmp_path / "kept.jsonl")])
        assert command.main() == 0
    text = (tmp_path / "page.md").read_text().removeprefix(HEAD)
    assert "| timm | a | refused | now |" in text and "then" not in text and "drawn" not in text


def test_the_page_in_the_docs_explains_what_is_on_it():
    """Its head is the one that is written today, and says each word that stands in its columns."""
    text = (ROOT / "docs" / "corpora.md").read_text()
    assert text.startswith(HEAD)
    cells = [
        line.split(" | ") for line in text.splitlines() if line.count(" | ") == 8 and not line.startswith("| model")
    ]
    for column in (1, 2):
        words = {
            row[column] for row in cells if row[column].islower() and len(row[column]) > 4 and "," not in row[column]
        }
        assert words and all(f"*{word}*" in HEAD for word in words), words


def test_every_library_has_a_list():
    from importlib import import_module

    for library in LIBRARIES.values():
        assert callable(getattr(import_module(f"tests.models.corpora.{library.file}"), library.function))
