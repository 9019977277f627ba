"""`torch.nn.init`: how parameters begin, from PyTorch's streams of random numbers.

Source: PyTorch documentation, `torch.nn.init`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

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


def eye_(tensor: Tensor) -> Tensor:
    """Fill with the identity matrix; raises ValueError for other than two dims."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    tensor._array[...] = np.eye(*tensor.shape)
    return tensor


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill with kernels that leave their input as it is; raises ValueError for other than convolutions."""
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    outputs, inputs, *kernel = tensor.shape
    if outputs % groups:
        raise ValueError("dim 0 must be divisible by groups")
    array, each = tensor._array, outputs // groups
    array[...] = 0
    for group in range(groups):
        for d in range(min(each, inputs)):
            array[(group * each + d, d, *(size // 2 for size in kernel))] = 1
    return tensor


def orthogonal_(tensor: Tensor, gain: float = 1) -> Tensor:
    """Fill with orthonormal rows or columns (Saxe, McClelland and Ganguli, 2013); raises ValueError for vectors."""
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if not tensor.numel():
        return tensor
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    drawn = random.default_generator.normal(tensor.numel(), tensor._array.dtype).reshape(rows, columns)
    q, r = np.linalg.qr(drawn.T if rows < columns else drawn)
    q = q * np.sign(np.diagonal(r))
    tensor._array[...] = (q.T if rows < columns else q).reshape(tensor.shape) * tensor._array.dtype.type(gain)
    return tensor


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01) -> Tensor:
    """Fill with normal numbers, and so many zeros in each column (Martens, 2010)."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    normal_(tensor, 0, std)
    for column in range(columns):
        zeros = random.randperm(rows)._array[: math.ceil(sparsity * rows)]
        tensor._array[zeros, column] = 0
    return tensor


def trunc_normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0) -> Tensor:
    """Fill with normal numbers between a and b, drawn anew where they lie outside."""
    below, above = (0.5 * (1.0 + math.erf((end - mean) / (std * math.sqrt(2.0)))) for end in (a, b))
    if above - below <= 0.3:
        return _trunc_uniform(tensor, mean, std, a, b)
    normal_(tensor, mean, std)
    array = tensor._array
    low, high = array.dtype.type(a), array.dtype.type(b)
    while (outside := (array < low) | (array > high)).any():
        drawn = random.default_generator.normal(array.size, array.dtype).reshape(array.shape)
        array[...] = np.where(outside, (drawn * std + mean).astype(array.dtype), array)
    return tensor


def _trunc_uniform(tensor: Tensor, mean: float, std: float, a: float, b: float) -> Tensor:
    """Where most would lie outside: uniform numbers, each accepted with its density."""
    array, source = tensor._array, random.default_generator
    peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
    waiting = np.ones(array.shape, bool)
    while waiting.any():
        drawn = source.between(a, b, array.size, array.dtype).reshape(array.shape)
        array[...] = np.where(waiting, drawn, array)
        density = -0.5 * ((drawn - mean) / std) ** 2 - peak
        with np.errstate(divide="ignore"):
            chance = np.log(source.between(0.0, 1.0, array.size, array.dtype).reshape(array.shape))
        waiting &= chance > density
    return tensor


INITIALISATIONS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        uniform_, normal_, constant_, zeros_, ones_, calculate_gain, kaiming_uniform_, kaiming_normal_, xavier_uniform_,
        xavier_normal_, eye_, dirac_, orthogonal_, sparse_, trunc_normal_,
    )
}  # fmt: skip
