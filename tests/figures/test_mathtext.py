"""Laws as runs."""

import pytest
from sympy import Integer, ceiling, floor

from archgraph.figures.content.mathtext import line_of, math, number, shape, variable, words
from archgraph.sizes.symbols import symbol

C, D, H, L, N, S, W = map(symbol, "CDHLNSW")


def text(runs):
    """A ^ where the line goes up, a _ where it goes below the baseline, everything else as it is."""
    out, level = "", 0.0
    for run in runs:
        if run.rise > level + 0.01:
            out += "^"
        elif run.rise < level - 0.01 and run.rise < 0:
            out += "_"
        level = run.rise
        out += run.text
    return out


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (9 * C**2, "9C^2"),
        (27 * C**2 * H * W / 2, "27C^2HW/2"),
        (18 * D**2 * L + 15 * D * L, "18D^2L+15DL"),
        (C - 1, "C−1"),
        (-C, "−C"),
        (C / H, "C/H"),
        (C / (H * W), "C/(HW)"),
        ((H + 1) ** 2, "(H+1)^2"),
        (floor(H / 4), "floor(H/4)"),
        (ceiling(H / 4), "ceil(H/4)"),
        (Integer(0), "0"),
        (Integer(31030658), "3.10·10^7"),
        (Integer(2) ** L, "2^L"),
        (symbol("C_in"), "C_in"),
        (symbol("D1") * symbol("heads"), "D_1^·heads"),
        (27 * C**2 * symbol("convs"), "27C^2·convs"),
        (symbol("classes") * symbol("last"), "classes·last"),
        (C * symbol("kv_heads") / symbol("heads"), "C·kv_heads^/heads"),
        (27 * C**2 * (H - 3) / (2 * W), "27C^2(H−3)/(2W)"),
    ],
)
def test_expressions(expression, expected):
    assert text(math(expression, 8)) == expected


def test_variables_are_italic_and_digits_upright():
    faces = {run.text: run.face for run in math(9 * C**2, 8)}
    assert faces == {"9": "serif", "C": "italic", "2": "serif"}


def test_names_of_several_letters_are_upright():
    assert [run.face for run in variable("kv_heads", 8)] == ["serif", "serif"]
    assert [run.face for run in variable("C_i", 8)] == ["italic", "italic"]


def test_greek_names_become_letters():
    assert variable("theta", 8)[0].text == "θ"


def test_blanks_at_the_ends_become_gaps():
    (run,) = words(" a b ", 8)
    assert run.text == "a b" and run.gap > 0


def test_thin_spaces_are_gaps_and_never_characters():
    runs = (
        *line_of(variable("theta", 8), math(123456789 * C, 8), gap=2),
        *shape((2 * C, H / 2), 8),
        *line_of(words("a", 8), words("b", 8), gap=2),
    )
    assert not any(mark in run.text for run in runs for mark in "\u2009\u200a\u202f\u00a0")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"), (999, "999"), (1000, "1.00 k"), (999500, "1.00 M"), (31030658, "31.0 M"), (1.5e11, "150 G"),
        (1.5e18, "1.5 E"), (2e21, "2e+03 E"),
    ],
)  # fmt: skip
def test_numbers(value, expected):
    assert number(value) == expected


def test_a_function_is_told_apart_from_the_number_before_it():
    height = symbol("H")
    assert "".join(run.text for run in math(20 * floor(height / 2), 8)) == "20·floor(H/2)"
