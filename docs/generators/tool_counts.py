"""The table of the page on other tools: what each of them counts for five networks."""

from __future__ import annotations

from archgraph.architecture.architecture import Architecture, load
from archgraph.data import table

NETWORKS = ("unet:padded-512", "dit", "sd", "vit", "resnet")
UNIT = 10**9


def numbers() -> dict[str, str]:
    """Return the table in Markdown, a row per tool."""
    loaded = [load(name) for name in NETWORKS]
    head = ["counted by", *(each.name for each in loaded)]
    ours = ["archgraph", *(f"{each.at().macs / UNIT:.1f}" for each in loaded)]
    rows = [
        head,
        ["---"] * len(head),
        ours,
        *([tool, *(_count(each, tool) for each in loaded)] for tool in table("tools")),
    ]
    return {"tool_counts": "\n".join(f"| {' | '.join(row)} |" for row in rows)}


def _count(network: Architecture, tool: str) -> str:
    counted = network.count_as(tool)
    off = counted.theirs / counted.ours - 1
    return f"{counted.theirs / UNIT:.1f}" + (f" ({off:+.0%})" if abs(off) >= 0.005 else "")
