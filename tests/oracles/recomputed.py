"""Lowered networks with PyTorch's checkpoints where a policy has them."""

from archgraph.graph.checkpoints import policy


def checkpointed(g, module, how) -> None:
    """Put PyTorch's checkpoints where a policy has them: around iterations, runs of them, turns, or attention."""
    from torch.utils.checkpoint import checkpoint

    chosen = policy(how)

    def again(forward):
        return lambda *tensors: checkpoint(forward, *tensors, use_reentrant=False)

    def walk(graph, scope, prefix):
        for member, name in zip(graph.nodes, scope._attributes, strict=True):
            child, path = getattr(scope, name), f"{prefix}{member.name}"
            if not hasattr(member, "body"):
                if chosen.again(member):
                    child.forward = again(child.forward)
                continue
            length = chosen.run(member, path)
            bodies = [child] if member.once else list(child)
            if length is None:
                for body in bodies:
                    walk(member.body, body, f"{path}.")
            elif length == 1 or member.once:
                for body in bodies:
                    body.forward = again(body.forward)
            else:
                child.forward = in_runs(child, int(length), checkpoint)

    walk(g.graph, module, "")


def in_runs(repeat, length, checkpoint):
    bodies, carried = list(repeat), repeat._carried

    def forward(*tensors):
        for start in range(0, len(bodies), length):

            def run(*values, part=tuple(bodies[start : start + length])):
                for body in part:
                    out = body(*values)
                    values = (*(out if isinstance(out, tuple) else (out,)), *values[carried:])
                return values[:carried]

            tensors = (*checkpoint(run, *tensors, use_reentrant=False), *tensors[carried:])
        return tensors[0] if carried == 1 else tuple(tensors[:carried])

    return forward
