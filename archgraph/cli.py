"""The command line: one small function per command, the same names as in Python."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from archgraph.errors import ArchgraphError, SpecError

FORMATS = ("text", "markdown", "latex", "csv", "json", "html")
Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when all is well, 1 when a spec or a check failed, 2 on wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except ArchgraphError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="archgraph",
        description="Exact, symbolic analysis of neural architectures: cost, receptive field, figures.",
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in every_command():
        add(commands)
    return parser


def _version() -> str:
    import archgraph

    return f"archgraph {archgraph.__version__}"


def _command(commands: Any, name: str, run: Command, summary: str, example: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary}.",
        epilog=f"example: {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def _add_at(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--at",
        nargs="+",
        default=[],
        metavar="SYMBOL=VALUE",
        action="extend",
        help="bind symbols: --at D=768 L=12",
    )


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to write the table (default: text)")
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="the same as --format json")


def _bindings(pairs: Sequence[str]) -> dict[str, Any]:
    """Read `D=768`, `up_bias=false`, `padding=same`, `features=[8,16]`."""
    result = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise SpecError(f"cannot read the binding '{pair}'", hint="write --at D=768 L=12")
        result[name] = _value(text)
    return result


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _load(options: argparse.Namespace) -> Any:
    """Load the spec with `--at` as its point of evaluation."""
    from archgraph.api import load

    g = load(options.spec)
    bindings = _bindings(options.at)
    return g.at(**bindings) if bindings else g


def _list(commands: Any) -> None:
    parser = _command(commands, "list", _run_list, "List the shipped specs and variants", "archgraph list --json")
    _add_format(parser)


def _run_list(options: argparse.Namespace) -> int:
    from archgraph.gallery import gallery_table

    print(gallery_table().to(options.format).rstrip())
    return 0


def _check(commands: Any) -> None:
    parser = _command(
        commands,
        "check",
        _run_check,
        "Hold specs and their variants against the numbers they expect",
        "archgraph check dit",
    )
    parser.add_argument("specs", nargs="*", metavar="SPEC", help="names or paths (default: every shipped spec)")
    _add_format(parser)


def _run_check(options: argparse.Namespace) -> int:
    from archgraph.gallery import check_table

    table = check_table(options.specs)
    print(table.to(options.format).rstrip())
    return 0 if all(row["ok"] == "yes" for row in table.rows) else 1


def _cost(commands: Any) -> None:
    from archgraph.cli_resources import add_other_tools

    parser = _command(
        commands,
        "cost",
        _run_cost,
        "Show cost laws and their values",
        "archgraph cost dit --by level --at D=768",
    )
    parser.add_argument("spec", metavar="SPEC", help="a shipped name (dit, dit:S/2) or a path")
    parser.add_argument("--by", default="scope", help="node, scope, op, level or block (default: scope)")
    parser.add_argument("--metrics", default="params,macs,flops,activations", help="comma-separated metrics")
    parser.add_argument("--laws", action="store_true", help="laws in the table instead of their values")
    add_other_tools(parser)
    _add_at(parser)
    _add_format(parser)


def _run_cost(options: argparse.Namespace) -> int:
    if options.tool:
        from archgraph.cli_resources import run_other_tool

        return run_other_tool(options)
    g = _load(options)
    metrics = [name.strip() for name in options.metrics.split(",")]
    table = (g.symbolic() if options.laws else g.at()).table(by=options.by, metrics=metrics)
    if options.format == "text":
        print(g.symbolic().report(metrics, g.at()))
    print(table.to(options.format).rstrip())
    return 0


def _resources(commands: Any) -> None:
    from archgraph.cli_resources import add_efficiency, add_memory, add_roofline

    for add in (add_memory, add_efficiency, add_roofline):
        add(commands)


def _rf(commands: Any) -> None:
    from archgraph.cli_fields import add_hops, add_rf

    for add in (add_rf, add_hops):
        add(commands)


def _draw(commands: Any) -> None:
    parser = _command(commands, "draw", _run_draw, "Draw an annotated diagram", "archgraph draw unet -o unet.svg")
    parser.add_argument("spec", metavar="SPEC", help="a shipped name or a path")
    views = "overview, blocks, full, unrolled, ladder, matrix, levels or laws"
    parser.add_argument("--view", default="overview", help=views)
    parser.add_argument("--color", default="locality", help="locality, params, macs, level or op")
    parser.add_argument("--show", help="what boxes are annotated with: shape,params,macs,field (default: all)")
    parser.add_argument("--terms", default="leading", help="leading or full laws (default: leading)")
    parser.add_argument("--values", action="store_true", help="numbers instead of laws")
    _add_figure(parser)
    _add_at(parser)


def _add_figure(parser: argparse.ArgumentParser, required: bool = True) -> None:
    suffixes = ".svg, .pdf, .png, .dot, .tex or .html"
    parser.add_argument("-o", "--output", required=required, metavar="FILE", help=f"the file to write: {suffixes}")
    parser.add_argument("--width", default=None, help="auto, column, text, or inches such as 3.25in")
    parser.add_argument("--venue", default="icml", help="icml, neurips, iclr, acl or nature (default: icml)")


def _run_draw(options: argparse.Namespace) -> int:
    figure = _load(options).draw(
        view=options.view,
        width=options.width or "auto",
        venue=options.venue,
        color=options.color,
        show=options.show.split(",") if options.show else None,
        terms=options.terms,
        values=options.values,
    )
    return _save(figure, options.output)


def _save(figure: Any, output: str) -> int:
    figure.save(output)
    print(f"wrote {output}")
    return 0


def _contrast(commands: Any) -> None:
    parser = _command(
        commands,
        "contrast",
        _run_contrast,
        "Compare networks: a table of what sets them apart, or with -o the figure",
        "archgraph contrast unet dit -o unet-vs-dit.svg",
    )
    parser.add_argument("specs", metavar="SPEC", nargs="+", help="two or more shipped names or paths")
    parser.add_argument("--panels", help="of stages,levels,laws,ladder,hops,matrix, from top to bottom (default: all)")
    _add_figure(parser, required=False)
    _add_format(parser)


def _run_contrast(options: argparse.Namespace) -> int:
    from archgraph.api import contrast, load
    from archgraph.comparison import comparison

    networks = [load(name) for name in options.specs]
    if not options.output:
        print(comparison(networks).to(options.format).rstrip())
        return 0
    figure = contrast(
        *networks,
        width=options.width or "text",
        venue=options.venue,
        panels=options.panels.split(",") if options.panels else None,
    )
    return _save(figure, options.output)


def _solve(commands: Any) -> None:
    from archgraph.cli_scaling import add_scale, add_solve

    for add in (add_solve, add_scale):
        add(commands)


def _sweep(commands: Any) -> None:
    parser = _command(
        commands,
        "sweep",
        _run_sweep,
        "Compute metrics over a grid of sizes (needs numpy)",
        "archgraph sweep dit D=256..4096:64 L=4..64 -o dit.csv",
    )
    parser.add_argument("spec", metavar="SPEC", help="a shipped name or a path")
    parser.add_argument("grid", nargs="+", metavar="SYMBOL=VALUES", help="a..b, a..b:step, or a list 1,2,4")
    parser.add_argument("--metrics", default="params,macs", help="comma-separated metrics (default: params,macs)")
    parser.add_argument("-o", "--output", metavar="FILE", help="write .csv or .parquet instead of printing")
    parser.add_argument(
        "--pareto", nargs="+", default=[], metavar="NAME", help="only what no point beats: small in these"
    )
    parser.add_argument("--larger", nargs="+", default=[], metavar="NAME", help="with --pareto: large in these")
    _add_at(parser)
    _add_format(parser)


def _run_sweep(options: argparse.Namespace) -> int:
    from archgraph.sweep import chunked

    grid = chunked(dict(_values(pair) for pair in options.grid))
    result = _load(options).sweep(grid, [name.strip() for name in options.metrics.split(",")])
    if options.output:
        return _save(result, options.output)
    front = options.pareto or options.larger
    table = result.pareto(*options.pareto, larger=options.larger) if front else result.table()
    print(table.to(options.format).rstrip())
    return 0


def _values(pair: str) -> tuple[str, Any]:
    """Read `D=256..4096:64` (both ends included) or `L=4,8,16`."""
    name, equals, text = pair.partition("=")
    try:
        if not equals or not name:
            raise ValueError
        if ".." not in text:
            return name, [int(item) for item in text.split(",")]
        first, _, rest = text.partition("..")
        last, _, step = rest.partition(":")
        return name, range(int(first), int(last) + 1, int(step or 1))
    except ValueError:
        raise SpecError(f"cannot read the values '{pair}'", hint="write D=256..4096:64 or L=4,8,16") from None


def _trace(commands: Any) -> None:
    from archgraph.cli_trace import add_trace

    parser = _command(
        commands,
        "trace",
        _run_trace,
        "Analyse a PyTorch module of your own (needs torch)",
        "archgraph trace mypkg.models:build --input x=1x3x224x224 --dynamic x:2=h,3=w -o model.svg",
    )
    add_trace(parser)
    _add_at(parser)
    _add_format(parser)


def _run_trace(options: argparse.Namespace) -> int:
    from archgraph.cli_trace import traced

    g = traced(options)
    g = g.at(**_bindings(options.at)) if options.at else g
    if options.output:
        return _write_traced(g, Path(options.output))
    if options.format == "text":
        print(g.symbolic().report(["params", "macs"], g.at()))
        for gap in g.gaps:
            print(f"missing in every number: {gap}")
    print(g.at().table(by=options.by, metrics=["params", "macs", "flops", "activations"]).to(options.format).rstrip())
    return 0


def _write_traced(g: Any, target: Path) -> int:
    """Write the figure of a traced module, or its spec."""
    if target.suffix not in (".yaml", ".yml"):
        return _save(g.draw(), str(target))
    from archgraph.backend.files import write_text

    write_text(target, g.to_spec())
    return 0


def _verify(commands: Any) -> None:
    parser = _command(
        commands,
        "verify",
        _run_verify,
        "Compare a spec with PyTorch, node by node (needs torch)",
        "archgraph verify dit:S/2",
    )
    parser.add_argument("spec", metavar="SPEC", help="a shipped name or a path")
    parser.add_argument("--rf", action="store_true", help="compare receptive fields, as sets, borders included")
    parser.add_argument("--input", help="the input of the receptive fields (default: the only one with positions)")
    _add_at(parser)
    _add_format(parser)


def _run_verify(options: argparse.Namespace) -> int:
    from archgraph.measure import verify_fields
    from archgraph.verify import verify

    report = verify_fields(_load(options), options.input) if options.rf else verify(_load(options))
    print(report.table.to(options.format).rstrip())
    return 0 if report.ok else 1


def _schema(commands: Any) -> None:
    _command(
        commands,
        "schema",
        _run_schema,
        "Print the JSON Schema of the spec language",
        "archgraph schema > spec.json",
    )


def _run_schema(options: argparse.Namespace) -> int:
    from archgraph.frontend.schema import json_schema

    print(json.dumps(json_schema(), indent=2))
    return 0


def _new(commands: Any) -> None:
    parser = _command(commands, "new", _run_new, "Write a small spec to start from", "archgraph new mynet.yaml")
    parser.add_argument("path", metavar="FILE", help="the file to write; it must not exist")


def _run_new(options: argparse.Namespace) -> int:
    from archgraph.gallery import write_template

    write_template(options.path)
    print(f"wrote {options.path}; try: archgraph cost {options.path}")
    return 0


def every_command() -> tuple[Callable[[Any], None], ...]:
    """Return what adds each command, in the order of the help."""
    numbers = (_list, _check, _cost, _resources, _rf, _solve, _sweep)
    return (*numbers, _draw, _contrast, _trace, _verify, _schema, _new)


if __name__ == "__main__":
    sys.exit(main())
