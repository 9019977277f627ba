"""What PyTorch warns of: calls that work, and that somebody will wish had not."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

TO_SCALAR = (
    "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\nConsider using"
    " tensor.detach() first."
)
CREATE_GRAPH = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient which"
    " can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you have to"
    " use this function, make sure to reset the .grad fields of your parameters to None after use to break the cycle"
    " and avoid the leak."
)
TRANSPOSE = (
    "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw an"
    " error in a future release. Consider `x.mT` to transpose batches of matrices or"
    " `x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor."
)
TRANSPOSE_0 = "Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases."
COPY = (
    "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or"
    " sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor)."
)
_SIZES = (
    "Using a target size ({}) that is different to the input size ({}). This will likely lead to incorrect results due"
    " to broadcasting. Please ensure they have the same size."
)
_FREEDOM = (
    "{}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor (input numel"
    " divided by output numel)."
)
_DIM = "Implicit dimension choice for {} has been deprecated. Change the call to include dim=X as an argument."
_KL = (
    "reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' divides only by"
    " the batch size, and aligns with the KL div math definition.'mean' will be changed to behave the same as"
    " 'batchmean' in the next major release."
)
_told: set[str] = set()


def once(text: str, depth: int = 3) -> None:
    """Warn the first time in a process."""
    if text not in _told:
        _told.add(text)
        warnings.warn(text, UserWarning, stacklevel=depth + 1)


def _sizes(name: str, result: Any, args: Any, kwargs: Any) -> None:
    if len(args) > 1 and hasattr(args[1], "shape") and args[0].shape != args[1].shape:
        warnings.warn(_SIZES.format(args[1].shape, args[0].shape), UserWarning, stacklevel=4)


def _freedom(name: str, result: Any, args: Any, kwargs: Any) -> None:
    correction = kwargs.get("correction", 1)
    for value in (*args[1:], kwargs.get("unbiased", True)):
        if value is False:
            correction = 0
    first = result[0] if isinstance(result, tuple) else result
    if first.numel() and args[0].numel() / first.numel() <= (1 if correction is None else correction):
        warnings.warn(_FREEDOM.format(name), UserWarning, stacklevel=4)


def _observations(name: str, result: Any, args: Any, kwargs: Any) -> None:
    x = args[0]
    if (x.shape[-1] if x.ndim else 1) <= kwargs.get("correction", 1) and not kwargs.keys() & {"fweights", "aweights"}:
        text = "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations."
        warnings.warn(text, UserWarning, stacklevel=4)


def _dim(name: str, result: Any, args: Any, kwargs: Any) -> None:
    if len(args) < 2 and kwargs.get("dim") is None:
        warnings.warn(_DIM.format(name), UserWarning, stacklevel=4)


def _mean(name: str, result: Any, args: Any, kwargs: Any) -> None:
    if kwargs.get("reduction", "mean") == "mean":
        warnings.warn(_KL, UserWarning, stacklevel=4)


WARNERS: dict[str, Callable[[str, Any, Any, Any], None]] = {
    **dict.fromkeys(("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"), _sizes),
    **dict.fromkeys(("std", "var", "std_mean", "var_mean"), _freedom),
    **dict.fromkeys(("softmax", "log_softmax", "softmin"), _dim),
    "kl_div": _mean,
    "cov": _observations,
}
