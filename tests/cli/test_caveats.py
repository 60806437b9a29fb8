"""What numbers rest on is said by every command that prints them, beside the table."""

import pytest

from archgraph.cli import main


@pytest.mark.parametrize(
    "command",
    [
        ["cost", "unet"],
        ["cost", "unet", "--json"],
        ["efficiency", "unet"],
        ["memory", "unet", "--mode", "inference"],
        ["rf", "unet", "--probe", "0,0"],
        ["roofline", "unet", "a100"],
    ],
)
def test_assumptions_are_said(command, capsys):
    assert main(command) == 0
    assert "assumed: H >= 188; W >= 188" in capsys.readouterr().err


def test_nothing_is_said_where_nothing_is_assumed(capsys):
    assert main(["cost", "conv_stack"]) == 0
    assert capsys.readouterr().err == ""


def test_several_networks_say_whose_assumptions_they_are(capsys):
    assert main(["contrast", "unet", "conv_stack", "--json"]) == 0
    assert "U-Net: assumed: H >= 188" in capsys.readouterr().err
