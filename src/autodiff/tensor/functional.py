"""`torch.autograd.functional`: derivatives of Python functions. Source: PyTorch documentation of that module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.tensor import modes
from autodiff.tensor.differentiate import grad
from autodiff.tensor.tensor import Tensor, of_array


def _prepared(inputs: Any, create_graph: bool) -> tuple[tuple[Tensor, ...], bool]:
    several = isinstance(inputs, (tuple, list))
    tensors = tuple(inputs) if several else (inputs,)
    if create_graph:
        return tuple(t if t.requires_grad else t.detach().requires_grad_() for t in tensors), several
    return tuple(t.detach().clone().requires_grad_() for t in tensors), several


def _outputs(func: Callable[..., Any], inputs: tuple[Tensor, ...]) -> tuple[tuple[Tensor, ...], bool]:
    with modes.enable_grad():
        result = func(*inputs)
    several = isinstance(result, (tuple, list))
    return (tuple(result) if several else (result,)), several


def _zeros(like: Tensor) -> Tensor:
    return of_array(np.zeros(like._array.shape, like._array.dtype))


def _grads(outputs: Any, inputs: Any, weights: Any, create: bool) -> tuple[Tensor, ...]:
    pairs = [(o, w) for o, w in zip(outputs, weights, strict=True) if o.requires_grad]
    if not pairs:
        return tuple(_zeros(i) for i in inputs)
    found = grad([o for o, _ in pairs], inputs, [w for _, w in pairs], True, create, allow_unused=True)
    return tuple(_zeros(i) if g is None else g for g, i in zip(found, inputs, strict=True))


def jacobian(
    func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False
) -> Any:
    """The derivative of each output by each input, of shape [*output, *input]."""
    from autodiff.tensor.namespace import stack

    tensors, several = _prepared(inputs, create_graph)
    outputs, several_outputs = _outputs(func, tensors)
    blocks = []
    for output in outputs:
        rows = []
        for i in range(output.numel()):
            weight = np.zeros(output._array.shape, output._array.dtype)
            weight.reshape(-1)[i] = 1
            rows.append(_grads([output], tensors, [of_array(weight)], create_graph))
        blocks.append(
            tuple(
                stack([row[j] for row in rows]).reshape(*output.shape, *t.shape)
                if rows
                else of_array(np.zeros((*output.shape, *t.shape), t._array.dtype))
                for j, t in enumerate(tensors)
            )
        )
    result = [block if several else block[0] for block in blocks]
    return tuple(result) if several_outputs else result[0]


def _scalar(func: Callable[..., Any], name: str) -> Callable[..., Any]:
    def checked(*args: Any) -> Any:
        result = func(*args)
        if not isinstance(result, Tensor):
            raise RuntimeError(f"The function given to {name} should return a single Tensor")
        if result.numel() != 1:
            raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")
        return result.reshape(())

    return checked


def hessian(
    func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False
) -> Any:
    """The second derivatives of a function of one element, of shape [*input, *input]."""
    several = isinstance(inputs, (tuple, list))
    checked = _scalar(func, "hessian")

    def first(*args: Tensor) -> Any:
        found = jacobian(checked, args, create_graph=True)
        return found if several else found[0]

    return jacobian(first, inputs, create_graph=create_graph)


def _shaped(result: tuple[Tensor, ...], several: bool) -> Any:
    return tuple(result) if several else result[0]


def _weights(given: Any, like: tuple[Tensor, ...], what: str) -> tuple[Tensor, ...]:
    """v as a tuple of tensors; ones where it may be left out because there is only one element."""
    if given is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise RuntimeError(f"The vector v can only be None if {what} a single Tensor with a single element.")
        return (of_array(np.ones(like[0]._array.shape, like[0]._array.dtype)),)
    weights = tuple(given) if isinstance(given, (tuple, list)) else (given,)
    if len(weights) != len(like):
        raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(weights)}.")
    for i, (weight, tensor) in enumerate(zip(weights, like, strict=True)):
        if weight.shape != tensor.shape:
            which = f"Entry {i} in v" if len(like) > 1 else "v"
            raise RuntimeError(f"{which} has invalid size: should be {tensor.shape} but got {weight.shape}.")
    return weights


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs, and the weights v times the Jacobian."""
    tensors, several = _prepared(inputs, create_graph)
    outputs, several_outputs = _outputs(func, tensors)
    found = _grads(outputs, tensors, _weights(v, outputs, "the user-provided function returns"), create_graph)
    return _detached(outputs, several_outputs, create_graph), _shaped(found, several)


def _detached(outputs: tuple[Tensor, ...], several: bool, create: bool) -> Any:
    return _shaped(outputs if create else tuple(o.detach() for o in outputs), several)


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs, and the Jacobian times the tangents v: backward of backward, which is linear in its weights."""
    tensors, _ = _prepared(inputs, create_graph)
    outputs, several_outputs = _outputs(func, tensors)
    tangents = _weights(v, tensors, "the input to the user-provided function is")
    dummies = [_zeros(o).requires_grad_() for o in outputs]
    pulled = _grads(outputs, tensors, dummies, True)
    found = _grads(pulled, dummies, tangents, create_graph)
    return _detached(outputs, several_outputs, create_graph), _shaped(found, several_outputs)


def hvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The output, and the Hessian times v."""
    tensors, several = _prepared(inputs, create_graph)
    outputs, _ = _outputs(_scalar(func, "hvp"), tensors)
    first = _grads(outputs, tensors, [of_array(np.ones((), outputs[0]._array.dtype))], True)
    found = _grads(first, tensors, _weights(v, tensors, "the input to the user-provided function is"), create_graph)
    return _detached(outputs, False, create_graph), _shaped(found, several)


def vhp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The output, and v times the Hessian, which is symmetric."""
    return hvp(func, inputs, v, create_graph, strict)
