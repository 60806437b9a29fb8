"""ultralytics: every configuration of a network that it ships, at its smallest scale."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.models.corpora.entry import Entry, on

SIDE = 320


def entries() -> Sequence[Entry]:
    """Return the networks."""
    import ultralytics

    files = sorted((Path(ultralytics.__file__).parent / "cfg" / "models").rglob("*.yaml"))
    return [Entry(file.stem, partial(_made, str(file)), on(3, SIDE, SIDE, argument="x")) for file in files]


def _made(file: str) -> Any:
    from ultralytics.nn import tasks
    from ultralytics.utils import LOGGER

    LOGGER.setLevel("ERROR")
    configuration = _offline(tasks.yaml_model_load(file))
    task = tasks.guess_model_task(configuration)
    own = (kind for part, kind in _OWN.items() if part in Path(file).stem)
    kind = next(own, _KINDS.get(task, "DetectionModel"))
    if kind == "YOLOEModel" and task == "segment":
        kind = "YOLOESegModel"
    return getattr(tasks, kind)(configuration, verbose=False)


def _offline(configuration: Any) -> Any:
    """Return a configuration, or a part of it, without weights that it would fetch."""
    if isinstance(configuration, dict):
        return {key: _offline(value) for key, value in configuration.items()}
    if isinstance(configuration, list):
        return [_offline(value) for value in configuration]
    return None if configuration == "DEFAULT" else configuration


_OWN = {"rtdetr": "RTDETRDetectionModel", "yoloe": "YOLOEModel", "world": "WorldModel"}
"""Families with a class of their own, by what is in their files' names."""


_KINDS = {
    "classify": "ClassificationModel",
    "segment": "SegmentationModel",
    "pose": "PoseModel",
    "obb": "OBBModel",
}
