"""The one table of types in which values are stored: their bytes, their kind, and what they become together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from archgraph.errors import ShapeError, did_you_mean
from archgraph.keywords import strict_methods

Kind = Literal["bool", "int", "float", "complex"]
KINDS: tuple[Kind, ...] = ("bool", "int", "float", "complex")
"""From the narrowest to the widest: together, operands become what the widest of them is."""
FLOAT = "float"
"""The floating type of a network itself, whose width a setting decides; other floating types are fixed."""


@strict_methods
@dataclass(frozen=True)
class StoredType:
    """How a value is stored.

    Attributes:
        name: what specs and graphs call it.
        kind: whether it is a test, an integer, a real or a complex number.
        bytes: of one element; None for `float`, where the setting decides.
    """

    name: str
    kind: Kind
    bytes: int | None

    @property
    def has_gradient(self) -> bool:
        """Whether gradients can flow into it."""
        return self.kind in ("float", "complex")

    def width(self, own: int) -> int:
        """Return the bytes of one element, if the network's own floating type has `own`."""
        return own if self.bytes is None else self.bytes


STORED_TYPES = (
    StoredType("bool", "bool", 1),
    StoredType("uint8", "int", 1),
    StoredType("int8", "int", 1),
    StoredType("uint16", "int", 2),
    StoredType("int16", "int", 2),
    StoredType("uint32", "int", 4),
    StoredType("int32", "int", 4),
    StoredType("uint64", "int", 8),
    StoredType("int", "int", 8),
    StoredType("float8_e4m3fn", "float", 1),
    StoredType("float8_e5m2", "float", 1),
    StoredType("bfloat16", "float", 2),
    StoredType("float16", "float", 2),
    StoredType(FLOAT, "float", None),
    StoredType("float32", "float", 4),
    StoredType("float64", "float", 8),
    StoredType("complex32", "complex", 4),
    StoredType("complex64", "complex", 8),
    StoredType("complex128", "complex", 16),
)
"""In the order in which, of two types of one kind, the later one takes the other in."""
DTYPES = {row.name: row for row in STORED_TYPES}
OWN_TYPES = ("float32", "float16", "bfloat16", "float64")
"""What the floating type of a network can be."""


def stored_type(name: str) -> StoredType:
    """Return a row of the table.

    Raises:
        ShapeError: there is no such type.

    >>> stored_type("bool").bytes, stored_type("float").width(2)
    (1, 2)
    """
    if name not in DTYPES:
        raise ShapeError(f"'{name}' is no type of values.{did_you_mean(name, DTYPES)}", hint=", ".join(DTYPES))
    return DTYPES[name]


def promoted(names: Iterable[str]) -> str:
    """Return the type of what several operands give together.

    >>> promoted(["int", "float"]), promoted(["bool", "uint8"]), promoted(["float16", "bfloat16"])
    ('float', 'uint8', 'float32')
    """
    rows = list(dict.fromkeys(map(stored_type, names)))
    widest = max(KINDS.index(row.kind) for row in rows)
    if KINDS[widest] == "complex":
        parts = [COMPONENTS.get(row.name, row.name) for row in rows if row.has_gradient]
        return COMPLEX.get(promoted(parts), "complex64")
    alike = [row for row in rows if KINDS.index(row.kind) == widest]
    # Neither takes the other in: the next wider type takes both.
    return UNLIKE.get(frozenset(row.name for row in alike)) or max(alike, key=STORED_TYPES.index).name


UNLIKE: dict[frozenset[str], str] = {
    frozenset(("float16", "bfloat16")): "float32",
    frozenset(("uint8", "int8")): "int16",
}
COMPONENTS = {"complex32": "float16", "complex64": "float32", "complex128": "float64"}
"""The type of the real and the imaginary part."""
COMPLEX = {part: name for name, part in COMPONENTS.items()}
