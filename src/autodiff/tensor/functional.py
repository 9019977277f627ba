"""`torch.autograd.functional`: derivatives of Python functions. Source: PyTorch documentation of that module."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.tensor import modes
from autodiff.tensor.differentiate import grad
from autodiff.tensor.tensor import Tensor, of_array

Function = Callable[..., Any]
NOT_DIFFERENTIABLE = (
    "Output {} of the user-provided function does not require gradients. The outputs must be computed in a"
    " differentiable manner from the input when running in strict mode."
)
LINEAR = (
    "While computing the hessian, found that the jacobian of the user-provided function with respect to input {} is"
    " independent of the input. This is not allowed in strict mode. You should ensure that your function is twice"
    " differentiable and that the jacobian depends on the inputs (this would be violated by a linear function for"
    " example)."
)
INDEPENDENT = "The output of the user-provided function is independent of input {}. This is not allowed in strict mode."
OUTPUT_INDEPENDENT = (
    "Output {} of the user-provided function is independent of input {}. This is not allowed in strict mode."
)
CONSTANT = (
    "The jacobian of the user-provided function is independent of input {}. This is not allowed in strict mode when"
    " create_graph=True."
)


def _tuple(value: Any, what: str, name: str) -> tuple[tuple[Tensor, ...], bool]:
    """Tensors as a tuple, and whether they came as one; raises TypeError for anything else."""
    several = isinstance(value, tuple)
    for i, item in enumerate(value if several else (value,)):
        if not isinstance(item, Tensor):
            if several:
                raise TypeError(
                    f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the value at index"
                    f" {i} has type {type(item)}."
                )
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the given {what} has"
                f" type {type(item)}."
            )
    return (tuple(value) if several else (value,)), several


def _prepared(inputs: Any, create_graph: bool, name: str) -> tuple[tuple[Tensor, ...], bool]:
    tensors, several = _tuple(tuple(inputs) if isinstance(inputs, list) else inputs, "inputs", name)
    if create_graph:
        return tuple(t.view_as(t) if t.requires_grad else t.detach().requires_grad_() for t in tensors), several
    return tuple(t.detach().clone().requires_grad_() for t in tensors), several


def _outputs(func: Function, inputs: tuple[Tensor, ...], name: str, strict: bool) -> tuple[tuple[Tensor, ...], bool]:
    with modes.enable_grad():
        result = func(*inputs)
    result = tuple(result) if isinstance(result, list) else result
    outputs, several = _tuple(result, "outputs of the user-provided function", name)
    for i, output in enumerate(outputs if strict else ()):
        if not output.requires_grad:
            raise RuntimeError(NOT_DIFFERENTIABLE.format(i))
    return outputs, several


def _zeros(like: Tensor) -> Tensor:
    return of_array(np.zeros(like._array.shape, like._array.dtype))


def _grads(outputs: Any, inputs: Any, weights: Any, create: bool) -> tuple[Any, ...]:
    """The gradients, None where there is no way."""
    pairs = [(o, w) for o, w in zip(outputs, weights, strict=True) if o is not None and o.requires_grad]
    if not pairs:
        return (None,) * len(inputs)
    with modes.enable_grad():
        return grad([o for o, _ in pairs], inputs, [w for _, w in pairs], True, create, allow_unused=True)


def _filled(
    found: Sequence[Any], like: Sequence[Tensor], strict: bool, create: bool, missing: str = INDEPENDENT
) -> tuple[Tensor, ...]:
    """Zeros where there is no gradient; in strict mode that, and one that depends on nothing, is an error."""
    made = []
    for i, (g, t) in enumerate(zip(found, like, strict=True)):
        if g is None and strict:
            raise RuntimeError(missing.format(i))
        if g is not None and strict and create and not g.requires_grad:
            raise RuntimeError(CONSTANT.format(i))
        made.append(_zeros(t) if g is None else g)
    return tuple(made)


def _settled(values: Sequence[Tensor], several: bool, create: bool) -> Any:
    kept = tuple(values) if create else tuple(value.detach() for value in values)
    return kept if several else kept[0]


def _weights(given: Any, like: tuple[Tensor, ...], several: bool, what: str) -> tuple[Tensor, ...]:
    """v as a tuple of tensors; ones where it may be left out because there is only one element."""
    if given is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise RuntimeError(f"The vector v can only be None if {what} a single Tensor with a single element.")
        return (of_array(np.ones(like[0]._array.shape, like[0]._array.dtype)),)
    weights = tuple(given) if isinstance(given, (tuple, list)) else (given,)
    if len(weights) != len(like):
        if several:
            raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(weights)}.")
        raise RuntimeError("The given v should contain a single Tensor.")
    for i, (weight, tensor) in enumerate(zip(weights, like, strict=True)):
        if weight.shape != tensor.shape:
            which = f"Entry {i} in v" if several else "v"
            raise RuntimeError(f"{which} has invalid size: should be {tensor.shape} but got {weight.shape}.")
    return weights


def jacobian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The derivative of each output by each input, of shape [*output, *input].

    `vectorize` and `strategy` say how PyTorch computes it; the answer is the same.  Raises RuntimeError in strict mode
    where an output does not depend on an input.
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs'
            ' than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".'
        )
    if strategy == "forward-mode" and create_graph:
        raise NotImplementedError(
            "torch.autograd.functional.jacobian: `create_graph=True` is not implemented for forward-mode"
        )
    if vectorize and strict:
        raise RuntimeError(
            "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together."
            " Please either set `strict=False` or `vectorize=False`."
        )
    tensors, several = _prepared(inputs, create_graph, "jacobian")
    outputs, several_outputs = _outputs(func, tensors, "jacobian", strict)
    result = [_block(i, output, tensors, several, create_graph, strict) for i, output in enumerate(outputs)]
    return tuple(result) if several_outputs else result[0]


def _block(number: int, output: Tensor, tensors: tuple[Tensor, ...], several: bool, create: bool, strict: bool) -> Any:
    """The Jacobians of one output."""
    from autodiff.tensor.namespace import stack

    rows = []
    for i in range(output.numel()):
        weight = np.zeros(output._array.shape, output._array.dtype)
        weight.reshape(-1)[i] = 1
        found = _grads([output], tensors, [of_array(weight)], create)
        rows.append(_filled(found, tensors, strict, create, OUTPUT_INDEPENDENT.replace("{}", str(number), 1)))
    blocks = tuple(
        stack([row[j] for row in rows]).reshape(*output.shape, *t.shape)
        if rows
        else of_array(np.zeros((*output.shape, *t.shape), t._array.dtype))
        for j, t in enumerate(tensors)
    )
    return blocks if several else blocks[0]


def _scalar(func: Function, name: str) -> Function:
    def checked(*args: Any) -> Any:
        result = func(*args)
        if isinstance(result, (tuple, list)):
            raise RuntimeError(f"The function given to {name} should return a single Tensor")
        _tuple(result, "outputs of the user-provided function", name)
        if result.numel() != 1:
            raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")
        return result.reshape(())

    return checked


def hessian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of a function of one element, of shape [*input, *input].

    Raises RuntimeError for other functions, and in strict mode where the first derivatives depend on nothing.
    """
    several = isinstance(inputs, (tuple, list))
    checked = _scalar(func, "hessian")

    def first(*args: Tensor) -> Any:
        found = jacobian(checked, args, create_graph=True)
        for i, g in enumerate(found if strict else ()):
            if not g.requires_grad:
                raise RuntimeError(LINEAR.format(i))
        return found if several else found[0]

    return jacobian(first, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)


def vjp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs, and the weights v times the Jacobian; raises RuntimeError for weights that do not fit."""
    tensors, several = _prepared(inputs, create_graph, "vjp")
    outputs, several_outputs = _outputs(func, tensors, "vjp", strict)
    weights = _weights(v, outputs, several_outputs, "the user-provided function returns")
    found = _filled(_grads(outputs, tensors, weights, create_graph), tensors, strict, create_graph)
    return _settled(outputs, several_outputs, create_graph), _settled(found, several, create_graph)


def jvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs, and the Jacobian times the tangents v: backward of backward, which is linear in its weights."""
    tensors, several = _prepared(inputs, create_graph, "jvp")
    tangents = _weights(v, tensors, several, "the input to the user-provided function is")
    outputs, several_outputs = _outputs(func, tensors, "jvp", strict)
    dummies = tuple(_zeros(o).requires_grad_() for o in outputs)
    pulled = _grads(outputs, tensors, dummies, True)
    for i, g in enumerate(pulled if strict else ()):
        if g is None:
            raise RuntimeError(INDEPENDENT.format(i))
    found = _filled(_grads(pulled, dummies, tangents, create_graph), dummies, False, create_graph)
    return _settled(outputs, several_outputs, create_graph), _settled(found, several_outputs, create_graph)


def hvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The output, and the Hessian times v; raises RuntimeError for functions with more than one element."""
    return _product("hvp", func, inputs, v, create_graph, strict)


def vhp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The output, and v times the Hessian, which is symmetric."""
    return _product("vhp", func, inputs, v, create_graph, strict)


def _product(name: str, func: Function, inputs: Any, v: Any, create: bool, strict: bool) -> tuple[Any, Any]:
    tensors, several = _prepared(inputs, create, name)
    weights = _weights(v, tensors, several, "the input to the user-provided function is")
    outputs, _ = _outputs(_scalar(func, name), tensors, name, strict)
    first = _grads(outputs, tensors, [of_array(np.ones((), outputs[0]._array.dtype))], True)
    for i, g in enumerate(first if strict else ()):
        if g is None:
            raise RuntimeError(INDEPENDENT.format(i))
        if not g.requires_grad:
            raise RuntimeError(LINEAR.format(i))
    missing = INDEPENDENT.replace("output of", "jacobian of")
    found = _filled(_grads(first, tensors, weights, create), tensors, strict, create, missing)
    return _settled(outputs, False, create), _settled(found, several, create)
