"""The commands that draw: one network, or several side by side."""

from __future__ import annotations

import argparse
from typing import Any

from archgraph.cli.shared import add_at, add_figure, add_format, command, load_bound, save


def add_draw(commands: Any) -> None:
    """Add `archgraph draw`."""
    parser = command(commands, "draw", _run_draw, "Draw an annotated diagram", "archgraph draw unet -o unet.svg")
    parser.add_argument("spec", metavar="SPEC", help="a shipped name or a path")
    views = "overview, blocks, full, unrolled, ladder, matrix, hops, levels or laws"
    parser.add_argument("--view", default="overview", help=views)
    parser.add_argument("--color", default="locality", help="locality, params, macs, level or op")
    parser.add_argument("--show", help="what boxes are annotated with: shape,params,macs,field (default: all)")
    parser.add_argument("--terms", default="leading", help="leading or full laws (default: leading)")
    parser.add_argument("--values", action="store_true", help="numbers instead of laws")
    add_figure(parser)
    add_at(parser)


def _run_draw(options: argparse.Namespace) -> int:
    figure = load_bound(options).draw(
        view=options.view,
        width=options.width or "auto",
        venue=options.venue,
        color=options.color,
        show=options.show.split(",") if options.show else None,
        terms=options.terms,
        values=options.values,
    )
    return save(figure, options.output)


def add_contrast(commands: Any) -> None:
    """Add `archgraph contrast`."""
    parser = command(
        commands,
        "contrast",
        _run_contrast,
        "Compare networks: a table of what sets them apart, or with -o the figure",
        "archgraph contrast unet dit -o unet-vs-dit.svg",
    )
    parser.add_argument("specs", metavar="SPEC", nargs="+", help="two or more shipped names or paths")
    parser.add_argument("--panels", help="of stages,levels,laws,ladder,hops,matrix, from top to bottom (default: all)")
    add_figure(parser, required=False)
    add_format(parser)


def _run_contrast(options: argparse.Namespace) -> int:
    from archgraph.architecture.architecture import compare, contrast, load

    networks = [load(name) for name in options.specs]
    if not options.output:
        print(compare(*networks).to(options.format).rstrip())
        return 0
    figure = contrast(
        *networks,
        width=options.width or "text",
        venue=options.venue,
        panels=options.panels.split(",") if options.panels else None,
    )
    return save(figure, options.output)
