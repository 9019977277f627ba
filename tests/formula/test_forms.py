"""The forms that formulas take: quotients in lowest terms, elements and slices, softmax, norms and means along dims."""

from __future__ import annotations

import numpy as np
import pytest

from autodiff.formula.code import code
from autodiff.formula.derive import Question, derive
from autodiff.formula.latex import latex_text
from autodiff.request.shapes import shape_of
from autodiff.solve import Leaf, Problem, solve

FORMS = [
    # quotients
    ("(x^2 - 1)/(x - 1)", "x:scalar", "1"),
    ("(x^3 - y^3)/(x - y)", "x:scalar y:scalar", "2*x + y"),
    ("1/(1 + 1/(1 + 1/x))", "x:scalar", "-1/(2*x + 1)^2"),
    ("atan((1 + x)/(1 - x))", "x:scalar", "1/(x^2 + 1)"),
    ("asin(x/a)", "x:scalar a:scalar", "1/(a*sqrt(1 - x^2/a^2))"),  # has the sign of a
    # elements and slices
    ("x[0]^2*x[1]", "x:2", "stack([2*x[0]*x[1], x[0]^2])"),
    ("x[0]^2 + 3*x[1]", "x:2", "stack([2*x[0], tensor(3.)])"),
    ("x[0] + 2*x[1]", "x:2", "tensor([1., 2.])"),
    ("X[0, 0]*X[1, 1] - X[0, 1]*X[1, 0]", "X:2,2", "stack([stack([X[1, 1], -X[1, 0]]), stack([-X[0, 1], X[0, 0]])])"),
    ("x[-1]^2", "x:n", "2*x[-1]*eye(numel(x))[-1]"),
    ("-log(softmax(x, 0)[1])", "x:n", "softmax(x, 0) - eye(numel(x))[1]"),
    ("(A @ x)[0]", "x:n A:m,n", "A[0]"),
    ("norm((A + x)[0])^2", "x:n A:n,n", "2*(x + A[0])"),
    ("trace(X @ Y + sum(x[1:]^2)*X)", "x:n X:n,n Y:n,n", "2*trace(X)*F.pad(x[1:], (1, 0))"),
    ("X[:, 1] @ a", "X:m,n a:m", "outer(a, eye(X.size(1))[1])"),
    ("sum(x[1:]*x[:-1])", "x:n", "F.pad(x[1:], (0, 1)) + F.pad(x[:-1], (1, 0))"),
    ("sum(X[1:]^2)", "X:4,n", "2*F.pad(X[1:], (0, 0, 1, 0))"),
    # reductions along dims
    ("sum(logsumexp(X, 1))", "X:m,n", "softmax(X, 1)"),
    ("sum(logsumexp(X, 0))", "X:m,n", "softmax(X, 0)"),
    ("log(sum(exp(A @ x)))", "x:n A:m,n", "A.T @ softmax(A @ x, 0)"),
    ("sum(norm(X, dim=1))", "X:m,n", "X/norm(X, dim=1, keepdim=True)"),
    ("sum(X/sum(X, 1, keepdim=True)*A)", "X:m,n A:m,n",
     "A/sum(X, 1, keepdim=True) - sum(X*A, 1, keepdim=True)/sum(X, 1, keepdim=True)^2"),
    ("sum((X - mean(X, 0))^2)", "X:m,n", "2*(X - mean(X, 0))"),
    ("sum(softmax(x, 0))", "x:n", "zeros_like(x)"),
    ("mean((x - mean(x))^2)", "x:4", "(x - mean(x))/2"),
    ("mean(x*y)^2", "x:n y:n", "2*mean(x*y)*y/numel(x)"),
    ("var(x, correction=0)", "x:n", "2*(x - mean(x))/numel(x)"),
    ("sum(where(a > 0, mean(x), a))", "x:n a:n", "sum(a > 0)*ones_like(x)/numel(x)"),
    # matrices
    ("trace(matrix_power(X, 5))", "X:n,n", "5*matrix_power(X, 4).T"),
    ("trace(matrix_exp(X))", "X:n,n", "matrix_exp(X).T"),
    ("sum(kron(A, X))", "X:p,q A:m,n", "sum(A)*ones_like(X)"),
    ("trace(kron(A, X))", "X:p,p A:m,m", "trace(A)*eye(X.size(0))"),
    ("norm(kron(A, X))^2", "X:p,q A:m,n", "2*sum(A^2)*X"),
    ("sum(diag(X)^2)", "X:n,n", "2*diag(diag(X))"),
    ("sum(triu(X)^2)", "X:n,n", "2*triu(X)"),
    ("trace((X - u) @ P @ (X - u).T)", "P:n,n X:m,n u:n", "(X - u).T @ (X - u)"),
    # conditions
    ("sum(relu(1 - y*x)^2)", "x:n y:n", "-2*y*relu(1 - x*y)"),
    ("relu(x)*x", "x:scalar", "2*relu(x)"),
    ("F.huber_loss(x, y, reduction='sum', delta=2)", "x:n y:n", "clamp(x - y, -2, 2)"),
    ("F.binary_cross_entropy(sigmoid(X @ w), y)", "w:n X:m,n y:m", "X.T @ (sigmoid(X @ w) - y)/numel(y)"),
]  # fmt: skip


def derived(expr: str, shapes: str) -> tuple[Question, str]:
    declared = {name: shape_of(name, shape) for name, _, shape in (text.partition(":") for text in shapes.split())}
    first = next(iter(declared))
    question = Question(expr, declared, [first])
    return question, derive(question).gradient[first]


@pytest.mark.parametrize(("expr", "shapes", "wanted"), FORMS, ids=[form[0] for form in FORMS])
def test_form(expr: str, shapes: str, wanted: str) -> None:
    question, found = derived(expr, shapes)
    assert found == wanted
    random = np.random.default_rng(3)
    sizes = {"m": 3, "n": 4, "p": 2, "q": 3}
    for low, high in ((0.2, 0.8), (-0.9, -0.3), (-0.9, 0.9)):
        leaves = {}
        for name, shape in question.shapes.items():
            numbers = [size if isinstance(size, int) else sizes[str(size)] for size in shape]
            leaves[name] = Leaf(np.asarray(random.uniform(low, high, numbers)))
        answer = solve(Problem(expr, leaves, wrt=question.wrt))
        if answer.error is not None:
            continue  # a target that is no probability
        assert answer.grads is not None
        exact = answer.grads[next(iter(leaves))]
        value = solve(Problem(found, leaves, backward=False)).value
        assert exact is not None
        assert value is not None
        finite = np.isfinite(exact)
        np.testing.assert_allclose(np.broadcast_to(value, exact.shape)[finite], exact[finite], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("expr", "shapes", "wanted"),
    [
        ("trace(matrix_power(X, 4))", "X:n,n", r"4 \left(X^{3}\right)^\top"),
        ("trace(matrix_exp(X))", "X:n,n", r"\left(e^{X}\right)^\top"),
        ("x[0]^2 + x[1]", "x:2", r"\begin{pmatrix} 2 x_{0} \\ 1 \end{pmatrix}"),
        ("sum(norm(X, dim=1))", "X:m,n", r"X \oslash \left\lVert X_{i, :}\right\rVert_{2}"),
    ],
)
def test_latex(expr: str, shapes: str, wanted: str) -> None:
    question, found = derived(expr, shapes)
    assert latex_text(found, question.shapes) == wanted


@pytest.mark.parametrize(
    ("target", "expr", "shapes", "wanted"),
    [
        ("numpy", "trace(matrix_power(X, 4))", "X:n,n", "4*np.linalg.matrix_power(X, 3).T"),
        ("jax", "trace(matrix_exp(X))", "X:n,n", "jax.scipy.linalg.expm(X).T"),
        ("numpy", "sum(norm(X, dim=1))", "X:m,n", "X/np.linalg.norm(X, axis=1, keepdims=True)"),
        ("numpy", "sum(x[1:]^2)", "x:n", "2*_pad(x[1:], (1, 0))"),
        ("torch", "x[0]^2 + x[1]", "x:2", "torch.stack([2*x[0], torch.tensor(1., dtype=x.dtype)])"),
    ],
)
def test_code(target: str, expr: str, shapes: str, wanted: str) -> None:
    question, _ = derived(expr, shapes)
    assert f"    return {wanted}\n" in code(target, question, derive(question))
