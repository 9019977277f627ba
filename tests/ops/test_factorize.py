"""A matrix alone is factorized to the bit as it is in a batch."""

from __future__ import annotations

import numpy as np
import pytest

from autodiff.ops.matrices import Factors, factorize


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")
def test_alone_and_in_a_batch(seed: int) -> None:
    random = np.random.default_rng(seed)
    shape = [int(n) for n in random.integers(1, 5, 2)]
    matrix: np.ndarray = random.normal(size=shape).astype(np.float32 if seed % 2 else np.float64)
    if seed % 3 == 0:
        matrix = np.asarray(np.round(matrix))
    if seed % 5 == 0:
        matrix.flat[random.integers(matrix.size)] = (np.nan, np.inf, 0)[seed % 3]
    alone, batch = factorize(matrix), factorize(matrix[None])
    for name in Factors.__slots__:
        one, many = np.asarray(getattr(alone, name)), getattr(batch, name)[0]
        assert one.dtype == many.dtype
        assert one.tobytes() == many.tobytes()
