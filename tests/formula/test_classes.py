"""Formulas of losses over class labels, and of elements that indices name: as the books have them, and as code."""

from __future__ import annotations

import json

import numpy as np
import pytest

from autodiff.formula.code import code
from autodiff.formula.derive import Question, derive
from autodiff.formula.latex import latex_text
from autodiff.request.shapes import shape_of
from formula.test_code import run

CASES = [
    ("cross_entropy(x, tensor([0, 2]))", "x:2,3", "x", "(softmax(x, 1) - one_hot(tensor([0, 2]), 3))/2"),
    ("cross_entropy(x, t.long())", "x:n,k t:n", "x", "(softmax(x, 1) - one_hot(t.long(), x.size(1)))/numel(t)"),
    ("cross_entropy(x, tensor(2))", "x:k", "x", "softmax(x, 0) - eye(numel(x))[2]"),
    ("cross_entropy(x, t.long())", "x:k t:scalar", "x", "softmax(x, 0) - one_hot(t.long(), numel(x))"),
    ("nll_loss(log_softmax(X @ W, 1), t.long())", "X:n,d W:d,k t:n", "W",
     "X.T @ (softmax(X @ W, 1) - one_hot(t.long(), W.size(1)))/numel(t)"),
    ("cross_entropy(x, t.long(), weight=w)", "x:n,k t:n w:k", "x",
     "unsqueeze(w[t.long()], 1)*(softmax(x, 1) - one_hot(t.long(), numel(w)))/sum(w[t.long()])"),
    ("cross_entropy(x, t.long(), ignore_index=1)", "x:n,k t:n", "x",
     "unsqueeze(where(t.long() != 1, 1.0, 0.0), 1)*(softmax(x, 1) - one_hot(t.long(), x.size(1)))/sum(t.long() != 1)"),
    ("cross_entropy(x, tensor([0, -100, 1]))", "x:3,3", "x",
     "unsqueeze(tensor([1, 0, 1]), 1)*(softmax(x, 1) - one_hot(tensor([0, 0, 1]), 3))/2"),
    ("cross_entropy(x, t.long(), reduction='sum')", "x:n,k t:n", "x", "softmax(x, 1) - one_hot(t.long(), x.size(1))"),
    ("cross_entropy(x, t.long(), label_smoothing=0.1)", "x:n,k t:n", "x",
     "(softmax(x, 1) - 9*one_hot(t.long(), x.size(1))/10 - 1/(10*x.size(1)))/numel(t)"),
    ("cross_entropy(x, t.long())", "x:n,k,h t:n,h", "x",
     "(softmax(x, 1) - movedim(one_hot(t.long(), x.size(1)), -1, 1))/numel(t)"),
    ("cross_entropy(x, t.long())^2", "x:n,k t:n", "x",
     "2*cross_entropy(x, t.long())*(softmax(x, 1) - one_hot(t.long(), x.size(1)))/numel(t)"),
    ("-mean(gather(log_softmax(x, 1), 1, t.long().unsqueeze(1)))", "x:n,k t:n", "x",
     "(softmax(x, 1) - one_hot(t.long(), x.size(1)))/numel(t)"),
    ("-mean(log_softmax(x, 1)[arange(3), tensor([0, 1, 1])])", "x:3,k", "x",
     "(softmax(x, 1) - one_hot(tensor([0, 1, 1]), x.size(1)))/3"),
    ("-sum(one_hot(t.long(), x.size(1))*log(softmax(x, 1)))", "x:n,k t:n", "x",
     "softmax(x, 1) - one_hot(t.long(), x.size(1))"),
    ("sum(max(X, 1).values)", "X:m,n", "X", "one_hot(argmax(X, 1), X.size(1))"),
    ("sum(w[tensor([0, 1, 1])]*y)", "w:n y:3", "w", "index_add(zeros_like(w), 0, tensor([0, 1, 1]), y)"),
    ("sum(embedding(t.long(), W)*y)", "W:n,k t:m y:m,k", "W", "index_add(zeros_like(W), 0, t.long(), y)"),
    ("sum(cumprod(x, 0)*y)", "x:n y:n", "x", "flip(cumsum(flip(y*cumprod(x, 0), 0), 0), 0)/x"),
    ("sum(F.bilinear(x, y, W)*g)", "x:n,d y:n,e W:o,d,e g:n,o", "g", "F.bilinear(x, y, W)"),
]  # fmt: skip


def asked(expr: str, shapes: str, wrt: str) -> Question:
    declared = {name: shape_of(name, shape) for name, _, shape in (text.partition(":") for text in shapes.split())}
    return Question(expr, declared, [wrt])


@pytest.mark.parametrize(("expr", "shapes", "wrt", "formula"), CASES, ids=[f"{c[0]} {c[1]}" for c in CASES])
def test_formula(expr: str, shapes: str, wrt: str, formula: str) -> None:
    assert derive(asked(expr, shapes, wrt)).gradient[wrt] == formula


def test_a_user_may_compare_with_the_ignored_label() -> None:
    """Outside of cross_entropy, -100 is a number like any other."""
    found = derive(asked("sum(where(x == -100, 0, x^2))", "x:n", "x")).gradient["x"]
    assert found == "where(x != -100, 2*x, 0)"


def test_latex() -> None:
    question = asked("cross_entropy(x, t.long())", "x:n,k t:n", "x")
    text = latex_text(derive(question).gradient["x"], question.shapes)
    assert text.endswith(r"- \operatorname{onehot}_{k}\left(t\right)}{n}"), text


def numbers() -> dict[str, object]:
    random = np.random.default_rng(3)
    return {"x": random.normal(size=(3, 4)).tolist(), "t": [0.0, 2.0, 1.0], "w": [0.5, 1.0, 2.0, 0.25]}


def test_code() -> None:
    """Functions for NumPy, of formulas that call cross_entropy, one_hot and index_add."""
    values = numbers()
    x, t, w = (np.asarray(values[name]) for name in "xtw")
    labels = t.astype(int)
    shifted = np.exp(x)
    p = shifted / shifted.sum(1, keepdims=True)
    share = w[labels] / w[labels].sum()
    loss = -(share * np.log(p[np.arange(3), labels])).sum()
    wanted = [2 * loss * share[:, None] * (p - np.eye(4)[labels]), np.bincount(labels, 2 * w[labels], 4)]
    texts = []
    for expr, wrt in (("cross_entropy(x, t.long(), weight=w)^2", "x"), ("sum(w[t.long()]^2)", "w")):
        question = asked(expr, "x:n,k t:n w:k", wrt)
        texts.append(code("numpy", question, derive(question)))
    cases = [{"target": "numpy", "function": "gradient", "code": text, "vars": values} for text in texts]
    for found, right in zip(run(json.loads(json.dumps(cases))), wanted, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-9)


def test_integers_stay_integers_in_torch_code() -> None:
    question = asked("cross_entropy(x, tensor([0, 2]))^2", "x:2,3", "x")
    text = code("torch", question, derive(question))
    assert "torch.nn.functional.cross_entropy(x, torch.tensor([0, 2]))" in text


def test_sizes_may_be_computed() -> None:
    assert derive(asked("sum(eye(2*n))*x", "x:scalar A:n,n", "x")).gradient["x"] == "2*A.size(0)"


def test_a_relu_is_not_the_same_as_its_operand_beside_other_bounds() -> None:
    found = derive(asked("sum(where(relu(x*2) > y, x, 0))", "x:n y:n", "x")).gradient["x"]
    assert found == "where(relu(2*x) > y, 1.0, 0.0)"
