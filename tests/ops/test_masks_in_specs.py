"""Masks along an axis: what a spec says of them, against the gradients of what PyTorch computes."""

import pytest

import archgraph as ag
from archgraph.ops.attending.masks import words_of_mask
from archgraph.ops.reach import All, Window
from archgraph.sizes.symbols import ONE

ALONE = ("{from: 0, to: 2}", "{blocks: 3, shift: 1}", "{blocks: 2, shift: 1}", "{blocks: 1}")
"""Masks that leave one key alone to queries that no word singles out: that these read no score is not said."""
FORMS = (
    *("{to: 0}", "{to: 2}", "{from: -1, to: 0}", "{from: -N, to: 0}", "{from: -2, to: 1}", "{from: -C, to: C}"),
    *("{blocks: 3}", *ALONE),
)
HEAD = "archgraph: 1\nsymbols: {C: 4, N: 6}\ninputs:\n  x: "


def attention(arguments, axes="{n: N, c: C}"):
    step = f"  - linear: {{out: C}}\n    as: q\n  - scaled_dot_product_attention: {arguments}\n    from: [q, x, x]\n"
    return ag.loads(f"{HEAD}{axes}\nnetwork:\n{step}")


def crossed(form, length="N"):
    """Attention of some values to others, along an axis of another name."""
    step = f"  - scaled_dot_product_attention: {{mask: {{m: {form}}}}}\n    from: [x, y, y]\n"
    return ag.loads(f"{HEAD}{{n: N, c: C}}\n  y: {{m: {length}, c: C}}\nnetwork:\n{step}")


def written(form, log="false"):
    """Attention by elementary operations, of scores that a `tanh` caps."""
    return ag.loads(f"""{HEAD}{{n: N, c: C}}
network:
  - rename: {{axis: n, to: m}}
    from: x
    as: keys
  - einsum: {{over: c}}
    from: [x, keys]
  - tanh
  - softmax: {{axis: m, log: {log}, mask: {{m: {form}}}}}
  - einsum: {{over: m, mask: {{m: {form}}}}}
    from: [_, keys]
""")


def along(form):
    return form.replace("{", "{along: n, ")


def hold(g, form=""):
    """Every field is what gradients reach, one position after the other, or says that it is a bound."""
    pytest.importorskip("torch")
    from archgraph.pytorch.verify.fields import verify_fields

    for name in g.inputs:
        report = verify_fields(g.network, name)
        assert report.ok, str(report)
        assert form in ALONE or not any(row.bound for row in report.rows), str(report)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("more", ["", "heads: 2, ", "written: plain, ", "over: n, "])
@pytest.mark.torch
def test_attention_reads_what_its_mask_says(form, more):
    hold(attention(f"{{{more}mask: {{n: {form}}}}}"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("more", ["", "over: n, "])
@pytest.mark.torch
def test_attention_over_several_axes(form, more):
    hold(attention(f"{{{more}mask: {{n: {form}}}}}", "{n: N, w: 2, c: C}"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.torch
def test_attention_to_another_axis(form):
    hold(crossed(along(form)), form)


@pytest.mark.torch
def test_more_keys_than_queries():
    hold(crossed("{along: n, to: 3}", "N + 3"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.torch
def test_a_softmax_and_the_product_of_its_weights(form):
    hold(written(along(form)), form)


@pytest.mark.torch
def test_what_is_masked_is_computed_and_counted():
    pytest.importorskip("torch")
    for masked, plain in ((attention("{mask: {n: {to: 0}}}"), attention("{}")),):
        assert (masked.macs, masked.flops, masked.saved_bytes) == (plain.macs, plain.flops, plain.saved_bytes)
    assert ag.verify(attention("{mask: {n: {from: -2, to: 0}}}")).ok
    assert ag.verify(attention("{written: plain, mask: {n: {blocks: 3}}}")).ok
    assert ag.verify(written("{along: n, to: 0}")).ok


def test_a_mask_is_written_as_it_was_read():
    for g in (*(attention(f"{{mask: {{n: {form}}}}}") for form in FORMS), written("{along: n, from: -1, to: 0}")):
        assert ag.loads(g.to_spec()).to_spec() == g.to_spec()
        assert "mask: {" in g.to_spec()


def test_causal_is_a_mask_that_ends_at_the_own_position():
    for mask, causal in (("{n: {to: 0}}", "causal: true"), ("{n: {from: -2, to: 0}}", "causal: true, span: 3")):
        masked, plain = attention(f"{{mask: {mask}}}"), attention(f"{{{causal}}}")
        fields = [[g.receptive_field().probe("stat", n=place).area for place in range(6)] for g in (masked, plain)]
        assert fields[0] == fields[1]
        assert str(masked.serving()) == str(plain.serving())


def test_a_mask_without_words_is_none_of_a_spec():
    assert words_of_mask(All()) is None and words_of_mask(Window(ONE)) is None
    assert words_of_mask(Window(ONE + 2, stride=ONE + 1)) is None


@pytest.mark.torch
def test_weights_beside_a_mask_are_zero():
    torch = pytest.importorskip("torch")
    g = ag.loads(f"""{HEAD}{{n: N, m: N}}
  y: {{m: N, c: C}}
network:
  - einsum: {{over: m, mask: {{m: {{along: n, to: 0}}}}}}
    from: [x, y]
""")
    module = g.to_torch()
    module(torch.ones(1, 6, 6).tril(), torch.ones(1, 6, 4))
    with pytest.raises(ag.ShapeError, match="elements of its first operand that are not zero"):
        module(torch.ones(1, 6, 6), torch.ones(1, 6, 4))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("{mask: {n: {to: -1}}}", "ends before the query's own position leaves the first none: to is -1"),
        ("{mask: {n: {from: 1, to: 2}}}", "a mask reads the query's own position, and is from 1 to 2"),
        ("{mask: {n: {from: -2, to: -1}}}", "a mask reads the query's own position, and is from -2 to -1"),
        ("{mask: {n: {blocks: 4}}}", "blocks of 4 do not divide axis n of size N"),
        ("{mask: {n: {blocks: 0}}}", "a block has at least one position, and blocks is 0"),
        ("{mask: {n: {blocks: 3, shift: 3}}}", "the shift of blocks of 3 is less than that, and is 3"),
        ("{mask: {n: {from: 0}}}", "mask along an axis has from"),
        ("{mask: {n: {}}}", "mask along an axis has nothing"),
        ("{mask: n}", "mask must be a mapping"),
        ("{mask: {n: causal}}", "mask must be a mapping"),
        ("{mask: {w: {to: 0}}}", "has a mask along axis w, and reads along n"),
        ("{mask: {c: {to: 0}}}", "has a mask along axis c, and reads along n"),
        ("{mask: {n: {along: w, to: 0}}}", "is along axis w, which"),
        ("{causal: true, mask: {n: {to: 0}}}", "a mask stands alone"),
        ("{window: 3, mask: {n: {to: 0}}}", "a mask stands alone"),
        ("{causal: true, over: n}", "causal attention is over the whole sequence"),
    ],
)
def test_masks_that_are_wrong(arguments, told):
    with pytest.raises(ag.ArchgraphError, match=told):
        attention(arguments)


def test_a_mask_is_along_one_axis():
    with pytest.raises(ag.ShapeError, match="attention takes a mask along one axis, and has one along n, w"):
        attention("{mask: {n: {to: 0}, w: {to: 0}}}", "{n: N, w: 2, c: C}")


def test_offsets_need_as_many_queries_as_keys():
    with pytest.raises(ag.ShapeError, match=r"as many queries as keys, and axis m has N \+ 3"):
        crossed("{along: n, from: -1, to: 0}", "N + 3")


def test_weights_need_an_axis_of_queries():
    with pytest.raises(ag.ShapeError, match="the mask of softmax along axis m needs another axis"):
        written("{to: 0}")


@pytest.mark.torch
def test_a_mask_that_is_a_list_has_no_words():
    torch = pytest.importorskip("torch")

    class Listed(torch.nn.Module):
        def forward(self, x):
            q = x.unflatten(-1, (2, 4)).transpose(1, 2)
            mask = torch.tensor([[True, False, True], [True, True, False], [True, True, True]])
            return torch.nn.functional.scaled_dot_product_attention(q, q, q, mask).transpose(1, 2).flatten(2)

    class ByHead(torch.nn.Module):
        def forward(self, x):
            q = x.unflatten(-1, (2, 4)).transpose(1, 2)
            mask = torch.stack([torch.ones(3, 3).tril(), torch.eye(3)]).bool()
            return torch.nn.functional.scaled_dot_product_attention(q, q, q, mask).transpose(1, 2).flatten(2)

    for module, told in (
        (Listed(), "attention with a mask that is listed"),
        (ByHead(), "heads that read different keys"),
    ):
        with pytest.raises(ag.UnsupportedOpError, match=f"{told} x 1, first at"):
            ag.trace(module, torch.zeros(1, 3, 8)).to_spec()
