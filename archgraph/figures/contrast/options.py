"""What a contrast is asked for about parts of its networks: a name has to mean something in one of them."""

from collections.abc import Iterable, Mapping, Sequence

from archgraph.errors import QueryError
from archgraph.figures.facts.facts import Facts
from archgraph.figures.facts.naming import check_names
from archgraph.figures.facts.options import options
from archgraph.graph.network import Network


def contrast_facts(
    networks: Sequence[Network], labels: Mapping[str, str], hide: Iterable[str], style: str = "boxes"
) -> tuple[Facts, ...]:
    """What is asked of every network, with its own labels and hidden parts under those of the call.

    Raises:
        QueryError: a label or a hidden part that none of the networks has.
    """
    hidden = (hide,) if isinstance(hide, str) else tuple(hide)
    for name in (*labels, *hidden):
        _check(networks, name, "labels" if name in labels else "hide")
    asked = (options(**_own(one, labels, hidden), style=style) for one in networks)
    return tuple(
        Facts(one, options=said, place=place) for place, (one, said) in enumerate(zip(networks, asked, strict=True))
    )


def _own(network: Network, labels: Mapping[str, str], hide: Sequence[str]) -> dict:
    said = network.origin.figure
    own = {**_mapping(said.get("labels")), **{name: text for name, text in labels.items() if _means(network, name)}}
    also = [name for name in hide if _means(network, name)]
    return {"labels": own, "hide": (*_names(said.get("hide")), *also)}


def _mapping(said: object) -> dict:
    return dict(said) if isinstance(said, Mapping) else {}


def _names(said: object) -> tuple[str, ...]:
    return tuple(said) if isinstance(said, list | tuple) else ()


def _means(network: Network, name: str) -> bool:
    try:
        check_names(network.graph, [name], "")
    except QueryError:
        return False
    return True


def _check(networks: Sequence[Network], name: str, what: str) -> None:
    if networks and not any(_means(one, name) for one in networks):
        check_names(networks[0].graph, [name], what)
