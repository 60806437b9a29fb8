"""The command line: every command, its exit codes, and plain output in a pipe."""

import json
import subprocess
import sys

import pytest

from archgraph.cli import main


def run(capsys, *arguments):
    """Return (exit code, stdout, stderr) of one command."""
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_list_is_a_flat_list_with_nulls(capsys):
    code, out, _ = run(capsys, "list", "--json")
    rows = json.loads(out)
    assert code == 0
    assert {"name": "unet", "variant": None, "reference": "unet-2015", "params": 31030658, "macs": 150428424448} in rows
    assert {"name": "conv_stack", "variant": None, "reference": None, "params": 369280, "macs": 6039797760} in rows


def test_check_passes_for_shipped_specs(capsys):
    code, out, _ = run(capsys, "check", "unet", "dit:S/2")
    assert code == 0
    assert out.splitlines()[0].endswith("expectations, all met")


GOOD = "archgraph: 1\ninputs: {x: {c: 3, n: 4}}\nnetwork: [linear: {out: 2}]\nexpect: {params: 8}\n"


def test_check_fails_for_a_wrong_number(capsys, tmp_path):
    spec = tmp_path / "wrong.yaml"
    spec.write_text("archgraph: 1\ninputs: {x: {c: 3, n: 4}}\nnetwork: [linear: {out: 2}]\nexpect: {params: 9}\n")
    code, out, _ = run(capsys, "check", str(spec))
    assert code == 1
    assert "1 not met" in out
    assert "NO" in out


def test_check_tells_of_every_file(capsys, tmp_path):
    for name, text in {"a.yaml": "", "good.yaml": GOOD, "b.yaml": "archgraph: 2\n"}.items():
        (tmp_path / name).write_text(text)
    names = ("a.yaml", "good.yaml", "none.yaml", "b.yaml")
    code, out, err = run(capsys, "check", *(str(tmp_path / name) for name in names))
    assert code == 1
    assert out.splitlines()[0] == "1 expectation, all met; 3 specs broken"
    assert err.count("SpecError: ") == 3
    for told in ("a.yaml:1:1", "no such file", "b.yaml:1:12"):
        assert told in err


def test_check_of_broken_files_alone_prints_no_table(capsys, tmp_path):
    code, out, err = run(capsys, "check", str(tmp_path / "none.yaml"))
    assert (code, out) == (1, "") and "no such file" in err


def test_check_tells_a_program_of_broken_files_too(capsys, tmp_path):
    good, none = tmp_path / "good.yaml", tmp_path / "none.yaml"
    good.write_text(GOOD)
    for names in ((str(none),), (str(good), str(none))):
        code, out, _ = run(capsys, "check", *names, "--json")
        told = json.loads(out)
        assert code == 1 and len(told) == len(names)
        assert (told[-1]["spec"], told[-1]["ok"]) == (str(none), "broken") and "no such file" in told[-1]["error"]


def test_check_says_that_a_spec_expects_nothing(capsys):
    code, out, _ = run(capsys, "check", "conv_stack")
    assert (code, out.splitlines()[:2]) == (0, ["no expectations", "  nothing is expected of conv_stack"])
    assert "nothing is expected of conv_stack" in run(capsys, "check", "conv_stack", "unet", "--json")[2]


def test_cost_prints_laws_and_values(capsys):
    code, out, _ = run(capsys, "cost", "dit", "--by", "op")
    assert code == 0
    assert "params = 18*D**2*L + 3*D**2 + 15*D*L + D*S**2/p**2 + 12*D*p**2 + 1262*D + 8*p**2 = 675,129,632" in out
    assert "scaled_dot_product_attention" in out


@pytest.mark.parametrize("at", [["--at", "D=768", "L=12", "heads=12"], ["--at", "D=768", "--at", "L=12", "heads=12"]])
def test_bindings_come_in_one_option_or_several(capsys, at):
    _, out, _ = run(capsys, "cost", "dit", *at, "--metrics", "macs", "--json")
    assert sum(row["macs"] for row in json.loads(out)) == 23005102080


def test_bindings_may_be_words_booleans_and_lists(capsys):
    arguments = ["--at", "up_bias=false", "padding=same", "kernel=[5,5]", "--metrics", "params", "--json"]
    code, out, _ = run(capsys, "cost", "unet", *arguments)
    assert code == 0
    assert sum(row["params"] for row in json.loads(out)) > 31_029_698


@pytest.mark.parametrize("format", ["markdown", "latex", "csv", "html", "json"])
def test_cost_writes_every_format(capsys, format):
    code, out, _ = run(capsys, "cost", "transformer", "--format", format, "--laws")
    assert code == 0
    assert "D" in out


def test_rf_shows_both_sizes_of_a_decoder(capsys):
    code, out, _ = run(capsys, "rf", "unet:padded-512", "--json")
    rows = {row["node"]: row for row in json.loads(out)}
    assert code == 0
    assert (rows["logits"]["size_min"], rows["logits"]["size_max"], rows["logits"]["period"]) == (188, 204, 16)


def test_draw_and_contrast_write_files(capsys, tmp_path):
    assert run(capsys, "draw", "unet", "-o", str(tmp_path / "u.svg"))[0] == 0
    assert run(capsys, "contrast", "unet", "dit", "-o", str(tmp_path / "c.svg"))[0] == 0
    assert (tmp_path / "c.svg").read_text().startswith("<svg")


def test_contrast_without_a_file_is_a_table(capsys):
    code, out, _ = run(capsys, "contrast", "unet", "dit")
    assert code == 0
    assert "global since" in out
    assert "macs per param" in out


def test_solve_meets_the_budget(capsys):
    code, out, _ = run(capsys, "solve", "dit", "D", "--macs", "<=1e12", "--multiple-of", "64")
    assert code == 0
    assert out.startswith("D = 3328: macs = 966,826,917,888")


def test_sweep_writes_a_table(capsys, tmp_path):
    pytest.importorskip("numpy")
    target = tmp_path / "out.csv"
    code, _, _ = run(capsys, "sweep", "transformer", "D=64..256:64", "L=2,4", "-o", str(target))
    assert code == 0
    assert len(target.read_text().splitlines()) == 9


def test_schema_is_json(capsys):
    code, out, _ = run(capsys, "schema")
    assert code == 0
    assert json.loads(out)["title"] == "archgraph spec"


def test_new_writes_a_spec_that_works_and_overwrites_nothing(capsys, tmp_path):
    path = str(tmp_path / "mine.yaml")
    assert run(capsys, "new", path)[0] == 0
    assert run(capsys, "cost", path)[0] == 0
    code, _, err = run(capsys, "new", path)
    assert code == 1
    assert "exists already" in err


@pytest.mark.parametrize("start", [(), ("--from", "vit")])
def test_a_new_spec_names_its_schema_to_editors(capsys, tmp_path, start):
    path = tmp_path / "mine.yaml"
    code, out, _ = run(capsys, "new", str(path), *start)
    first, whole = path.read_text().split("\n")[0], tmp_path / "spec.schema.json"
    assert code == 0 and first == f"# yaml-language-server: $schema={whole.name}"
    assert out.endswith(f"archgraph schema > {whole}\n"), "which writes it"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cost", "dti"], "SpecError: no spec is named 'dti'. Did you mean 'dit'?"),
        (["cost", "dit:S2"], "SpecError: dit.yaml has no variant 'S2'."),
        (["cost", "dit", "--at", "D=700"], "SpecError: symbol 'D' must be a multiple of 16, and is 700"),
        (["cost", "dit", "--at", "Q=7"], "SpecError: there is no symbol 'Q'"),
        (["cost", "dit", "--at", "D"], "SpecError: cannot read the binding 'D'"),
        (["cost", "dit", "--by", "nod"], "QueryError: there is no grouping 'nod'. Did you mean 'node'?"),
        (["cost", "dit", "--metrics", "mac"], "QueryError: there is no metric 'mac'. Did you mean 'macs'?"),
        (["cost", "missing.yaml"], "SpecError: no such file: "),
        (["draw", "unet", "-o", "no/such/folder/x.svg"], "QueryError: cannot write"),
        (["solve", "dit", "D", "--macs", "few"], "SpecError: cannot read the budget 'few'"),
        (["sweep", "dit", "D=1..x"], "SpecError: cannot read the values 'D=1..x'"),
    ],
)
def test_failures_say_what_is_wrong_and_exit_with_1(capsys, arguments, message):
    code, out, err = run(capsys, *arguments)
    assert code == 1
    assert out == ""
    assert err.startswith(message)


@pytest.mark.parametrize("arguments", [[], ["cots"], ["cost"], ["cost", "dit", "--format", "pdf"], ["draw", "unet"]])
def test_wrong_usage_exits_with_2(arguments):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2


def test_every_command_has_help_with_an_example(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = [
        line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("    ") and line[4] != " "
    ]
    commands = [name for name in commands if name.islower()]
    assert {"list", "check", "cost", "rf", "draw", "contrast", "verify", "schema", "new", "solve", "sweep"} <= set(
        commands
    )
    for name in commands:
        with pytest.raises(SystemExit) as stopped:
            main([name, "--help"])
        assert stopped.value.code == 0
        assert "example: archgraph " in capsys.readouterr().out


def test_a_broken_spec_writes_no_figure(capsys, tmp_path):
    spec, target = tmp_path / "bad.yaml", tmp_path / "x.svg"
    spec.write_text("archgraph: 1\ninputs: {x: {c: 3, n: 4}}\nnetwork: [lineer: {out: 2}]\n")
    code, _, err = run(capsys, "draw", str(spec), "-o", str(target))
    assert code == 1
    assert "Did you mean 'linear'?" in err
    assert list(tmp_path.iterdir()) == [spec]


def test_output_to_a_pipe_is_plain():
    command = [sys.executable, "-m", "archgraph", "cost", "transformer"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "\x1b" not in done.stdout
    assert done.stderr == ""
