"""Names of steps: identifiers, each once."""

from __future__ import annotations

import re
from collections import Counter


class IdentifierNames:
    """Gives every step a name of its own.

    >>> names = IdentifierNames()
    >>> names.unique("conv2d"), names.unique("conv2d"), names.unique("my lib::op"), names.unique("0")
    ('conv2d', 'conv2d_1', 'my_lib__op', '_0')
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: Counter[str] = Counter()

    def unique(self, wanted: str) -> str:
        """Return a name that was not given before, as near as possible to the wanted one."""
        base = re.sub(r"\W", "_", wanted)
        base = f"_{base}" if not base or base[0].isdigit() else base
        name = base
        while name in self._taken:
            self._next[base] += 1
            name = f"{base}_{self._next[base]}"
        self._taken.add(name)
        return name
