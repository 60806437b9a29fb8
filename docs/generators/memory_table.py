"""The largest network that trains on 80 GB: measured once by the command below, and read by the pages.

`python docs/generators/memory_table.py` writes `docs/memory-table.csv` anew, in some minutes; it prints what it runs.
"""

from __future__ import annotations

import csv
import io
import shlex
from functools import cache
from pathlib import Path

FILE = Path(__file__).parents[1] / "memory-table.csv"
RUN = "--memory 80GB --dtype bf16-mixed --attention flash --kernel fused --loss none"
OVER = "batch=1,8,32 peak=saved,live checkpoint=none,block accumulate=1,2"
GROWTHS = {
    "U-Net, 512 px": ("unet:padded-512", "C%16"),
    "nnU-Net, 128³": ("nnunet", "C%4"),
    "nnU-Net, 128³, widened at 8³ and 4³": ("nnunet", "w%16,features=[C,2*C,4*C,8*C,w,w]"),
    "ADM, 256 px": ("adm", "C%64"),
    "ADM, 256 px, widened at 16² and 8²": ("adm", "w%256,mult=[1,1,2,2,w/256,w/256]"),
    "DDPM, 256 px": ("ddpm:256", "C%32"),
    "SD-1.5, 64² latents": ("sd", "C%32"),
    "DiT/2, 256 tokens": ("dit", "D%64,heads=D/64"),
    "DiT/2, 1,024 tokens": ("dit:XL/2-512", "D%64,heads=D/64"),
}
"""As published: a network and the way in which it is widened."""
ONE_GRID = {
    "U-Net of 4 levels, bottom 4²": ("unet:padded-512", "C%16,H=64,W=64"),
    "U-Net of 2 levels, bottom 16²": ("unet:padded-512", "C%16,H=64,W=64,levels=2"),
    "ADM as for 64 px, bottom 8²": ("adm:64", "C%64"),
    "ADM as for 256 px, bottom 2²": ("adm", "C%64,H=64,W=64"),
    "DDPM as for 256 px, bottom 2²": ("ddpm:256", "C%32,H=64,W=64"),
    "EDM2, bottom 8²": ("edm2", "C%64"),
    "SD-1.5": ("sd", "C%32"),
    "DiT, patch 4": ("dit:XL/4-512", "D%64,heads=D/64"),
    "DiT, patch 2": ("dit:XL/2-512", "D%64,heads=D/64"),
    "DiT, patch 1": ("dit:XL/2-512", "D%64,heads=D/64,p=1"),
}
"""All on one grid of 64 x 64."""
COLUMNS = (("saved", "none", "1"), ("live", "none", "1"), ("live", "none", "2"), ("live", "block", "1"))
"""The peak, the checkpoints and the micro-batches of each column."""
BATCHES = ("1", "8", "32")
RUNS = 2 * 2 * 2 * len(BATCHES)
"""Rows of a network."""


def command() -> str:
    """Return the one command whose output the file is."""
    every = [*GROWTHS.values(), *ONE_GRID.values()]
    specs = " ".join(spec for spec, _ in every)
    growths = " ".join(f"--largest {shlex.quote(growth)}" for _, growth in every)
    return f"archgraph fit {specs} {RUN} {growths} --over {OVER} --format csv"


def found(number: str) -> str:
    """Return a number of parameters in billions, or a dash where nothing fits."""
    return f"{int(number) / 1e9:.2f}" if number else "–"


def own(name: str) -> list[dict[str, str]]:
    """Return the recorded rows of one network."""
    index = [*GROWTHS, *ONE_GRID].index(name)
    return rows()[RUNS * index : RUNS * (index + 1)]


def cell(name: str, batch: str, column: tuple[str, str, str]) -> dict[str, str]:
    """Return the recorded row of a network, a batch and a column."""
    return next(
        row
        for row in own(name)
        if (row["batch"], row["peak"], row["checkpoint"], row["accumulate"]) == (batch, *column)
    )


def cells(name: str) -> list[str]:
    """Return what fits of a network at the three batches, by column."""
    return [" / ".join(found(cell(name, batch, column)["params"]) for batch in BATCHES) for column in COLUMNS]


def price(name: str) -> str:
    """Return MACs per parameter of what fits at the largest batch."""
    row = cell(name, BATCHES[-1], COLUMNS[0])
    return f"{int(row['macs']) / int(row['params']):,.0f}"


@cache
def rows() -> list[dict[str, str]]:
    """Return the recorded table, a row per network, batch, peak, checkpoint and number of micro-batches."""
    return list(csv.DictReader(io.StringIO(FILE.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    from contextlib import redirect_stdout

    from archgraph.cli import main

    print(command())
    with io.StringIO() as written, redirect_stdout(written):
        main(shlex.split(command())[1:])
        FILE.write_text(written.getvalue(), encoding="utf-8")
