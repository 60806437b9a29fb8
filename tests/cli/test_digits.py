"""Numbers are written in the digits 0 to 9: those of other scripts are refused wherever a number is read."""

import pytest

from archgraph.cli import main

TWO = "\u0662"
"""ARABIC-INDIC DIGIT TWO, which Python's `int` reads."""


@pytest.mark.parametrize(
    "words",
    [
        ["sweep", "conv_stack", f"C={TWO}"],
        ["sweep", "conv_stack", f"C=1..{TWO}"],
        ["sweep", "conv_stack", f"C=2..8:{TWO}"],
        ["cost", "conv_stack", "--at", f"C={TWO}"],
        ["rf", "conv_stack", "--probe", f"h={TWO}"],
        ["hops", "conv_stack", "--distance", TWO],
        ["solve", "conv_stack", "C", "--params", f"<={TWO}"],
        ["solve", "conv_stack", "C", "--params", "<=1e6", "--within", f"1..{TWO}"],
        ["scale", "conv_stack", f"C=x{TWO}"],
        ["scale", "conv_stack", f"C=+{TWO}"],
        ["fit", "conv_stack", "--device", "t4", "--batch", TWO],
        ["fit", "conv_stack", "--device", "t4", "--checkpoint", TWO],
        ["fit", "conv_stack", "--device", "t4", "--checkpoint", "²"],
        ["draw", "conv_stack", "-o", "x.svg", "--width", f"{TWO}in"],
    ],
    ids=" ".join,
)
def test_digits_of_other_scripts_are_refused(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(words) in (1, 2)
    written = capsys.readouterr()
    assert any(digit in written.err for digit in (TWO, "\u00b2", ascii(TWO)[1:-1]))
    assert written.out == "" and not list(tmp_path.iterdir())
