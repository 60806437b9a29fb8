"""Programs that `torch.export.save` wrote: `model.pt2`."""

from __future__ import annotations

from archgraph.errors import ArchgraphError, QueryError, SpecError, quoted, some
from archgraph.optional import import_torch
from archgraph.pytorch.sources.exported.archive import read_archive
from archgraph.pytorch.sources.model import BuilderOptions, NamedModel


def exported_program(path: str, options: BuilderOptions) -> NamedModel:
    """Return the program of an archive, called with what it was exported with.

    Its JSON is read, and run on shapes: nothing is unpickled, and operators are ATen's own.

    Raises:
        MissingToolError: PyTorch is not installed.
        SpecError: it cannot be read, or runs what is no operator of ATen.
        QueryError: keywords are given, of which it takes none.
    """
    if options:
        raise QueryError(f"{quoted(path)} is built already, and takes no keywords such as {some(options)}")
    program, weights = read_archive(path)
    import_torch()
    from archgraph.pytorch.sources.exported.module import StoredProgram

    try:
        module = StoredProgram(program, weights)
    except ArchgraphError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise SpecError(f"cannot read the program of {quoted(path)}: {type(error).__name__}: {error}") from None
    return NamedModel(path, module.eval(), module.inputs, "what it was exported with")
