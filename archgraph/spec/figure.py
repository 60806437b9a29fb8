"""The section `figure` of a spec: how its figure is drawn, with every key and word checked where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from archgraph.data.figure_words import FIGURE_OPTIONS, NODE_STYLE, PALETTES, FigureOption, OptionKind
from archgraph.errors import did_you_mean, quoted
from archgraph.spec.language.tree import Tree
from archgraph.spec.sections import known_keys


def read_figure(tree: Tree | None) -> Mapping[str, object]:
    """Return the options of the figure by name.

    Raises:
        SpecError: an unknown key or word, or a value of a wrong kind.
    """
    if tree is None or tree.is_empty:
        return {}
    known_keys(tree, FIGURE_OPTIONS, "figure")
    return {key: _READERS[FIGURE_OPTIONS[key].kind](key, item, FIGURE_OPTIONS[key]) for key, item in tree.value.items()}


def _word(key: str, tree: Tree, option: FigureOption) -> str:
    text = _text(key, tree, option)
    if option.words and text not in option.words:
        message = f"{key} of figure is {quoted(text)}.{did_you_mean(text, option.words)}"
        tree.fail(message, hint=f"one of {', '.join(option.words)}")
    return text


def _words(key: str, tree: Tree, option: FigureOption) -> list[str]:
    return [_word(key, item, option) for item in tree.items()]


def _text(key: str, tree: Tree, option: FigureOption) -> str:
    return tree.text(f"{key} of figure")


def _flag(key: str, tree: Tree, option: FigureOption) -> bool:
    if not isinstance(tree.value, bool):
        tree.fail(f"{key} of figure must be true or false, and is {tree.describe()}")
    return tree.value


def _number(key: str, tree: Tree, option: FigureOption) -> int:
    if type(tree.value) is not int:
        tree.fail(f"{key} of figure must be a whole number, and is {tree.describe()}")
    return tree.value


def _texts(key: str, tree: Tree, option: FigureOption) -> dict[str, str]:
    parts = tree.mapping(f"{key} of figure", hint=f"{key}: {{path or kind: text}}")
    return {name: item.text(f"the label of {quoted(name)}") for name, item in parts.items()}


def _styles(key: str, tree: Tree, option: FigureOption) -> dict[str, dict[str, object]]:
    found = {}
    for name, item in tree.mapping(f"{key} of figure", hint="node_style: {conv: {fill: '#1f5fa8'}}").items():
        known_keys(item, NODE_STYLE, f"the style of {name}")
        found[name] = {part: _style_value(part, value) for part, value in item.value.items()}
    return found


def _style_value(part: str, tree: Tree) -> object:
    """A colour as text, a width as a number, true or false."""
    if part == "width":
        try:
            return float(tree.text("the width of a line"))
        except ValueError:
            tree.fail(f"the width of a line is a number of points, and not {tree.describe()}")
    return tree.value if isinstance(tree.value, bool) else tree.text(f"{part} of a style")


def _palette(key: str, tree: Tree, option: FigureOption) -> str | list[str]:
    if tree.is_list:
        return [item.text("a colour of the palette") for item in tree.list(key)]
    return _word(key, tree, FigureOption("word", option.doc, tuple(PALETTES)))


_READERS: Mapping[OptionKind, Callable[[str, Tree, FigureOption], object]] = {
    "word": _word,
    "words": _words,
    "text": _text,
    "flag": _flag,
    "number": _number,
    "texts": _texts,
    "styles": _styles,
    "palette": _palette,
}
