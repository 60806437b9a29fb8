"""Specs that mean to exhaust whoever reads them; each must end in a `SpecError`. Run as a script, one by one.

Prints the name and the kind of error of every bomb; `slowest` serves the benchmark.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

NETWORK = "archgraph: 1\nsymbols: {C: 64}\ninputs:\n  x: {c: C, h: 64}\nnetwork:\n"


def chain(count: int, step: str, start: str = "C + 1") -> str:
    """A network with symbols s0, s1 … of which each is an expression of the one before, written {0}."""
    lines = [f"  s0: {start}", *(f"  s{i}: {step.format(f's{i - 1}')}" for i in range(1, count))]
    return NETWORK.replace("symbols: {C: 64}", "symbols:\n  C: 64\n" + "\n".join(lines)) + "  - relu\n"


def calls(depth: int) -> str:
    """Blocks of which each calls the next one twice with different arguments."""
    blocks = [
        f"  b{i}: {{args: [k], do: [{{b{i + 1}: {{k: 2*k}}}}, {{b{i + 1}: {{k: 2*k + 1}}}}]}}" for i in range(depth)
    ]
    last = f"  b{depth}: {{args: [k], do: [{{add: {{constant: k}}}}]}}"
    return NETWORK + "  - b0: {k: 1}\nblocks:\n" + "\n".join([*blocks, last]) + "\n"


def loop(depth: int) -> str:
    """A loop inside that many others."""
    return "{0}- for: {{i{1}: 1..99}}\n{0}  do:\n".format(" " * (2 + 4 * depth), depth)


def nested(depth: int, inside: str, opening: str, closing: str) -> str:
    """A step inside many groups, all on one line."""
    return NETWORK + "  - " + opening * depth + inside + closing * depth + "\n"


def yaml_bombs() -> Iterator[tuple[str, str]]:
    """Yield bombs of the file format."""
    laughs = ["a0: &a0 [x, x]", *(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}, *a{i - 1}]" for i in range(1, 60))]
    yield "aliases", "\n".join(laughs)
    yield "aliases of mappings", "a: &a {x: 1}\n" + "\n".join(f"b{i}: &b{i} {{p: *a, q: *a}}" for i in range(30_000))
    for name, text in {"[": "[", "{": "{a: ", "-": "- ", "?": "? ", "key": "a:\n"}.items():
        yield f"nesting of {name}", text * 150_000
    yield "indentation", "\n".join(" " * i + "a:" for i in range(1300))
    yield "anchors", "&a " * 100_000
    yield "a long list", "a: [" + "1, " * 300_000 + "1]"
    yield "a long mapping", "{" + ", ".join(f"k{i}: 1" for i in range(60_000)) + "}"
    yield "a long text", "archgraph: 1\nnetwork: [" + "x" * 900_000 + "]"
    yield "a long integer", f"archgraph: {'9' * 900_000}"
    yield "a large file", "#" * 2_000_000
    yield "a long name", f"archgraph: 1\nsymbols: {{{'x' * 900_000}: 1}}\nnetwork: [relu]"


def expression_bombs() -> Iterator[tuple[str, str]]:
    """Yield bombs of the expression language."""
    expressions = [
        "2**2**2**99",
        "9**9**9**9",
        "2**(C + 10**9)",
        "2**(10**9 * C)",
        "(C + x.h + 1)**250",
        "10**(10**(10**C))",
        "max(" + ", ".join(f"C + {i} * x.h" for i in range(20)) + ")",
        "-" * 390 + "1",
        "(" * 200 + "1" + ")" * 190,
        "len(" * 90 + "1" + ")" * 90,
    ]
    for expression in expressions:
        yield expression[:40], NETWORK + f"  - linear: {{out: {expression!r}}}\n"
    yield "squares", chain(40, "{0} * {0}")
    yield "squares of a power", chain(40, "{0} * {0}", "2**200 * C")
    yield "powers of powers", chain(40, "2**{0}", "C")
    yield "a chain of symbols", chain(5000, "{0} + 1")
    yield "powers of a symbol", chain(40, "{0}**200", "C")


def network_bombs() -> Iterator[tuple[str, str]]:
    """Yield bombs of the language itself."""
    yield "a billion iterations", NETWORK + "  - for: {i: 1..10**9}\n    do: [relu]\n"
    yield "a googol of iterations", NETWORK + "  - for: {i: 10**100..1 by -1}\n    do: [relu]\n"
    yield "loops in loops", NETWORK + "".join(loop(depth) for depth in range(8)) + " " * 34 + "- relu\n"
    yield "calls", calls(31)
    yield "calls too deep", calls(200)
    yield "many parts", NETWORK + "  - split: {parts: 10**9}\n"
    yield (
        "many parts, many times",
        NETWORK.replace("64", "4096")
        + ("  - for: {i: 1..9999}\n    do:\n      - split: {parts: 4096}\n      - concat\n"),
    )
    yield "many operands", NETWORK + "  - for: {i: 1..9999}\n    do:\n      - add: [" + "x, " * 20_000 + "x]\n"
    yield "growing channels", NETWORK + "  - for: {i: 1..9999}\n    do:\n      - concat: [_, _]\n"
    yield "growing positions", NETWORK + "  - for: {i: 1..9999}\n    do:\n      - upsample: {factor: 10**9}\n"
    yield "growing laws", NETWORK + "  - for: {i: 1..9999}\n    do:\n      - linear: {out: 'C * x.h * _.c + 1'}\n"
    yield "floors of floors", NETWORK + "  - for: {i: 1..9999}\n    do:\n      - linear: {out: '_.c * 5 // 3'}\n"
    yield "sums of many symbols", many_symbols()
    yield "residuals in residuals", nested(25, "relu", "{residual: [", "]}")
    yield (
        "names to choose from",
        "archgraph: 1\nsymbols:\n"
        + "".join(f"  symbol_{i}: 1\n" for i in range(20_000))
        + ("inputs: {x: {c: symbol_x}}\nnetwork: [relu]\n"),
    )


def many_symbols() -> str:
    """Axes whose sizes are sums of a hundred symbols: their product has a million terms."""
    names = [[f"{axis}{i}" for i in range(99)] for axis in "abc"]
    symbols = ", ".join(f"{name}: 2" for row in names for name in row)
    axes = ", ".join(f"{axis}: {'+'.join(row)}" for axis, row in zip("chw", names, strict=True))
    network = "network:\n  - conv: {out: 8, kernel: 3}\n"
    return f"archgraph: 1\nsymbols: {{{symbols}}}\ninputs:\n  x: {{{axes}}}\n{network}"


def all_bombs() -> dict[str, str]:
    """Return every bomb by its name."""
    return {name: text for bombs in (yaml_bombs, expression_bombs, network_bombs) for name, text in bombs()}


def explode(text: str) -> str:
    """Load one bomb, ask for its laws, and return what came of it."""
    from archgraph import ArchgraphError, loads

    try:
        g = loads(text)
        _ = g.params, g.macs, g.at().macs
    except ArchgraphError as error:
        return type(error).__name__ if len(str(error)) < 2000 else "a long message"
    except Exception as error:
        return repr(error)[:200]
    return "harmless"


def slowest() -> tuple[str, str]:
    """Return the name and the text of the bomb that takes longest."""
    seconds = {}
    for name, text in all_bombs().items():
        start = time.process_time()
        explode(text)
        seconds[name, text] = time.process_time() - start
    return max(seconds, key=lambda bomb: seconds[bomb])


if __name__ == "__main__":
    for name, text in all_bombs().items():
        print(f"{name}\t{explode(text)}", flush=True)
