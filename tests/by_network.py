"""Which tests share a worker, where `--dist loadgroup` is asked for: all of one network of the gallery, else a file.

The groups of pytest-xdist itself are marks, which are lost on pytest 9.2; a name in brackets is always there.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

from archgraph.spec.shipped import shipped_names

NETWORKS = frozenset(shipped_names())


class ByNetwork(LoadScopeScheduling):
    """Hands out tests so that what is made of a network, or for a file, is made once."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def group(nodeid: str) -> str:
    """Return the group of a test.

    >>> group("tests/figures/test_browser.py::test_every_page_of_the_gallery[adm]")
    'adm'
    >>> group("tests/figures/test_browser_texts.py::test_no_text_leaves_its_place[chromium-own fonts]")
    'tests/figures/test_browser_texts.py'
    """
    name = nodeid.partition("[")[2].removesuffix("]")
    return name if name in NETWORKS else nodeid.partition("::")[0]
