"""Sweeps: every point is what `at` gives, in arrays of numpy or dask, in files, and on a terminal."""

import csv
import io
import itertools
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import archgraph as ag
from archgraph.cli import main
from archgraph.errors import QueryError
from archgraph.laws.compiled import compiled
from archgraph.laws.grid import front
from archgraph.studies.sweeping import streamed

np = pytest.importorskip("numpy")

METRICS = ["params", "macs", "flops", "elementwise", "activations", "layer_outputs"]

GRIDS = [
    ("dit", {"D": [64, 1152, 4096], "L": [1, 28], "p": [1, 2, 4]}, ["params", "macs", "flops"]),
    ("unet:padded-512", {"C": [3, 64], "H": [64, 512, 1024]}, ["params", "macs", "activations"]),
    ("unet", {"H": [188, 572], "W": [572]}, ["macs", "flops"]),
    ("sd", {"C": [320, 640], "T": [1, 77]}, ["params", "macs", "saved_bytes"]),
    ("vit", {"D": [12, 768], "L": [12]}, ["params", "macs"]),
]


@pytest.mark.parametrize(("name", "grid", "metrics"), GRIDS, ids=str)
def test_every_point_is_what_at_gives(name, grid, metrics):
    g = ag.load(name)
    result = g.sweep(grid, metrics)
    for place, point in zip(np.ndindex(result.shape), itertools.product(*grid.values()), strict=True):
        assert result.valid[place]
        numbers = g.at(**dict(zip(grid, point, strict=True)))
        assert [int(result[metric][place]) for metric in metrics] == [numbers.metric(metric) for metric in metrics]
    assert all(result.exact.values())


def test_more_points_than_a_block_are_the_same_points():
    g = ag.load("dit")
    widths, depths = np.arange(16, 16 * 301, 16), np.arange(1, 401)
    result = g.sweep({"L": depths, "D": widths}, ["params"])
    by_hand = 18 * widths**2 * depths[:, None] + 3 * widths**2 + 15 * widths * depths[:, None] + 1566 * widths + 32
    assert np.array_equal(result["params"], by_hand), "the law for p=2, S=32"


def test_points_that_break_a_rule_are_left_out():
    result = ag.load("dit").sweep({"D": range(16, 64), "L": [1]})
    assert result.columns()["D"].tolist() == [16, 32, 48], "multiples of the 16 heads"
    assert result.valid.sum() == 3


def test_numbers_beyond_64_bits_are_rounded_and_say_so():
    result = ag.load("dit").sweep({"D": [16 * 10**8], "L": [10**6]}, ["params"])
    assert not result.exact["params"]
    assert result["params"].dtype == float
    exact = ag.load("dit").at(D=16 * 10**8, L=10**6).params
    assert float(result["params"][0, 0]) == pytest.approx(exact, rel=1e-15)
    assert "rounded to 53 bits" in str(result.table())


def test_numbers_beyond_all_arrays_are_refused():
    with pytest.raises(QueryError, match="a law reaches numbers of more than 300 digits"):
        ag.load("dit").sweep({"D": [16 * 10**200]}, ["params"])


def test_points_that_break_what_the_laws_assume_are_left_out():
    """A third of D is the width of an embedding; valid convolutions need an image that is large enough."""
    widths = ag.load("pixart:1024").sweep({"D": [1008, 1024, 1040, 1152]}, ["params"])
    assert widths.columns()["D"].tolist() == [1008, 1152]
    sides = [124, 140, 188, 572]
    kept = ag.load("unet").sweep({"H": sides, "W": [572]}, ["macs"]).columns()["H"].tolist()
    assert kept == [side for side in sides if side >= 188 and (side - 12) % 16 == 0]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, 2], "symbol 'p' is a positive integer, and the sweep has 0"),
        ([-3, 2], "symbol 'p' is a positive integer, and the sweep has -3"),
        ([1.5, 2], "symbol 'p' is a positive integer, and the sweep has values between whole numbers"),
        ([], "the sweep has no value of p"),
    ],
)
def test_values_that_no_symbol_can_have(values, message):
    with pytest.raises(QueryError, match=message):
        ag.load("dit").sweep({"p": values}, ["params"])


def test_values_that_break_a_rule_are_left_out_and_that_is_said(capsys, tmp_path):
    sweep = ag.load("dit").sweep({"p": [2, 3, 4]}, ["params"])
    assert sweep.columns()["p"].tolist() == [2, 4]
    said = "1 of 3 points left out: S must be a multiple of p"
    assert sweep.table().remarks == (said,) and said in str(sweep.table())
    assert said in str(sweep.pareto("params"))
    assert main(["sweep", "dit", "p=2,3,4", "--json"]) == 0
    assert said in capsys.readouterr().err
    assert main(["sweep", "dit", "p=2,3,4", "-o", str(tmp_path / "x.csv")]) == 0
    assert said in capsys.readouterr().out


def test_values_given_twice_are_said(capsys, tmp_path):
    sweep = ag.load("conv_stack").sweep({"C": [4, 8, 4, 4], "H": range(8, 12)}, ["params"])
    said = "C has 2 different values among its 4: points are repeated"
    assert len(sweep.table().rows) == 16 and sweep.table().remarks == (said,)
    assert said in str(sweep.pareto("params"))
    assert main(["sweep", "conv_stack", "C=8,4,4,4", "-o", str(tmp_path / "x.csv")]) == 0
    assert said in capsys.readouterr().out
    assert main(["sweep", "conv_stack", "C=8,4", "--json"]) == 0
    assert "repeated" not in capsys.readouterr().err


@pytest.mark.parametrize("criteria", [["macs"], ["params", "macs"], ["params", "macs", "activations"]])
def test_points_as_good_as_one_listed_are_counted(criteria):
    """The sides of an image may be swapped: both points are the best, and one is listed."""
    sweep = ag.load("conv_stack").sweep({"H": [8, 16], "W": [16, 8, 4]}, ["params", "macs", "activations"])
    table = sweep.pareto(*criteria, larger=["W"])
    best = [(row["H"], row["W"]) for row in table.rows]
    assert best == [(8, 4), (8, 8), (8, 16)] and table.remarks == ()
    table = sweep.pareto("params")
    assert len(table.rows) == 1 and table.remarks == ("5 more points as good as one listed",)


def test_nothing_left_is_an_error(capsys, tmp_path):
    g, grid = ag.load("dit"), {"p": [3, 5]}
    later = streamed(g.network, grid, ["params"])
    asked = (later.columns, later.table, lambda: later.save(str(tmp_path / "x.csv")))
    for ask in (lambda: g.sweep(grid, ["params"]), *asked):
        with pytest.raises(QueryError, match="no point of the sweep is left: S must be a multiple of p"):
            ask()
    assert list(tmp_path.iterdir()) == []


def test_numbers_that_no_parquet_holds_are_refused(tmp_path):
    pytest.importorskip("pyarrow")
    with pytest.raises(QueryError, match=r"parquet has no numbers of more than 64 bits\n  hint  write .csv"):
        ag.load("dit").sweep({"D": [10**30]}, ["params"]).save(str(tmp_path / "x.parquet"))


def test_what_is_left_out_is_said_by_the_sweep_itself_and_has_no_number():
    """An array had the law's number where there is no such network, and the sweep counted it as a point."""
    sweep = ag.load("dit").sweep({"p": [2, 3, 4]}, ["params"])
    assert "at 3 points; 1 of 3 points left out: S must be a multiple of p>" in repr(sweep)
    assert sweep["params"].tolist() == [ag.load("dit").at(p=2).params, None, ag.load("dit").at(p=4).params]
    da = pytest.importorskip("dask.array")
    lazy = ag.load("dit").sweep({"p": da.from_array([2, 3, 4], chunks=2)}, ["params"])
    assert "at 3 points; left out where not: S must be a multiple of p>" in repr(lazy)
    assert lazy["params"].compute().tolist() == sweep["params"].tolist()


@pytest.mark.parametrize("large", [2**60, 2**62, 2**63, 10**30])
def test_no_rule_is_decided_by_rounded_numbers(large):
    """Floats of that size are all multiples of 16, and whole numbers of more than 64 bits fit no array of numpy."""
    values = [large, large + 8, large + 16]
    sweep = ag.load("dit").sweep({"D": values}, ["params", "buffers"])
    assert sweep.columns()["D"].tolist() == [value for value in values if value % 16 == 0]
    assert sweep.exact == {"params": False, "buffers": True}
    assert sweep["buffers"].compressed().tolist() == [ag.load("dit").buffers] * sweep.valid.sum()


# -- dask ----------------------------------------------------------------------------------------------------


def lazy_grid():
    da = pytest.importorskip("dask.array")
    return {"D": da.arange(16, 16 * 61, 16, chunks=25), "L": da.arange(1, 51, chunks=20)}


def test_dask_is_lazy_and_agrees_with_numpy():
    grid = lazy_grid()
    lazy = ag.load("dit").sweep(grid, ["params", "macs", "buffers"])
    now = ag.load("dit").sweep({name: axis.compute() for name, axis in grid.items()}, ["params", "macs", "buffers"])
    for metric in ("params", "macs", "buffers"):
        assert hasattr(lazy[metric], "dask"), "nothing is computed yet"
        assert lazy[metric].chunks == ((25, 25, 10), (20, 20, 10))
        assert np.array_equal(lazy[metric].compute(), now[metric])
    assert len(lazy.blocks()) == 9
    assert {name: column.tolist() for name, column in lazy.columns().items()} == {
        name: column.tolist() for name, column in now.columns().items()
    }


def test_a_grid_far_beyond_memory_is_described_at_once():
    da = pytest.importorskip("dask.array")
    grid = {name: da.arange(16, 16 * 10**5 + 16, 16, chunks=2000) for name in ("D", "S")}
    result = ag.load("dit").sweep({**grid, "L": [2]}, ["macs"])
    assert result["macs"].nbytes == 8 * 10**10
    assert int(result["macs"][70, 1, 0]) == ag.load("dit").at(D=71 * 16, S=32, L=2).macs


def test_blocks_are_written_as_they_are_computed(tmp_path):
    pytest.importorskip("dask")
    ag.load("dit").sweep(lazy_grid(), ["macs"]).save(str(tmp_path / "dit.csv"))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "dit.csv").read_text())))
    assert len(rows) == 3000
    for row in rows[::371]:
        assert int(row["macs"]) == ag.load("dit").at(D=int(row["D"]), L=int(row["L"])).macs


def test_a_law_travels_to_the_workers_of_a_cluster():
    D = ag.load("dit").symbols["D"]  # noqa: N806
    law = pickle.loads(pickle.dumps(compiled(D**2 / 2 + D / 2, (D,))))
    assert law({D: np.arange(1, 5)}).tolist() == [1, 3, 6, 10]


@pytest.mark.slow
def test_the_same_call_runs_on_a_cluster(tmp_path):
    distributed = pytest.importorskip("distributed")
    g, grid = ag.load("dit"), lazy_grid()
    where = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "local_directory": str(tmp_path)}
    with distributed.LocalCluster(**where) as cluster, distributed.Client(cluster) as client:
        result = g.sweep(grid, ["macs"])
        kept = result["macs"].persist()
        found = kept.compute()
        workers = {worker for holders in client.who_has().values() for worker in holders}
        result.save(str(tmp_path / "dit.csv"))
    assert len(workers) == 2
    assert np.array_equal(found, g.sweep({name: axis.compute() for name, axis in grid.items()}, ["macs"])["macs"])
    assert len((tmp_path / "dit.csv").read_text().splitlines()) == 3001


# -- files ---------------------------------------------------------------------------------------------------


def test_files_hold_the_same_points(tmp_path, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr("archgraph.studies.sweep.SLAB", 7)
    result = ag.load("dit").sweep({"D": range(16, 200, 8), "L": [1, 2, 3], "S": [16, 32]})
    assert len(result.blocks()) > 20
    result.save(str(tmp_path / "a.parquet"))
    result.save(str(tmp_path / "a.csv"))
    columns = {name: column.tolist() for name, column in result.columns().items()}
    assert parquet.read_table(tmp_path / "a.parquet").to_pydict() == columns
    assert (tmp_path / "a.csv").read_text() == result.table().to_csv()
    assert len(columns["D"]) == 12 * 3 * 2


def test_a_file_that_fails_is_not_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("archgraph.studies.sweep.Sweep._columns", lambda self, block: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ag.load("dit").sweep({"D": [16]}).save(str(tmp_path / "x.csv"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_an_interrupt_keeps_whole_blocks_where_that_is_asked_for(tmp_path, monkeypatch, suffix):
    """In a file that says so in its name; the blocks are those of the whole file."""
    pytest.importorskip("pyarrow")
    monkeypatch.setattr("archgraph.studies.sweep.SLAB", 6)
    result = ag.load("dit").sweep({"D": range(16, 96, 16), "L": [1, 2, 3]}, ["macs"])

    def interrupt(progress):
        if progress.done == 1:
            signal.raise_signal(signal.SIGINT)

    with ag.progress(interrupt), pytest.raises(KeyboardInterrupt) as stopped:
        result.save(str(tmp_path / f"x.{suffix}"), partial=True)
    (kept,) = tmp_path.iterdir()
    assert kept.name == f"x.part.{suffix}" and stopped.value.__notes__ == [f"{kept} holds 2 of 3 blocks: 12 points"]
    result.save(str(tmp_path / f"whole.{suffix}"))
    read = pytest.importorskip("pandas").__dict__[f"read_{suffix}"]
    assert read(kept).equals(read(tmp_path / f"whole.{suffix}")[:12])
    with ag.progress(interrupt), pytest.raises(KeyboardInterrupt):
        result.save(str(tmp_path / f"none.{suffix}"))
    assert {path.stem for path in tmp_path.iterdir()} == {"x.part", "whole"}


def test_a_lazy_front_is_found_band_by_band(monkeypatch):
    """And is that of the same grid in memory, where equal points are told apart by their order."""
    monkeypatch.setattr("archgraph.studies.sweep.BAND", 1500)
    grid = lazy_grid()
    lazy = ag.load("dit").sweep(grid, ["params", "macs"])
    now = ag.load("dit").sweep({name: axis.compute() for name, axis in grid.items()}, ["params", "macs"])
    told = []
    with ag.progress(told.append):
        assert lazy.pareto("params", larger=["macs"]).rows == now.pareto("params", larger=["macs"]).rows
    assert max(each.total for each in told if each.what.endswith("blocks")) == 3
    assert lazy.pareto("params", larger=["L"]).remarks == now.pareto("params", larger=["L"]).remarks


def test_errors(tmp_path):
    result = ag.load("dit").sweep({"D": [16]})
    with pytest.raises(QueryError, match=r"a sweep as 'x.txt'\n  hint  it must end in one of .csv, .parquet"):
        result.save(str(tmp_path / "x.txt"))
    with pytest.raises(QueryError, match="cannot write"):
        result.save(str(tmp_path / "none" / "x.csv"))
    with pytest.raises(QueryError, match=r"the sweep has no 'macz'. Did you mean 'macs'"):
        result.pareto("macz")


# -- the front -----------------------------------------------------------------------------------------------


def test_the_front_is_what_no_point_beats():
    result = ag.load("unet:padded-512").sweep({"C": range(1, 13), "H": range(64, 257, 64)}, ["params", "macs"])
    rows = result.table().rows
    front = result.pareto("macs", larger=["params", "H"]).rows

    def beats(a, b):
        return a != b and a["macs"] <= b["macs"] and a["params"] >= b["params"] and a["H"] >= b["H"]

    assert sorted(map(str, front)) == sorted(str(row) for row in rows if not any(beats(other, row) for other in rows))


@pytest.mark.parametrize("criteria", [1, 2, 3, 4])
def test_the_front_keeps_the_first_of_equal_points(criteria):
    """By definition: a point is beaten where another is as good in all criteria, and better in one or earlier."""
    random = np.random.default_rng(criteria)
    for size in (0, 1, 2, 30):
        columns = [random.integers(0, 6, size) for _ in range(criteria)]
        points = list(zip(*(column.tolist() for column in columns), strict=True))

        def beaten(place, points=points):
            mine = points[place]
            as_good = [q for q, other in enumerate(points) if all(map(int.__le__, other, mine))]
            return any(points[q] != mine or q < place for q in as_good)

        assert sorted(front(columns)) == [place for place in range(size) if not beaten(place)]


def test_the_front_tells_whole_numbers_apart_that_rounding_does_not():
    large = np.array([2**60 + 1, 2**60])
    assert front([large, np.array([0.5, 0.5])]) == [1]


# -- the terminal --------------------------------------------------------------------------------------------


def test_the_command(capsys, tmp_path):
    target = tmp_path / "dit.csv"
    assert main(["sweep", "dit", "D=16..64:16", "L=1,2", "-o", str(target)]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"wrote {target}\n" and captured.err == ""
    assert len(target.read_text().splitlines()) == 1 + 8
    assert main(["sweep", "dit", "D=16..64:16", "L=1..4", "--pareto", "macs", "--larger", "params", "--json"]) == 0
    assert capsys.readouterr().out.count('"macs"') > 3


def test_a_sweep_beyond_memory_is_refused_before_it_is_made():
    with pytest.raises(
        QueryError, match=r"100,000,000 points and 6 metrics takes 4\.6 GiB: the limit is 4 GiB"
    ) as told:
        ag.load("dit").sweep({"D": range(1, 10_001), "L": range(1, 10_001)}, METRICS)
    assert "dask" in told.value.hint and "-o x.parquet" in told.value.hint


def test_a_file_beyond_any_disk_is_refused(tmp_path, capsys):
    huge = ["sweep", "dit", "D=1..10000000", "L=1..10000000", "-o", str(tmp_path / "x.csv")]
    assert main(huge) == 1
    assert "100,000,000,000,000 points are too many to write: the limit is 4,294,967,296" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "values", [range(1, 10**30), itertools.count(1), [1] * 10_000_001], ids=["range", "count", "list"]
)
def test_values_without_end_are_refused(values):
    with pytest.raises(QueryError, match="there are too many values of L: the limit is 10,000,000"):
        ag.load("dit").sweep({"L": values})


@pytest.mark.parametrize("values", [np.array(3), np.array([[1, 2]])], ids=["a number", "two dimensions"])
def test_values_of_other_dimensions_are_refused(values):
    with pytest.raises(QueryError, match="the values of L are a list of numbers"):
        ag.load("dit").sweep({"L": values})


def test_values_that_can_be_read_once_are_read_once():
    assert ag.load("dit").sweep({"L": (depth for depth in (1, 2))}, ["params"]).columns()["L"].tolist() == [1, 2]


def test_what_is_written_is_what_is_kept(tmp_path, monkeypatch):
    """Points are worked out while they are written, in blocks along any axis."""
    monkeypatch.setattr("archgraph.studies.sweep.SLAB", 7)
    monkeypatch.setattr("archgraph.laws.blocks.BLOCK", 5)
    grid = {"p": [1, 2, 3], "S": range(2, 40, 2), "D": range(16, 100, 4)}
    network = ag.load("dit").network
    assert streamed(network, grid, METRICS).save(str(tmp_path / "x.csv")) > 0
    assert (tmp_path / "x.csv").read_text() == ag.load("dit").sweep(grid, METRICS).table().to_csv()


def test_blocks_along_any_axis_are_the_same_points(monkeypatch):
    grid = {"p": [1, 2, 3], "S": range(2, 40, 2), "D": range(16, 100, 4)}
    whole = ag.load("dit").sweep(grid, METRICS)
    best = whole.pareto("macs", larger=["params"])
    monkeypatch.setattr("archgraph.studies.sweep.SLAB", 7)
    monkeypatch.setattr("archgraph.laws.blocks.BLOCK", 5)
    parted = ag.load("dit").sweep(grid, METRICS)
    assert np.array_equal(whole.valid, parted.valid)
    assert all(np.array_equal(whole[name], parted[name]) for name in METRICS)
    assert str(parted.pareto("macs", larger=["params"])) == str(best)
    assert {name: column.tolist() for name, column in parted.columns().items()} == {
        name: column.tolist() for name, column in whole.columns().items()
    }


def test_a_table_of_very_many_points_is_refused(monkeypatch):
    monkeypatch.setattr("archgraph.studies.sweep.MOST_ROWS", 3)
    with pytest.raises(QueryError, match="4 points are too many to print: the limit is 3"):
        ag.load("dit").sweep({"L": range(1, 5)}).table()


@pytest.mark.slow
def test_memory_beyond_the_result_stays_below_600_mb():
    """In a process of its own, which may have so much memory and no more."""
    status = Path("/proc/self/status")
    if not status.is_file():
        pytest.skip("only Linux tells how much memory a program had, and not also who started it")
    side = 8_000
    result = side * side * 9
    ask = f"import archgraph as ag, numpy, sys; g = ag.load('dit'); D = numpy.arange(16, 16 * {side} + 1, 16)\n"
    ask += f"made = g.sweep({{'D': D, 'L': numpy.arange(1, {side} + 1)}}, ['macs'])\n"
    ask += f"print(next(line for line in open('{status}') if line.startswith('VmHWM')).split()[1])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert 1024 * int(done.stdout) - result < 600 * 10**6


def test_what_is_written_in_pieces_is_written_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("archgraph.report.columns._WRITTEN", 2)
    result = ag.load("transformer").sweep({"L": range(1, 6)}, ["params"])
    result.save(str(tmp_path / "x.csv"))
    assert (tmp_path / "x.csv").read_text() == result.table().to_csv()
