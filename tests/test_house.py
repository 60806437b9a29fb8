"""The house keeps its shape: what is imported never runs in a circle, and folders and files fit a screen."""

import ast
from collections.abc import Iterator
from pathlib import Path

import networkx

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "archgraph"
FRONT = PACKAGE / "architecture"
FACADE = FRONT / "architecture.py"
MOST_FILES, MOST_LINES = 26, 400


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(path): path for path in PACKAGE.rglob("*.py")}


def imported(path: Path, *, late: bool = True) -> Iterator[str]:
    """Every file of the package that a file imports: at its top, for types alone, and inside functions if `late`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if late else tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in FILES)
        elif isinstance(node, ast.ImportFrom) and node.module in FILES:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in FILES else node.module for name in inner)


def imports() -> networkx.DiGraph:
    return networkx.DiGraph((name, other) for name, path in FILES.items() for other in imported(path) if other != name)


def test_no_files_import_each_other_in_a_circle():
    assert [sorted(circle) for circle in networkx.strongly_connected_components(imports()) if len(circle) > 1] == []


def test_no_circle_runs_through_the_init_of_a_package():
    """An `__init__` that is imported by what it imports hides a circle: only the outermost one imports anything."""
    packages = {name for name, path in FILES.items() if path.name == "__init__.py" and name != "archgraph"}
    assert [
        name for name in packages if any(other.startswith(f"{name}.") for other in imported(FILES[name], late=False))
    ] == []


def test_every_folder_fits_a_screen():
    folders = {path.parent for path in FILES.values()}
    assert {str(folder): n for folder in folders if (n := len(list(folder.glob("*.py")))) > MOST_FILES} == {}


def test_every_file_has_one_idea():
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in FILES.items() if path != FACADE}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def public_names(path: Path) -> Iterator[str]:
    """Every class, function and constant at the top of a file that another file may import."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        every = (part for target in targets for part in getattr(target, "elts", [target]))
        found = [getattr(node, "name", None), *(getattr(target, "id", None) for target in every)]
        yield from (name for name in found if name and not name.startswith("_"))


def test_no_name_has_two_meanings():
    """The façade forwards a function under its name; of functions, only those count that another file imports."""
    taken = {
        (node.module, alias.name)
        for path in FILES.values()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    homes: dict[str, set[str]] = {}
    for module, path in FILES.items():
        if path.parent != FRONT:
            for name in public_names(path):
                if name[0].isupper() or (module, name) in taken:
                    homes.setdefault(name, set()).add(module)
    assert {name: sorted(modules) for name, modules in homes.items() if len(modules) > 1} == {}


UNTYPED = {
    "architecture": 15,
    "cli": 13,
    "cost": 8,
    "data": 1,
    "fields": 11,
    "figures": 8,
    "gallery": 2,
    "graph": 24,
    "laws": 21,
    "ops": 12,
    "optional": 1,
    "pytorch": 618,
    "report": 12,
    "sizes": 21,
    "spec": 103,
    "studies": 37,
}
"""How many annotations of a room say `Any`: the budget, which may only fall."""


def said_any(path: Path) -> int:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return sum(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(tree))


def test_no_room_says_any_more_often_than_its_budget():
    counts: dict[str, int] = {}
    for module, path in FILES.items():
        room = module.split(".")[1] if "." in module else module
        counts[room] = counts.get(room, 0) + said_any(path)
    assert {room: count for room, count in counts.items() if count > UNTYPED.get(room, 0)} == {}
