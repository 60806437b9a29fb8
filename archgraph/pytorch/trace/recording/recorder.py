"""The mode of PyTorch that sees every operator: it runs them on shapes alone, and writes down what they were."""

from __future__ import annotations

import operator as python_operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from archgraph.errors import ArchgraphError
from archgraph.pytorch.trace.recording import refusals
from archgraph.pytorch.trace.recording.call import OperatorCall, like
from archgraph.pytorch.trace.recording.comparisons.compared import Comparisons
from archgraph.pytorch.trace.recording.comparisons.compared_values import elements_compared
from archgraph.pytorch.trace.recording.composites import IsWhole, every_one, falls_apart
from archgraph.pytorch.trace.recording.deciding import run_decided
from archgraph.pytorch.trace.recording.known import MOST_KNOWN, KnownValues, memory
from archgraph.pytorch.trace.recording.lines import runs_in, user_line
from archgraph.pytorch.trace.recording.module_calls import RunningModules
from archgraph.pytorch.trace.recording.module_parts import ModuleParts
from archgraph.pytorch.trace.recording.names import IdentifierNames
from archgraph.pytorch.trace.recording.node import Gradients, RecordedNode
from archgraph.pytorch.trace.recording.shapes.repeated import RepeatedCalls
from archgraph.pytorch.trace.recording.shapes.shaped_at_once import written_at_once
from archgraph.pytorch.trace.recording.sources import Sources, Standing
from archgraph.pytorch.trace.recording.surroundings import Surroundings

DETACH = torch.ops.aten.detach.default
APPLY = torch.autograd.Function.apply.__func__.__code__  # type: ignore[attr-defined]


class Recorder(TorchDispatchMode):
    """Records every operator that reaches PyTorch's dispatcher.

    Attributes:
        calls: in order.
        refusal: why the module cannot be recorded, also if its own code went on after that.
    """

    def __init__(
        self,
        parts: ModuleParts,
        follow: Any = None,
        whole: IsWhole = every_one,
        compared: Comparisons | None = None,
        *,
        traced: bool = True,
    ) -> None:
        super().__init__()
        self._compared = compared
        self._follow = follow
        self._whole = whole
        self.root: str = type(parts.module).__name__
        self.calls: list[RecordedNode] = []
        self.refusal: ArchgraphError | None = None
        self.modules: RunningModules = RunningModules(parts.paths)
        self.known: KnownValues = KnownValues()
        self.names: IdentifierNames = IdentifierNames()
        self.sources: Sources = Sources(parts, self.known, self.names)
        self.surroundings: Surroundings = Surroundings(self.read, self.modules, traced=traced)
        self._entries = self.sources.entries
        self._fresh: Any = None
        self._repeated = RepeatedCalls()

    @contextmanager
    def left_behind(self) -> Iterator[Recorder]:
        """Let go at the end of what knows the recorder in turn: only a search for garbage frees circles."""
        try:
            yield self
        finally:
            del self.surroundings

    # -- operands ----------------------------------------------------------------------------------------

    def entry(self, tensor: Any, operator: str) -> Standing:
        """Return what stands for a tensor."""
        found = self._entries.get(id(tensor))
        if found is None and tensor.is_nested:
            raise self._refused(refusals.nested_tensor, operator)
        found = found or self.sources.find(tensor, self._view)
        if found is None:
            raise self._refused(refusals.unseen_tensor, operator)
        return found

    def _view(self, entry: Standing, tensor: Any) -> Standing:
        """Return what stands for a tensor in the memory of another, though no operator said so."""
        meta, node = entry
        place = (list(tensor.shape), list(tensor.stride()), tensor.storage_offset())
        # Python's factories and `nn.Parameter` wrap a tensor once more; it is the same.
        if place != (list(meta.shape), list(meta.stride()), meta.storage_offset()):
            meta = self._run(torch.ops.aten.as_strided.default, (meta, *place), {})
            node = self._entries[id(meta)][1]
        self.sources.enter(tensor, meta, node)
        return meta, node

    def read(self, tensor: Any, asking: str) -> Any:
        """Return the value of a tensor for a question that is no operator.

        Raises:
            ArchgraphError: it is not known.
        """
        meta, node = self.entry(tensor, asking)
        value = self.known[meta]
        if value is None:
            raise self._refused(refusals.decides_on_values, asking, [node])
        return value.clone()

    # -- operators ---------------------------------------------------------------------------------------

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if falls_apart(func, self._whole):
            return self._apart(func, args, kwargs or {})
        return self._run(func, args, kwargs or {})

    def _apart(self, function: Any, args: Sequence[object], kwargs: Mapping[str, object]) -> object:
        """Record an operator as what PyTorch makes it of, which may ask that all operands are on one device."""
        call = OperatorCall(function, args, kwargs, self.entry)
        with self:
            if call.operator.writes:
                return function.decompose(*args, **kwargs)
            return function.decompose(*call.run, **call.run_kwargs)

    def _run(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        if function is DETACH and args[0] is self._fresh:
            # Python's factories, such as `torch.zeros`, detach what they made; that is no step of the module.
            return args[0]
        self._fresh = None
        call = OperatorCall(function, args, kwargs, self.entry)
        operator = call.operator
        if "nested_tensor" in operator.full_name:
            raise self._refused(refusals.nested_tensor, operator.full_name)
        if operator.gives_nothing and not operator.writes:
            return None
        if not operator.gives_tensors and not operator.writes:
            return self._number(call)
        node = self._node(call)
        self._note_compared(call, node)
        written = call.written() if operator.writes else []
        if written and call.reads_what_it_writes(written):
            raise self._refused(refusals.reads_what_it_writes, operator.full_name)
        result, value = self._results(call, written)
        delivered = self._delivered(call, node, written, result, value)
        self._fresh = delivered if operator.takes_device else None
        return delivered

    def _note_compared(self, call: OperatorCall, node: RecordedNode) -> None:
        """Note what known values are compared with, before the step may write into them."""
        if self._compared is None or node.line is None or not call.compares or not call.all_known(self.known):
            return
        found = elements_compared(call.operator.name, *call.values(self.known))
        if found is not None:
            self._compared.of_elements = True
            self._compared.note_at(node.line, *found)

    def _number(self, call: OperatorCall) -> Any:
        """Answer a question; it is no step."""
        if call.operator.about_shapes:
            return call.function(*call.run, **call.run_kwargs)
        if not call.all_known(self.known):
            raise self._refused(refusals.decides_on_values, call.operator.name, [node for _, node in call.entries])
        return call.on_values(self.known, anything=False)

    def _results(self, call: OperatorCall, written: Sequence[int]) -> tuple[Any, Any]:
        """Run an operator: on shapes, and on values where all are known."""
        operator = call.operator
        beyond = call.index_beyond(self.known)
        if beyond is not None:
            raise self._refused(refusals.operator_fails, operator.full_name, beyond)
        computed = not operator.random and (operator.of_shapes or call.all_known(self.known))
        if not computed:
            result = self._shapes(call, None)
            for place in written:
                self.known.forget(call.entries[place][0])
            return result, None
        if not operator.dynamic:
            result = self._shapes(call, None)
            return result, self._value(call, written, result)
        shaped = self._shaped_by_values(call)
        if any(map(_is_large, shaped if isinstance(shaped, (list, tuple)) else [shaped])):
            return shaped, None
        value = self._value(call, written, None)
        return self._shapes(call, value), value

    def _shaped_by_values(self, call: OperatorCall) -> Any:
        """Return the result that values decide on as a shape alone, or None where only the result itself tells it."""
        try:
            return run_decided(call.operator.name, call.function, call.run, call.run_kwargs, self.known.__getitem__)
        except Exception:
            return None

    def _value(self, call: OperatorCall, written: Sequence[int], result: Any) -> Any:
        """Run an operator on values; where that fails, nothing is known."""
        targets = [call.entries[place][0] for place in written]
        if any(map(_is_large, result if isinstance(result, (list, tuple)) else [result])):
            for meta in targets:
                self.known.forget(meta)
            return None
        for meta in targets:
            self.known.unshare(meta)
        try:
            return call.on_values(self.known, anything=call.operator.of_shapes)
        except Exception:
            for meta in targets:
                self.known.forget(meta)
            return None

    def _shapes(self, call: OperatorCall, value: Any) -> Any:
        """Run an operator on shapes, or take the shape of a value that was computed."""
        operator = call.operator
        if operator.dynamic and value is not None:
            return like(value)
        error: Exception | None = None
        try:
            if not call.depends_on_values():
                if operator.writes:
                    written = written_at_once(call.function, call.run, call.run_kwargs)
                    return call.function(*call.run, **call.run_kwargs) if written is None else written
                return self._repeated.run(call.function, call.run, call.run_kwargs, [meta for meta, _ in call.entries])
        except Exception as failed:
            error = failed
        value_of = self.known.__getitem__
        result = self._decided(call, value_of)
        if result is not None:
            return result
        if error is None or refusals.asks_for_values(error):
            asked = [node for _, node in call.entries]
            raise self._refused(refusals.decides_on_values, operator.name, asked) from error
        raise self._refused(refusals.operator_fails, operator.full_name, error) from error

    def _decided(self, call: OperatorCall, value_of: Any) -> Any:
        try:
            result = run_decided(call.operator.name, call.function, call.run, call.run_kwargs, value_of)
            if result is None and call.entries and call.all_known(self.known) and not call.operator.writes:
                result = like(call.on_values(self.known, anything=False))
            return result
        except Exception:
            return None

    # -- steps -------------------------------------------------------------------------------------------

    def _node(self, call: OperatorCall) -> RecordedNode:
        name = call.operator.name.rpartition("::")[2]
        node = self._step(call.function, name, call.args, call.kwargs, [node for _, node in call.entries])
        held = self.known.held
        for meta, operand in call.entries:
            value = held(meta)
            if value is not operand.held:
                node.keep_operand(operand, value)
        return node

    def _step(self, target: Any, name: str, args: Any, kwargs: Any, inputs: Sequence[RecordedNode]) -> RecordedNode:
        node = RecordedNode("call_function", target, self.names.unique(name), tuple(args), kwargs, inputs)
        node.stack = self.modules.stack
        node.line = user_line(2)
        node.gradients = self._gradients()
        self.calls.append(node)
        if self._follow is not None:
            self._followed(node)
        return node

    def _followed(self, node: RecordedNode) -> None:
        try:
            self._follow(len(self.calls) - 1, node)
        except ArchgraphError as error:
            self.refusal = self.refusal or error
            raise

    def _gradients(self) -> Gradients:
        enabled = torch.is_grad_enabled()
        around = self.surroundings
        return Gradients(enabled, around.region, not enabled and runs_in(APPLY), around.autocast)

    def _delivered(
        self, call: OperatorCall, node: RecordedNode, written: Sequence[int], result: Any, value: Any
    ) -> Any:
        node.writes = tuple(call.entries[place][1] for place in written)
        targets = {id(call.entries[place][0]): call.tensors[place] for place in written}
        if isinstance(result, torch.Tensor):
            delivered = self._one(call, node, targets, result, value)
            node.meta["val"] = self.sources.shaped(self._entries[id(delivered)][0])
        elif isinstance(result, (list, tuple)):
            delivered = self._several(call, node, targets, result, value)
        else:
            node.meta["val"] = delivered = result
        for tensor in targets.values():
            self._rewritten(tensor, node)
        return delivered

    def _rewritten(self, tensor: Any, node: RecordedNode) -> None:
        """Whoever reads a changed tensor from now on reads the step that changed it."""
        meta, before = self._entries[id(tensor)]
        if before is node or len(node.writes) > 1:
            return
        if node.meta.get("val") is None:
            node.meta["val"] = self.sources.shaped(meta)
        self.sources.enter(tensor, meta, node)

    def _one(self, call: OperatorCall, node: RecordedNode, targets: Mapping[int, Any], result: Any, value: Any) -> Any:
        """Enter one tensor that a step gives, and return what the module gets."""
        place = memory(result)
        if place in self.sources.storages:
            node.base = next((own for meta, own in call.entries if memory(meta) == place), None)
        target = targets.get(id(result))
        if target is None and id(result) in self._entries:
            # Such as dropout in evaluation: what it gives is another step than what it took.
            result = result.detach()
        self.sources.enter(result if target is None else target, result, node)
        if isinstance(value, torch.Tensor):
            node.held = self.known.put(result, value)
        return result if target is None else target

    def _several(
        self, call: OperatorCall, node: RecordedNode, targets: Mapping[int, Any], results: Any, value: Any
    ) -> Any:
        values = value if isinstance(value, (list, tuple)) else [None] * len(results)
        delivered: list[Any] = []
        shapes: list[Any] = []
        for place, result in enumerate(results):
            if isinstance(result, torch.Tensor):
                part = self._step(python_operator.getitem, "getitem", (node, place), {}, [node])
                delivered.append(self._one(call, part, targets, result, values[place]))
                part.meta["val"] = self.sources.shaped(self._entries[id(delivered[-1])][0])
                shapes.append(part.meta["val"])
            else:
                delivered.append(result)
                shapes.append(result)
        node.meta["val"] = tuple(shapes)
        return type(results)(delivered) if type(results) in (list, tuple) else tuple(delivered)

    # -- refusals ----------------------------------------------------------------------------------------

    def _refused(self, why: Callable[..., ArchgraphError], operator: str, *more: object) -> ArchgraphError:
        error = why(self.root, self.modules.stack, operator, user_line(2), *more)
        # The module may catch it and go another way, which is not the way that it goes on values.
        self.refusal = self.refusal or error
        return error


def _is_large(result: object) -> bool:
    return isinstance(result, torch.Tensor) and result.numel() > MOST_KNOWN
