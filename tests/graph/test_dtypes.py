"""Type promotion against PyTorch 2.13's `torch.result_type`, with float64 as the default dtype."""

from __future__ import annotations

import numpy as np
import pytest

from autodiff.errors import AutodiffError
from autodiff.graph.dtypes import (
    DIMENSIONED,
    DTYPES,
    NUMBER,
    ZERO_DIM,
    bool_,
    dtype_of,
    float32,
    float64,
    int64,
    of_number,
    promote,
    result_type,
    using_default_dtype,
)

COLUMNS = ("bool", "uint8", "int16", "int64", "float16", "float32", "float64")
NUMBERS = (True, 2, 2.5)

# One line an operand; beside it a tensor with dimensions, one without, and a plain number, of the types above.
RESULT_TYPES = {
    (DIMENSIONED, "bool"): (
        "bool uint8 int16 int64 float16 float32 float64",
        "bool uint8 int16 int64 float16 float32 float64",
        "bool int64 float64",
    ),
    (DIMENSIONED, "uint8"): (
        "uint8 uint8 int16 int64 float16 float32 float64",
        "uint8 uint8 uint8 uint8 float16 float32 float64",
        "uint8 uint8 float64",
    ),
    (DIMENSIONED, "int16"): (
        "int16 int16 int16 int64 float16 float32 float64",
        "int16 int16 int16 int16 float16 float32 float64",
        "int16 int16 float64",
    ),
    (DIMENSIONED, "int64"): (
        "int64 int64 int64 int64 float16 float32 float64",
        "int64 int64 int64 int64 float16 float32 float64",
        "int64 int64 float64",
    ),
    (DIMENSIONED, "float16"): (
        "float16 float16 float16 float16 float16 float32 float64",
        "float16 float16 float16 float16 float16 float16 float16",
        "float16 float16 float16",
    ),
    (DIMENSIONED, "float32"): (
        "float32 float32 float32 float32 float32 float32 float64",
        "float32 float32 float32 float32 float32 float32 float32",
        "float32 float32 float32",
    ),
    (DIMENSIONED, "float64"): (
        "float64 float64 float64 float64 float64 float64 float64",
        "float64 float64 float64 float64 float64 float64 float64",
        "float64 float64 float64",
    ),
    (ZERO_DIM, "bool"): (
        "bool uint8 int16 int64 float16 float32 float64",
        "bool uint8 int16 int64 float16 float32 float64",
        "bool int64 float64",
    ),
    (ZERO_DIM, "uint8"): (
        "uint8 uint8 int16 int64 float16 float32 float64",
        "uint8 uint8 int16 int64 float16 float32 float64",
        "uint8 uint8 float64",
    ),
    (ZERO_DIM, "int16"): (
        "int16 uint8 int16 int64 float16 float32 float64",
        "int16 int16 int16 int64 float16 float32 float64",
        "int16 int16 float64",
    ),
    (ZERO_DIM, "int64"): (
        "int64 uint8 int16 int64 float16 float32 float64",
        "int64 int64 int64 int64 float16 float32 float64",
        "int64 int64 float64",
    ),
    (ZERO_DIM, "float32"): (
        "float32 float32 float32 float32 float16 float32 float64",
        "float32 float32 float32 float32 float32 float32 float64",
        "float32 float32 float32",
    ),
    (ZERO_DIM, "float64"): (
        "float64 float64 float64 float64 float16 float32 float64",
        "float64 float64 float64 float64 float64 float64 float64",
        "float64 float64 float64",
    ),
}


@pytest.mark.parametrize(("category", "name"), RESULT_TYPES)
def test_result_type(category: int, name: str) -> None:
    beside = [(category_, DTYPES[column]) for category_ in (DIMENSIONED, ZERO_DIM) for column in COLUMNS]
    beside += [(NUMBER, of_number(number)) for number in NUMBERS]
    expected = " ".join(RESULT_TYPES[category, name]).split()
    for (other, dtype), wanted in zip(beside, expected, strict=True):
        pair = [(DTYPES[name], category), (dtype, other)]
        assert result_type(pair) is DTYPES[wanted], (dtype, other)
        assert result_type(reversed(pair)) is DTYPES[wanted], (dtype, other)


def test_a_category_counts_once() -> None:
    many = [(float32, DIMENSIONED), (int64, DIMENSIONED), (float64, ZERO_DIM), (float64, NUMBER)]
    assert result_type(many) is float32


def test_promote_takes_the_smallest_common_type() -> None:
    assert promote(DTYPES["uint8"], DTYPES["int8"]) is DTYPES["int16"]
    assert promote(int64, DTYPES["float16"]) is DTYPES["float16"]


def test_a_float_is_of_the_default_dtype() -> None:
    with using_default_dtype(float32):
        assert of_number(0.5) is float32
        assert result_type([(int64, DIMENSIONED), (of_number(0.5), NUMBER)]) is float32
    assert of_number(0.5) is float64
    assert of_number(True) is bool_


def test_byte_order_does_not_matter() -> None:
    assert dtype_of(np.zeros(1, ">f4")) is float32


def test_what_tensors_cannot_hold() -> None:
    with pytest.raises(AutodiffError) as caught:
        dtype_of(np.zeros(1, "c16"))
    assert caught.value.code == "bad-dtype"
