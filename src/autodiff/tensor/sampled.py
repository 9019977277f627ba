"""Random numbers by other distributions, in place and anew, and dropout; all from PyTorch's CPU stream.

Sources: PyTorch's `aten/src/ATen/native/cpu/DistributionTemplates.h`, `core/TransformationHelper.h`,
`native/Distributions.cpp`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.tensor.inplace import replace
from autodiff.tensor.random import Generator, default_generator
from autodiff.tensor.tensor import Tensor, of_array

_DOUBLE = np.dtype(np.float64)
_LARGEST = {2: 2**11, 4: 2**24, 8: 2**53}  # integers that a floating type of so many bytes holds without gaps


def _uniform(count: int, generator: Generator | None) -> np.ndarray[Any, Any]:
    return (generator or default_generator).uniform(count, _DOUBLE)


def _filled(self: Tensor, values: Any, title: str) -> Tensor:
    array = self._array
    return replace(self, np.asarray(values).astype(array.dtype).reshape(array.shape), title)


def uniform_(self: Tensor, low: float = 0, high: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill with uniform numbers in [low, high)."""
    if low > high:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low} > to={high}")
    values = (generator or default_generator).between(low, high, self.numel(), self._array.dtype)
    return _filled(self, values, "UniformBackward0")


def normal_(self: Tensor, mean: float = 0, std: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill with normal numbers."""
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    values = (generator or default_generator).normal(self.numel(), self._array.dtype)
    return _filled(self, values * std + mean, "NormalBackward0")


def random_(self: Tensor, low: int | None = None, high: int | None = None, *, generator: Any = None) -> Tensor:
    """Fill with integers from low (0 unless given) up to and without high, or as many as the dtype has."""
    source = generator or default_generator
    array, count = self._array, self.numel()
    title = "RandomBackward0" if high is not None else "RandomBackward1" if low is not None else "RandomBackward2"
    if low is not None:
        low, high = (0, low) if high is None else (low, high)
        if low >= high:
            raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
        width = high - low
    elif array.dtype.kind == "f":
        low, width = 0, _LARGEST[array.dtype.itemsize] + 1
    else:
        low, width = 0, 2 if array.dtype.kind == "b" else int(np.iinfo(array.dtype).max) + 1
    wide = width >= 2**28 if high is not None else array.dtype.itemsize == 8
    words = source.long_words(count) if wide else source.words(count)
    return _filled(self, (words % np.uint64(width)).astype(np.int64) + low, title)


def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill with ones, each with probability p, and zeros."""
    if isinstance(p, Tensor):
        return _filled(self, _coins(np.broadcast_to(p._array, self._array.shape), generator), "BernoulliBackward1")
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
    return _filled(self, _uniform(self.numel(), generator) < p, "BernoulliBackward2")


def _coins(chances: np.ndarray[Any, Any], generator: Generator | None) -> np.ndarray[Any, Any]:
    if not ((chances >= 0) & (chances <= 1)).all():
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true, but got false.")
    dtype = chances.dtype if chances.dtype.kind == "f" else np.dtype(np.float32)
    return (generator or default_generator).uniform(chances.size, dtype).reshape(chances.shape) < chances


def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """Ones, each with the probability that input (or p) says, and zeros."""
    if p is not None:
        return bernoulli_(of_array(np.zeros_like(input._array)), p, generator=generator)
    if not input.dtype.is_floating:
        raise RuntimeError(f"\"bernoulli_tensor_cpu_p_\" not implemented for '{input.dtype.long_name}'")
    return of_array(_coins(input._array, generator).astype(input._array.dtype))


def exponential_(self: Tensor, lambd: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill with exponentially distributed numbers."""
    return _filled(self, -np.log1p(-_uniform(self.numel(), generator)) / lambd, "ExponentialBackward0")


def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill with the number of tries until the first success of probability p."""
    return _filled(self, np.ceil(np.log(_uniform(self.numel(), generator)) / np.log1p(-p)), "GeometricBackward0")


def cauchy_(self: Tensor, median: float = 0, sigma: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers of a Cauchy distribution."""
    values = median + sigma * np.tan(np.pi * (_uniform(self.numel(), generator) - 0.5))
    return _filled(self, values, "CauchyBackward0")


def log_normal_(self: Tensor, mean: float = 1, std: float = 2, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers whose logarithms are normal."""
    source = generator or default_generator
    values = np.array([source._one_normal() for _ in range(self.numel())])
    return _filled(self, np.exp(values * std + mean), "LogNormalBackward0")


def normal(
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """Normal numbers with these means and standard deviations, numbers or tensors."""
    from autodiff.tensor.random import randn

    if size is not None:
        made = randn(*size, generator=generator, **options)
        return of_array((made._array * std + mean).astype(made._array.dtype)).requires_grad_(requires_grad)
    means = mean._array if isinstance(mean, Tensor) else mean
    spreads = std._array if isinstance(std, Tensor) else std
    if np.any(np.asarray(spreads) < 0):
        raise RuntimeError("normal expects all elements of std >= 0.0")
    shape = np.broadcast_shapes(np.shape(means), np.shape(spreads))
    dtype = means.dtype if isinstance(mean, Tensor) else np.asarray(spreads).dtype
    values = (generator or default_generator).normal(int(np.prod(shape)), dtype).reshape(shape)
    return of_array((values * spreads + means).astype(dtype))


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Places drawn with the weights in the rows of input, again and again or each once at most."""
    weights = np.atleast_2d(input._array)
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > weights.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if (weights < 0).any() or not np.isfinite(weights).all():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if not replacement or num_samples == 1:
        waits = -np.log1p(-_uniform(weights.size, generator)).astype(weights.dtype).reshape(weights.shape)
        with np.errstate(all="ignore"):
            order = np.argsort(-(weights / waits), axis=-1, kind="stable")
        found = order[:, :num_samples]
    else:
        heaps = np.cumsum(weights, axis=-1) / weights.sum(axis=-1, keepdims=True)
        drawn = _uniform(len(weights) * num_samples, generator).reshape(-1, num_samples)
        found = np.stack([np.searchsorted(heap, row, "left") for heap, row in zip(heaps, drawn, strict=True)])
    return of_array(found.astype(np.int64).reshape((*input.shape[:-1], num_samples)))


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Numbers of a Poisson distribution with the rates that input says; raises RuntimeError for negative ones."""
    source = generator or default_generator
    values = [_poisson(float(rate), source) for rate in input._array.ravel().tolist()]
    return of_array(np.array(values, input._array.dtype).reshape(input._array.shape))


def _poisson(rate: float, source: Generator) -> int:
    """One draw: by waiting times for small rates, by rejection for large ones (Hoermann, 1993)."""
    if not rate >= 0:
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    if rate < 10:
        count, product, limit = -1, 1.0, math.exp(-rate)
        while product > limit or count < 0:
            if rate == 0:
                return 0
            product *= _uniform(1, source)[0]
            count += 1
        return count
    root, log_rate = math.sqrt(rate), math.log(rate)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    inverse, v_r = 1.1239 + 1.1328 / (b - 3.4), 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = (float(number) for number in _uniform(2, source))
        u -= 0.5
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= v_r:
            return k
        if k < 0 or (us < 0.013 and v > us):
            continue
        left = math.log(v) + math.log(inverse) - math.log(a / (us * us) + b)
        if left <= -rate + k * log_rate - math.lgamma(k + 1):
            return k


def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """How many of so many tries succeed, each with probability prob."""
    source = generator or default_generator
    counts, probs = np.broadcast_arrays(count._array, prob._array)
    values = [_binomial(n, p, source) for n, p in zip(counts.ravel().tolist(), probs.ravel().tolist(), strict=True)]
    return of_array(np.array(values, counts.dtype).reshape(counts.shape))


def _binomial(n: float, p: float, source: Generator) -> float:
    if n <= 0 or p <= 0:
        return 0
    if p >= 1:
        return n
    q = min(p, 1 - p)
    drawn = _by_rejection(n, q, source) if n * q >= 10 else _by_inversion(n, q, source)
    return drawn if p <= 0.5 else n - drawn


def _by_inversion(n: float, p: float, source: Generator) -> float:
    total, count, log_miss = 0.0, 0, math.log1p(-p)
    while True:
        total += math.ceil(math.log(float(_uniform(1, source)[0])) / log_miss)
        if total > n:
            return count
        count += 1


def _by_rejection(n: float, p: float, source: Generator) -> float:
    """One draw by transformed rejection (Hoermann, 1993)."""
    spread = math.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    centre, v_r, odds = n * p + 0.5, 0.92 - 4.2 / b, p / (1 - p)
    alpha, m = (2.83 + 5.1 / b) * spread, math.floor((n + 1) * p)
    while True:
        u, v = (float(number) for number in _uniform(2, source))
        u -= 0.5
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + centre)
        if us >= 0.07 and v <= v_r:
            return k
        if k < 0 or k > n:
            continue
        bound = (
            (m + 0.5) * math.log((m + 1) / (odds * (n - m + 1)))
            + (n + 1) * math.log((n - m + 1) / (n - k + 1))
            + (k + 0.5) * math.log(odds * (n - k + 1) / (k + 1))
            + _tail(m) + _tail(n - m) - _tail(k) - _tail(n - k)
        )  # fmt: skip
        if math.log(v * alpha / (a / (us * us) + b)) <= bound:
            return k


def _tail(k: float) -> float:
    """What Stirling's formula for the logarithm of k! leaves out."""
    square = (k + 1) * (k + 1)
    if k <= 9:
        return math.lgamma(k + 1) - (0.5 * math.log(2 * math.pi) + (k + 0.5) * math.log(k + 1) - (k + 1))
    return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Elements, each with probability 1 - p and then divided by it, and zeros; unchanged when not training."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if p == 0 or not training or not input.numel():
        return input
    if p == 1:
        return input.mul_(0) if inplace else input * input.new_zeros(())
    noise = bernoulli_(of_array(np.zeros(input._array.shape, input._array.dtype)), 1 - p)
    noise = of_array(noise._array / noise._array.dtype.type(1 - p))
    return input.mul_(noise) if inplace else input * noise


IN_PLACE = (uniform_, normal_, random_, bernoulli_, exponential_, geometric_, cauchy_, log_normal_)
