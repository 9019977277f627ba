"""Random tensors from PyTorch's CPU stream: the 32-bit Mersenne Twister.

`rand`, `randint` and `randperm` give PyTorch's numbers exactly, `randn` to rounding.  Sources: PyTorch's
`aten/src/ATen/core/DistributionsHelper.h`, `aten/src/ATen/native/cpu/DistributionTemplates.h`, `TensorFactories.cpp`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.graph.dtypes import DType, float64, int64
from autodiff.tensor import modes
from autodiff.tensor.modes import as_dtype
from autodiff.tensor.tensor import Tensor, of_array

DEFAULT_SEED = 67280421310721
LARGE_RANGE = 2**28  # from here on `randint` takes 64 bits a number


class Generator:
    """A stream of random bits, and the normal number that was drawn in advance."""

    def __init__(self, device: str = "cpu") -> None:
        self.manual_seed(DEFAULT_SEED)

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream that belongs to a seed."""
        self._seed = int(seed) % 2**64
        self._twister: Any = None  # made when it is first drawn from: importing numpy.random takes 8 ms
        self._spare: float | None = None
        return self

    def initial_seed(self) -> int:
        return self._seed

    def words(self, count: int) -> np.ndarray[Any, Any]:
        """The next 32-bit words, as uint64."""
        if self._twister is None:
            self._twister = np.random.MT19937()
            self._twister._legacy_seeding(self._seed & 0xFFFFFFFF)
        words: np.ndarray[Any, Any] = self._twister.random_raw(count)
        return words

    def long_words(self, count: int) -> np.ndarray[Any, Any]:
        """The next 64-bit words, the high half first."""
        halves = self.words(2 * count).reshape(count, 2)
        words: np.ndarray[Any, Any] = (halves[:, 0] << np.uint64(32)) | halves[:, 1]
        return words

    def uniform(self, count: int, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
        """Numbers in [0, 1) with as many bits as the dtype has."""
        if dtype == np.float64:
            return (self.long_words(count) & np.uint64(2**53 - 1)).astype(np.float64) * 2.0**-53
        bits = 11 if dtype == np.float16 else 24
        return ((self.words(count) & np.uint64(2**bits - 1)).astype(np.float64) * 2.0**-bits).astype(dtype)

    def between(self, low: float, high: float, count: int, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
        """Numbers in [low, high), rounded once, as a multiplication and addition in one instruction are."""
        values = self.uniform(count, dtype)
        if dtype == np.float64:
            return values * (high - low) + low
        start, width = float(dtype.type(low)), float(dtype.type(high) - dtype.type(low))
        return (values.astype(np.float64) * width + start).astype(dtype)

    def normal(self, count: int, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
        """Standard normal numbers, by Box and Muller; sixteen at a time where there are as many."""
        if count < 16:
            return np.array([self._one_normal() for _ in range(count)]).astype(dtype)
        values = self.uniform(count, dtype)
        whole = count // 16 * 16
        values[:whole] = _box_muller(values[:whole])
        if whole < count:
            values[-16:] = _box_muller(self.uniform(16, dtype))
        return values

    def _one_normal(self) -> float:
        if self._spare is not None:
            spare, self._spare = self._spare, None
            return spare
        u1, u2 = self.uniform(2, np.dtype(np.float64)).tolist()
        radius = np.sqrt(-2.0 * np.log1p(-u2))
        self._spare = float(radius * np.sin(2.0 * np.pi * u1))
        return float(radius * np.cos(2.0 * np.pi * u1))


def _box_muller(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    blocks = values.reshape(-1, 2, 8)
    radius = np.sqrt(-2 * np.log(1 - blocks[:, 0]))
    theta = values.dtype.type(2.0 * np.pi) * blocks[:, 1]
    return np.stack([radius * np.cos(theta), radius * np.sin(theta)], axis=1).reshape(values.shape)


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Start PyTorch's stream of random numbers for this seed."""
    return default_generator.manual_seed(seed)


def initial_seed() -> int:
    """The seed that the stream was started with."""
    return default_generator.initial_seed()


def _shape(size: Any) -> tuple[int, ...]:
    if len(size) == 1 and isinstance(size[0], (list, tuple)):
        size = size[0]
    return tuple(int(n) for n in size)


_LARGE = 2**26


def _count(shape: tuple[int, ...]) -> int:
    """How many elements; raises RuntimeError where there is no memory for them."""
    count = 1
    for size in shape:
        if size < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {size}: {list(shape)}")
        count *= size
    if count > _LARGE:
        try:
            np.empty(count, np.float32)
        except MemoryError as error:
            raise modes.out_of_memory(error) from error
        except ValueError as error:
            raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)}") from error
    return count


def _made(array: np.ndarray[Any, Any], requires_grad: bool) -> Tensor:
    return of_array(array).requires_grad_() if requires_grad else of_array(array)


def _dtype(dtype: Any) -> DType:
    return as_dtype(dtype) or modes.get_default_dtype()


def rand(
    *sizes: Any,
    size: Any = (),
    generator: Generator | None = None,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """Uniform numbers in [0, 1)."""
    shape = _shape(sizes or (tuple(size),))
    values = (generator or default_generator).uniform(_count(shape), _dtype(dtype).numpy)
    return _made(values.reshape(shape), requires_grad)


def randn(
    *sizes: Any,
    size: Any = (),
    generator: Generator | None = None,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """Standard normal numbers."""
    shape = _shape(sizes or (tuple(size),))
    values = (generator or default_generator).normal(_count(shape), _dtype(dtype).numpy)
    return _made(values.reshape(shape), requires_grad)


def randint(
    low: int,
    high: Any = None,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """Integers from low (0 unless given) up to and without high."""
    if size is None or high is None:
        low, high, size = 0, low, high if high is not None else size
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    shape = _shape((size,))
    source = generator or default_generator
    width = high - low
    words = source.long_words(_count(shape)) if width >= LARGE_RANGE else source.words(_count(shape))
    values = (words % np.uint64(width)).astype(np.int64) + low
    return _made(values.astype((as_dtype(dtype) or int64).numpy).reshape(shape), requires_grad)


def randperm(
    n: int, *, generator: Generator | None = None, dtype: Any = None, requires_grad: bool = False, device: Any = None
) -> Tensor:
    """The integers from 0 to n - 1 in random order (Fisher and Yates)."""
    order = list(range(n))
    words = (generator or default_generator).words(max(n - 1, 0)).tolist()
    for i, word in enumerate(words):
        j = i + word % (n - i)
        order[i], order[j] = order[j], order[i]
    return _made(np.array(order, dtype=(as_dtype(dtype) or int64).numpy), requires_grad)


def rand_like(x: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Uniform numbers in the shape and dtype of x."""
    return rand(*x.shape, dtype=dtype or x.dtype, requires_grad=requires_grad)


def randn_like(x: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Standard normal numbers in the shape and dtype of x."""
    return randn(*x.shape, dtype=dtype or x.dtype, requires_grad=requires_grad)


def randint_like(x: Tensor, low: int, high: int | None = None, *, dtype: Any = None) -> Tensor:
    """Integers in the shape and dtype of x."""
    low, high = (0, low) if high is None else (low, high)
    return randint(low, high, tuple(x.shape), dtype=dtype or x.dtype)


__all__ = [
    "Generator", "float64", "initial_seed", "manual_seed", "rand", "rand_like", "randint", "randint_like", "randn",
    "randn_like", "randperm",
]  # fmt: skip
