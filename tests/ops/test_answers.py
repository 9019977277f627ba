"""PyTorch's answers to operations at their edges: empty tensors, other memory layouts, rarely used arguments."""

from __future__ import annotations

from typing import Any

import pytest

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
