"""Imports what the first answer needs from memory; the other files are written once an import asks for one of them.

Writing a thousand files and reading them again takes longer than the answer. Python in the page runs this text.
"""

import importlib
import io
import marshal
import sys
import zipfile
from collections.abc import Callable, Container
from importlib.machinery import ModuleSpec, PathFinder, SourcelessFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path


class KeptLoader(SourcelessFileLoader):
    """Loads a module whose bytecode is in memory; what lies beside it is found by its path, as ever."""

    def __init__(self, name: str, path: str, code: bytes) -> None:
        super().__init__(name, path)
        self.code = code

    def get_code(self, fullname: str) -> object:
        """Return the code of the module."""
        return marshal.loads(self.code)


class First:
    """Finds the modules that are kept."""

    def __init__(self, folder: str, modules: dict[str, tuple[str, bytes]]) -> None:
        self.folder = folder
        self.modules = modules

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return how a module is loaded, if it is one of these."""
        if name not in self.modules:
            return None
        place, code = self.modules[name]
        file = f"{self.folder}/{place}"
        inside = [file.rpartition("/")[0]] if file.endswith("/__init__.pyc") else None
        return spec_from_file_location(
            name, file, loader=KeptLoader(name, file, code), submodule_search_locations=inside
        )


class Rest:
    """Finds all others, whose files it writes when it is asked for the first of them."""

    def __init__(self, folder: str, names: Container[str], archive: Callable[[], bytes]) -> None:
        self.folder = folder
        self.names = names
        self.archive = archive

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return how a module is loaded that was not there; none once all files are."""
        if name not in self.names:  # a part that a library may have, and this bundle has not
            return None
        self.write()
        return PathFinder.find_spec(name, path)  # type: ignore[arg-type]

    def write(self) -> None:
        """Write the files, once."""
        if self.names:
            self.names = ()
            with zipfile.ZipFile(io.BytesIO(self.archive())) as archive:
                archive.extractall(self.folder)
            importlib.invalidate_caches()


def install(folder: str, first: bytes, archive: Callable[[], bytes]) -> Rest:
    """Let imports find what was packed; call `write` of what is returned when there is time."""
    packed = marshal.loads(first)
    for place, content in packed["files"].items():
        file = Path(folder, place)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    sys.path.insert(0, folder)
    sys.meta_path.insert(0, First(folder, packed["modules"]))
    rest = Rest(folder, packed["rest"], archive)
    sys.meta_path.append(rest)
    return rest
