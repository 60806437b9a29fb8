"""What a spec says without effect is told by `archgraph check`, with its place, and nothing else is."""

import pytest

from archgraph.cli import main
from archgraph.spec.source import silences
from archgraph.spec.spec import read_text

HEAD = "archgraph: 1\nsymbols: {C: 4, wide: false}\ninputs: {x: {c: C, h: 8}}\n"


def told(text: str) -> list[str]:
    return silences(read_text(text))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "archgraph: 1\nsymbols: {C: 4, D: 5}\ninputs: {x: {c: C}}\nnetwork: [relu]\n",
            ["2:17: nothing reads symbol 'D'"],
        ),
        ("archgraph: 1\nsymbols: {C: 4, N: 2*C}\ninputs: {x: {c: C}}\nnetwork: [relu]\n", []),
        (
            "archgraph: 1\nsymbols: {C: 4, a: 2, b: {default: 4, multiple_of: a}}\n"
            "inputs: {x: {c: C, n: b}}\nnetwork: [relu]\n",
            [],
        ),
        (
            HEAD + "network:\n  - relu\n  - linear: {out: 9}\n    when: wide\n",
            ["7:11: `when: wide` holds at no defaults and in no variant"],
        ),
        (HEAD + "network:\n  - relu\n  - linear: {out: 9}\n    when: wide\nvariants: {w: {at: {wide: true}}}\n", []),
        (
            HEAD + "network:\n  - conv_norm_act: {out: 4, inplace: wide, act: none}\n",
            ["5:38: argument 'inplace' of conv_norm_act has no effect"],
        ),
        (HEAD + "network:\n  - conv_norm_act: {out: 4, inplace: wide, act: leaky_relu}\n", []),
    ],
)
def test_a_line_for_what_has_no_effect(text, lines):
    assert told(text) == [f"<text>:{line}" for line in lines]


def test_blocks_tell_what_they_never_read():
    text = HEAD.replace(", wide: false", "") + (
        "blocks:\n"
        "  one: {inputs: [x, y], args: {a: 1, b: a}, do: [relu]}\n"
        "  two: {do: [silu]}\n"
        "network:\n  - relu\n  - one: [x, _]\n"
    )
    assert told(text) == [
        "<text>:5:3: block one never reads its argument 'b'",
        "<text>:5:3: block one never reads its input 'y'",
        "<text>:6:3: nothing calls block 'two'",
    ]


def test_a_condition_in_a_loop_holds_where_any_turn_does():
    text = "archgraph: 1\ninputs: {x: {c: 4}}\nnetwork:\n  - tanh\n"
    text += "  - for: {i: 0..2}\n    do:\n      - {relu: , when: i == 2}\n"
    assert told(text) == []
    assert told(text.replace("i == 2", "i == 5")) == [
        "<text>:7:24: `when: i == 5` holds at no defaults and in no variant"
    ]


def test_check_says_so_beside_its_table(tmp_path, capsys):
    path = tmp_path / "net.yaml"
    path.write_text("archgraph: 1\nsymbols: {C: 4, D: 5}\ninputs: {x: {c: C}}\nnetwork: [relu]\n", encoding="utf-8")
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().err == "net.yaml:2:17: nothing reads symbol 'D'\n"
