"""What other tools print, from their counting rules: the numbers that were measured with the tools themselves."""

import pytest

import archgraph as ag
from archgraph.cli import main
from archgraph.cost.costs import METRICS
from archgraph.cost.counting_rules import QUANTITIES, tool
from archgraph.data import table
from archgraph.errors import QueryError
from archgraph.ops.catalogue import registry

MEASURED = {
    "thop": {
        "unet": 167322556672,
        "dit:XL/2": 114427183104,
        "sd": 338749194240,
        "vit": 16848500736,
        "resnet": 4133742592,
    },
    "fvcore": {
        "unet": 150428424448,
        "dit:XL/2": 114460803072,
        "sd": 339013386240,
        "vit": 16867412736,
        "resnet": 4111512576,
    },
    "torchinfo": {"unet": 167456910112, "dit:XL/2": 679828640, "vit": 201581032, "resnet": 4089238376},
    "ptflops": {"unet": 150867255072, "sd": 339007884224, "resnet": 4132436968},
    "calflops": {
        "unet": 150428424448,
        "dit:XL/2": 114393563136,
        "sd": 338610585600,
        "vit": 16848500736,
        "resnet": 4089184256,
    },
    "deepspeed": {"unet": 150428424448, "dit:XL/2": 118621421568, "vit": 17563828224, "resnet": 4089184256},
    "flopcounter-cpu": {
        "unet": 150428424448,
        "dit:XL/2": 114393563136,
        "sd": 338610585600,
        "vit": 16848500736,
        "resnet": 4089184256,
    },
    "flopcounter": {
        "unet": 150428424448,
        "dit:XL/2": 118621421568,
        "sd": 401636720640,
        "vit": 17563828224,
        "resnet": 4089184256,
    },
}
"""Multiply-accumulates that the tools printed, on the CPU, for the networks written with torch's modules, timm's ViT,
diffusers' U-Net of SD-1.5 and torchvision's ResNet."""
FUNCTIONAL = {
    ("thop", "sd"): ["upsample"],
    ("thop", "vit"): ["layer_norm"],
    ("ptflops", "sd"): ["upsample", "gelu"],
}
"""What those networks do not call as modules of torch's own classes."""


@pytest.mark.parametrize(("name", "spec"), [(name, spec) for name in MEASURED for spec in MEASURED[name]])
def test_the_rules_give_the_measured_number(name, spec):
    counted = ag.load(spec).count_as(name, FUNCTIONAL.get((name, spec), ()))
    assert counted.theirs == MEASURED[name][spec]
    assert counted.printed == MEASURED[name][spec] * (2 if name.startswith("flopcounter") else 1)


@pytest.mark.parametrize("name", table("tools"))
@pytest.mark.parametrize("spec", ["unet", "dit", "sd", "mixtral", "swin", "convnext", "unet3d"])
def test_the_terms_add_up(name, spec):
    g = ag.load(spec).at()
    counted = g.count_as(name)
    assert counted.ours == g.macs
    assert counted.ours + sum(row["MACs"] for row in counted.rows) == counted.theirs
    assert counted.law.xreplace(g.point()) == counted.theirs
    assert all(row["why"] for row in counted.rows)


def test_the_projections_of_sd_are_convolutions_in_its_first_version():
    """torchinfo reads tokens as one position: where a linear layer is written as a convolution, it counts them."""
    g = ag.load("sd").at()
    projections = [row for row in g.rows() if row.path.endswith(("proj_in", "proj_out"))]
    params = [g.evaluate(row.cost(METRICS["params"])) for row in projections]
    areas = [g.evaluate(row.type.area) for row in projections]
    as_convolutions = sum(p * (area - 1) for p, area in zip(params, areas, strict=True))
    assert g.count_as("torchinfo").theirs + as_convolutions == 222304919424


def test_the_rule_for_timms_attention_hides_its_projections():
    g = ag.load("vit").at()
    counted = g.count_as("ptflops", ["layer_norm"])
    layers, width, heads = (g.defaults[name] for name in ("L", "D", "heads"))
    tokens = int(g["blocks"].outputs[0].area)
    hidden = 4 * tokens * width * (width + 1)
    instead = tokens * width + 2 * tokens**2 * width + heads * tokens**2
    assert counted.theirs + layers * (instead - hidden) == 12017610232


def test_every_rule_names_operations_and_quantities():
    known = set(registry())
    for name in table("tools"):
        chosen = tool(name)
        for rules in (chosen.counts, chosen.functional):
            assert {label.split()[0] for label in rules} <= known
            assert {quantity for rule in rules.values() for quantity in rule} <= set(QUANTITIES)
        assert set(chosen.why) <= known and chosen.source and chosen.prints


def test_unknown_tools_and_operations():
    g = ag.load("vit")
    with pytest.raises(QueryError, match="Did you mean 'ptflops'"):
        g.count_as("ptflop")
    with pytest.raises(QueryError, match="Did you mean 'gelu'"):
        g.count_as("ptflops", ["gelus"])


def test_the_command(capsys):
    assert main(["cost", "sd", "--as", "thop", "--functional", "upsample"]) == 0
    text = capsys.readouterr().out
    assert "338,749,194,240" in text and "- scaled_dot_product_attention" in text
    assert main(["cost", "dit", "--as", "flopcounter-cpu", "--json"]) == 0
    assert '"term": "our MACs"' in capsys.readouterr().out


@pytest.mark.parametrize(("command", "known"), [("cost", "tools"), ("roofline", "hardware")])
def test_the_help_lists_what_the_table_has(command, known, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    text = capsys.readouterr().out.replace("\n", " ")
    assert all(name in text for name in table(known))
