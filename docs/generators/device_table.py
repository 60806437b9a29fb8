"""The table of the page on devices, from `archgraph/data/hardware.yaml`."""

from __future__ import annotations

from archgraph.cost.device import Device, device
from archgraph.data import table

RATES = ("fp32", "tf32", "bf16", "fp16")
HEAD = (
    "name",
    "device",
    "memory, GB",
    "bandwidth, TB/s",
    *(f"{rate}, TFLOP/s" for rate in RATES),
    "source",
    "checked against",
)


def numbers() -> dict[str, str]:
    """Return the table in Markdown, a row per device."""
    rows = [HEAD, ["---", "---", *["---:"] * (len(RATES) + 2), "---", "---"], *map(_row, table("hardware"))]
    return {"devices": "\n".join(f"| {' | '.join(row)} |" for row in rows)}


def _row(name: str) -> list[str]:
    found: Device = device(name)
    rates = [f"{found.products[rate] / 1e12:,.4g}" if rate in found.products else "–" for rate in RATES]
    memory, bandwidth = f"{found.memory / 1e9:,.4g}", f"{found.bandwidth / 1e12:,.4g}"
    return [f"`{name}`", found.name, memory, bandwidth, *rates, found.source, found.checked or "–"]
