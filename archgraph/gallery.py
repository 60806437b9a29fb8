"""The shipped specs as a whole: their list, their check against published numbers, and a template for new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from archgraph.architecture.architecture import Architecture
from archgraph.errors import ArchgraphError, QueryError, counted, printable, quoted, some
from archgraph.report.files import write_text
from archgraph.report.table import Table
from archgraph.spec.load import find_spec, shipped_names, spec_path
from archgraph.spec.source import SpecSource, silences
from archgraph.spec.spec import composed_tree
from archgraph.spec.text_files import YAML_SUFFIXES, text_of_file
from archgraph.spec.write.yaml_flow import one_line
from archgraph.steps import stepping

TEMPLATE = """\
archgraph: 1
name: {name}
doc: Two convolutions and a classifier head. Change what you like, then run `archgraph cost` on this file.

symbols:
  C: {{default: 32, doc: channels}}
  H: {{default: 64, multiple_of: 2, doc: height of the image}}
  W: {{default: 64, multiple_of: 2, doc: width of the image}}

inputs:
  image: {{c: 3, h: H, w: W}}

network:
  - conv_norm_act: {{out: C}}
    as: stem
  - residual:
      - conv_norm_act: {{out: C}}
    repeat: 2
    as: body
  - max_pool: {{kernel: 2}}
  - conv: {{out: 10, kernel: 1}}
    as: logits
"""
SCHEMA_FILE = "spec.schema.json"
"""What a spec calls the schema beside it, which `archgraph schema` prints."""
MODELINE = "# yaml-language-server: $schema="
"""How it is named to editors."""


def members_of(name: str) -> list[str]:
    """Return the name of a shipped spec and those of its variants, as `load` takes them; nothing is traced.

    >>> members_of("unet")
    ['unet', 'unet:no-up-bias', 'unet:padded-512', 'unet:milesial']
    """
    return [name, *(f"{name}:{variant}" for variant in find_spec(name)[0].variants)]


def variants_of(name: str) -> Iterator[Architecture]:
    """Yield a spec at its defaults, then each of its variants."""
    spec, chosen = find_spec(name)
    yield Architecture(SpecSource(spec, chosen).network())
    for variant in () if chosen else spec.variants:
        yield Architecture(SpecSource(spec, variant).network())


def gallery_table() -> Table:
    """Return name, variant, reference, params and macs of every shipped spec and variant at its defaults."""
    rows = [gallery_row(name, g) for name in shipped_names() for g in _numbers_of(name)]
    columns = ("name", "variant", "reference", "params", "macs")
    return Table("shipped specs", columns, rows, notes=("params: frozen included", "macs: per sample"))


def _numbers_of(name: str) -> Iterator[Architecture]:
    """Yield a spec at its numbers, then each of its variants; one graph serves all that only differ in values."""
    spec = find_spec(name)[0]
    source = SpecSource(spec)
    family = source.network()
    yield Architecture(family.at())
    for variant in spec.variants:
        yield Architecture(source.variant_at(family, variant))


def gallery_row(name: str, g: Architecture) -> dict[str, Any]:
    """Return name, variant, reference, params and macs of one variant at its defaults."""
    numbers = g.at()
    references = [expectation.reference for expectation in g.expectations if expectation.reference]
    return {
        "name": name,
        "variant": g.variant or None,
        "reference": references[0] if references else None,
        "params": numbers.params,
        "macs": numbers.macs,
    }


@dataclass(frozen=True)
class Checked:
    """Specs held against what they expect.

    Attributes:
        table: a row per expectation (expected, found, and whether equal), and one per spec that could not be read.
        broken: what is wrong with each of the others.
        without_effect: a line for everything that the specs say without effect, with its place.
    """

    table: Table
    broken: tuple[ArchgraphError, ...]
    without_effect: tuple[str, ...]


def checked(names: Sequence[str] = ()) -> Checked:
    """Hold the given specs and their variants, by default all shipped ones, against what they expect.

    >>> found = checked(["conv_stack", "unett"])
    >>> found.table.title, [error.message for error in found.broken]
    ('no expectations; 1 spec broken', ["no spec is named 'unett'. Did you mean 'unet'?"])
    """
    rows: list[dict[str, object]] = []
    broken: dict[str, ArchgraphError] = {}
    silent: list[str] = []
    bare: list[str] = []
    for name in stepping(names or shipped_names(), "specs"):
        try:
            own = [row for g in variants_of(name) for row in _check_rows(g)]
            silent += silences(find_spec(name)[0])
        except ArchgraphError as error:  # the others are told of, too
            broken[name] = error
            continue
        rows += own
        bare += [] if own else [name]
    return Checked(_check_table(rows, broken, bare), tuple(broken.values()), tuple(silent))


def _check_table(rows: Sequence[dict[str, object]], broken: Mapping[str, ArchgraphError], bare: Sequence[str]) -> Table:
    """The rows, one for each spec that is broken, and which expect nothing."""
    columns = ("spec", "metric", "expected", "found", "ok", "reference", *(("error",) if broken else ()))
    told = [dict.fromkeys(columns) | {"spec": name, "ok": "broken", "error": broken[name].message} for name in broken]
    remarks = [f"nothing is expected of {some(dict.fromkeys(bare))}"] if bare else []
    return Table(_verdict(rows, len(broken)), columns, [*rows, *told], remarks=tuple(remarks))


def _verdict(rows: Sequence[Mapping[str, object]], broken: int) -> str:
    wrong = sum(row["ok"] != "yes" for row in rows)
    met = f"{counted(len(rows), 'expectation')}, {f'{wrong} not met' if wrong else 'all met'}"
    met = met if rows else "no expectations"
    return f"{met}; {counted(broken, 'spec')} broken" if broken else met


def _check_rows(g: Architecture) -> Iterator[dict[str, Any]]:
    numbers = g.at()
    for expectation in g.expectations:
        found = numbers.metric(expectation.metric)
        yield {
            "spec": f"{g.network.origin.file.removesuffix('.yaml')}{':' + g.variant if g.variant else ''}",
            "metric": expectation.metric,
            "expected": expectation.value,
            "found": found,
            "ok": "yes" if found == expectation.value else "NO",
            "reference": expectation.reference or expectation.source,
        }


def spec_text(name: str) -> str:
    """Return a spec as text: as it is written, or where it builds on others, as one spec.

    Raises:
        SpecError: it cannot be read, or breaks a rule of the language.
        QueryError: a variant is named.
    """
    variant = find_spec(name)[1]
    if variant:
        whole_name = name.removesuffix(f":{variant}")
        raise QueryError(f"{quoted(whole_name)} is written with all its variants", hint=f"leave out ':{variant}'")
    path = spec_path(name)
    whole = composed_tree(path)
    if whole is None:
        return text_of_file(path)
    return yaml.safe_dump(whole.plain(), sort_keys=False, width=120, default_flow_style=None, allow_unicode=True)


def write_template(path: str, start: str | None = None) -> None:
    """Write a small spec to start from, or a copy of a shipped one; its first line names the schema to editors.

    Raises:
        QueryError: no .yaml, or the file exists already or cannot be written.
        SpecError: there is no such spec to start from.
    """
    target = Path(path)
    if target.suffix not in YAML_SUFFIXES:
        raise QueryError(f"cannot write a spec as {quoted(path)}", hint="it must end in .yaml")
    text = TEMPLATE.format(name=one_line(printable(target.stem))) if start is None else spec_text(start)
    write_text(target, text if MODELINE in text else f"{MODELINE}{SCHEMA_FILE}\n{text}", new=True)
