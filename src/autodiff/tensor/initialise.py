"""`torch.nn.init`: how parameters begin, from PyTorch's streams of random numbers.

Source: PyTorch documentation, `torch.nn.init`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autodiff.tensor import random
from autodiff.tensor.storage import writing
from autodiff.tensor.tensor import Tensor


def _filled(tensor: Tensor, values: Any) -> Tensor:
    writing(tensor._array)
    tensor._array[...] = values
    return tensor


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """Fill with uniform numbers in [a, b)."""
    values = random.default_generator.between(a, b, tensor.numel(), tensor._array.dtype)
    return _filled(tensor, values.reshape(tensor.shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Fill with normal numbers."""
    values = random.default_generator.normal(tensor.numel(), tensor._array.dtype)
    return _filled(tensor, (values * std + mean).astype(values.dtype).reshape(tensor.shape))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one number."""
    return _filled(tensor, val)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return constant_(tensor, 1.0)


def _fans(tensor: Tensor) -> tuple[int, int]:
    """How many numbers go into and come out of each element."""
    if tensor.ndim < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 3.0 / 4}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """What a nonlinearity takes from the spread of its input; raises ValueError for unknown ones."""
    if nonlinearity == "leaky_relu":
        return math.sqrt(2.0 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return GAINS[nonlinearity]


def kaiming_uniform_(tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Uniform numbers that keep the spread of what goes through (He et al., 2015)."""
    bound = math.sqrt(3.0) * calculate_gain(nonlinearity, a) / math.sqrt(_fans(tensor)[mode == "fan_out"])
    return uniform_(tensor, -bound, bound)


def kaiming_normal_(tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Normal numbers that keep the spread of what goes through (He et al., 2015)."""
    return normal_(tensor, 0, calculate_gain(nonlinearity, a) / math.sqrt(_fans(tensor)[mode == "fan_out"]))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Uniform numbers that keep the spread both ways (Glorot and Bengio, 2010)."""
    bound = math.sqrt(3.0) * gain * math.sqrt(2.0 / sum(_fans(tensor)))
    return uniform_(tensor, -bound, bound)


def xavier_normal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Normal numbers that keep the spread both ways (Glorot and Bengio, 2010)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(_fans(tensor))))


INITIALISATIONS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        uniform_, normal_, constant_, zeros_, ones_, calculate_gain, kaiming_uniform_, kaiming_normal_, xavier_uniform_,
        xavier_normal_,
    )
}  # fmt: skip
