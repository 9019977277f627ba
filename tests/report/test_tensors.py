"""Printed tensors against PyTorch's: the expected texts here and in the golden file are PyTorch 2.13's own output."""

import json
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff.report.tensors import format_tensor

GOLDEN = Path(__file__).parents[1] / "golden" / "printing.jsonl"


def golden() -> list[Any]:
    cases = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
    return [pytest.param(case, id=case["id"]) for case in cases]


def numbers(data: Any) -> Any:
    """Nested lists with the non-finite numbers, which JSON writes as words, as floats."""
    return (
        [numbers(item) for item in data] if isinstance(data, list) else float(data) if isinstance(data, str) else data
    )


@pytest.mark.parametrize("case", golden())
def test_prints_as_recorded(case: Any) -> None:
    tensor = case["tensor"]
    array = np.array(numbers(tensor["data"]), tensor["dtype"]).reshape(tensor["shape"])
    assert format_tensor(array, requires_grad=tensor["requires_grad"]) == case["expect"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # Integral numbers have a point and no digits, also where all numbers are zero or not finite.
        (1.0, "tensor(1.)"),
        (-0.0, "tensor(-0.)"),
        (nan, "tensor(nan)"),
        (-inf, "tensor(-inf)"),
        ([0.0, -0.0], "tensor([0., -0.])"),
        ([1.0, nan, -inf], "tensor([1., nan, -inf])"),
        # Only finite numbers other than zero have a say in the width.
        ([-0.0, 0.5], "tensor([-0.0000, 0.5000])"),
        ([0.5, nan, inf, -inf], "tensor([0.5000,    nan,    inf,   -inf])"),
        ([9.99996, 1.0], "tensor([10.0000,  1.0000])"),
        ([-0.5, 2.0], "tensor([-0.5000,  2.0000])"),
        # Scientific above a ratio of 1000, above 1e8, and below 1e-4 (float32's 1e-4 is below).
        ([1.0, 1000.0], "tensor([   1., 1000.])"),
        ([1.0, 1001.0], "tensor([1.0000e+00, 1.0010e+03])"),
        ([0.1, 100.0], "tensor([  0.1000, 100.0000])"),
        ([0.1, 100.1], "tensor([1.0000e-01, 1.0010e+02])"),
        (1e8, "tensor(100000000.)"),
        (123456789.0, "tensor(1.2346e+08)"),
        (0.0001, "tensor(1.0000e-04)"),
        ([1e-5, nan, -0.0], "tensor([1.0000e-05,        nan, -0.0000e+00])"),
        ([1e-45, 1.0], "tensor([1.4013e-45, 1.0000e+00])"),
    ],
)
def test_float32(data: Any, expected: str) -> None:
    assert format_tensor(np.array(data, np.float32)) == expected


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array(65504, "float16"), "tensor(65504., dtype=torch.float16)"),
        (np.array([1e300, 1e-300]), "tensor([1.0000e+300, 1.0000e-300], dtype=torch.float64)"),
        (np.array([-128, 7], "int8"), "tensor([-128,    7], dtype=torch.int8)"),
        (np.array([1, 0], "uint8"), "tensor([1, 0], dtype=torch.uint8)"),
        (np.array([1, 0], "int32"), "tensor([1, 0], dtype=torch.int32)"),
        (np.array(2**63 - 1), "tensor(9223372036854775807)"),
        (np.array([True, False]), "tensor([ True, False])"),
        (np.array(True), "tensor(True)"),
        (np.float32(2.5), "tensor(2.5000)"),
    ],
)
def test_dtypes(array: np.ndarray[Any, Any], expected: str) -> None:
    assert format_tensor(array) == expected


@pytest.mark.parametrize(
    ("shape", "dtype", "requires_grad", "expected"),
    [
        (0, "float32", False, "tensor([])"),
        (0, "int64", False, "tensor([], dtype=torch.int64)"),
        (0, "bool", False, "tensor([], dtype=torch.bool)"),
        ((2, 0), "float32", False, "tensor([], size=(2, 0))"),
        ((1, 0, 2), "float32", True, "tensor([], size=(1, 0, 2), requires_grad=True)"),
        ((0, 0), "float64", True, "tensor([], size=(0, 0), dtype=torch.float64, requires_grad=True)"),
    ],
)
def test_empty(shape: Any, dtype: str, requires_grad: bool, expected: str) -> None:
    assert format_tensor(np.zeros(shape, dtype), requires_grad=requires_grad) == expected


@pytest.mark.parametrize(
    ("data", "dtype", "expected"),
    [
        ([1.5, 0], "float32", "tensor([1.5000, 0.0000], dtype=torch.float32)"),
        ([1.5, 0], "float64", "tensor([1.5000, 0.0000])"),
        ([1, 0], "int64", "tensor([1, 0])"),
        ([], "float32", "tensor([], dtype=torch.float32)"),
        ([], "float64", "tensor([])"),
    ],
)
def test_default_dtype_goes_unsaid(data: list[float], dtype: str, expected: str) -> None:
    assert format_tensor(np.array(data, dtype), default_dtype="float64") == expected


@pytest.mark.parametrize(
    ("data", "precision", "expected"),
    [
        ([2.5, -1 / 3], 0, "tensor([ 2, -0])"),
        ([2.5, -1 / 3], 2, "tensor([ 2.50, -0.33])"),
        ([2.5, -1 / 3], 10, "tensor([ 2.5000000000, -0.3333333433])"),
        ([1e-5, 1.0], 0, "tensor([1e-05, 1e+00])"),
        ([1e-5, 1.0], 6, "tensor([1.000000e-05, 1.000000e+00])"),
        ([3.0, 4.0], 6, "tensor([3., 4.])"),
    ],
)
def test_precision(data: list[float], precision: int, expected: str) -> None:
    assert format_tensor(np.array(data, np.float32), precision=precision) == expected


@pytest.mark.parametrize(
    ("data", "sci_mode", "expected"),
    [
        ([2.5, 1.0], True, "tensor([2.5000e+00, 1.0000e+00])"),
        ([3.0], True, "tensor([3.0000e+00])"),
        ([0.0, 0.0], True, "tensor([0., 0.])"),
        ([1e-5, 1.0], False, "tensor([0.0000, 1.0000])"),
        ([3.0, 1e9], False, "tensor([         3., 1000000000.])"),
    ],
)
def test_sci_mode(data: list[float], sci_mode: bool, expected: str) -> None:
    assert format_tensor(np.array(data, np.float32), sci_mode=sci_mode) == expected


def test_rows_fill_the_line() -> None:
    assert format_tensor(np.arange(20, dtype=np.float32)) == (
        "tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,\n"
        "        14., 15., 16., 17., 18., 19.])"
    )
    assert format_tensor(np.arange(12), linewidth=30) == (
        "tensor([ 0,  1,  2,  3,  4,\n         5,  6,  7,  8,  9,\n        10, 11])"
    )
    assert format_tensor(np.arange(3), linewidth=1) == "tensor([0,\n        1,\n        2])"


def test_blocks_are_separated_by_empty_lines() -> None:
    assert format_tensor(np.arange(8).reshape(2, 2, 1, 2)) == (
        "tensor([[[[0, 1]],\n\n         [[2, 3]]],\n\n\n        [[[4, 5]],\n\n         [[6, 7]]]])"
    )


def test_summary_above_the_threshold() -> None:
    assert format_tensor(np.arange(1001)) == "tensor([   0,    1,    2,  ...,  998,  999, 1000])"
    assert "..." not in format_tensor(np.arange(1000))
    assert format_tensor(np.arange(2000).reshape(2, 1000)) == (
        "tensor([[   0,    1,    2,  ...,  997,  998,  999],\n        [1000, 1001, 1002,  ..., 1997, 1998, 1999]])"
    )
    assert format_tensor(np.arange(1001, dtype=np.float32).reshape(-1, 1)) == (
        "tensor([[   0.],\n        [   1.],\n        [   2.],\n        ...,\n"
        "        [ 998.],\n        [ 999.],\n        [1000.]])"
    )


def test_what_is_left_out_does_not_decide_the_format() -> None:
    array = np.ones(1001, np.float32)
    array[500] = 1e-9
    assert format_tensor(array) == "tensor([1., 1., 1.,  ..., 1., 1., 1.])"


def test_edgeitems_and_threshold() -> None:
    assert format_tensor(np.arange(10), threshold=5, edgeitems=2) == "tensor([0, 1,  ..., 8, 9])"
    assert format_tensor(np.arange(10).reshape(5, 2), threshold=5, edgeitems=0) == "tensor([...], size=(5, 2))"
    assert format_tensor(np.arange(10), threshold=5, edgeitems=0) == "tensor([...], size=(10,))"
    assert format_tensor(np.arange(2), edgeitems=0) == "tensor([0, 1], size=(2,))"
    assert "..." not in format_tensor(np.arange(1001), threshold=inf)


def test_grad_fn_takes_the_place_of_requires_grad() -> None:
    array = np.array(36.666668, np.float32)
    assert format_tensor(array, requires_grad=True) == "tensor(36.6667, requires_grad=True)"
    assert format_tensor(array, requires_grad=True, grad_fn="MeanBackward0") == (
        "tensor(36.6667, grad_fn=<MeanBackward0>)"
    )


@pytest.mark.parametrize(
    ("array", "grad_fn", "expected"),
    [
        (
            np.full(5, 0.25),
            "MulBackward0",
            "tensor([0.2500, 0.2500, 0.2500, 0.2500, 0.2500], dtype=torch.float64,\n       grad_fn=<MulBackward0>)",
        ),
        (
            np.full(7, 0.25),
            "MulBackward0",
            (
                "tensor([0.2500, 0.2500, 0.2500, 0.2500, 0.2500, 0.2500, 0.2500],\n"
                "       dtype=torch.float64, grad_fn=<MulBackward0>)"
            ),
        ),
        (np.ones(1, np.float32), "F" * 55, f"tensor([1.], grad_fn=<{'F' * 55}>)"),
        (np.ones(1, np.float32), "F" * 56, f"tensor([1.],\n       grad_fn=<{'F' * 56}>)"),
        (np.ones(1), "F" * 34, f"tensor([1.], dtype=torch.float64, grad_fn=<{'F' * 34}>)"),
        (np.ones(1), "F" * 35, f"tensor([1.], dtype=torch.float64,\n       grad_fn=<{'F' * 35}>)"),
        (np.ones((2, 1), np.float32), "F" * 53, f"tensor([[1.],\n        [1.]], grad_fn=<{'F' * 53}>)"),
        (np.ones((2, 1), np.float32), "F" * 54, f"tensor([[1.],\n        [1.]],\n       grad_fn=<{'F' * 54}>)"),
    ],
)
def test_a_suffix_that_does_not_fit_starts_a_line(array: np.ndarray[Any, Any], grad_fn: str, expected: str) -> None:
    assert format_tensor(array, grad_fn=grad_fn) == expected


def test_indent_moves_the_lines_after_the_first() -> None:
    array = np.array([[4, 8, 12], [16, 20, 24]], np.float32) / 3
    assert "x.grad = " + format_tensor(array, indent=len("x.grad = ")) == (
        "x.grad = tensor([[1.3333, 2.6667, 4.0000],\n                 [5.3333, 6.6667, 8.0000]])"
    )
    assert format_tensor(np.zeros((2, 1, 1), np.float32), indent=2) == "tensor([[[0.]],\n\n          [[0.]]])"


@given(st.integers(0, 40), st.lists(st.integers(1, 9), max_size=4))
def test_indent_never_changes_where_lines_break(indent: int, shape: list[int]) -> None:
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape) / 7
    first, *rest = format_tensor(array, indent=indent).split("\n")
    assert "\n".join([first, *(line[indent:] for line in rest)]) == format_tensor(array)


def test_other_dtypes_are_refused() -> None:
    with pytest.raises(TypeError, match="complex128"):
        format_tensor(np.array(1j))
