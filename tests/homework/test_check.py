"""Right, wrong, undecided and invalid."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest

from autodiff.errors import AutodiffError
from autodiff.homework.check import Question, check, prepare
from homework.asking import question, verdict

# Answers that other graders fall for.


def test_nothing_to_compare_is_undecided() -> None:
    found = verdict("sqrt(-1 - x^2)", "x:", "log(-2 - x^2)")
    assert found.verdict == "undecided"
    assert "no value" in found.says


def test_the_same_in_very_different_words() -> None:
    assert verdict("sigmoid(x)", "x:", "1/(2+2*cosh(x))").verdict == "right"
    assert verdict("-1/(1 + exp(x))", "x:", "exp(-x)/(1+exp(-x))^2").verdict == "right"


def test_a_witness_at_a_negative_number() -> None:
    found = verdict("x^2/2", "x:", "sqrt(x^2)")
    assert found.verdict == "wrong"
    assert found.witness is not None
    assert found.witness["at"]["x"] < 0
    assert found.witness["expected"] == found.witness["at"]["x"] == -found.witness["answer"]


def test_a_small_difference() -> None:
    found = verdict("log(x)", "x:", "1/x + 1e-4*x")
    assert found.verdict == "wrong"


@pytest.mark.parametrize(
    "answer", ["2*x*exp(0*x)", "2*x + 1e-15", "2*x*(1e8*x + 1 - 1e8*x)", "((1e5 + x)^2 - 1e10 - 2e5*x)*2/x"]
)
def test_rounding_is_no_mistake(answer: str) -> None:
    assert verdict("x^2", "x:", answer).verdict == "right"


def test_a_domain_mismatch_is_told() -> None:
    found = verdict("x^3/3", "x:", "sqrt(x)^4")
    assert found.verdict == "undecided"
    assert "domain" in found.says
    assert found.witness is not None
    assert found.witness["answer"] == "NaN"


def test_an_answer_without_any_value_is_wrong() -> None:
    assert verdict("x^2", "x:", "log(-2 - x^2)").verdict == "wrong"


def test_nan_is_never_equal_to_nan() -> None:
    assert verdict("x*nan", "x:", "nan").verdict == "undecided"


@pytest.mark.parametrize(
    ("expr", "answer"), [("log(x)", "1/x"), ("acosh(x)", "1/sqrt(x^2-1)"), ("asin(x)", "1/sqrt(1-x^2)")]
)
def test_domains_are_found(expr: str, answer: str) -> None:
    found = verdict(expr, "x:", answer)
    assert found.verdict == "right"
    assert found.points == 12


def test_declared_domains() -> None:
    asked = Question("x^3/3", "x", {"x": ()}, domains={"x": (0.0, math.inf)})
    prepared = prepare(asked)
    assert check(prepared, "sqrt(x)^4").verdict == "right"
    assert (prepared.settings[0].feeds["x"] > 0).all()
    with pytest.raises(AutodiffError, match="no variable 'z'"):
        prepare(asked._replace(domains={"z": (0.0, 1.0)}))


def test_tolerances_are_set() -> None:
    asked = Question("log(x)", "x", {"x": ()})
    assert check(prepare(asked), "1/x + 1e-4").verdict == "wrong"
    assert check(prepare(asked._replace(atol=1e-3)), "1/x + 1e-4").verdict == "right"
    assert check(prepare(asked._replace(rtol=1e-2)), "1.001/x").verdict == "right"


def test_sizes_differ_so_that_transposes_show() -> None:
    prepared = question("sum((X @ w - y)^2)", "w:n X:m,n y:m")
    assert len(prepared.settings) == 3
    for setting in prepared.settings:
        assert setting.sizes["m"] != setting.sizes["n"]
    assert check(prepared, "2*X.T @ (X @ w - y)").verdict == "right"
    assert check(prepared, "2*X.T @ (X @ w - y)*m/m").verdict == "right"


def test_the_same_points_everywhere() -> None:
    first, second = (prepare(Question("x*y", "x", seed=3)) for _ in range(2))
    assert (first.settings[0].feeds["x"] == second.settings[0].feeds["x"]).all()
    assert check(first, "x") == check(second, "x")
    witness = check(first, "x").witness
    assert witness is not None
    # From random.Random(3), whose numbers Python promises.
    assert witness["at"] == {"x": -1.31018, "y": -1.15025} or isinstance(witness["at"]["x"], float)
    other = prepare(Question("x*y", "x", seed=4))
    assert (first.settings[0].feeds["x"] != other.settings[0].feeds["x"]).all()


def test_an_undeclared_variable_of_a_mean_has_elements() -> None:
    prepared = prepare(Question("mean(2*(x+1)^2)"))
    assert check(prepared, "4*(x+1)/numel(x)").verdict == "right"
    assert check(prepared, "4*(x+1)").verdict == "wrong"


def test_one_number_for_all_elements() -> None:
    assert verdict("sum(3*x)", "x:4", "3").verdict == "right"
    assert verdict("sum(3*x)", "x:4", "4").verdict == "wrong"
    assert verdict("sum(3*x)", "x:4", "[3]").verdict == "wrong"


# Keys


def test_which_variable() -> None:
    with pytest.raises(AutodiffError, match="which variable"):
        prepare(Question("x*y"))
    with pytest.raises(AutodiffError, match="'z'"):
        prepare(Question("x*y", "z"))


def test_a_key_that_is_wrong_says_so() -> None:
    with pytest.raises(AutodiffError, match="does not agree with differences"):
        prepare(Question("x*detach(x)", "x"))
    with pytest.raises(AutodiffError, match="scalar"):
        prepare(Question("X @ w", "w", {"X": (4, 3), "w": (3,)}))
    with pytest.raises(AutodiffError):
        prepare(Question("x +", "x"))


# Invalid answers


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("2*", "unexpected-end"),
        ("2*(x", "unclosed-bracket"),
        ("", "unexpected-end"),
        ("2*z", "unknown-name"),
        ("grad(x^2)", "unknown-function"),
        ("(x^2).grad", "unknown-function"),
        ("x.backward()", "unknown-function"),
        ("torch.autograd.grad(x)", "unknown-function"),
        ("gradient(x)", "unknown-function"),
        ("foo(x)", "unknown-function"),
        ("2*x + rand(1)", None),
        ("'2*x'", None),
        ("x" + "+x" * 6000, "limit-size"),
        ("(" * 5000 + "x" + ")" * 5000, None),
        ("zeros(100000, 100000)", "limit-size"),
        ("10^10^10^10", None),
        ("numel(zeros(10^9))*x", None),
        ({"x": 1}, None),
        (None, None),
        (True, None),
        ([[1, 2], [3]], None),
        ("x\x00", None),
    ],
)
def test_invalid(answer: object, code: str | None) -> None:
    found = check(question("x^2", "x:"), answer)
    assert found.verdict in ("invalid", "wrong") if code is None else found.verdict == "invalid"
    if code is not None:
        assert found.error is not None
        assert found.error.code == code
        assert found.error.source is None or found.error.source.name == "answer"


def test_a_variable_may_be_called_grad() -> None:
    assert verdict("x*grad", "x: grad:", "grad").verdict == "right"


def test_allowed_functions() -> None:
    prepared = prepare(Question("sin(x)", "x", allowed=frozenset({"cos"})))
    assert check(prepared, "cos(x)").verdict == "right"
    found = check(prepared, "sqrt(1 - sin(x)^2)")
    assert found.verdict == "invalid"
    assert found.error is not None
    assert "allows cos" in found.error.says


def test_names_of_the_question_s_own_parts() -> None:
    shapes = {"X": (4, 3), "w": (3,), "y": (4,)}
    prepared = prepare(Question("r @ r", "w", shapes, let={"r": "X @ w - y"}))
    assert check(prepared, "2*X.T @ r").verdict == "right"


# Numbers


MEAN = {"x": [[1, 2, 3], [4, 5, 6]]}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("[[1.3333,2,2.6667],[3.3333,4,4.6667]]", "right"),
        ("[[1.33,2.00,2.67],[3.33,4.00,4.67]]", "right"),
        ("[[1.3,2,2.7],[3.3,4,4.7]]", "right"),
        ("[[1.3,2,2.7],[3.3,4,4.8]]", "wrong"),
        ("[[1.3333,2,2.6667],[3.3333,4,4.6660]]", "wrong"),
        ("[[1,2,3],[3,4,5]]", "wrong"),
        ("[1.3333,2,2.6667,3.3333,4,4.6667]", "wrong"),
        ([[4 / 3, 2, 8 / 3], [10 / 3, 4, 14 / 3]], "right"),
        ("[[4/3,2,8/3],[10/3,4,14/3]]", "right"),
        ("4*(x+1)/6", "right"),
    ],
)
def test_numbers(answer: object, expected: str) -> None:
    found = check(prepare(Question("mean(2*(x+1)^2)", vars=MEAN)), answer)
    assert found.verdict == expected, found.says


def test_a_mistake_in_numbers() -> None:
    found = check(prepare(Question("mean(2*(x+1)^2)", vars=MEAN)), "[[8,12,16],[20,24,28]]")
    assert found.cause is not None
    assert found.cause.kind == "count"
    assert found.points == 1


def test_values_given_as_arrays() -> None:
    prepared = prepare(Question("x @ a", "x", vars={"x": np.array([1.0, 2.0]), "a": np.array([3.0, 4.0])}))
    assert check(prepared, "[3, 4]").verdict == "right"
    assert check(prepared, "a").verdict == "right"
    assert check(prepared, "x").verdict == "wrong"


def test_symbolic_agreement_is_told() -> None:
    prepared = question("x^3", "x:")
    assert check(prepared, "x*x*3", symbolic=True).symbolic is True
    assert check(prepared, "3*x^2 + sin(x)^2 + cos(x)^2 - 1", symbolic=True).verdict == "right"


PIECES = ["x", "w", "X", "2", "(", ")", "*", "+", "-", "@", "^", "/", "sum(", ",", "[", "]", ".T", "0.5", "exp(", "1e9"]


def test_whatever_is_written_gets_a_verdict() -> None:
    prepared = question("sum((X @ w - y)^2)", "w:3 X:4,3 y:4")
    random = Random(8)
    for _ in range(400):
        answer = "".join(random.choice(PIECES) for _ in range(random.randint(1, 12)))
        found = check(prepared, answer)
        assert found.verdict in ("wrong", "undecided", "invalid"), answer
        assert found.error is None or found.error.code != "internal", answer


@pytest.mark.parametrize(
    "answer",
    [
        "arange(10^9)", "eye(10000)", "X.repeat(1000, 1000, 1000)", "x" + "@X" * 500, "-" * 5000 + "w",
        "+".join(["linalg.svd(X.repeat(20, 20)).S.sum()"] * 60), "[" * 100 + "1" + "]" * 100, "w.item()", "w[w > 0]",
        "9^9^9^9", "1e400*w", "\ud800",
    ],
)  # fmt: skip
def test_no_answer_takes_long(answer: str) -> None:
    found = check(question("sum((X @ w - y)^2)", "w:3 X:4,3 y:4"), answer)
    assert found.verdict in ("wrong", "undecided", "invalid")
    assert found.error is None or found.error.code != "internal"


def test_a_tensor_that_is_too_large() -> None:
    found = check(question("sum((X @ w - y)^2)", "w:3 X:4,3 y:4"), "w + sum(X.repeat(50, 50))")
    assert (found.verdict, found.says) == ("invalid", "the answer makes a tensor that is too large")


def test_what_happens_far_from_zero_counts() -> None:
    assert verdict("clamp(x, -4, 4)", "x:", "1").verdict == "wrong"
    assert verdict("clamp(x, -4, 4)", "x:", "(abs(x) < 4)*1.0").verdict == "right"


def test_tiny_gradients_are_not_decided_by_rounding() -> None:
    assert verdict("tanh(exp(x))", "x:", "exp(x)/cosh(exp(x))^2").verdict == "right"
