"""The imports that an example of a docstring needs on a page, where it no longer stands in its module."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import sys
from collections.abc import Iterator
from doctest import DocTestParser

import archgraph as ag

PRELUDE = "import archgraph as ag\nfrom archgraph import *"
"""What a page says that its examples assume."""
ASSUMED = {"ag", *ag.__all__, *vars(builtins)}


def assumed() -> str:
    """Return the block in which a page names the imports that its examples assume.

    >>> print(assumed())
    ```pycon
    >>> import archgraph as ag
    >>> from archgraph import *
    ```
    """
    return "\n".join(["```pycon", *(f">>> {line}" for line in PRELUDE.splitlines()), "```"])


def with_imports(told: str, module: str) -> str:
    """Return Markdown whose example begins with the imports that it needs besides those assumed.

    Args:
        told: a docstring as Markdown, with one block of examples at most.
        module: where the docstring stands.

    >>> with_imports("```pycon\\n>>> len(Table('x', (), []).rows)\\n0\\n```", "archgraph.report.table").splitlines()[1]
    '>>> from archgraph.report.table import Table'
    """
    match = re.search(r"```pycon\n(.*?)```", told, flags=re.DOTALL)
    if match is None:
        return told
    source = "".join(example.source for example in DocTestParser().get_examples(match[1]))
    lines = "".join(f">>> {line}\n" for line in sorted(_imports(source, module)))
    return told.replace("```pycon\n", f"```pycon\n{lines}", 1)


def _imports(source: str, module: str) -> Iterator[str]:
    """Yield a line for every name of the module that an example uses and does not make itself."""
    tree, known = ast.parse(source), vars(sys.modules[module])
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    own = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    own |= {alias.asname or alias.name for node in ast.walk(tree) if _is_import(node) for alias in node.names}
    for name in {node.id for node in names} - own - ASSUMED:
        if name in known:
            yield _line(name, known[name], module)


def _is_import(node: ast.AST) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _line(name: str, value: object, module: str) -> str:
    if inspect.ismodule(value):
        return f"import {value.__name__}"
    home = getattr(value, "__module__", module)
    whole = home.partition(".")[0]
    public = whole != "archgraph" and getattr(sys.modules[whole], name, None) is value
    return f"from {whole if public else home} import {name}"
