"""The identities that formulas are simplified with, as data: left = right, for any terms in the places of letters.

An identity is written in the language.  `a` and `b` stand for any term.  A sum or product on the left matches within a
larger one; in a sum also any multiple of it.  Each is tested on its own: that it holds, and that it is applied.
"""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """left = right, for letters between low and high."""

    left: str
    right: str
    low: float = -2.0
    high: float = 2.0


RULES = [
    Rule("1/(1 + exp(a))", "sigmoid(-a)"),
    Rule("exp(a)*sigmoid(-a)", "sigmoid(a)"),
    Rule("(1 + exp(a))*sigmoid(-a)", "1"),
    Rule("sigmoid(a)/(1 - sigmoid(a))", "exp(a)"),
    Rule("(1 + exp(a))^(-2)", "sigmoid(-a)^2"),
    Rule("exp(a)*sigmoid(-a)^2", "sigmoid(a)*sigmoid(-a)"),
    Rule("exp(2*a)*sigmoid(-a)^2", "sigmoid(a)^2"),
    Rule("(1 + exp(a))^(-3)", "sigmoid(-a)^3"),
    Rule("exp(a)*sigmoid(-a)^3", "sigmoid(a)*sigmoid(-a)^2"),
    Rule("exp(2*a)*sigmoid(-a)^3", "sigmoid(a)^2*sigmoid(-a)"),
    Rule("where(a > 20, 1.0, sigmoid(a))", "sigmoid(a)", -30.0, 30.0),  # 1 - sigmoid(20) is 2e-9
    Rule("sin(a)^2 + cos(a)^2", "1"),
    Rule("1 - sin(a)^2", "cos(a)^2"),
    Rule("1 - cos(a)^2", "sin(a)^2"),
    Rule("1 + tan(a)^2", "1/cos(a)^2"),
    Rule("1 + sin(a)^2/cos(a)^2", "1/cos(a)^2"),
    Rule("sin(a)/cos(a)", "tan(a)"),
    Rule("tan(a)*cos(a)", "sin(a)"),
    Rule("tan(a)^(-2)*cos(a)^(-2)", "sin(a)^(-2)", 0.2, 1.4),
    Rule("1/(tan(a)*cos(a)^2)", "1/(sin(a)*cos(a))", 0.2, 1.4),
    Rule("tan(a)*cos(a)^2", "sin(a)*cos(a)"),
    Rule("sin(a)/cos(a)^2", "tan(a)/cos(a)"),
    Rule("cosh(a)^2 - sinh(a)^2", "1"),
    Rule("1 + sinh(a)^2", "cosh(a)^2"),
    Rule("cosh(a)^2 - 1", "sinh(a)^2"),
    Rule("exp(a) + exp(-a)", "2*cosh(a)"),
    Rule("exp(a) - exp(-a)", "2*sinh(a)"),
    Rule("cos(a)^2 - sin(a)^2", "cos(2*a)"),
    Rule("cosh(a)^2 + sinh(a)^2", "cosh(2*a)"),
    Rule("sinh(a)/cosh(a)^2", "tanh(a)/cosh(a)"),
    Rule("sinh(a)/cosh(a)", "tanh(a)"),
    Rule("exp(log(a))", "a", 0.1, 3.0),
    Rule("log(exp(a))", "a"),
    Rule("1 + expm1(a)", "exp(a)"),
    Rule("abs(a)*sign(a)", "a"),
    Rule("a*sign(a)", "abs(a)"),
    Rule("where(a >= b, where(a == b, 1/2, 1.0), 0.0)", "(1 + sign(a - b))/2"),
    Rule("where(a >= b, where(b == a, 1/2, 1.0), 0.0)", "(1 + sign(a - b))/2"),
    Rule("where(a <= b, where(a == b, 1/2, 1.0), 0.0)", "(1 + sign(b - a))/2"),
    Rule("where(a <= b, where(b == a, 1/2, 1.0), 0.0)", "(1 + sign(b - a))/2"),
    Rule("relu(a)*where(a > 0, 1.0, 0.0)", "relu(a)"),
]
