"""Lines of text that several views share: values, ways between stages, what comes in and goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sympy import Expr

from archgraph.figures.content.boxes import NARROW
from archgraph.figures.content.law_lines import law
from archgraph.figures.content.mathtext import line_of, math, shape, variable, words
from archgraph.figures.content.wrapping import fitted
from archgraph.figures.drawing.diagram import Line
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.graph.ir import Repeat, Value
from archgraph.outline.groups import Group
from archgraph.outline.items import Item
from archgraph.outline.resolution import stride
from archgraph.outline.stages import Stage
from archgraph.outline.u_parts import USkip
from archgraph.outline.wording import humanized, phrase_in_full


def value_label(facts: Facts, value: Value | None, inside: str = "") -> Line:
    """The name and the shape of a value; one of several results has no name but that ``inside`` of what reads it."""
    if value is None:
        return ()
    name = value.name if is_named(value) else inside
    return line_of(input_name(facts, name) if name else (), shape(facts.sizes(value), SIZES.body), gap=3.0)


def is_named(value: Value) -> bool:
    """Whether an author named a value, or the step that makes it alone; results of a step are else numbered."""
    return "#" not in value.name


def input_name(facts: Facts, name: str) -> Line:
    """The name of an input: what the author calls it, or a variable if it is one letter."""
    named = facts.author.input_label(name)
    if named:
        return fitted(words(named, SIZES.body), NARROW)
    return variable(name, SIZES.body) if len(name) == 1 else words(humanized(name), SIZES.body)


def exit_label(facts: Facts, head: Sequence[Item], output: Value) -> Line:
    """The last layer and the shape of the output."""
    value = head[-1].outputs[0] if head else output
    shown = shape(facts.sizes(value), SIZES.body)
    return line_of(words(f"{phrase_in_full(head, facts.brief)} →", SIZES.body), shown, gap=2.5) if head else shown


def output_labels(
    facts: Facts, leaving: Iterable[tuple[str, Value]], *, brief: Callable[[str], bool]
) -> dict[str, Line]:
    """What is written at the boxes that further outputs leave: what the output is, or how many there are."""
    by_box: dict[str, list[Value]] = {}
    for box, value in leaving:
        by_box.setdefault(box, []).append(value)
    return {
        box: words(f"{len(values)} results", SIZES.small)
        if len(values) > 1
        else output_label(facts, values[0], brief=brief(box))
        for box, values in by_box.items()
    }


def output_label(facts: Facts, value: Value, *, brief: bool) -> Line:
    """A further output: its shape, or its name where there is little room."""
    named = brief and is_named(value)
    return words(humanized(value.name), SIZES.small) if named else shape(facts.sizes(value), SIZES.small)


def copy_label(facts: Facts, copies: Sequence[USkip], *, brief: bool) -> Line:
    """What skips carry: equal values together, of each its shape or, in brief, its channels."""
    return facts.known(("copies", tuple(copies), brief), lambda: _copy_label(facts, copies, brief=brief))


def _copy_label(facts: Facts, copies: Sequence[USkip], *, brief: bool) -> Line:
    verb = words("crop, copy" if any(copy.cropped for copy in copies) else "copy", SIZES.body)
    shapes = [copied_sizes(facts, copy.value, brief=brief) for copy in copies]
    counts = {tuple(map(str, one)): shapes.count(one) for one in shapes}
    parts = [
        _counted(one, counts[tuple(map(str, one))]) for index, one in enumerate(shapes) if one not in shapes[:index]
    ]
    commas = [words(",", SIZES.body)] * (len(parts) - 1) + [()]
    return line_of(verb, *(line_of(part, comma) for part, comma in zip(parts, commas, strict=True)), gap=2.5)


def copied_sizes(facts: Facts, value: Value, *, brief: bool) -> list[Expr | int]:
    """The sizes of a value, or its channels alone where it has some."""
    channels = [facts.size(length) for axis, length in value.type.axes if axis == "c"]
    return channels if brief and channels else facts.sizes(value)


def _counted(sizes: Sequence[Expr | int], count: int) -> Line:
    times = words(f"{count}×", SIZES.body) if count > 1 else ()
    return line_of(times, shape(sizes, SIZES.body), gap=2.5)


def stage_way(facts: Facts, stage: Stage | Group) -> tuple[Line, ...]:
    """What is written beside the arrow to a stage: the change of resolution, in a layer of its own or not."""
    return way_to(facts, stage.before, stage.items if isinstance(stage, Group) else stage.groups[0].items)


def way_to(facts: Facts, before: Sequence[Item], line: Sequence[Item]) -> tuple[Line, ...]:
    """What is written beside the arrow to some items: what stands before them, or the stride of the first."""
    return facts.known(("way", tuple(before), tuple(line[:1])), lambda: _way_to(facts, before, line))


def _way_to(facts: Facts, before: Sequence[Item], line: Sequence[Item]) -> tuple[Line, ...]:
    if before or not line:
        return way(facts, before)
    step = stride(line[0].member)
    if step is None:
        return ()
    if step.is_Integer:
        return (words(f"stride {step}", SIZES.body),)
    return (line_of(words("stride", SIZES.body), math(facts.shown(step), SIZES.body), gap=2.0),)


def way(facts: Facts, items: Sequence[Item]) -> tuple[Line, ...]:
    """Items between two boxes, with their parameters."""
    if not items:
        return ()
    name, params = words(phrase_in_full(items, facts.brief), SIZES.body), facts.params(items)
    return (
        (name,) if params == 0 or "params" not in facts.options.show else (name, law(facts, "params", params, NARROW))
    )


def count_label(facts: Facts, repeat: Repeat) -> Line:
    """``× L``."""
    return line_of(words("×", SIZES.title), math(facts.shown(repeat.count), SIZES.title), gap=1.5)
