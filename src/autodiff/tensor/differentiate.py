"""`backward` and `grad`: what PyTorch asks of their arguments, and what they give back."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.graph.node import Node
from autodiff.graph.sizes import size_text
from autodiff.tensor.engine import Walk
from autodiff.tensor.guards import Zeros
from autodiff.tensor.numeric import Numbers
from autodiff.tensor.storage import held
from autodiff.tensor.tensor import Tensor, of_array, of_node
from autodiff.tensor.views import origin
from autodiff.tensor.warned import CREATE_GRAPH, once

UNUSED = (
    "The differentiated Tensor at index {} appears to not have been used in the graph. Set allow_unused=True if this is"
    " the desired behavior."
)

ONLY_INPUTS = (
    "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for other parts"
    " of the graph, please use torch.autograd.backward."
)


def _several(value: Any) -> list[Any]:
    return [value] if isinstance(value, Tensor) or value is None else list(value)


def _starts(outputs: list[Tensor], given: Any, create: bool) -> list[Node]:
    """The cotangents that backward begins with; raises PyTorch's errors where they do not fit."""
    weights = _several(given) if given is not None else [None] * len(outputs)
    if len(weights) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(weights)} gradients")
    starts = []
    for i, (output, weight) in enumerate(zip(outputs, weights, strict=True)):
        if weight is None:
            if output.requires_grad and output.numel() != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            starts.append(held(np.ones(output.shape, output.dtype.numpy)))
            continue
        if not isinstance(weight, Tensor):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(weight).__name__}")
        if weight.shape != output.shape:
            raise RuntimeError(
                f"Mismatch in shape: grad_output[{i}] has a shape of {size_text(weight.shape)} and output[{i}] has a"
                f" shape of {size_text(output.shape)}."
            )
        same = weight._array.astype(output.dtype.numpy, copy=False)
        starts.append(weight._current if create and weight.requires_grad else held(same))
    for i, output in enumerate(outputs):
        if not output.requires_grad or output._current.eager.nobody:
            raise RuntimeError(f"element {i} of tensors does not require grad and does not have a grad_fn")
    return starts


def _check_data(outputs: list[Tensor]) -> None:
    """Refuse outputs whose data were exchanged for such of another shape."""
    for i, output in enumerate(outputs):
        expected = origin(output._current).shape
        if not _broadcasts(expected, output.shape):
            raise RuntimeError(
                f"invalid gradient at index {i} - got {list(output.shape)} but expected shape compatible with"
                f" {list(expected)}"
            )


def _broadcasts(small: Any, large: Any) -> bool:
    pairs = zip(reversed(small), reversed(large), strict=False)
    return small == large or (len(small) <= len(large) and all(a in (1, b) for a, b in pairs))


def _walk(wanted: Sequence[Node] | None, retain: bool, create: bool, accumulate: bool) -> Walk:
    if create:
        return Walk(wanted, retain=retain, create=True, accumulate=accumulate)
    return Numbers(wanted, retain=retain, accumulate=accumulate)


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Add to the `grad` of leaves (or of `inputs`) the derivatives of tensors, weighed by `grad_tensors`.

    Raises RuntimeError where a weight is missing or has another shape, where nothing wants a gradient, where a graph
    was freed, and where a saved tensor was changed.  Source: PyTorch documentation, `torch.autograd.backward`.
    """
    outputs = _several(tensors)
    wanted = None
    if inputs is not None:
        targets = _several(inputs)
        if not targets:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    starts = _starts(outputs, grad_tensors, create_graph)
    if inputs is not None:
        wanted = [origin(target._current) for target in targets]
        for target in targets:
            if not target.is_leaf:
                target.retain_grad()
    _check_data(outputs)
    if create_graph:
        once(CREATE_GRAPH)
    retain = create_graph if retain_graph is None else retain_graph
    walk = _walk(wanted, retain, create_graph, accumulate=True)
    walk.run([output._current for output in outputs], starts)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The derivatives of outputs, weighed by `grad_outputs`, for each input, of its shape.

    Raises what `backward` raises, and RuntimeError for an input that the outputs do not depend on.
    Source: PyTorch documentation, `torch.autograd.grad`.
    """
    if isinstance(inputs, dict):
        named: Any = grad(
            outputs, list(inputs.values()), grad_outputs, retain_graph, create_graph, only_inputs, allow_unused,
            is_grads_batched, materialize_grads,
        )  # fmt: skip
        return dict(zip(inputs, named, strict=True))  # type: ignore[return-value]
    if not only_inputs:
        warnings.warn(ONLY_INPUTS, FutureWarning, stacklevel=2)
    results, targets = _several(outputs), _several(inputs)
    if is_grads_batched:
        return _batched(results, targets, _several(grad_outputs), retain_graph, create_graph, allow_unused)
    starts = _starts(results, grad_outputs, create_graph)
    for target in targets:
        if not target.requires_grad:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    _check_data(results)
    given = {id(t._array): t for t in _several(grad_outputs) if isinstance(t, Tensor)}
    nodes = [origin(target._current) for target in targets]
    retain = create_graph if retain_graph is None else retain_graph
    walk = _walk(nodes, retain, create_graph, accumulate=False)
    walk.run([result._current for result in results], starts)
    found: list[Any] = []
    for i, (target, node) in enumerate(zip(targets, nodes, strict=True)):
        g = None if node.eager.nobody else walk.captured.get(node)
        if g is not None and id(g.eager.value) in given:  # nothing lies between: the weights themselves
            found.append(given[id(g.eager.value)])
        elif g is not None:
            found.append(of_node(g) if create_graph else of_array(np.array(g.eager.value)))
            if g.eager.value.__class__ is Zeros:
                found[-1]._immutable = True
        elif materialize_grads:
            found.append(of_array(np.zeros_like(target._array, subok=False)).requires_grad_(create_graph))
        elif allow_unused:
            found.append(None)
        else:
            raise RuntimeError(UNUSED.format(i))
    return tuple(found)


def _batched(
    outputs: list[Tensor], inputs: list[Tensor], weights: Sequence[Any], retain: Any, create: bool, unused: Any
) -> tuple[Any, ...]:
    """One gradient for each row of the weights, stacked."""
    from autodiff.tensor.namespace import stack

    count = len(weights[0])
    rows = []
    for i in range(count):
        last = i == count - 1 and not retain and not create
        rows.append(grad(outputs, inputs, [w[i] for w in weights], not last, create, allow_unused=unused))
    return tuple(None if column[0] is None else stack(list(column)) for column in zip(*rows, strict=True))
