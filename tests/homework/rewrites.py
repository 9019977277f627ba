"""Right answers in other words: by hand, and by rules of algebra turned backwards."""

from __future__ import annotations

from random import Random

# Each formula has the value of {0}, wherever that has one.
BACKWARDS = [
    "-(-({0}))", "({0})*2/2", "({0}) + 0", "1*({0})", "({0})^1", "({0})/3 + 2*({0})/3", "({0}) + ({0}) - ({0})",
    "({0})*(sin({x})^2 + cos({x})^2)", "({0})*exp({x})*exp(-{x})", "({0})*({x}^2 + 1)/({x}^2 + 1)",
    "({0}) + {x} - {x}", "5*({0}) - 4*({0})", "({0})*exp(log(7))/7", "(({0})*{x} + ({0}))/({x} + 1)", "-1*({0})*(-1)",
    "0.25*({0})*4", "({0})*cosh({x})^2 - ({0})*sinh({x})^2", "({0})*2^{x}/exp({x}*log(2))", "sum([1, 2, 3])*({0})/6",
]  # fmt: skip


def backwards(answer: str, name: str, random: Random) -> str:
    """The answer with one to three rules applied backwards."""
    for _ in range(random.randint(1, 3)):
        answer = random.choice(BACKWARDS).format(answer, x=name)
    return answer


# Expression, variables, and answers that are all right.
BY_HAND: list[tuple[str, str, list[str]]] = [
    ("x^3", "x:", ["3*x*x", "x^2*3", "3*x^3/x", "x*x + 2*x^2", "3*abs(x)^2", "3*exp(2*log(abs(x)))"]),
    ("sin(x)*cos(x)", "x:", ["cos(2*x)", "cos(x)^2 - sin(x)^2", "1 - 2*sin(x)^2", "2*cos(x)^2 - 1"]),
    ("tan(x)", "x:", ["1/cos(x)^2", "1 + tan(x)^2", "2/(1 + cos(2*x))", "cos(x)^-2"]),
    ("sigmoid(x)", "x:", ["exp(-x)/(1+exp(-x))^2", "1/(2+2*cosh(x))", "sigmoid(x)*sigmoid(-x)", "exp(x)/(1+exp(x))^2"]),
    ("tanh(x)", "x:", ["1 - tanh(x)^2", "1/cosh(x)^2", "4/(exp(x) + exp(-x))^2", "(1 - tanh(x))*(1 + tanh(x))"]),
    ("x/(x+1)", "x:", ["1/(x+1)^2", "1/(x^2 + 2*x + 1)", "(x+1-x)/(x+1)^2", "1/(x+1) - x/(x+1)^2"]),
    ("(x-1)^4", "x:", ["4*(x-1)^3", "4*x^3 - 12*x^2 + 12*x - 4", "4*(x-1)*(x-1)*(x-1)", "-4*(1-x)^3"]),
    ("log(x)", "x:", ["1/x", "x^-1", "exp(-log(x))", "2/(2*x)"]),
    ("sqrt(x)", "x:", ["0.5*x^(-0.5)", "1/(2*sqrt(x))", "sqrt(x)/(2*x)", "x^(-1/2)/2", "rsqrt(x)/2"]),
    ("abs(x)", "x:", ["sign(x)", "x/abs(x)", "abs(x)/x", "where(x > 0, 1, -1)", "x/sqrt(x^2)"]),
    ("x^x", "x:", ["x^x*(log(x) + 1)", "exp(x*log(x))*(1 + log(x))", "x^x + x^x*log(x)"]),
    ("mean(2*(x+1)^2)", "x:2,3", ["4*(x+1)/numel(x)", "(4*x+4)/6", "2*(x+1)/3", "4/6 + x*4/6"]),
    ("sum((X @ w - y)^2)", "w:n X:m,n y:m", ["2*X.T @ (X @ w - y)", "2*(X @ w - y) @ X", "2*X.T @ X @ w - 2*X.T @ y"]),
    ("mean((X @ w - y)^2)", "w:n X:m,n y:m", ["2*X.T @ (X @ w - y)/m", "X.T @ (X @ w - y)*(2/numel(y))"]),
    ("x @ A @ x", "x:n A:n,n", ["(A + A.T) @ x", "A @ x + A.T @ x", "A @ x + x @ A", "x @ (A.T + A)"]),
    ("trace(A @ X)", "X:3,4 A:4,3", ["A.T", "A.t()", "transpose(A, 0, 1)"]),
    ("det(X)", "X:3,3", ["det(X)*inv(X).T", "det(X)*inv(X.T)", "det(X.T)*inv(X).T"]),
    ("norm(x)", "x:4", ["x/norm(x)", "x/sqrt(sum(x^2))", "x*(x @ x)^-0.5"]),
    ("logsumexp(x, 0)", "x:4", ["softmax(x, 0)", "exp(x)/sum(exp(x))", "exp(x - logsumexp(x, 0))"]),
    ("sum(relu(x))", "x:5", ["(x > 0)*1.0", "where(x > 0, 1, 0)", "(sign(x) + 1)/2"]),
]


def by_hand() -> list[tuple[str, str, str]]:
    return [(expr, shapes, answer) for expr, shapes, answers in BY_HAND for answer in answers]
