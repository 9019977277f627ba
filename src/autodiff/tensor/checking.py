"""`torch.autograd.gradcheck`: derivatives against central differences. Source: PyTorch documentation."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.tensor.differentiate import grad
from autodiff.tensor.namespace import tensor
from autodiff.tensor.tensor import Tensor, of_array


class GradcheckError(RuntimeError):
    """Derivatives and differences do not agree."""


PRECISION = (
    "Input #{} requires gradient and is not a double precision floating point or complex. This check will likely fail"
    " if all the inputs are not of double precision floating point or complex. "
)


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    **_: Any,
) -> bool:
    """Whether the gradients of a function agree with central differences.

    Raises GradcheckError if not (unless told not to), ValueError where no input wants a gradient.
    """
    given = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    wanted = [t for t in given if isinstance(t, Tensor) and t.requires_grad]
    if not wanted:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of the them have"
            " requires_grad=True."
        )
    for i, t in enumerate(given):
        if isinstance(t, Tensor) and t.requires_grad and t._array.dtype != np.float64:
            warnings.warn(PRECISION.format(i), UserWarning, stacklevel=2)
    for i, output in enumerate(_outputs(func, given)):
        for j, target in enumerate(wanted):
            analytic, numeric = _analytic(output, target), _numeric(func, given, i, target, eps)
            if not np.allclose(analytic, numeric, rtol, atol):
                if not raise_exception:
                    return False
                raise GradcheckError(
                    f"Jacobian mismatch for output {i} with respect to input {j},\n"
                    f"numerical:{tensor(numeric.tolist())!r}\nanalytical:{tensor(analytic.tolist())!r}\n"
                )
    return True


def _outputs(func: Callable[..., Any], given: tuple[Any, ...]) -> list[Tensor]:
    made = func(*given)
    several = made if isinstance(made, (tuple, list)) else (made,)
    return [t for t in several if isinstance(t, Tensor) and t.dtype.is_floating]


def _analytic(output: Tensor, target: Tensor) -> np.ndarray[Any, Any]:
    found = np.zeros((target.numel(), output.numel()))
    for k in range(output.numel() if output.requires_grad else 0):
        weight = np.zeros(output._array.shape, output._array.dtype)
        weight.reshape(-1)[k] = 1
        (g,) = grad([output], [target], [of_array(weight)], retain_graph=True, allow_unused=True)
        if g is not None:
            found[:, k] = g._array.reshape(-1)
    return found


def _numeric(
    func: Callable[..., Any], given: tuple[Any, ...], i: int, target: Tensor, eps: float
) -> np.ndarray[Any, Any]:
    array = target._array
    columns = []
    for place in np.ndindex(array.shape):
        kept = array[place]
        sides = []
        for step in (eps, -eps):
            array[place] = kept + step
            sides.append(np.array(_outputs(func, given)[i]._array, np.float64).reshape(-1))
        array[place] = kept
        columns.append((sides[0] - sides[1]) / (2 * eps))
    return np.array(columns)


def gradgradcheck(func: Callable[..., Any], inputs: Any, grad_outputs: Any = None, **options: Any) -> bool:
    """Whether the gradients of a function's gradients agree with central differences."""
    given = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    if grad_outputs is None:
        outputs = _outputs(func, given)
        draws = np.random.RandomState(0)
        weights = [of_array(draws.standard_normal(o._array.shape)).requires_grad_() for o in outputs]
    else:
        weights = list(grad_outputs) if isinstance(grad_outputs, (tuple, list)) else [grad_outputs]
    count = len(given)

    def first(*args: Any) -> Any:
        outputs = _outputs(func, args[:count])
        wanted = [t for t in args[:count] if isinstance(t, Tensor) and t.requires_grad]
        found = grad(outputs, wanted, list(args[count:]), create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradcheck(first, (*given, *weights), **options)
