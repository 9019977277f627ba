"""`torch.nn.utils`: gradients kept small, parameters as one vector. Source: PyTorch documentation, `torch.nn.utils`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from autodiff.tensor.modes import no_grad
from autodiff.tensor.namespace import lookup, stack
from autodiff.tensor.tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])


def _quietly(function: F) -> F:
    """The function without grad mode."""
    return no_grad()(function)  # type: ignore[no-any-return]


def _several(parameters: Any) -> list[Any]:
    return [parameters] if isinstance(parameters, Tensor) else list(parameters)


def get_total_norm(
    tensors: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """The norm of all tensors as one vector; raises RuntimeError for a norm that is not finite, where asked to."""
    given = _several(tensors)
    norm = lookup("linalg", "vector_norm")
    if not given:
        return lookup("torch", "tensor")(0.0)  # type: ignore[no-any-return]
    total: Any = norm(stack([norm(t, float(norm_type)) for t in given]), float(norm_type))
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise RuntimeError(
            f"The total norm of order {float(norm_type)} for gradients from `parameters` is non-finite, so it cannot be"
            " clipped. To disable this error and scale the gradients by the non-finite norm anyway, set"
            " `error_if_nonfinite=False`"
        )
    return total  # type: ignore[no-any-return]


@_quietly
def clip_grads_with_norm_(parameters: Any, max_norm: float, total_norm: Tensor, foreach: bool | None = None) -> None:
    """Make gradients smaller by what their norm is too large."""
    factor: Any = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    for parameter in _several(parameters):
        if parameter.grad is not None:
            parameter.grad.mul_(factor)


@_quietly
def clip_grad_norm_(
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Make gradients smaller where their norm, all together, is larger than max_norm; the norm before."""
    given = _several(parameters)
    total = get_total_norm([p.grad for p in given if p.grad is not None], norm_type, error_if_nonfinite)
    clip_grads_with_norm_(given, max_norm, total)
    return total


@_quietly
def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """Bring the elements of gradients between -clip_value and clip_value."""
    for parameter in _several(parameters):
        if parameter.grad is not None:
            parameter.grad.clamp_(min=-float(clip_value), max=float(clip_value))


def parameters_to_vector(parameters: Iterable[Any]) -> Any:
    """The elements of all parameters, one after another."""
    return lookup("torch", "cat")([parameter.view(-1) for parameter in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Any]) -> None:
    """Put the elements of a vector into parameters; raises TypeError for what is no tensor."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    start = 0
    for parameter in parameters:
        count = parameter.numel()
        parameter.data = vec[start : start + count].view_as(parameter).data
        start += count
