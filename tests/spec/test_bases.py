"""Specs that build on specs and on files of blocks beside them."""

from pathlib import Path

import pytest

import archgraph as ag
from archgraph.cli import main
from archgraph.errors import SpecError
from archgraph.spec.kept_files import MOST_KEPT
from archgraph.spec.load import find_spec, trace_spec

BASE = """\
archgraph: 1
symbols:
  C: {default: 4, doc: channels}
  H: {default: 8, multiple_of: 2, doc: side}
inputs: {x: {c: 3, h: H, w: H}}
blocks:
  stem: {args: [out], do: [{conv: {out: out, kernel: 1}}]}
network:
  - stem: {out: C}
    as: stem
  - residual:
      - conv: {out: C, kernel: 3, padding: same}
        as: body
  - linear: {out: 10}
    as: logits
variants: {wide: {at: {C: 8}, expect: {params: 1}}}
expect: {params: 214}
"""


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file of the folder and returns its path."""

    def write(text: str, name: str = "net.yaml") -> str:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)

    write(BASE, "base.yaml")
    return write


def on_base(more: str = "") -> str:
    return f"archgraph: 1\nbase: base.yaml\n{more}"


def refused(path: str) -> str:
    with pytest.raises(SpecError) as caught:
        ag.load(path)
    return str(caught.value)


PARAMS = 3 * 4 + 4 + 9 * 16 + 4 + 4 * 10 + 10


@pytest.mark.parametrize(
    ("more", "params"),
    [
        ("", PARAMS),
        ("symbols: {C: 5}\n", 3 * 5 + 5 + 9 * 25 + 5 + 50 + 10),
        ("steps: {logits: {linear: {out: 2}}}\n", PARAMS - 50 + 10),
        ("steps: {body: [relu, {conv: {out: C, kernel: 1}}]}\n", PARAMS - 8 * 16),
        ("steps: {logits: relu, body: []}\n", 16),
        ("inputs: {x: {c: 1, h: H, w: H}}\n", PARAMS - 8),
        ("blocks: {stem: {args: [out], do: [{conv: {out: out, kernel: 3}}]}}\n", PARAMS + 8 * 12),
        ("symbols: {K: 3}\nsteps: {logits: {linear: {out: K}}}\n", 12 + 4 + 148 + 12 + 3),
        ("network: [{stem: {out: 2}}]\n", 8),
    ],
)
def test_parts_are_replaced_by_name(write, more, params):
    assert ag.load(write(on_base(more))).at().params == params


def test_a_default_alone_keeps_rule_and_words(write):
    g = ag.load(write(on_base("symbols: {H: 16}\n")))
    assert g.at().inputs["x"].size("h") == 16
    with pytest.raises(SpecError, match="must be a multiple of 2"):
        g.at(H=7)


def test_expectations_are_of_the_base_alone(write):
    g = ag.load(write(on_base()))
    assert list(g.expectations) == [] and list(ag.load(write(on_base()) + ":wide").expectations) == []
    assert ag.load(write(on_base()) + ":wide").at().params == 3 * 8 + 8 + 9 * 64 + 8 + 80 + 10


def test_a_shipped_spec_is_a_base():
    g = ag.loads("archgraph: 1\nbase: vit\nname: small\nsymbols: {D: 192, heads: 3}\n")
    assert g.at().params == ag.load("vit:Ti/16").at().params


def test_bases_have_bases_and_edits_are_seen(write, tmp_path):
    write(on_base("symbols: {C: 5}\n"), "middle.yaml")
    path = write("archgraph: 1\nbase: middle.yaml\nsteps: {body: []}\n")
    assert ag.load(path).at().params == 3 * 5 + 5 + 50 + 10
    write(on_base("symbols: {C: 6}\n"), "middle.yaml")
    assert ag.load(path).at().params == 3 * 6 + 6 + 60 + 10


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (on_base("symbols: {D: 5}\n"), "the base has no symbol 'D', and nothing reads it"),
        (
            on_base("blocks: {stam: {do: [relu]}}\n"),
            "the base has no block 'stam', and nothing reads it. Did you mean 'stem'?",
        ),
        (on_base("steps: {logit: relu}\n"), "the base has no step named 'logit'. Did you mean 'logits'?"),
        (
            on_base("steps: {logits: relu}\nnetwork: [relu]\n"),
            "steps replace those of the base, and this spec has a network",
        ),
        ("archgraph: 1\nnetwork: [relu]\nsteps: {a: relu}\n", "steps replace those of a base, and this spec has none"),
        ("archgraph: 1\nbase: vti\n", "no spec is named 'vti'. Did you mean 'vit'?"),
        ("archgraph: 1\nbase: other.yaml\n", "no such file: "),
        ("archgraph: 1\nbase: net.yaml\n", "specs build on each other in a circle: net.yaml -> net.yaml"),
        ("archgraph: 1\nbase: ../base.yaml\n", "'../base.yaml' is not below the folder of this spec"),
        ("archgraph: 1\nbase: /etc/x.yaml\n", "'/etc/x.yaml' is not below the folder of this spec"),
        (
            "archgraph: 1\nblocks: {from: /etc/hostname}\nnetwork: [relu]\n",
            "'/etc/hostname' is not below the folder of this spec",
        ),
        ("archgraph: 1\nbase: [a]\n", "a file must be text"),
        (
            "archgraph: 1\nblocks: {from: base.yaml}\nnetwork: [relu]\n",
            "'base.yaml' has a network, and a file of blocks",
        ),
    ],
)
def test_a_slip_is_told_where_it_stands(write, text, told):
    found = refused(write(text))
    assert found.startswith(told)
    assert "net.yaml:" in found


def test_a_name_of_blocks_is_told_where_paths_lead(write):
    told = refused(write("archgraph: 1\nblocks: {from: parts}\nnetwork: [relu]\n"))
    assert told.endswith("\n  hint  a path below the folder of this spec that ends in .yaml")


def test_another_version_is_refused_in_the_base(write):
    write(BASE.replace("archgraph: 1", "archgraph: 2"), "base.yaml")
    assert refused(write(on_base())).startswith("unknown language version 2\n  at    base.yaml:1:12")


def test_text_has_no_folder():
    with pytest.raises(SpecError, match="cannot be read: text stands in no folder"):
        ag.loads(on_base())


def test_a_link_leads_nowhere_else(write, tmp_path):
    outside = tmp_path.parent / f"{tmp_path.name}-outside.yaml"
    outside.write_text(BASE, encoding="utf-8")
    (tmp_path / "link.yaml").symlink_to(outside)
    assert "is not below the folder of this spec" in refused(write("archgraph: 1\nbase: link.yaml\n"))


BLOCKS = "archgraph: 1\nblocks:\n  twice: {args: [out], do: [{once: {out: out}}, {once: {out: out}}]}\n"
BLOCKS += "  once: {args: [out], do: [{conv: {out: out, kernel: 1}}]}\n"


def test_blocks_come_from_files_beside_the_spec(write):
    write(BLOCKS, "parts/blocks.yaml")
    text = "archgraph: 1\nsymbols: {out: 2}\ninputs: {x: {c: 2, n: 4}}\n"
    text += "blocks: {from: parts/blocks.yaml}\nnetwork: [{twice: {out: out}}]\n"
    assert ag.load(write(text)).at().params == 12
    own = text.replace(
        "blocks: {from: parts/blocks.yaml}",
        "blocks: {from: [parts/blocks.yaml], twice: {args: [out], do: [{once: {out: out}}]}}",
    )
    assert ag.load(write(own)).at().params == 6


def test_show_prints_what_results(write, tmp_path, capsys):
    write(BLOCKS, "blocks.yaml")
    path = write(on_base("blocks: {from: blocks.yaml}\nsteps: {body: {twice: {out: C}}}\n"))
    assert main(["show", path]) == 0
    whole = capsys.readouterr().out
    assert "base:" not in whole
    assert ag.loads(whole).at().params == ag.load(path).at().params
    assert main(["show", "vit"]) == 0
    assert capsys.readouterr().out == (Path(ag.__file__).parents[1] / "specs/vit.yaml").read_text(encoding="utf-8")


def test_a_new_spec_starts_from_a_shipped_one(tmp_path, capsys):
    path = tmp_path / "mine.yaml"
    assert main(["new", str(path), "--from", "vit"]) == 0
    assert ag.load(str(path)).at().params == ag.load("vit").at().params
    assert main(["new", str(tmp_path / "other.yaml"), "--from", "vti"]) == 1
    assert "Did you mean 'vit'?" in capsys.readouterr().err


def test_a_spec_of_several_files_is_traced_once_until_one_of_them_is_edited(write, monkeypatch):
    write(BASE, "base.yaml")
    path = write("{archgraph: 1, base: base.yaml}")
    traces = []
    monkeypatch.setattr("archgraph.spec.source.trace_spec", lambda *given: traces.append(given) or trace_spec(*given))
    assert ag.load(path).network is ag.load(path).network
    assert len(traces) == 1
    write(BASE.replace("default: 4", "default: 8"), "base.yaml")
    assert ag.load(path).defaults["C"] == 8
    assert ag.load(path).network is ag.load(path).network
    assert len(traces) == 2


def test_few_files_are_kept(write):
    paths = [write(BASE, f"net{number}.yaml") for number in range(MOST_KEPT + 3)]
    specs = [find_spec(path)[0] for path in paths]
    assert find_spec(paths[-1])[0] is specs[-1]
    assert find_spec(paths[0])[0] is not specs[0]
