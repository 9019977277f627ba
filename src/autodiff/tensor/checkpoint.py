"""`torch.utils.checkpoint`: what is computed again in backward. Source: PyTorch documentation of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from autodiff.tensor import modes
from autodiff.tensor.differentiate import backward
from autodiff.tensor.function import Function
from autodiff.tensor.tensor import Tensor

REENTRANT = (
    "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. Starting in PyTorch 2.9, calling"
    " checkpoint without use_reentrant will raise an exception. use_reentrant=False is recommended, but if you need to"
    " preserve the current default behavior, you can pass use_reentrant=True. Refer to docs for more details on the"
    " differences between the two variants."
)


class CheckpointFunction(Function):
    """Runs a function without keeping its graph, and again, with it, when the gradients are wanted."""

    @staticmethod
    def forward(ctx: Any, function: Callable[..., Any], *args: Any) -> Any:
        ctx.function = function
        ctx.args = args
        return function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        given = [arg.detach().requires_grad_(arg.requires_grad) if isinstance(arg, Tensor) else arg for arg in ctx.args]
        with modes.enable_grad():
            result = ctx.function(*given)
        outputs = result if isinstance(result, tuple) else (result,)
        pairs = [(o, g) for o, g in zip(outputs, grads, strict=True) if isinstance(o, Tensor) and o.requires_grad]
        backward([o for o, _ in pairs], [g for _, g in pairs])
        return (None, *(arg.grad if isinstance(arg, Tensor) else None for arg in given))


def checkpoint(function: Callable[..., Any], *args: Any, use_reentrant: bool | None = None, **kwargs: Any) -> Any:
    """The function's result; what backward needs is computed anew when it comes to it."""
    kwargs.pop("preserve_rng_state", None)
    if use_reentrant is None:
        warnings.warn(REENTRANT, UserWarning, stacklevel=2)
    return CheckpointFunction.apply(lambda *given: function(*given, **kwargs), *args)
