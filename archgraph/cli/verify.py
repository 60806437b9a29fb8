"""The command that holds a spec against PyTorch."""

from __future__ import annotations

import argparse

from archgraph.cli.output import show
from archgraph.cli.parser import Parser
from archgraph.cli.shared import Command, add_at, add_format, add_model, load_bound


def _verify_options(parser: Parser) -> None:
    parser.add_argument("spec", metavar="SPEC", help="a shipped name, a path, or a model: timm:resnet50")
    parser.add_argument("--rf", action="store_true", help="compare receptive fields, as sets, borders included")
    parser.add_argument("--input", help="the input of the receptive fields (default: the only one with positions)")
    parser.goes_with("--input", "--rf")
    add_at(parser)
    add_model(parser)
    add_format(parser)


def _run_verify(options: argparse.Namespace) -> int:
    from archgraph.pytorch.verify.fields import verify_fields
    from archgraph.pytorch.verify.verify import verify

    network = load_bound(options).network
    report = verify_fields(network, options.input) if options.rf else verify(network)
    show(report.table, options.format)
    return 0 if report.ok else 1


VERIFY = Command(
    "verify",
    "Compare a spec with PyTorch, node by node (needs torch)",
    "archgraph verify dit:S/2",
    _run_verify,
    _verify_options,
)
