"""A class graded as a whole process: N students, and twice as many, with 20 questions.

    python tests/benchmarks/grade.py [--students 500] [--jobs 2] [--seed 0]

Answers are right, right in other words, wrong by one rule, or cannot be read.  Most wrong and many rewritten ones
have numbers of their own, so that about a third of all answers are those of one student alone.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Expression, shapes, variable; right answers; wrong answers.
QUESTIONS: list[tuple[str, dict[str, str], str, list[str], list[str]]] = [
    ("x^3", {}, "x", ["3*x^2", "3*x*x"], ["x^2", "3*x^3", "3*x", "x^4/4"]),
    ("(3*x+1)^5", {}, "x", ["15*(3*x+1)^4", "5*3*(1+3*x)^4"], ["5*(3*x+1)^4", "15*(3*x+1)^5", "5*(3)^4"]),
    ("sin(x^2)", {}, "x", ["2*x*cos(x^2)", "cos(x^2)*2*x"], ["cos(x^2)", "-2*x*cos(x^2)", "cos(2*x)"]),
    ("x*exp(x)", {}, "x", ["exp(x) + x*exp(x)", "(1+x)*exp(x)"], ["exp(x)", "x*exp(x)", "x*exp(x-1)"]),
    ("x/(x+1)", {}, "x", ["1/(x+1)^2", "(x+1-x)/(x+1)^2"], ["-1/(x+1)^2", "1", "1/(x+1)"]),
    ("log(x^2+1)", {}, "x", ["2*x/(1+x^2)", "1/(x^2+1)*(2*x)"], ["1/(x^2+1)", "2*x", "log(2*x)"]),
    ("exp(-x^2)", {}, "x", ["-2*x*exp(-x^2)", "-2*x/exp(x^2)"], ["exp(-x^2)", "2*x*exp(-x^2)", "-2*exp(-x^2)"]),
    ("sqrt(x^2+1)", {}, "x", ["x/sqrt(x^2+1)", "x*(x^2+1)^(-1/2)"], ["1/(2*sqrt(x^2+1))", "2*x/sqrt(x^2+1)"]),
    ("tanh(2*x)", {}, "x", ["2*(1 - tanh(2*x)^2)", "2/cosh(2*x)^2"], ["1 - tanh(2*x)^2", "2*tanh(2*x)"]),
    ("sin(x)*cos(x)", {}, "x", ["cos(2*x)", "cos(x)^2 - sin(x)^2"], ["-cos(x)*sin(x)", "cos(x)^2", "-sin(2*x)"]),
    ("2^x", {}, "x", ["2^x*log(2)", "log(2)*exp(x*log(2))"], ["x*2^(x-1)", "2^x", "2^x/log(2)"]),
    ("sigmoid(x)", {}, "x", ["sigmoid(x)*(1-sigmoid(x))", "exp(-x)/(1+exp(-x))^2"], ["sigmoid(x)", "1-sigmoid(x)"]),
    ("sum(x^2)", {"x": "n"}, "x", ["2*x", "x+x"], ["2*x/numel(x)", "x", "2*sum(x)"]),
    ("mean(2*(x+1)^2)", {"x": "m,n"}, "x", ["4*(x+1)/numel(x)", "(4*x+4)/(m*n)"], ["4*(x+1)", "4*x/numel(x)"]),
    ("sum(exp(a*x))", {"x": "n", "a": "scalar"}, "x", ["a*exp(a*x)"], ["exp(a*x)", "x*exp(a*x)", "a*exp(x)"]),
    ("norm(x)", {"x": "n"}, "x", ["x/norm(x)", "x/sqrt(sum(x^2))"], ["2*x", "x/sum(x^2)", "1/(2*norm(x))"]),
    ("a @ X @ b", {"a": "m", "X": "m,n", "b": "n"}, "X", ["outer(a, b)"], ["outer(b, a)", "a*b", "a @ b"]),
    ("x @ A @ x", {"x": "n", "A": "n,n"}, "x", ["(A + A.T) @ x", "A @ x + x @ A"], ["A @ x", "2*A @ x", "A.T @ x"]),
    (
        "mean((X @ w - y)^2)", {"X": "m,n", "w": "n", "y": "m"}, "w",
        ["2*X.T @ (X @ w - y)/m", "2/m*(X @ w - y) @ X"], ["2*X.T @ (X @ w - y)", "X.T @ (X @ w - y)/m"],
    ),
    (
        "sum(tanh(W @ x))", {"W": "m,n", "x": "n"}, "x",
        ["W.T @ (1 - tanh(W @ x)^2)"], ["W.T @ ones(m)", "1 - tanh(W @ x)^2", "W @ (1 - tanh(W @ x)^2)"],
    ),
]  # fmt: skip
UNREADABLE = ["", "2x", "3*x^", "grad(x)", "z + 1", "import os"]


def key() -> str:
    """The key as JSON."""
    questions = [
        {"id": f"q{place}", "expression": expr, "shapes": shapes, "wrt": wrt}
        for place, (expr, shapes, wrt, _, _) in enumerate(QUESTIONS, 1)
    ]
    return json.dumps({"title": "Benchmark", "defaults": {"credit": {"sign": 0.5}}, "questions": questions})


def answer(chance: random.Random, place: int) -> str:
    _, _, wrt, right, wrong = QUESTIONS[place]
    kind = chance.random()
    if kind < 0.5:
        return chance.choice(right)
    if kind < 0.65:
        number = chance.randint(2, 10**6)
        return f"({chance.choice(right)})*{number}/{number}"
    if kind < 0.8:
        return chance.choice(wrong)
    if kind < 0.95:
        return f"{chance.choice(wrong)} + {chance.randint(1, 10**6)}*{wrt}"
    return chance.choice(UNREADABLE)


def answers(students: int, seed: int) -> str:
    """A wide table of semicolons."""
    chance = random.Random(seed)
    lines = [";".join(["student", *(f"q{i}" for i in range(1, len(QUESTIONS) + 1))])]
    for number in range(students):
        lines.append(";".join([f"Student {number}", *(answer(chance, place) for place in range(len(QUESTIONS)))]))
    return "\n".join(lines) + "\n"


def seconds(folder: Path, students: int, jobs: int, seed: int) -> float:
    table = folder / "answers.csv"
    table.write_text(answers(students, seed), encoding="utf-8")
    command = [sys.executable, "-m", "autodiff", "grade", str(folder / "key.json"), str(table)]
    options = ["-o", str(folder / "grades.csv"), "--html", str(folder / "report.html"), "--jobs", str(jobs)]
    start = time.perf_counter()
    subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "key.json").write_text(key(), encoding="utf-8")
        once, twice = (seconds(folder, n, given.jobs, given.seed) for n in (given.students, 2 * given.students))
    print(f"{given.students} students, {len(QUESTIONS)} questions, {given.jobs} processes: {once:.1f} s")
    print(f"{2 * given.students} students: {twice:.1f} s, {twice / once:.2f} times as long")


if __name__ == "__main__":
    main()
