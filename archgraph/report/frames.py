"""Rows and grids as objects of pandas and xarray."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from archgraph.optional import missing

if TYPE_CHECKING:
    import pandas
    import xarray

    DataFrame: TypeAlias = pandas.DataFrame
    Dataset: TypeAlias = xarray.Dataset


def data_frame(columns: Mapping[str, Sequence[object]], attributes: Mapping[str, object]) -> DataFrame:
    """Return columns as a frame of pandas, what is said about them in its `attrs`.

    Raises:
        MissingToolError: pandas is not installed.
    """
    try:
        from pandas import DataFrame, Series
    except ImportError:
        raise missing("pandas", "a frame needs the package pandas", "use to_csv()") from None
    frame = DataFrame({name: Series(column, dtype=_dtype(column)) for name, column in columns.items()})
    frame.attrs.update(attributes)
    return frame


def _dtype(column: Sequence[object]) -> str | None:
    """The type of a column: Python's own numbers where sums of 64 bits would run over, in silence."""
    whole = [each for each in column if isinstance(each, int)] if isinstance(column, list) else []
    return "object" if len(whole) == len(column) and sum(map(abs, whole)) >= 2**63 else None


def dataset(
    axes: Mapping[str, object], values: Mapping[str, tuple[object, Mapping[str, object]]], about: Mapping[str, object]
) -> Dataset:
    """Return arrays over the same axes as a dataset of xarray.

    Args:
        axes: the coordinates of every dimension, in order.
        values: an array per variable, and its attributes.
        about: the attributes of the whole.

    Raises:
        MissingToolError: xarray is not installed.
    """
    try:
        from xarray import Dataset
    except ImportError:
        raise missing("xarray", "a dataset needs the package xarray", "use columns()") from None
    variables = {name: (tuple(axes), array, dict(more)) for name, (array, more) in values.items()}
    return Dataset(variables, coords=dict(axes), attrs=dict(about))
