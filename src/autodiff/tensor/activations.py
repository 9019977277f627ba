"""`torch.nn`: activations. Source: PyTorch documentation, `torch.nn`."""

from __future__ import annotations

from typing import Any

from autodiff.tensor.initialise import constant_
from autodiff.tensor.module import Module
from autodiff.tensor.parts import MODULES, blank, operation, plain_layer
from autodiff.tensor.tensor import Tensor

_HOME = "activation"

ReLU = plain_layer("ReLU", "relu", _HOME, inplace=True)
ReLU6 = plain_layer("ReLU6", "relu6", _HOME, inplace=True)
SiLU = plain_layer("SiLU", "silu", _HOME, inplace=True)
Mish = plain_layer("Mish", "mish", _HOME, inplace=True)
SELU = plain_layer("SELU", "selu", _HOME, inplace=True)
CELU = plain_layer("CELU", "celu", _HOME, "alpha", inplace=True, alpha=1.0)
ELU = plain_layer("ELU", "elu", _HOME, "alpha", inplace=True, alpha=1.0)
LeakyReLU = plain_layer("LeakyReLU", "leaky_relu", _HOME, "negative_slope", inplace=True, negative_slope=0.01)
Hardtanh = plain_layer("Hardtanh", "hardtanh", _HOME, "min_val max_val", inplace=True, min_val=-1.0, max_val=1.0)
Hardsigmoid = plain_layer("Hardsigmoid", "hardsigmoid", _HOME, inplace=True)
Hardswish = plain_layer("Hardswish", "hardswish", _HOME, inplace=True)
Threshold = plain_layer("Threshold", "threshold", _HOME, "threshold value", inplace=True, threshold=..., value=...)
Tanh = plain_layer("Tanh", "tanh", _HOME)
Sigmoid = plain_layer("Sigmoid", "sigmoid", _HOME)
GELU = plain_layer("GELU", "gelu", _HOME, "approximate", approximate="none")
GLU = plain_layer("GLU", "glu", _HOME, "dim", dim=-1)
Softplus = plain_layer("Softplus", "softplus", _HOME, "beta threshold", beta=1.0, threshold=20.0)
LogSigmoid = plain_layer("LogSigmoid", "logsigmoid", _HOME)
Softsign = plain_layer("Softsign", "softsign", _HOME)
Tanhshrink = plain_layer("Tanhshrink", "tanhshrink", _HOME)
Softshrink = plain_layer("Softshrink", "softshrink", _HOME, lambd=0.5)
Hardshrink = plain_layer("Hardshrink", "hardshrink", _HOME, lambd=0.5)
Softmax = plain_layer("Softmax", "softmax", _HOME, "dim", dim=None)
LogSoftmax = plain_layer("LogSoftmax", "log_softmax", _HOME, "dim", dim=None)
Softmin = plain_layer("Softmin", "softmin", _HOME, "dim", dim=None)
for _cls in (Softshrink, Hardshrink):
    _cls.extra_repr = lambda self: str(self.lambd)


class Softmax2d(Module):
    """Softmax over the channels of [N, C, H, W] or [C, H, W]."""

    __module__ = MODULES + _HOME

    def forward(self, input: Tensor) -> Any:
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.ndim}D instead")
        return operation("softmax")(input, -3)


class RReLU(Module):
    """`leaky_relu` with slopes that are drawn while training."""

    __module__ = MODULES + _HOME

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Tensor) -> Any:
        return operation("rrelu")(input, self.lower, self.upper, self.training)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}" + (", inplace=True" if self.inplace else "")


class PReLU(Module):
    """`leaky_relu` with slopes that are learnt."""

    __module__ = MODULES + _HOME

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.weight = blank(num_parameters, dtype=dtype)
        constant_(self.weight, init)

    def forward(self, input: Tensor) -> Any:
        return operation("prelu")(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"
