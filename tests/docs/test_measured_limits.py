"""What the page on limits says was measured: every question that is asked, and none beyond what the page aims at."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
AIM = 600
"""MB."""


def test_every_question_is_measured_and_within_the_aim():
    rows = json.loads((ROOT / "docs" / "generators" / "measured_limits.json").read_text(encoding="utf-8"))
    asked = (ROOT / "tests" / "benchmarks" / "limits.py").read_text(encoding="utf-8")
    assert len(rows) == len(re.findall(r"^    \"\w+\": Limit\(", asked, re.M))
    assert all(row["size"] in asked and row["MB"] <= AIM for row in rows)
