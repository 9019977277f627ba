"""Arguments that nobody means, as random expressions find them: PyTorch's words, never a fault of ours."""

from __future__ import annotations

import pytest

from autodiff.solve import Problem, solve

REFUSED = [
    ("slice_copy(tensor(1.), step=4)", "bad-rank", "slice() cannot be applied to a 0-dim tensor."),
    ("slice_copy(ones(3), step=-1)", "bad-value", "slice step must be positive"),
    (
        "split(ones(2, 2), ['a', 1], 1)",
        "argument-type",
        "split_with_sizes(): argument 'split_sizes' (position 2) must be tuple of ints, but found element of type str"
        " at pos 0",
    ),
    ("vsplit(ones(2, 2), [1.5])", "argument-type", "vsplit() received an invalid combination of arguments"),
    ("(1, 2, 3)[1.5:2]", "bad-index", "slice indices must be integers or None or have an __index__ method"),
    ("(1, 2, 3)[::0]", "bad-index", "slice step cannot be zero"),
    ("quantile([1., 2.], 10**400)", "limit-number", "int too large to convert to float"),
    ("adaptive_max_pool1d(ones(1, 4), [10**400])", "limit-number", "Overflow when unpacking long long"),
    ("repeat_interleave([1.], [1, 'a'])", "argument-type", "repeat_interleave() received an invalid combination"),
    ("linear_cross_entropy(ones(2, 3), tensor(3.), tensor([1]))", "bad-rank", "expected linear_weight with"),
    ("linalg.matrix_norm(ones(2, 2), ones(2))", "argument-type", "linalg_matrix_norm() received an invalid"),
    ("ones(2, 3)[..., ..., 0:1]", "dim-out-of-range", "Dimension out of range"),
    ("zeros(65536, 10**18, 0)", "limit-size", "Storage size calculation overflowed with sizes="),
    (
        "linalg.lu_solve(eye(2), tensor([2, 5], dtype=int32), eye(2))",
        "bad-value",
        "Pivots given to lu_solve must all be smaller or equal to LU.size(-2).",
    ),
    ("lu_unpack(eye(2), tensor([0, 2], dtype=int32))[0]", "bad-value", "pivots passed to lu_unpack must be between"),
    ("fold(zeros(1, 4, 0), (3, 3), 2)", "bad-rank", "Expected 2D or 3D (batch mode) tensor"),
    ("conv1d(ones(1, 3), ones(1, 1, 0))", "bad-value", "kernel size should be greater than zero, but got kernel_he"),
    ("conv_transpose1d(ones(1, 0), ones(1, 1, 2))", "bad-rank", "Only zero batch or zero channel inputs are supported"),
    ("logspace(0, nan, 4, dtype=int64)", "limit-number", "value cannot be converted to type int64_t without overflow"),
    ("mse_loss(1., 2., reduction=(1/2,))", "bad-value", "(0.5,) is not a valid value for reduction"),
    ("type([1.], [1/3])", "argument-type", "dtype must be a type, str, or dtype object"),
    ("nonzero_static(eye(2), size=10**12)", "limit-size", "this would take"),
    ("sum(expand(ones(1), 10**6, 10**6))", "limit-size", "this would take 7450.6 GiB"),
]


@pytest.mark.parametrize(("expr", "code", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_refused(expr: str, code: str, message: str) -> None:
    error = solve(Problem(expr, {}, backward=False)).error
    assert error is not None
    assert (error.code, error.message[: len(message)]) == (code, message)


@pytest.mark.parametrize(
    ("expr", "value"),
    [
        ("1e400*2.", float("inf")),
        ("norm([1., 2.], 1e400)", 2.0),
        ("pad(tensor(-2.), ())", -2.0),
        ("triu_indices(2**40, 2)[0]", [0, 0, 1]),
        ("histc([1e308, -1e308, 0.], 2)", [0.0, 0.0]),
        ("fold(zeros(0, 4, 4), (3, 3), 2).shape", [0, 1, 3, 3]),
        ("grid_sampler_2d(ones(1, 0, 2, 2), ones(1, 1, 2, 2), 0, 1, True).shape", [1, 0, 1, 2]),
        ("linalg.matrix_rank(eye(2), atol=0.5*ones(2))", [2, 2]),
        ("linalg.pinv(ones(2, 3), rtol=ones(4, 2)).shape", [4, 2, 3, 2]),
        ("batch_norm(ones(1, 2), zeros(2), ones(2), ones(1, 2), eps=0.)", [[1.0, 1.0]]),
        ("expand(ones(1), 10**6, 10**6).numel()", 10**12),
    ],
)
def test_answered(expr: str, value: object) -> None:
    answer = solve(Problem(f"tensor({expr})" if "shape" in expr else expr, {}, backward=False))
    assert answer.error is None, answer.error
    assert answer.value is not None
    assert answer.value.tolist() == value
