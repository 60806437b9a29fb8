"""One knob at a time: the figures that PyTorch gives for the networks before and after each change."""

import pytest
from sympy import Integer, Rational, sqrt

import archgraph as ag
from archgraph.cli import main
from archgraph.errors import QueryError, SpecError
from archgraph.studies.scale import _nearest, factor_of

ONE_KNOB = [
    ("dit:S/8", {}, 33148160, 357974016, 2359296),
    ("dit:S/4", {}, 32945024, 1412579328, 37748736),
    ("dit:S/2", {}, 32963360, 6055673856, 603979776),
    ("dit:B/8", {}, 130881536, 1417543680, 4718592),
    ("dit:B/4", {}, 130475648, 5565186048, 75497472),
    ("dit:B/2", {}, 130512416, 23005102080, 1207959552),
    ("dit:L/8", {}, 458594816, 5011406848, 12582912),
    ("dit:L/4", {}, 458053760, 19695665152, 201326592),
    ("dit:L/2", {}, 458102816, 80697622528, 3221225472),
    ("dit:XL/8", {}, 675683072, 7392411648, 16515072),
    ("dit:XL/4", {}, 675074432, 29043671040, 264241152),
    ("dit:XL/2", {}, 675129632, 118621421568, 4227858432),
    ("dit:XL/2-512", {}, 676014368, 524538298368, 67645734912),
    ("dit:B/2", {"D": 1536, "heads": 24}, 519367712, 89585221632, 2415919104),
    ("dit:B/2", {"D": 1088, "heads": 17}, 261139616, 45451243520, 1711276032),
    ("dit:B/2", {"L": 24}, 258052640, 45998800896, 2415919104),
    ("dit:B/2-512", {}, 131102240, 106382622720, 19327352832),
    ("dit:B/2", {"p": 1}, 131074568, 106354311168, 19327352832),
    ("dit:B/2", {"heads": 24}, 130512416, 23005102080, 1207959552),
    ("dit:B/2", {"heads": 1}, 130512416, 23005102080, 1207959552),
    ("dit:XL/2", {"D": 2304, "heads": 32}, 2695942688, 466001068032, 8455716864),
    ("dit:XL/2", {"L": 56}, 1344473888, 237224411136, 8455716864),
    ("dit:XL/2", {"p": 1}, 675972872, 524495831040, 67645734912),
    ("adm", {}, 553838086, 1119832768512, 6090129408),
    ("adm", {"C": 512}, 2212613126, 4464432906240, 12180258816),
    ("adm", {"blocks": 4}, 879880710, 1796755685376, 10955522048),
    ("adm", {"H": 512, "W": 512}, 553838086, 4552249835520, 97442070528),
    ("adm", {"C": 128}, 138801926, 281820463104, 3045064704),
    ("sd", {}, 859520964, 401636720640, 63026135040),
    ("sd", {"C": 640}, 3398811524, 1477353799680, 126052270080),
    ("sd", {"blocks": 4}, 1419792964, 681916170240, 113428561920),
    ("sd", {"H": 128, "W": 128}, 859520964, 2337003110400, 987072430080),
    ("sd", {"C": 160}, 219789284, 116558315520, 31513067520),
    ("sd:xl", {}, 2567463684, 3380618199040, 391957708800),
    ("unet:padded-512", {}, 31030658, 192384335872, 0),
    ("unet:padded-512", {"C": 128}, 124107522, 769168244736, 0),
    ("unet:padded-512", {"C": 90}, 61360022, 380342108160, 0),
    ("unet:padded-512", {"C": 91}, 62731034, 388838195200, 0),
    ("unet:padded-512", {"levels": 5}, 124361090, 238018363392, 0),
    ("unet:padded-512", {"H": 1024, "W": 1024}, 31030658, 769537343488, 0),
    ("nnunet", {}, 31205254, 478347460608, 0),
    ("nnunet", {"C": 64}, 124772038, 1907265765376, 0),
    ("nnunet", {"features": [64, 128, 256, 320, 320, 320]}, 45674822, 1807297478656, 0),
    ("nnunet", {"convs": 4}, 57205894, 919229104128, 0),
    ("nnunet", {"Z": 256, "H": 256, "W": 256}, 31205254, 3826779684864, 0),
    ("nnunet", {"features": [32, 64, 128, 256, 512, 1024]}, 90500166, 490642866176, 0),
    ("nnunet_resenc:ct-3d-m", {}, 102359430, 718519074816, 0),
    ("nnunet_resenc:ct-3d-l", {}, 102359430, 2425001877504, 0),
]
"""Parameters, multiply-accumulates, and those of them that multiply queries with keys and weights with values."""


@pytest.mark.parametrize(("name", "values", "params", "macs", "attention"), ONE_KNOB, ids=str)
def test_costs_are_those_published(name, values, params, macs, attention):
    g = ag.load(name).at(**values)
    assert (g.params, g.macs) == (params, macs)
    products = g.terms("macs").get("scaled_dot_product_attention", Integer(0))
    assert products.xreplace(g.point()) == attention


def rows(table):
    return {row["metric"]: row for row in table.rows}


@pytest.mark.parametrize(
    ("name", "changes", "params", "macs"),
    [
        ("dit:B/2", {"D": 2, "heads": 2}, "3.979", "3.894"),
        ("dit:B/2", {"L": "x2"}, "1.977", "2"),
        ("dit:B/2", {"p": "/2"}, "1.004", "4.623"),
        ("dit:B/2", {"heads": "x2"}, "1", "1"),
        ("dit:XL/2", {"p": "/2"}, "1.001", "4.422"),
        ("adm", {"C": 2}, "3.995", "3.987"),
        ("adm", {"blocks": "x2"}, "1.589", "1.604"),
        ("adm", {"C": "/2"}, "0.2506", "0.2517"),
        ("sd", {"C": 2}, "3.954", "3.678"),
        ("unet:padded-512", {"C": 2}, "4", "3.998"),
        ("unet:padded-512", {"levels": "+1"}, "4.008", "1.237"),
        ("unet:padded-512", {"H": 2, "W": 2}, "1", "4"),
        ("nnunet", {"Z": 2, "H": 2, "W": 2}, "1", "8"),
        ("nnunet", {"C": 2}, "3.998", "3.987"),
        ("nnunet", {"convs": 2}, "1.833", "1.922"),
    ],
    ids=str,
)
def test_factors_of_single_changes(name, changes, params, macs):
    found = rows(ag.load(name).scale(**changes))
    assert (found["params"]["factor"], found["macs"]["factor"]) == (params, macs)


def test_a_size_is_rounded_to_one_that_its_rule_allows_and_says_so():
    table = ag.load("unet:padded-512").scale(C="xsqrt2")
    assert (table.rows[0]["after"], table.rows[0]["factor"]) == (62731034, "2.022")
    assert "C: 90.51 is rounded to 91" in table.notes
    assert "D: 1086.1 is rounded to 1088" in ag.load("dit:B/2").at(heads=16).scale(D=sqrt(2)).notes
    assert ag.load("dit:S/2").scale(D=1.01).title.endswith("D: 384 -> 390"), "387.84, of multiples of 6 heads"


@pytest.mark.parametrize(
    ("name", "changes", "params", "macs"),
    [
        ("unet:padded-512", {"C": 2}, "4", "4"),
        ("unet:padded-512", {"C": sqrt(2)}, "2", "2"),
        ("dit", {"D": 2}, "4", "4"),
        ("dit", {"S": 2}, "4", "16"),
        ("dit", {"D": 2, "L": 3}, "12", "12"),
        ("dit", {"heads": 2}, "1", "1"),
    ],
    ids=str,
)
def test_in_the_limit_the_leading_power_decides(name, changes, params, macs):
    found = rows(ag.load(name).scale(**changes))
    assert (found["params"]["in the limit"], found["macs"]["in the limit"]) == (params, macs)


def test_changes_are_read_exactly():
    assert factor_of("x2") == 2 and factor_of("/2") == Rational(1, 2) and factor_of("x1.1") == Rational(11, 10)
    assert factor_of("xsqrt2") == sqrt(2) and factor_of("/sqrt2") == 1 / sqrt(2)
    assert factor_of(0.5) == Rational(1, 2) and factor_of(Integer(3)) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"D": "2x"}, "cannot read the change '2x'"),
        ({"D": "x-2"}, "cannot read the change 'x-2'"),
        ({"D": 0}, "cannot read the change '0'"),
        ({"D": "+a"}, r"cannot read the change '\+a'"),
        ({"E": 2}, r"there is no symbol 'E'"),
        ({"N": 2}, "'N' is derived from other symbols: scale those"),
    ],
    ids=str,
)
def test_what_cannot_be_scaled(changes, message):
    with pytest.raises(QueryError, match=message):
        ag.load("dit").scale(**changes)


@pytest.mark.parametrize("change", ["xsqrt" + "9" * 400, "x1e999999999", "/" + "7" * 300, "x1.5e-99999"])
def test_numbers_that_would_fill_the_screen_are_refused(change):
    with pytest.raises(QueryError, match=r"is too long a number: the limit is 2\*\*512"):
        ag.load("conv_stack").scale(C=change)


@pytest.mark.parametrize("digits", [1, 20, 70])
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_roots_are_rounded_exactly(digits, more):
    # The root of a square, and just beside it, where places do not tell on which side it lies.
    root = 10**digits + 3
    assert _nearest(sqrt(root**2 + more), 1, 0) == root
    # Half-way between two allowed values is rounded up, a hair below it down.
    half = (2 * root + 1) ** 2 + more
    assert _nearest(sqrt(half) / 2, 1, 0) == (root if more < 0 else root + 1)


def test_lists_and_words_cannot_be_scaled():
    with pytest.raises(QueryError, match=r"'kernel' is \[3, 3\], which cannot be scaled"):
        ag.load("unet").scale(kernel=2)


def test_the_command(capsys):
    assert main(["scale", "dit:B/2", "D=x2", "p=/2", "D=x2,heads=x2"]) == 0
    text = capsys.readouterr().out
    assert "D: 768 -> 1536, heads: 12 -> 24" in text and "519,367,712" in text and "496,215,048" in text
    assert main(["scale", "dit", "D"]) == 1
    assert "SpecError: cannot read the change 'D'" in capsys.readouterr().err
    assert main(["scale", "unet", "C=x-1"]) == 1
    assert "QueryError: cannot read the change 'x-1'" in capsys.readouterr().err
    with pytest.raises(SpecError):
        ag.load("dit").scale(L="-29")
