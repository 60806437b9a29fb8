"""The bytes that autograd keeps of a module beside its weights, each memory once."""

from collections.abc import Callable


def kept_while(module, run: Callable[[], object]) -> int:
    """Return the bytes of the storages that are kept while a function runs the module."""
    import torch

    weights = {id_of(tensor) for tensor in (*module.parameters(), *module.buffers())}
    kept = {}

    def pack(tensor):
        if id_of(tensor) not in weights:
            kept[id_of(tensor)] = (tensor.untyped_storage().nbytes(), tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        results = run()
    assert results is not None
    return sum(size for size, _ in kept.values())


def id_of(tensor) -> int:
    return tensor.untyped_storage()._cdata
