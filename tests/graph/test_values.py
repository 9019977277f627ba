"""Tensors from nested lists: which numbers a dtype has room for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from autodiff.errors import AutodiffError
from autodiff.graph.dtypes import DTYPES
from autodiff.graph.values import array

# As PyTorch 2.13 has it: an integer dtype takes what is within its range, and uint8 wraps integers from -255.
TAKEN = [
    (255, "uint8", 255),
    (-255, "uint8", 1),
    (-128, "int8", -128),
    (1.9, "int64", 1),
    (9.2e18, "int64", 9200000000000000000),
    (-(2**63), "int64", -(2**63)),
    (2**70, "float64", 2.0**70),
    ([1.0, 2**70], None, [1.0, 2.0**70]),
    (1e40, "float32", math.inf),
    (2**70, "bool", True),
    ([], "int8", []),
]
REFUSED = [
    (256, "uint8"),
    (-256, "uint8"),
    (-0.5, "uint8"),
    (255.9, "uint8"),
    ([1, 128], "int8"),
    (-128.9, "int8"),
    (40000, "int16"),
    (2**31, "int32"),
    (1e30, "int64"),
    (math.nan, "int64"),
    ([math.inf], "uint8"),
]


@pytest.mark.parametrize(("data", "dtype", "value"), TAKEN, ids=str)
@pytest.mark.filterwarnings("ignore")
def test_what_there_is_room_for(data: Any, dtype: str | None, value: Any) -> None:
    result = array(data, None if dtype is None else DTYPES[dtype])
    assert dtype is None or result.dtype == np.dtype(dtype)
    assert result.tolist() == value


@pytest.mark.parametrize(("data", "dtype"), REFUSED, ids=str)
def test_what_there_is_no_room_for(data: Any, dtype: str) -> None:
    with pytest.raises(AutodiffError) as raised:
        array(data, DTYPES[dtype])
    assert (raised.value.code, raised.value.type) == ("limit-number", "RuntimeError")
    assert raised.value.message == f"value cannot be converted to type {dtype} without overflow"


@pytest.mark.parametrize("data", [2**63, -(2**63) - 1, [2**63, 1], [[10**30]]], ids=str)
@pytest.mark.parametrize("dtype", [None, "int64", "uint8"])
def test_integers_beyond_64_bits(data: Any, dtype: str | None) -> None:
    with pytest.raises(AutodiffError) as raised:
        array(data, None if dtype is None else DTYPES[dtype])
    assert (raised.value.type, raised.value.message) == ("ValueError", "Overflow when unpacking long long")
