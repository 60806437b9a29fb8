"""Every mistake in `bad/` is told by its whole message, which stands beside it; nothing else is written.

The first line of a file may say how it is used: `# --at H=571` binds symbols, `# variant small` picks a variant.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archgraph import ShapeError, SpecError, load, loads
from archgraph.cli import main
from archgraph.gallery import write_template

BAD = sorted((Path(__file__).parent / "bad").glob("*.yaml"))


def command(path: Path) -> list[str]:
    """The command line that uses a file as its first line says."""
    first = path.read_bytes().split(b"\n", 1)[0].decode("utf-8", "replace")
    if first.startswith("# variant "):
        return ["cost", f"{path}:{first.removeprefix('# variant ')}"]
    return ["cost", str(path), *(first.removeprefix("# ").split() if first.startswith("# --at ") else [])]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_message(path, golden, capsys):
    assert main(command(path)) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    golden(path.with_suffix(".txt"), printed.err)


def test_every_message_has_its_mistake():
    assert len(BAD) > 200
    assert {path.stem for path in BAD} == {path.stem for path in BAD[0].parent.glob("*.txt")}


def test_every_mistake_but_a_question_about_the_whole_has_a_place():
    placeless = {path.stem for path in BAD if "\n  at    " not in path.with_suffix(".txt").read_text(encoding="utf-8")}
    assert placeless == {"blocks_only", "bound_unknown_symbol", "bound_without_a_value", "unknown_variant"}


def message(name: str) -> str:
    with pytest.raises(SpecError) as caught:
        load(name)
    return str(caught.value)


def test_an_error_in_a_standard_block_leads_back_to_the_spec():
    text = "archgraph: 1\ninputs: {tokens: {n: 64, c: 100}, t: {}}\nnetwork:\n"
    text += "  - timestep_embedding: {out: 100}\n    from: t\n    as: cond\n"
    text += "  - dit_block: {heads: 16}\n    from: [tokens, cond]\n    repeat: 12\n    as: blocks\n"
    with pytest.raises(ShapeError) as caught:
        loads(text)
    places = [(path, re.sub(r":\d+:\d+$", "", str(place))) for path, place in caught.value.trail]
    assert caught.value.message == "16 heads do not divide the 100 channels of q"
    assert str(caught.value.place).startswith("library/attention.yaml:")
    assert places == [("blocks.attention", "library/dit_block.yaml"), ("blocks", "<text>")]


def test_a_missing_file(tmp_path):
    path = tmp_path / "missing.yaml"
    assert message(str(path)) == f"no such file: {path}\n  hint  `archgraph new {path}` writes one"
    write_template(str(path))
    assert load(str(path)).params


def test_a_name_that_is_nearly_that_of_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mynet.yaml").touch()
    for name in ("mynt.yaml", "mynet", "MYNET.YAML", f"{tmp_path}/mynet.yml"):
        assert "Did you mean 'mynet.yaml'?" in message(name)


def test_a_file_where_no_spec_can_be(tmp_path):
    (tmp_path / "link.yaml").symlink_to("nowhere")
    assert message(f"{tmp_path}/link.yaml") == f"{tmp_path}/link.yaml is a link to 'nowhere', which is not there"
    assert message(f"{tmp_path}/none/x.yaml").endswith("\n  hint  the folder is not there either")
    assert message(f"{tmp_path}/x").endswith("\n  hint  a spec ends in .yaml")


def test_a_directory(tmp_path):
    assert message(str(tmp_path)) == f"{tmp_path} is a directory, not a spec file\n  hint  name a file in it"


def test_a_file_without_an_end():
    assert message("/dev/zero") == "/dev/zero is not a regular file, but a pipe, a device or a socket"


def test_a_folder_does_not_hide_a_shipped_spec(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dit").mkdir()
    assert load("dit").name == "DiT"


def test_a_path_that_no_system_has():
    assert message("a\0b.yaml").endswith("a\\x00b.yaml: a path cannot contain a null character")
    assert message("x" * 5000 + ".yaml").endswith("x.yaml: File name too long")
    assert message("x" * 5000).startswith(f"no spec is named '{'x' * 60}…'\n")


def test_a_name_that_is_not_shipped():
    assert message("uent") == (
        "no spec is named 'uent'. Did you mean 'unet'?\n"
        "  hint  `archgraph list` shows the shipped ones; a path ends in .yaml"
    )


def test_a_file_that_is_too_large():
    with pytest.raises(SpecError, match="the file has 1000022 characters; the limit is 1000000"):
        loads("archgraph: 1\nname: x #" + "x" * 1_000_000)


def test_a_message_cannot_move_the_cursor():
    with pytest.raises(SpecError) as caught:
        loads('archgraph: 1\nnetwork: ["\\e[2J\\u202e"]')
    assert str(caught.value).startswith("unknown operation '\\x1b[2J\\u202e'\n")
