"""Mistakes that show every kind of error, and what is printed."""

from __future__ import annotations

SPEC = "{{archgraph: 1, inputs: {{x: {{c: 3, h: 8, w: 8}}}}, network: [{}]}}"

MISTAKES: dict[str, tuple[tuple[str, str], ...]] = {
    "SpecError": (
        ("A misspelt operation.", f"ag.loads({SPEC.format('maxpool: {kernel: 2}')!r})"),
        ("A value that the symbol does not allow.", 'ag.load("unet").at(H=500)'),
        ("A spec that does not exist.", 'ag.load("unett")'),
    ),
    "ShapeError": (
        ("A window that is larger than its input.", f"ag.loads({SPEC.format('conv: {out: 4, kernel: 9}')!r})"),
        ("A size that is not a whole number.", f"ag.loads({SPEC.format('split: {axis: c, parts: 2}')!r})"),
    ),
    "QueryError": (
        ("A node that does not exist.", 'ag.load("dit")["blocks.atention"]'),
        ("A keyword that the call does not accept.", 'ag.load("dit").hops(distanse=3)'),
        ("A budget that nothing meets.", 'ag.load("dit").solve("D", macs=("<=", 10))'),
    ),
    "UnboundSymbolError": (
        ("A law evaluated in a symbol that the network does not have.", 'ag.load("unet").evaluate(symbol("Q"))'),
    ),
    "UnsupportedOpError": (
        (
            "A traced module with an operator that has no rule.",
            'ag.trace(type("Net", (nn.Module,), {"forward": lambda self, x: torch.linalg.eigvalsh(x)})(), '
            "torch.zeros(1, 4, 4))",
        ),
    ),
    "MissingToolError": (),
}
"""By kind, what is wrong and an expression that is answered with the error."""
WITHOUT_EXAMPLE = {
    "MissingToolError": "The message names what is missing, and the hint gives the command that installs it: "
    '`PyTorch is not installed`, with the hint `pip install "torch>=2.6"`.'
}
