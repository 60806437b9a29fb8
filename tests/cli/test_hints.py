"""Mistakes whose message was wrong or empty: what is said is what helps."""

from __future__ import annotations

import re

import pytest

from archgraph.cli import main

SAID = {
    "cost ''": ("'' names no spec",),
    "cost unet --at H=1": ("multiple of 16 plus 12, and is 1", "the nearest: 28\n"),
    "cost unet --at H=189": ("the nearest: 188 and 204",),
    "draw conv_stack -o .": ("cannot save a figure as '.'",),
    "draw conv_stack -o x.svg --dpi 300": ("--dpi 300 has no effect on 'x.svg'", "-o x.png"),
    "contrast conv_stack vgg -o x.pdf --dpi 72": ("--dpi 72 has no effect on 'x.pdf'",),
    "cost timm:": ("'timm:' names no model behind its colon", "timm:resnet50"),
    "scale conv_stack Z=x2": ("there is no symbol 'Z'", "symbols: C, "),
    "fit gpt2 --memory 8GB --reserve 9GB": ("reserve=9 GB leaves nothing of 8 GB",),
    "fit gpt2 --memory 80GB --largest D%64,heads=D/0": ("'D/0': division by zero",),
    "fit gpt2 --memory 80GB --frontier D": ("cannot read 'D'", "write --frontier D=256..1024:64"),
    "fit gpt2 gpt2 vit --memory 80GB --largest B --largest B": ("3 networks and 2 --largest are given",),
    "growth unet dit --along C=96": ("2 networks and 1 --along are given",),
    "solve conv_stack C --params <=1e300": ("met as far as the search goes, which ends at 1,099,511,627,776 steps",),
    "sweep unet levels=1,2": ("cannot sweep 'levels'", "--set levels=3"),
}


@pytest.mark.parametrize("line", SAID)
def test_the_message_says_what_helps(capsys, tmp_path, monkeypatch, line):
    pytest.importorskip("numpy")
    monkeypatch.chdir(tmp_path)
    assert main([word.strip("'") for word in line.split(" ")]) == 1
    said = capsys.readouterr().err
    assert all(part in said for part in SAID[line]) and not re.search(r"(:|hint) *$", said)


def test_what_may_be_looked_for_is_told_once(capsys):
    assert main(["fit", "conv_stack", "--memory", "8GB", "--largest", "nothing"]) == 1
    hint = capsys.readouterr().err.partition("hint")[2]
    words = re.findall(r"\w+", hint)
    assert "gpus" in words and len(words) == len(set(words))
