"""One row of a network: what its members are called, what they give and what they read."""

from collections.abc import Sequence

from archgraph.errors import ArchgraphError
from archgraph.figures.charts.ladder import LadderStep, effective_share
from archgraph.figures.content.mathtext import words
from archgraph.figures.drawing.outlines import outline
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.graph.locate import find_member
from archgraph.outline.items import Item
from archgraph.outline.wording import called, capitalized, phrase_in_full


def one_step(facts: Facts, items: Sequence[Item], role: str = "", *, effective: bool) -> LadderStep:
    """Members as one row, called as the author or their block says, or in their role, or after what they do."""
    title = words(_given(facts, items) or role or _name(facts, items), SIZES.title, "bold")
    path = items[-1].path
    reach = facts.reach(path)
    return LadderStep(
        title,
        items[-1].outputs[0],
        reach,
        path=path,
        effective=effective_share(facts, path) if effective else None,
        outline=outline(facts.attends(items), reach),
        within=tuple(item.path for item in items),
    )


def _given(facts: Facts, items: Sequence[Item]) -> str:
    """What an author calls the items, or the scope that all the heavy ones are in; nothing where nobody does."""
    named = facts.author.label(items)
    if named:
        return named
    heavy = heavy_items(items)
    scopes = [item.path.split(".")[:-1] for item in heavy]
    common = [parts[0] for parts in zip(*scopes, strict=False) if len(set(parts)) == 1]
    if common and (title := _scope_title(facts, ".".join(common))):
        return title
    if not heavy[0].member.title:
        return ""
    return capitalized(" … ".join(dict.fromkeys(called(item.member, facts.brief) for item in (heavy[0], heavy[-1]))))


def _name(facts: Facts, items: Sequence[Item]) -> str:
    """What the items are called in the other figures, without what multiplies no matrices."""
    return capitalized(phrase_in_full(heavy_items(items), facts.brief))


def heavy_items(items: Sequence[Item]) -> Sequence[Item]:
    """Those that multiply matrices; all of them where none does."""
    return [item for item in items if not item.light] or items


def _scope_title(facts: Facts, path: str) -> str:
    """What a spec says a block is called, nothing where it does not."""
    try:
        return find_member(facts.network.graph, path)[0].title
    except ArchgraphError:
        return ""
