"""`torch.nn`: the layers and losses of tutorials.

Layers start from PyTorch's streams of random numbers, so that `manual_seed` gives its parameters.
Source: PyTorch documentation, `torch.nn`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.tensor.initialise import INITIALISATIONS, kaiming_uniform_, uniform_
from autodiff.tensor.module import Module, ModuleDict, ModuleList, Parameter, Sequential
from autodiff.tensor.namespace import lookup
from autodiff.tensor.spatial import SPATIAL
from autodiff.tensor.tensor import Tensor, of_array


def _call(name: str, *args: Any, **kwargs: Any) -> Any:
    return lookup("F", name)(*args, **kwargs)


class Linear(Module):
    """`x @ weight.T + bias`; weight [out_features, in_features] and bias begin within 1/sqrt(in_features)."""

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(random_like(out_features, in_features, dtype=dtype))
        kaiming_uniform_(self.weight, a=math.sqrt(5))
        if bias:
            bound = 1 / math.sqrt(in_features) if in_features > 0 else 0
            self.bias = Parameter(random_like(out_features, dtype=dtype))
            uniform_(self.bias, -bound, bound)
        else:
            self.register_parameter("bias", None)

    def forward(self, input: Tensor) -> Any:
        return _call("linear", input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def random_like(*shape: int, dtype: Any = None) -> Tensor:
    """A tensor that an initialisation will fill."""
    from autodiff.tensor import modes

    return of_array(np.zeros(shape, (modes.as_dtype(dtype) or modes.get_default_dtype()).numpy))


class Flatten(Module):
    """Dimensions from start_dim to end_dim as one."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Any:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Identity(Module):
    """What comes in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


def _layer(name: str, function: str, shown: str = "", **options: Any) -> Any:
    """A layer without parameters: a function, its options with their defaults, and which of them its text shows."""
    names = list(options)
    visible = shown.split()

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        Module.__init__(self)
        given = {**options, **dict(zip(names, args, strict=False)), **kwargs}
        if len(args) > len(names) or set(given) - {*names, "inplace"}:
            raise TypeError(f"{name}.__init__() got an unexpected argument")
        self.inplace = given.pop("inplace", False)
        for key in names:
            object.__setattr__(self, key, given[key])

    def forward(self: Any, input: Any) -> Any:
        options = {key: getattr(self, key) for key in names}
        if self.inplace:
            options["inplace"] = True
        return _call(function, input, **options)

    def extra_repr(self: Any) -> str:
        return ", ".join(f"{key}={getattr(self, key)!r}" for key in (*visible, *(["inplace"] if self.inplace else [])))

    return type(
        name, (Module,), {"__init__": init, "forward": forward, "extra_repr": extra_repr, "__doc__": f"`F.{function}`."}
    )


ReLU = _layer("ReLU", "relu")
Tanh = _layer("Tanh", "tanh")
Sigmoid = _layer("Sigmoid", "sigmoid")
SiLU = _layer("SiLU", "silu")
GELU = _layer("GELU", "gelu", "approximate", approximate="none")
ELU = _layer("ELU", "elu", "alpha", alpha=1.0)
LeakyReLU = _layer("LeakyReLU", "leaky_relu", "negative_slope", negative_slope=0.01)
Softplus = _layer("Softplus", "softplus", "beta threshold", beta=1.0, threshold=20.0)
Softmax = _layer("Softmax", "softmax", "dim", dim=None)
LogSoftmax = _layer("LogSoftmax", "log_softmax", "dim", dim=None)
Softmin = _layer("Softmin", "softmin", "dim", dim=None)
SELU = _layer("SELU", "selu")
CELU = _layer("CELU", "celu", "alpha", alpha=1.0)
Mish = _layer("Mish", "mish")
ReLU6 = _layer("ReLU6", "relu6")
Hardtanh = _layer("Hardtanh", "hardtanh", "min_val max_val", min_val=-1.0, max_val=1.0)
Hardsigmoid = _layer("Hardsigmoid", "hardsigmoid")
Hardswish = _layer("Hardswish", "hardswish")
LogSigmoid = _layer("LogSigmoid", "logsigmoid")
Softsign = _layer("Softsign", "softsign")
Tanhshrink = _layer("Tanhshrink", "tanhshrink")
Softshrink = _layer("Softshrink", "softshrink", lambd=0.5)
Softshrink.extra_repr = lambda self: str(self.lambd)
Threshold = _layer("Threshold", "threshold", "threshold value", threshold=None, value=None)
GLU = _layer("GLU", "glu", "dim", dim=-1)


def _loss(name: str, function: str, **options: Any) -> Any:
    """A loss: a function of input and target, with options."""
    names = [*options, "reduction"]
    defaults = {**options, "reduction": "mean"}

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        Module.__init__(self)
        given = {**defaults, **dict(zip(names, args, strict=False)), **kwargs}
        if len(args) > len(names) or set(given) - set(names):
            raise TypeError(f"{name}.__init__() got an unexpected argument")
        for key in names:
            object.__setattr__(self, key, given[key])

    def forward(self: Any, input: Any, target: Any) -> Any:
        return _call(function, input, target, **{key: getattr(self, key) for key in names})

    return type(name, (Module,), {"__init__": init, "forward": forward, "__doc__": f"`F.{function}`."})


MSELoss = _loss("MSELoss", "mse_loss")
L1Loss = _loss("L1Loss", "l1_loss")
SmoothL1Loss = _loss("SmoothL1Loss", "smooth_l1_loss")
HuberLoss = _loss("HuberLoss", "huber_loss")
KLDivLoss = _loss("KLDivLoss", "kl_div")
BCELoss = _loss("BCELoss", "binary_cross_entropy", weight=None)
BCEWithLogitsLoss = _loss("BCEWithLogitsLoss", "binary_cross_entropy_with_logits", weight=None)
CrossEntropyLoss = _loss("CrossEntropyLoss", "cross_entropy", weight=None, ignore_index=-100, label_smoothing=0.0)
NLLLoss = _loss("NLLLoss", "nll_loss", weight=None, ignore_index=-100)


LAYERS: dict[str, type[Module]] = {
    cls.__name__: cls
    for cls in (
        Module, Linear, Sequential, ModuleList, Flatten, Identity, ReLU, Tanh, Sigmoid, SiLU, GELU, ELU, LeakyReLU,
        Softplus, Softmax, LogSoftmax, MSELoss, L1Loss, SmoothL1Loss, HuberLoss, KLDivLoss, BCELoss, BCEWithLogitsLoss,
        CrossEntropyLoss, NLLLoss, Softmin, SELU, CELU, Mish, ReLU6, Hardtanh, Hardsigmoid, Hardswish, LogSigmoid,
        Softsign, Tanhshrink, Softshrink, Threshold, GLU, ModuleDict, *SPATIAL,
    )
}  # fmt: skip
globals().update(LAYERS)

__all__ = ["INITIALISATIONS", "LAYERS", "Module", "ModuleList", "Parameter", "Sequential"]
