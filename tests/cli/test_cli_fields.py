"""The commands on receptive fields and paths: tables, JSON, mistakes."""

from __future__ import annotations

import json

import pytest

from archgraph.cli import main


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def rows(capsys, *arguments: str) -> list[dict]:
    code, out, _ = run(capsys, *arguments, "--json")
    assert code == 0
    return json.loads(out)


def test_probe_of_a_corner(capsys):
    content, stat, unread = rows(capsys, "rf", "unet:padded-512", "--probe", "0,0")
    assert content == {"what": "content", "h": "0..93", "w": "0..93", "positions": 94 * 94}
    assert stat == {**content, "what": "stat"}
    assert unread["positions"] == 0
    assert rows(capsys, "rf", "unet:padded-512", "--probe", "w=0,h=0") == [content, stat, unread]


def test_halo(capsys):
    (h, w) = rows(capsys, "rf", "unet:padded-512", "--halo")
    assert h == {**w, "axis": "h"}
    assert (w["reads before"], w["reads after"], w["lattice"], w["margin before"]) == (94, 94, 16, 96)
    _, out, _ = run(capsys, "rf", "nnunet:inference", "--halo", "--node", "seg(0)")
    assert "no margin is exact" in out
    assert "not exact: statistics: InstanceNorm at enc(0).conv_norm_act.instance_norm is over the whole input" in out


def test_laws_and_effective_fields_are_labelled(capsys):
    _, out, _ = run(capsys, "rf", "unet:padded-512", "--laws", "--effective")
    assert "200 (mean over the phases)" in out
    assert "the effective field at initialisation" in out


def test_fixed_weights_alone(capsys):
    found = rows(capsys, "rf", "sd", "--input", "latent", "--fixed-weights")
    assert (found[-1]["node"], found[-1]["size_min"], found[-1]["size_max"]) == ("noise", 393, 401)
    assert rows(capsys, "rf", "sd", "--input", "latent")[-1]["size_max"] != 401
    _, out, _ = run(capsys, "rf", "sd", "--input", "latent", "--fixed-weights")
    assert "through fixed weights alone" in out and "as by attention, is left out" in out
    content, *_ = rows(capsys, "rf", "sd", "--input", "latent", "--fixed-weights", "--probe", "0,0", "--at", "H=512")
    assert content["h"] == "0..196"
    _, out, _ = run(capsys, "rf", "sd", "--input", "latent", "--fixed-weights", "--probe", "0,0")
    assert "through fixed weights alone" in out and "as by attention, is left out" in out


def test_productive(capsys):
    found = rows(capsys, "rf", "vgg", "--productive", "--axis", "w", "--at", "H=160", "W=160")
    assert [row["state"] for row in found].count("border") == 2


def test_hops_at_distances(capsys):
    found = rows(capsys, "hops", "unet:padded-512", "--distance", "8", "32", "64", "90", "95")
    assert [row["hops"] for row in found] == [1, 2, 5, 10, None]
    assert [row["layers"] for row in found[-2:]] == [13, 15]
    assert len(found[3]["moved by"].split(", ")) == 10
    assert [row["distance"] for row in rows(capsys, "hops", "transformer")] == [1, 2, 4, 8, 16, 32, 64]


def test_one_path(capsys):
    found = rows(capsys, "hops", "unet:padded-512", "--from", "166", "--to", "256")
    assert sum(row["move"] == "move" for row in found) == 10
    assert found[-1]["node"] == "logits"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("hops", "unet:padded-512", "--from", "0"), "no path leads from h=0 of image to h=256 of logits"),
        (("hops", "unet:padded-512", "--from", "512"), "h=512 lies outside: there are 512 positions"),
        (("hops", "unet:padded-512", "--distance", "-1"), "--distance takes a whole number from 0 on, and not -1"),
        (("hops", "sd"), "hint  input='latent', or --input latent"),
        (("hops", "vit"), "the output 'logits' has no places along h: every path gathers all"),
        (("rf", "unet:padded-512", "--probe", "0,x"), "cannot read the position '0,x'"),
        (("rf", "unet:padded-512", "--probe", "0,0,0"), "'0,0,0' names 3 positions; the output has the axes h, w"),
        (("rf", "unet:padded-512", "--probe", "512,0"), "h=512 lies outside"),
        (("rf", "unet:padded-512", "--probe", "q=0"), "there is no axis 'q'"),
        (("rf", "vgg", "--productive", "--axis", "q"), "the input 'image' has no axis 'q'"),
        (("rf", "nnunet", "--halo"), "those that give an output: seg(0)"),
        (("rf", "vit", "--fixed-weights", "--halo"), "--fixed-weights has no effect with --halo"),
        (("rf", "vit", "--fixed-weights", "--laws"), "laws and effective fields are of the whole network"),
    ],
)
def test_mistakes(capsys, arguments, message):
    code, _, error = run(capsys, *arguments)
    assert code == 1
    assert message in error
