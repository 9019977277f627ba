"""Calling operations: tensors become nodes, and what comes back becomes tensors, views among them."""

from __future__ import annotations

from _thread import _local
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.evaluate import evaluating_with
from autodiff.graph.node import OPERATORS, Node, Results
from autodiff.graph.op import ATTRIBUTES
from autodiff.graph.primitive import PICK, variable
from autodiff.graph.shown import strides
from autodiff.tensor import modes
from autodiff.tensor.modes import session
from autodiff.tensor.pending import deferred
from autodiff.tensor.pullbacks import met
from autodiff.tensor.recipes import RECIPES, described
from autodiff.tensor.recording import remember
from autodiff.tensor.small import Named, Size
from autodiff.tensor.storage import Counter, Record, held, record, value_of
from autodiff.tensor.tensor import Tensor, new, view_of
from autodiff.tensor.views import made_contiguous, path_between, viewed

Sources = dict[Node, Tensor]
_met: set[Any] = set()  # calls that would have a recipe if they came again


def remembered(function: Callable[..., Any], args: Any) -> Any:
    """What `call` gives where the same has been called before, else None."""
    try:
        known = described(function, args, {})
    except RuntimeError:  # a view that was not to be written to
        return None
    recipe = None if known is None else RECIPES.get(known[0])
    if known is None or recipe is None:
        return None
    try:
        return recipe.run(known[1])
    except Exception:  # what is wrong is said by the general way
        return None


def call(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """What a function of nodes makes of tensors; raises Python's exceptions with PyTorch's messages."""
    try:
        known = described(function, args, kwargs)
    except RuntimeError:  # a view that was not to be written to: some operations do not mind
        known = None
    if known is not None:
        recipe = RECIPES.get(known[0])
        if recipe is not None:
            try:
                return recipe.run(known[1])
            except Exception:  # what is wrong is said by the general way
                known = None
        elif known[0] in RECIPES or not met(_met, known[0]):
            known = None
    sources: Sources = {}
    _refused.clear()
    nodes = [unwrapped(value, sources) for value in args]
    named = {name: unwrapped(value, sources) for name, value in kwargs.items()} if kwargs else {}
    if known is None:
        with session():
            try:
                made = function(*nodes, **named)
            except AutodiffError:
                if _refused and modes._grad.on:
                    raise _refused.pop() from None
                raise
            if _refused:
                _raise_refused(made)
            return wrapped(made, sources)
    asked: list[Node] = []

    def evaluate(node: Node) -> Any:
        asked.append(node)
        return value_of(node)

    with session(), evaluating_with(evaluate):
        made = function(*nodes, **named)
        result = wrapped(made, sources)
        if asked:
            RECIPES[known[0]] = None
        else:
            remember(*known, sources, made, result)
    return result


class _Refused(_local):
    """What views among the operands of a call have to say, for each thread."""

    def __init__(self) -> None:
        self._errors: list[RuntimeError] = []
        self.append, self.clear, self.pop = self._errors.append, self._errors.clear, self._errors.pop

    def __bool__(self) -> bool:
        return bool(self._errors)

    def __getitem__(self, place: int) -> RuntimeError:
        return self._errors[place]


_refused = _Refused()


def _raise_refused(made: Any) -> None:
    error = _refused[0]
    _refused.clear()
    nodes = made if isinstance(made, (list, tuple)) else [made]
    if any(isinstance(node, Node) and node.requires_grad for node in nodes):
        raise error


def unwrapped(value: Any, sources: Sources) -> Any:
    """Tensors as nodes, within lists, tuples and slices too."""
    if isinstance(value, Tensor):
        try:
            node = value._current
        except RuntimeError as error:
            _refused.append(error)
            node = variable("", value._array.shape, value.dtype, True)
            node.eager = Record(value._array)
            node._strides = tuple(step // value._array.itemsize for step in value._array.strides)
        if not modes._grad.on and node.requires_grad:
            node = held(value._array)
            node.eager.counter, node.eager.version = value._counter, value._counter.version
        sources[node] = value
        return node
    if isinstance(value, (bool, int, float, str)) or value is None:
        return value
    if isinstance(value, Size):
        return tuple(value)
    if isinstance(value, (list, tuple)):
        return (
            type(value)([unwrapped(v, sources) for v in value])
            if type(value) in (list, tuple)
            else tuple(unwrapped(v, sources) for v in value)
        )
    if isinstance(value, slice):
        return slice(*(unwrapped(v, sources) for v in (value.start, value.stop, value.step)))
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return held(np.array(value))
    return value


def wrapped(result: Any, sources: Sources) -> Any:
    """Nodes as tensors."""
    if isinstance(result, Node):
        return _wrapped_node(result, sources)
    if isinstance(result, Results):
        named = Named(wrapped(node, sources) for node in result)
        named.fields, named.function = result.fields, result.function
        return named
    if isinstance(result, (list, tuple)):
        return tuple(wrapped(value, sources) for value in result)
    return result


def _wrapped_node(node: Node, sources: Sources) -> Any:
    source = sources.get(node)
    if source is not None:
        return source
    waiting = deferred(node, sources)
    if waiting is not None:
        return waiting
    known = record(node)
    value = known.value
    if node.weak:
        return value
    found = path_between(node, sources)
    if found is not None and (not value.ndim or not value.size or np.may_share_memory(value, found[0]._array)):
        return view_of(node, value, *found)
    if found is None and _is_view(node):
        root = viewed(node)
        memory = record(root).value
        if memory.flags.writeable and (not value.size or np.may_share_memory(value, memory)):
            base = _wrapped_node(root, sources)
            if value.size == 1 and base._array is not memory:
                value = known.value = base._array.reshape(value.shape)
                memory = base._array
            if base._array is memory:
                return view_of(node, value, base, path_between(node, {root: base})[1])  # type: ignore[index]
    if made_contiguous(node) and not value.flags.c_contiguous:
        value = np.ascontiguousarray(value)
    memory = value.base
    partial = memory is not None and getattr(memory, "size", value.size) != value.size
    if partial or not value.flags.writeable or any(np.may_share_memory(value, s._array) for s in sources.values()):
        value = np.array(value)
    if value.ndim > 1:
        laid = laid_out(value, node, sources)
        node._strides = tuple(step // laid.itemsize for step in laid.strides)
        known.laid_out, value = laid is not value, laid
    known.value = value
    tensor = new(value, node if node.requires_grad else held(value), Counter())
    if node.op is PICK and node.inputs[0].requires_grad:
        parent = record(node.inputs[0])
        parent.parts = {**(parent.parts or {}), node.params[0]: tensor._counter}
    if node.op.grad_fn == WRITTEN:
        tensor._counter.version = tensor._seen = known.version = 1
    return tensor


def _is_view(node: Node) -> bool:
    made = node.inputs[0] if node.op is PICK else node
    return made.op.view and made.op.grad_fn != WRITTEN


WRITTEN = "SqueezeBackward4"  # the node of results that PyTorch makes smaller in place


def laid_out(value: np.ndarray[Any, Any], node: Node, sources: Sources) -> np.ndarray[Any, Any]:
    """A result in memory as PyTorch lays it out, where operands are in another order than that of their dims."""
    op = node.op
    if callable(op.layout) and op is not PICK:
        steps: Any = strides(node)
    elif all(source._array.flags.c_contiguous for source in sources.values()):
        return value
    elif op is PICK and node.inputs[0].op.name == "sort":
        steps = strides(node.inputs[0].inputs[0])
    elif op.layout == "like":
        steps = strides(node)
    else:
        return value
    wanted = tuple(step * value.itemsize for step in steps)
    if wanted == value.strides or 0 in value.shape or any(step <= 0 for step in wanted):
        return value
    made: np.ndarray[Any, Any] = np.ndarray(value.shape, value.dtype, np.empty(value.size, value.dtype), 0, wanted)
    made[...] = value
    return made


def attribute(name: str) -> property:
    """`x.T` and the like."""
    function = ATTRIBUTES[name]
    return property(lambda self: call(function, (self,), {}), doc=f"PyTorch's `Tensor.{name}`.")


def _plain_value(value: Any) -> Any:
    return value._array if isinstance(value, Tensor) else value


def item_of(self: Tensor, items: Any) -> Any:
    """`x[items]`."""
    if items.__class__ is range:
        items = list(items)
    elif items.__class__ is tuple and any(item.__class__ is range for item in items):
        items = tuple(list(item) if item.__class__ is range else item for item in items)
    found = call(OPERATORS["[]"], (self, items if isinstance(items, tuple) else (items,)), {})
    if found is self:
        from autodiff.tensor.restride import alias

        return alias(self)
    return found
