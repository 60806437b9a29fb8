"""Levels of resolution: what has equal sizes at a binding is one level, whatever laws say it."""

import archgraph as ag

HEAD = "archgraph: 1\nsymbols: {S: {default: 24, multiple_of: p}, p: 4, C: 8}\n"
TEXT = (
    HEAD + "inputs: {image: {c: 3, h: S, w: S}}\nnetwork:\n"
    "  - conv: {out: C, kernel: 3, padding: same}\n    as: skip\n"
    "  - patchify: {patch: p, out: 4*C}\n    from: image\n"
    "  - conv_transpose: {out: C, kernel: 4, stride: 4}\n  - concat: [_, skip]\n  - conv: {out: 2, kernel: 1}\n"
)


def test_equal_sizes_are_one_level_at_numbers():
    g = ag.loads(TEXT)
    rows = g.at().table(by="level").rows
    assert [row["level"] for row in rows] == ["24 x 24", "6 x 6"]
    assert rows[0]["params"] == 27 * 8 + 8 + 32 * 8 * 16 + 8 + 16 * 2 + 2
    assert sum(row["params"] for row in rows) == g.at().params
    terms = g.at().terms("macs", by="level")
    assert list(terms) == ["24 x 24", "6 x 6"]


def test_levels_as_laws_stand_in_the_symbols_of_the_spec():
    rows = ag.loads(TEXT).table(by="level").rows
    assert rows[0]["level"] == "S x S"
    assert sum(row["params"] for row in rows) == ag.loads(TEXT).params
