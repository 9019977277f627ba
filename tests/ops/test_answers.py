"""PyTorch's answers to operations at their edges: empty tensors, other memory layouts, rarely used arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autodiff import expression
from autodiff.solve import Problem, solve
from conftest import golden
from test_golden import check


@pytest.mark.parametrize("case", golden("operators"), ids=lambda case: str(case["id"]))
def test_answers(case: dict[str, Any]) -> None:
    check(case)


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        ("histc([1, 2])", "\"histogram_cpu\" not implemented for 'Long'"),
        ("histc([1.], 4, 3, 2)", "torch.histc: max must be larger than min"),
        ("isin(tensor([True]), [1., 2.])", "Unsupported input type encountered for isin(): Bool"),
        ("nonzero_static([1.], size=-5)", "nonzero_static: 'size' must be an non-negative integer"),
        (
            "unique(zeros(0, 3), dim=1)",
            "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied",
        ),
        ("frexp([1, 2])", "torch.frexp() only supports floating-point dtypes"),
        (
            "as_strided([1., 2.], (3,), (-1,))",
            "as_strided: Negative strides are not supported at the moment, got strides: [-1]",
        ),
        ("as_strided([1., 2.], (3,), (2, 1))", "mismatch in length of strides and shape"),
        (
            "repeat_interleave([1., 2.], 2, output_size=7)",
            "repeat_interleave: Invalid output_size, expected 4 but got 7",
        ),
        ("searchsorted([3., 1.], [2.], sorter=tensor([0, 5]))", "torch.searchsorted(): sorter index out of range"),
        (
            "linalg.solve_ex([[1., 2.], [2., 4.]], [1., 2.], check_errors=True)[0]",
            "torch.linalg.solve_ex: The solver failed because the input matrix is singular.",
        ),
        (
            "linalg.cholesky_ex([[1., 2.], [2., 4.]], check_errors=True)[0]",
            "linalg.cholesky_ex: The factorization could not be completed because the input is not positive-definite"
            " (the leading minor of order 2 is not positive-definite).",
        ),
        (
            "lu_unpack([[1., 2.], [2., 4.]], tensor([1, 2]))[0]",
            "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.",
        ),
        (
            "linalg.householder_product(ones(2, 3), ones(2))",
            "torch.linalg.householder_product: input.shape[-2] must be greater than or equal to input.shape[-1]",
        ),
        ("bincount(tensor([-1, 2]))", "bincount only supports 1-d non-negative integral inputs."),
        ("bincount(tensor([1, 2]), [1.])", "weights should be 1-d and have the same length as input"),
        ("bincount([1., 2.])", "\"bincount_cpu\" not implemented for 'Double'"),
        ("unravel_index([5.], (3, 4))", "expected 'indices' to be integer dtype, but got torch.float64"),
        ("unravel_index(tensor([5]), (-3, 4))", "'shape' cannot have negative values, but got (-3, 4)"),
        ("hann_window(-1)", "hann_window requires non-negative window_length, got window_length=-1"),
        ("special.laguerre_polynomial_l([0.5], 10^7)", "the degree of a polynomial is limited to 100000"),
        ("unique([1.], dim=2)", "Dimension out of range (expected to be in range of [-1, 0], but got 2)"),
        ("unique(tensor(1.), dim=0)", "Dimension specified as 0 but tensor has no dimensions"),
        ("add([1.], [2.], alpha=True)", "Boolean alpha only supported for Boolean results."),
        ("soft_margin_loss([1., 2.], [[1., -1.]])", "output with shape [2] doesn't match the broadcast shape [1, 2]"),
        ("huber_loss([1.], [2.], delta=nan)", "huber_loss does not support non-positive values for delta."),
        ("renorm([[1.]], 2, 0, nan)", "renorm: expected maxnorm to be >= 0 but got nan"),
        ("mvlgamma(tensor([True]), 2)", "The input tensor may not be a boolean tensor."),
        ("F.pad(ones(1, 4) > 0, (1, 1), mode='reflect')", "\"reflection_pad1d\" not implemented for 'Bool'"),
        ("gradient(tensor([1, 2, 4]).byte())", "torch.gradient does not support uint8 input."),
        ("tensordot(tensor(1.), [2.], ([0], [0]))", "Dimension specified as 0 but tensor has no dimensions"),
        ("vsplit(ones(3, 2), -1)[0]", "number of sections must be larger than 0, got -1"),
        ("adaptive_avg_pool2d(ones(2, 2), (1, 1))", "Input dimension should be at least 3"),
        ("conv1d(ones(1, 1, 4), ones(1, 1, 2), dilation=-1)", "dilation should be greater than zero"),
        ("rrelu([1.], 0.5, 0.25)", "Lower bound should be less than or equal to the upper bound"),
        (
            "avg_pool3d(ones(1, 2, 2, 2), 3, 1, 1)",
            "input image (T: 2 H: 2 W: 2) smaller than kernel size (kT: 3 kH: 3 kW: 3)",
        ),
        ("avg_pool2d(ones(1, 2, 2).int(), 2)", "\"avg_pool2d\" not implemented for 'Int'"),
        ("full((2,), -1.5, dtype=torch.uint8)", "value cannot be converted to type uint8_t without overflow"),
        ("huber_loss(tensor([1]), [2.])", "result type Double can't be cast to the desired output type Long"),
        ("polygamma(1.5, [1.])", "polygamma(): argument 'n' (position 1) must be int, not float"),
        ("sin([1.])[0].exp(bogus=1)", "TensorBase.exp() takes no keyword arguments"),
        ("mode([1.], 2.5, reduction=1)", "mode(): argument 'dim' (position 2) must be int, not float"),
        ("gather([1.], tensor([0]))", "gather(): argument 'dim' (position 2) must be int, not Tensor"),
        ("F.threshold([1.], 2)", "_threshold() missing 1 required positional argument: 'value'"),
        ("F.max_pool2d([1.], 2, bogus=1)", "_max_pool2d() got an unexpected keyword argument 'bogus'"),
        ("aminmax([1.])[0.5]", "tuple indices must be integers or slices, not float"),
        (
            "std(tensor([1.]), dtype=float32)",
            "std() received an invalid combination of arguments - got (Tensor, dtype=torch.dtype),"
            " but expected one of:",
        ),
        (
            "F.scaled_dot_product_attention(ones(2, 3), ones(2, 3).float(), ones(2, 3))",
            "Expected query, key, and value to have the same dtype, but got query.dtype: double key.dtype: float and"
            " value.dtype: double instead.",
        ),
        (
            "F.scaled_dot_product_attention(ones(3), ones(2, 3), ones(2, 3))",
            "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: 1 key.dim: 2 and"
            " value.dim: 2 instead.",
        ),
        (
            "F.scaled_dot_product_attention(ones(2, 3), ones(2, 3), ones(2, 3), ones(2, 2).long())",
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: long int"
            " and  query.dtype: double instead.",
        ),
        (
            "F.scaled_dot_product_attention(ones(2, 3), ones(2, 3), ones(2, 3), ones(2, 2), is_causal=True)",
            "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True",
        ),
    ],
)
def test_errors_are_pytorchs(expr: str, message: str) -> None:
    error = solve(Problem(expr, {})).error
    assert error is not None
    assert error.message == message


def test_what_cannot_be_factored_is_left_as_it_was() -> None:
    answer = solve(Problem("linalg.cholesky_ex([[4., 2., 1.], [2., 1., 3.], [1., 3., 9.]]).L", {}))
    assert answer.value is not None
    assert answer.value.tolist() == [[2.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.5, 3.0, 9.0]]


@pytest.mark.parametrize("expr", ["norm(x)", "norm(2*x)", "linalg.vector_norm(x, 2)", "dist(x, 3*x)"])
def test_the_second_derivative_of_a_norm_at_zero_is_zero(expr: str) -> None:
    hessian = expression(expr).hessian(x=np.zeros(2))["x"]["x"]
    assert np.asarray(hessian).tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize(("right", "places"), [("False", [[3, 3], [2, 2]]), ("True", [[3, 3], [2, 3]])])
def test_boundaries_out_of_order_are_searched_as_pytorch_does(right: str, places: list[list[int]]) -> None:
    answer = solve(Problem(f"searchsorted([3., 1., 2.], [[2.5, 3.], [1.5, 2.]], right={right})", {}))
    assert answer.value is not None
    assert answer.value.tolist() == places
