"""What a spec file declares, as plain frozen data, and the keys it declares it by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from keyword import kwlist

from archgraph.errors import Place
from archgraph.spec.language.grammar import SIZE_FUNCTIONS
from archgraph.spec.language.tree import Tree

VERSION = 1
RESERVED = frozenset({"_", "and", "or", "not", "true", "false", *SIZE_FUNCTIONS, "same", "valid"})
"""Words that mean something in an expression: nothing can have them as its name."""
UNREADABLE = frozenset(kwlist)
"""Words that an expression cannot contain: no symbol and no argument can have them as its name."""
TOP_KEYS = (
    "archgraph",
    "base",
    "name",
    "doc",
    "cite",
    "symbols",
    "inputs",
    "blocks",
    "network",
    "steps",
    "outputs",
    "select",
    "variants",
    "expect",
    "figure",
)
SYMBOL_KEYS = ("default", "doc", "as", "multiple_of", "offset", "one_of", "derived")
BLOCK_KEYS = ("doc", "label", "cite", "inputs", "args", "do", "outputs")
VARIANT_KEYS = ("doc", "at", "symbols", "outputs", "expect")
EXPECT_KEYS = ("value", "source", "reference", "note")
INPUT_KEYS = ("when", "dtype", "pixels")
STEP_KEYWORDS = ("as", "from", "repeat", "for", "when", "else", "share", "label")
STRUCTURES = ("do", "residual", "parallel", "mixture")
EXPECTED_METRICS = (
    "params",
    "params_trainable",
    "params_frozen",
    "params_active",
    "buffers",
    "macs",
    "flops",
    "elementwise",
    "activations",
    "layer_outputs",
)


@dataclass(frozen=True)
class SymbolSpec:
    """The declaration of one symbol."""

    name: str
    place: Place
    default: Tree | None = None
    doc: str = ""
    multiple_of: Tree | None = None
    offset: Tree | None = None
    one_of: tuple[str, ...] = ()
    derived: Tree | None = None
    letter: str = ""

    @property
    def is_number(self) -> bool:
        """Whether the symbol is declared by a number of its own."""
        return self.default is not None and not self.default.is_list and not self.one_of


@dataclass(frozen=True)
class InputSpec:
    """The declaration of one input: its axes in order."""

    name: str
    place: Place
    axes: Mapping[str, Tree]
    when: Tree | None = None
    dtype: str = "float"
    pixels: Tree | None = None


@dataclass(frozen=True)
class BlockSpec:
    """The declaration of one block."""

    name: str
    place: Place
    inputs: tuple[str, ...]
    args: Mapping[str, Tree | None]
    steps: Tree
    outputs: Tree | None = None
    doc: str = ""
    cite: str = ""
    label: str = ""
    tree: Tree | None = None


@dataclass(frozen=True)
class Expectation:
    """A published or measured number that a metric must have."""

    metric: str
    value: int
    place: Place
    source: str = ""
    reference: str = ""
    note: str = ""


@dataclass(frozen=True)
class Variant:
    """Other defaults for the symbols of a family, with their own expectations."""

    name: str
    at: Mapping[str, Tree] = field(default_factory=dict)
    symbols: Mapping[str, SymbolSpec] = field(default_factory=dict)
    outputs: Tree | None = None
    expect: tuple[Expectation, ...] = ()
    doc: str = ""


@dataclass(frozen=True, eq=False)
class Spec:
    """A whole spec file, with what it builds on.

    `imported` has the files of blocks that stand beside it, by the names of the blocks, and `figure` the options of
    its figure.
    """

    file: str
    name: str
    doc: str
    cite: str
    symbols: Mapping[str, SymbolSpec]
    inputs: tuple[InputSpec, ...]
    blocks: Mapping[str, BlockSpec]
    network: Tree | None
    outputs: Tree | None
    variants: Mapping[str, Variant]
    expect: tuple[Expectation, ...]
    select: Tree | None = None
    imported: Mapping[str, Spec] = field(default_factory=dict)
    figure: Mapping[str, object] = field(default_factory=dict)
