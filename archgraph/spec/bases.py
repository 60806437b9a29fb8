"""Specs that build on specs: what a spec says over its base, part by part and by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archgraph.errors import did_you_mean, quoted, some
from archgraph.spec.language.tree import Tree
from archgraph.spec.silence import words_of

BY_NAME = ("symbols", "inputs", "blocks", "variants", "figure")
"""The sections whose entries replace those of the base that have their names."""
INHERITED = ("network", "outputs", "select")
"""The sections that are the base's where a spec does not say them."""


def built_on(base: Tree, own: Tree) -> Tree:
    """Return a whole spec: the base's sections, with what the spec replaces or adds.

    Texts and expected numbers are the spec's own, for the base's are about another network.

    Raises:
        SpecError: a replaced step that the base does not have, or an addition that nothing reads.
    """
    # All other sections, such as texts and expected numbers, are about one network and are never inherited.
    parts = {key: tree for key, tree in own.value.items() if key not in ("base", "steps", *BY_NAME)}
    for key in BY_NAME:
        section = _joined(key, base.value.get(key), own.value.get(key))
        if section is not None:
            parts[key] = section
    for key in INHERITED:
        if key not in parts and key in base.value:
            # Taken whole: half of a network and half of another would be neither.
            parts[key] = base.value[key]
    if "steps" in own.value:
        if "network" in own.value:
            own.fail_at_key("steps", "steps replace those of the base, and this spec has a network of its own")
        parts["network"] = _with_steps(parts.get("network"), own.value["steps"])
    whole = Tree(parts, own.place, {**(base.keys or {}), **(own.keys or {})})
    _check_additions(base, own, whole)
    return whole


def _joined(key: str, base: Tree | None, own: Tree | None) -> Tree | None:
    """The entries of the base, those of its own in their places or behind them."""
    under = {} if base is None or base.is_empty else {**base.mapping(key)}
    if key == "variants":
        # The variant stays, its published numbers do not: they are of the network that was changed.
        under = {name: _without_expectations(item) for name, item in under.items()}
    over = {} if own is None or own.is_empty else own.mapping(key)
    if key == "symbols":
        over = {name: _symbol(under.get(name), item) for name, item in over.items()}
    place = next((tree.place for tree in (own, base) if tree is not None), None)
    # Places of both files are kept, so that an error in an inherited line is shown in the base.
    keys = {**((base and base.keys) or {}), **((own and own.keys) or {})}
    return None if place is None else Tree({**under, **over}, place, keys)


def _without_expectations(variant: Tree) -> Tree:
    if not variant.is_mapping:
        return variant
    return Tree({key: item for key, item in variant.value.items() if key != "expect"}, variant.place, variant.keys)


def _symbol(base: Tree | None, own: Tree) -> Tree:
    """A value alone is another default, under the rules and the words of the base."""
    if base is None or not base.is_mapping or own.is_mapping or "default" not in base.value:
        return own
    return Tree({**base.value, "default": own}, own.place, {**(base.keys or {}), "default": own.place})


def _with_steps(network: Tree | None, steps: Tree) -> Tree:
    """The network with the steps of some names replaced, wherever they stand."""
    given = steps.mapping("`steps`", hint="steps: {logits: {linear: {out: 10}}}")
    if network is None:
        steps.fail("steps replace those of the base, and it has no network")
    names = list(_names(network))
    for name in given:
        # A replacement that meets nothing would be read by nobody and change nothing, which is how a slip looks.
        if name not in names:
            hint = f"its named steps are {some(list(dict.fromkeys(names)), 12)}"
            steps.fail_at_key(name, f"the base has no step named {quoted(name)}.{did_you_mean(name, names)}", hint)
    return _replaced(network, given)


def _name(tree: Tree) -> str:
    named = tree.value.get("as") if tree.is_mapping else None
    return str(named.value) if named is not None and isinstance(named.value, str) else ""


def _names(tree: Tree) -> Iterator[str]:
    if _name(tree):
        yield _name(tree)
    for part in tree.value if tree.is_list else tree.value.values() if tree.is_mapping else ():
        yield from _names(part)


def _replaced(tree: Tree, given: Mapping[str, Tree]) -> Tree:
    if tree.is_mapping and _name(tree) in given:
        return _in_place_of(tree, given[_name(tree)])
    if tree.is_mapping:
        parts = {key: _replaced(item, given) for key, item in tree.value.items()}
        return Tree(parts, tree.place, tree.keys)
    return Tree([_replaced(item, given) for item in tree.value], tree.place) if tree.is_list else tree


def _in_place_of(old: Tree, new: Tree) -> Tree:
    """A step or a list of them, under the name of the step that it replaces."""
    if isinstance(new.value, str):
        new = Tree({new.value: Tree(None, new.place)}, new.place, {new.value: new.place})
    if new.is_list:
        new = Tree({"do": new}, new.place, {"do": new.place})
    # The name stays whatever the new step says, for other steps read it.
    named = old.value["as"]
    return Tree({"as": Tree(named.value, new.place), **new.mapping("a step")}, new.place, new.keys)


def _check_additions(base: Tree, own: Tree, whole: Tree) -> None:
    """What replaces nothing is new, and then something reads it: else its name is a slip."""
    for key, what in (("symbols", "symbol"), ("blocks", "block")):
        section, known = own.value.get(key), base.value.get(key)
        if section is None or not section.is_mapping:
            continue
        names = {} if known is None or known.is_empty else known.mapping(key)
        for name in section.value:
            # Its own declaration does not count as a reader: a symbol that only its own rule names is read by nobody.
            if name not in names and name not in _read(whole, key, name):
                message = f"the base has no {what} {quoted(name)}, and nothing reads it.{did_you_mean(name, names)}"
                section.fail_at_key(name, message, hint=f"{key} of the base: {some(names) or 'none'}")


def _read(whole: Tree, key: str, name: str) -> set[str]:
    """The words of a spec, but for one declaration."""
    rest = [tree for part, tree in whole.value.items() if part not in (key, "doc", "cite", "name", "figure")]
    return words_of([*rest, *(item for other, item in whole.value[key].value.items() if other != name)])
