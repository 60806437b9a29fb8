"""The structural gradient of a module: which input positions every output position depends on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archgraph.errors import ArchgraphError
from archgraph.optional import import_torch
from archgraph.pytorch.measure.standins import AtenCall, Joined, live, unknown
from archgraph.pytorch.trace.recording.evaluation import into_evaluation
from archgraph.pytorch.trace.recording.restore import left_alone

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.fx import GraphModule

Position = tuple[int, ...]
Channel = Callable[[Any], "int | None"]
ChannelAxes = tuple["int | None", "int | None"]


class GradientStructure:
    """A module whose operations are replaced by positive ones with the same dependence.

    A call is recorded without being computed, so that its steps may not depend on data; the weights' values do
    not matter.
    Values that are computed without the input, such as masks, are computed as they are.

    Args:
        module: takes tensors whose first axis is the batch.
        inputs: one example of every input, with a batch axis.
        kind: what counts: `content`, `gate` (and factors broadcast over positions) or `stat` (and norms).
        channel: says which axis of a product holds the channels; by default 1, or the last of three.
        batch: how many output positions are measured per pass.

    Raises:
        ArchgraphError: PyTorch cannot record the module.
        MissingToolError: PyTorch is not installed.
    """

    def __init__(
        self,
        module: nn.Module,
        inputs: Sequence[Tensor],
        kind: str = "content",
        channel: Channel | None = None,
        batch: int = 16,
    ) -> None:
        self.kind = kind
        self.batch = batch
        self._channel = channel or _usual_channel
        self._inputs = [x[:1].expand(batch, *x.shape[1:]) for x in inputs]
        self._record = _recorded(module, tuple(self._inputs))
        self._passes: dict[int, tuple[Tensor, list[Tensor]]] = {}

    def of(self, kind: str) -> GradientStructure:
        """Return the same module, measured for another kind."""
        other = copy(self)
        other.kind, other._passes = kind, {}
        return other

    def reads(
        self, positions: Iterable[Position], output: int = 0, input: int = 0, channel: ChannelAxes = (1, 1)
    ) -> list[set[Position]]:
        """Return the input positions that output positions depend on, as sets.

        Args:
            positions: indices of an output without batch and channels.
            output: which output, by number.
            input: which input, by number.
            channel: the axes of the channels of the input and of the output; None where there are none.
        """
        masks = self.masks(positions, output, input, channel)
        return [{tuple(index) for index in mask.nonzero().tolist()} for mask in masks]

    def masks(
        self, positions: Iterable[Position], output: int = 0, input: int = 0, channel: ChannelAxes = (1, 1)
    ) -> list[Tensor]:
        """Return the same as boolean tensors over the input's positions."""
        chosen = list(positions)
        found: list[Tensor] = []
        for start in range(0, len(chosen), self.batch):
            found += self._pass(chosen[start : start + self.batch], output, input, channel[1])
        return [_support(gradient, channel[0]) for gradient in found]

    def _pass(self, positions: list[Position], output: int, input: int, channel: int | None) -> list[Tensor]:
        import torch

        source, results = self._traced(input)
        total = torch.zeros((), dtype=torch.float32)
        for sample, position in enumerate(positions):
            place = list(position)
            if channel is not None:
                place.insert(channel - 1, slice(None))  # type: ignore[arg-type]
            total = total + results[output][(sample, *place)].sum()
        if not live(total):
            return [torch.zeros_like(source[0])] * len(positions)
        (gradient,) = torch.autograd.grad(total, source, retain_graph=True)
        return list(gradient[: len(positions)])

    def _traced(self, input: int) -> tuple[Tensor, list[Tensor]]:
        if input not in self._passes:
            self._passes[input] = self._forward(input)
        return self._passes[input]

    def _forward(self, input: int) -> tuple[Tensor, list[Tensor]]:
        import torch

        source = torch.ones(self._inputs[input].shape, dtype=torch.float32, requires_grad=True)
        known: dict[Any, Any] = dict(_placed(self._record, self._inputs, input, source))
        for node in self._record.nodes:
            if node.op == "get_attr":
                known[node] = _held(self._record.constant(node.target))
            elif node.op == "call_function":
                known[node] = self._call(node, known)
                if _name(node).endswith("_") and node.args:
                    known[node.args[0]] = known[node]
            elif node.op == "output":
                return source, list(_whole(_resolved(node.args[0], known)))
        raise ArchgraphError("the recorded module has no output")

    def _call(self, node: Any, known: Mapping[Any, Any]) -> Any:
        args = _resolved(node.args, known)
        options = _resolved(dict(node.kwargs), known)
        options.pop("device", None)
        if _name(node) == "_assert_tensor_metadata" or getattr(node.target, "__name__", "") == "_set_grad_enabled":
            return None  # a check, or a switch of gradients: values depend on the same
        if not any(map(live, _tensors((args, options)))) or not hasattr(node.target, "overloadpacket"):
            return _constant(node, args, options)
        from archgraph.pytorch.measure.table import SAME_SHAPE, STANDINS

        name = _name(node).rstrip("_")
        shape = tuple(next(iter(_tensors([node.meta.get("val")])), _NOTHING).shape)
        call = AtenCall(name, node.target, shape, self.kind, self._channel(node) if name == "mul" else None)
        standin = STANDINS.get(name, unknown)
        if not (name in SAME_SHAPE or name.startswith(("conv", "linear"))) or _groups(node) > 1:
            args = _whole(args)
        return standin(call, *args, **_floating(options))


class _Nothing:
    shape = ()


_NOTHING: Any = _Nothing()


def _name(node: Any) -> str:
    return getattr(getattr(node.target, "overloadpacket", None), "__name__", "")


def _groups(node: Any) -> int:
    """Return the groups of a convolution, 1 of anything else."""
    arguments = getattr(getattr(node.target, "_schema", None), "arguments", ())
    place = next((index for index, argument in enumerate(arguments) if argument.name == "groups"), len(node.args))
    return node.args[place] if place < len(node.args) else 1


def _whole(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(_whole(item) for item in value)
    return value.whole() if isinstance(value, Joined) else value


def _constant(node: Any, args: Any, options: dict[str, Any]) -> Any:
    """Run what does not depend on the input, on the processor."""
    schema = getattr(node.target, "_schema", None)
    if any(argument.name == "device" for argument in getattr(schema, "arguments", ())):
        options["device"] = "cpu"
    return node.target(*args, **options)


def _floating(options: dict[str, Any]) -> dict[str, Any]:
    """Drop a conversion to another type: everything that depends on the input stays as it is."""
    return {name: value for name, value in options.items() if name != "dtype"}


def _usual_channel(node: Any) -> int:
    rank = len(node.meta["val"].shape)
    return rank - 1 if rank == 3 else 1


def _support(gradient: Tensor, channel: int | None) -> Tensor:
    return (gradient if channel is None else gradient.abs().sum(channel - 1)) != 0


@dataclass(frozen=True)
class StructureRecording:
    """The operations of one call, as PyTorch dispatches them; its placeholders are weights, buffers, then inputs."""

    module: GraphModule
    weights: tuple[Tensor, ...]
    buffers: tuple[Tensor, ...]

    @property
    def nodes(self) -> Iterable[Any]:
        return self.module.graph.nodes

    def constant(self, name: str) -> Tensor:
        """Return a tensor that the code holds on to without having registered it."""
        return getattr(self.module, name)


def _recorded(module: nn.Module, inputs: tuple[Tensor, ...]) -> StructureRecording:
    """Record a call without allocating anything: the cheaper half of `torch.export`, which checks sizes besides."""
    torch = import_torch()
    from torch.fx.experimental.proxy_tensor import make_fx

    weights, buffers = dict(module.named_parameters()), dict(module.named_buffers())

    def call(weights: Any, buffers: Any, inputs: Any) -> Any:
        return torch.func.functional_call(module, (weights, buffers), inputs)

    record = make_fx(call, tracing_mode="fake", pre_dispatch=True, _allow_non_fake_inputs=True)
    try:
        with left_alone(module), torch.no_grad():
            into_evaluation(module)
            recorded = record(weights, buffers, inputs)
    except Exception as error:
        reason = str(error).strip().split("\n")[0]
        raise ArchgraphError(f"PyTorch cannot record {type(module).__name__}: {reason}") from error
    return StructureRecording(recorded, tuple(weights.values()), tuple(buffers.values()))


def _placed(
    record: StructureRecording, inputs: Sequence[Tensor], chosen: int, source: Tensor
) -> Iterable[tuple[Any, Any]]:
    """Yield the placeholders of a recording with their values: weights are ones, buffers as they are."""
    import torch

    weights = [torch.ones((), dtype=torch.float32).expand(weight.shape) for weight in record.weights]
    given = [source if number == chosen else _ones(x) for number, x in enumerate(inputs)]
    placeholders = [node for node in record.nodes if node.op == "placeholder"]
    return zip(placeholders, [*weights, *map(_held, record.buffers), *given], strict=True)


def _held(buffer: Tensor) -> Tensor:
    import torch

    held = torch.ones_like(buffer, device="cpu") if buffer.is_meta else buffer.detach().clone()
    return held.float() if held.is_floating_point() else held


def _ones(x: Tensor) -> Tensor:
    import torch

    return torch.ones(x.shape, dtype=torch.float32 if x.is_floating_point() else x.dtype)


def _resolved(value: Any, known: Mapping[Any, Any]) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(_resolved(item, known) for item in value)
    if isinstance(value, dict):
        return {name: _resolved(item, known) for name, item in value.items()}
    if isinstance(value, slice):
        return value
    return known.get(value, value) if hasattr(value, "op") else value


def _tensors(value: Any) -> Iterable[Any]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
    elif hasattr(value, "shape") or isinstance(value, Joined):
        yield value
