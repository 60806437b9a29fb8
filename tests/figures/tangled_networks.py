"""Networks of many lines: towers that read each other at every step, and a refinement that hands out every state."""

from __future__ import annotations

HEAD = "archgraph: 1\nsymbols: {C: 8, H: 32}\ninputs: {x: {c: C, h: H, w: H}}\nnetwork:\n"


def towers(steps: int, count: int = 3) -> str:
    """Each step of a tower reads the tower beside it, too: hardly any step can be drawn without a crossing."""
    lines = [_conv(2 * tower + 1, f"t{tower}s0", "x") for tower in range(count)]
    for step in range(1, steps):
        for tower in range(count):
            both = f"t{tower}s{step - 1}, t{(tower + 1) % count}s{step - 1}"
            lines.append(f"  - add:\n    from: [{both}]\n")
            lines.append(_conv(2 * ((tower + step) % count) + 1, f"t{tower}s{step}"))
    lasts = ", ".join(f"t{tower}s{steps - 1}" for tower in range(count))
    return "".join((HEAD, *lines, f"  - concat: {{axis: c}}\n    from: [{lasts}]\n"))


def refinement(times: int) -> str:
    """A state that is improved again and again, and enlarged into a result each time."""
    lines = ["  - conv: {out: C, kernel: 7, stride: 2, padding: 3}\n    as: state0\n"]
    for turn in range(1, times + 1):
        lines += [_conv(3, f"wide{turn}", f"state{turn - 1}"), "  - relu\n", _conv(1, f"delta{turn}")]
        lines.append(f"  - add:\n    from: [state{turn - 1}, delta{turn}]\n    as: state{turn}\n")
        lines.append(f"  - upsample: {{factor: 2}}\n    from: state{turn}\n    as: flow{turn}\n")
    return "".join((HEAD, *lines, f"outputs: [{', '.join(f'flow{turn}' for turn in range(1, times + 1))}]\n"))


def _conv(kernel: int, name: str, source: str = "") -> str:
    read = f"    from: {source}\n" if source else ""
    return f"  - conv: {{out: C, kernel: {kernel}, padding: same}}\n{read}    as: {name}\n"
