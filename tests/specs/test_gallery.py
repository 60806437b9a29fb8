"""Every published network of the gallery has exactly the parameters and MACs that were measured for it."""

import pytest

from archgraph.gallery import checked, gallery_table, variants_of
from archgraph.spec.load import shipped_names

MEASURED = {
    "unet-2015": (31030658, 150428424448),
    "unet-2015-no-up-bias": (31029698, 150428424448),
    "unet-padded-512": (31030658, 192384335872),
    "unet-milesial-3-2": (31037698, 192686325760),
    "unet3d-2016": (19069955, 266731018496),
    "nnunet-ct-3d-1ch-14cls-default": (31205254, 478347460608),
    "nnunet-ct-3d-1ch-14cls-resencm": (102359430, 718519074816),
    "nnunet-ct-3d-1ch-14cls-resencl": (102359430, 2425001877504),
    "nnunet-ct-3d-1ch-14cls-resencxl": (102359430, 4400929333248),
    "nnunet-lits-3d-1ch-3cls-default": (31196399, 477365239808),
    "nnunet-brats-3d-4ch-3out-resencl": (102353167, 1694467200000),
    "nnunet-brats-3d-4ch-3out-resencxl": (102353167, 1694467200000),
    "nnunet-acdc-3d-1ch-4cls-resencm": (101531604, 597801164800),
    "nnunet-acdc-3d-1ch-4cls-resencxl": (101531604, 597801164800),
    "nnunet-ct-2d-1ch-14cls-default": (46348834, 59805728768),
    "nnunet-ct-2d-1ch-14cls-resencm": (140041314, 130328756224),
    "nnunet-ct-2d-1ch-14cls-resencl": (140041314, 130328756224),
    "nnunet-ct-2d-1ch-14cls-resencxl": (140041314, 130328756224),
    "nnunet-ct-2d-1ch-2cls-default": (46324558, 59608727552),
    "nnunet-acdc-2d-1ch-4cls-resencm": (71818580, 27629256704),
    "nnunet-acdc-2d-1ch-4cls-resencxl": (71818580, 27629256704),
    "ddpm-cifar10": (35746307, 6221856768),
    "ddpm-256": (113673219, 248513757184),
    "adm-256": (553838086, 1119832768512),
    "ldm-4-cin256": (400920579, 104227160064),
    "sd-1.5": (859520964, 401636720640),
    "sd-2.1-512": (865910724, 402128732160),
    "sd-2.1-768": (865910724, 1074552872960),
    "sdxl-base": (2567463684, 3380618199040),
    "dit-s-8-256": (33148160, 357974016),
    "dit-s-8-512": (33166592, 1426735104),
    "dit-s-4-256": (32945024, 1412579328),
    "dit-s-4-512": (33018752, 6069829632),
    "dit-s-2-256": (32963360, 6055673856),
    "dit-s-2-512": (33258272, 31436980224),
    "dit-b-8-256": (130881536, 1417543680),
    "dit-b-8-512": (130918400, 5593497600),
    "dit-b-4-256": (130475648, 5565186048),
    "dit-b-4-512": (130623104, 23033413632),
    "dit-b-2-256": (130512416, 23005102080),
    "dit-b-2-512": (131102240, 106382622720),
    "dit-l-8-256": (458594816, 5011406848),
    "dit-l-8-512": (458643968, 19733413888),
    "dit-l-4-256": (458053760, 19695665152),
    "dit-l-4-512": (458250368, 80735371264),
    "dit-l-2-256": (458102816, 80697622528),
    "dit-l-2-512": (458889248, 360981987328),
    "dit-xl-8-256": (675683072, 7392411648),
    "dit-xl-8-512": (675738368, 29086138368),
    "dit-xl-4-256": (675074432, 29043671040),
    "dit-xl-4-512": (675295616, 118663888896),
    "dit-xl-2-256": (675129632, 118621421568),
    "dit-xl-2-512": (676014368, 524538298368),
    "u-vit-s-2-cifar10": (44255328, 12200808448),
    "pixart-alpha-256": (610856096, 149054570496),
    "pixart-alpha-512": (610856096, 617992962048),
    "sd3-medium": (2028328000, 4452168769536),
    "flux.1-dev": (11901408320, 37192326709248),
    "vit-ti-16": (5717416, 1253683200),
    "vit-s-16": (22050664, 4598882304),
    "vit-b-16": (86567656, 17563828224),
    "vit-b-16-384": (86859496, 55484350464),
    "vit-l-16": (304326632, 61554712576),
    "swin-t": (28288354, 4490566656),
    "convnext-t": (28589128, 4455531264),
    "resnet18": (11689512, 1814073344),
    "resnet50": (25557032, 4089184256),
    "vgg16": (138357544, 15470264320),
    "mobilenet-v2": (3504872, 300774272),
    "gpt2": (124439808, 145824153600),
    "bert-base": (109482240, 48318971904),
    "llama-2-7b": (6738415616, 31460635443200),
    "llama-3-8b": (8030261248, 35137127448576),
    "mixtral-8x7b": (46702792704, 56616258895872),
}
"""Parameters and MACs by reference, counted on the reference implementations (2 * MACs = FlopCounterMode on meta)."""


@pytest.fixture(scope="module")
def found():
    """Return, per reference, the metrics that specs expect for it, as computed."""
    result: dict[str, dict[str, int]] = {}
    for name in shipped_names():
        for g in variants_of(name):
            numbers = g.at()
            for expectation in g.expectations:
                if expectation.reference:
                    result.setdefault(expectation.reference, {})[expectation.metric] = numbers.metric(
                        expectation.metric
                    )
    return result


@pytest.mark.parametrize("reference", MEASURED)
def test_parameters_and_macs_are_exact(reference, found):
    assert (found[reference]["params"], found[reference]["macs"]) == MEASURED[reference]


def test_no_spec_refers_to_an_unknown_measurement(found):
    assert set(found) - set(MEASURED) == set()


def test_check_reports_every_expectation():
    table = checked().table
    assert {row["ok"] for row in table.rows} == {"yes"}
    assert "all met" in table.title


def test_list_has_integers_and_nulls():
    rows = gallery_table().rows
    assert all(isinstance(row["params"], int) and isinstance(row["macs"], int) for row in rows)
    assert {"name", "variant", "reference", "params", "macs"} == set(rows[0])
    assert next(row for row in rows if row["name"] == "conv_stack")["reference"] is None
