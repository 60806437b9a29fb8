"""Which examples of the package need a package that the core does without: they are skipped where it is missing."""

from __future__ import annotations

from fnmatch import fnmatchcase
from importlib.util import find_spec

import pytest

RECORDER = "archgraph/pytorch/trace/recording"
collect_ignore = (
    []
    if find_spec("torch")
    else [
        f"{RECORDER}/{name}.py"
        for name in (
            *("call", "recorder", "comparisons/comparing", "comparisons/functions", "comparisons/lengths"),
            *("shapes/lying", "shapes/repeated", "shapes/resampled", "shapes/shaped_at_once"),
        )
    ]
)
collect_ignore_glob = (
    [] if find_spec("torch") else ["archgraph/pytorch/onnx/*", "archgraph/pytorch/sources/exported/module.py"]
)
"""Files whose classes are PyTorch's: only what records a module imports them, and without it nothing does."""
EXAMPLES = {
    "torch": (
        "*.to_torch",
        "*.architecture.verify",
        "*.architecture.trace",
        "*.trace.dtypes.*",
        "*.modules.torch_dtype",
        "*.trace.moving.*",
        "*.nested.tree_of",
        "*.trace.rules.*",
        "*.masking.forms.goes_on",
        "*.masking.stacked.read_by_axis",
        "*.recording.comparisons.compared_values.*",
        "*.recording.composites.*",
        "*.recording.module_parts.*",
        "*.recording.odd_tensors.*",
        "*.recording.outputs.*",
        "*.recording.record.*",
        "*.recording.sources.*",
        "*.capture_symbolic",
        "*.trace.batch.*",
        "*.verify.lengths.*",
    ),
    "numpy": (
        "*.Compiled",
        "*.Compiled.*",
        "*.Architecture.sweep",
        "*.Architecture.frontier",
        "*.Sweep.*",
        "*.grid.ties_with",
        "*.laws.blocks.*",
        "*.report.progress.progress",
    ),
    "pandas": ("*.to_pandas",),
    "xarray": ("*.to_xarray",),
}
"""What needs each package: patterns of the dotted names of what has the examples."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the examples of what needs a package that is missing."""
    for package, patterns in EXAMPLES.items():
        if find_spec(package):
            continue
        for item in items:
            if isinstance(item, pytest.DoctestItem) and any(fnmatchcase(item.name, name) for name in patterns):
                item.add_marker(pytest.mark.skip(f"needs {package}"))
