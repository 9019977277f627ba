"""What a program may use up, also inside a single operation, and that no program gets around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from autodiff.program.limits import Limits

FEW = Limits(steps=20_000, memory=200 << 20, seconds=20.0)
ENDLESS = [
    "while True: pass",
    "while True:\n    try:\n        while True: pass\n    except: pass",
    "while True:\n    try:\n        pass\n    finally:\n        continue",
    "def f():\n    try:\n        return 1\n    finally:\n        while True: pass\nf()",
    "def g():\n    while True: yield 1\nfor x in g(): pass",
    "def g():\n    while True: yield 1\nlist(g())",
    "def g():\n    while True: yield 1\nsum(x for x in g())",
    "def g():\n    while True: yield 1\nmax(g())",
    "def g():\n    while True: yield 1\n[*g()]",
    "def g():\n    while True: yield 1\nprint(*g())",
    "def g():\n    while True: yield 1\na, *b = g()",
    "def g():\n    while True: yield 1\n','.join(str(x) for x in g())",
    "[x for x in iter(int, 1)]",
    "{x: 1 for y in iter(int, 1) for x in range(10)}",
    "any(False for x in iter(int, 1))",
    "class A:\n    def __iter__(self): return self\n    def __next__(self): return 1\nlist(A())",
    "class A:\n    def __getitem__(self, i): return i\nfor x in A(): pass",
    """
class A:
    def __exit__(self, *a): return True
    def __enter__(self): pass
while True:
    with A():
        while True: 1 / 0
""",
    "x = [1]\nfor v in x: x.append(v)",
    "f = lambda: [f() for i in range(10)]\ndef g(n):\n    return 0 if n == 0 else g(n - 1) + g(n - 1)\ng(40)",
]
HUGE = [
    "x = [0] * 10**12",
    "x = 'a' * 10**12",
    "x = 10**12 * (1,)",
    "x = []\nwhile True: x.append([0] * 100000)",
    "x = 'ab'\nwhile True: x += x",
    "x = [1]\nwhile True: x = x + x",
    "x = list(range(10**12))",
    "x = [[0] * 1000 for i in range(10**9)]",
    "x = torch.zeros(10**6, 10**6)",
    "x = torch.zeros(1).expand(10**6, 10**6) + 1",
    "x = []\nwhile True: x.append(torch.zeros(10**6))",
]
LIMIT_CODES = {"limit-memory", "limit-steps", "limit-size", "limit-number"}


@pytest.mark.parametrize("text", ENDLESS)
def test_endless_programs_end(text: str, program: Callable[..., Any]) -> None:
    assert program(text, FEW).error.code == "limit-steps"


@pytest.mark.parametrize("text", ENDLESS)
def test_they_cannot_catch_it(text: str, program: Callable[..., Any]) -> None:
    inside = "\n".join("    " + line for line in text.splitlines())
    for handler in ("except:", "except Exception:", "except BaseException as e:", "finally:"):
        result = program(f"try:\n{inside}\n{handler}\n    print('caught')\nprint('after')\n", FEW)
        assert (result.error.code, result.out) == ("limit-steps", "")


@pytest.mark.parametrize("text", HUGE)
def test_huge_values_are_refused(text: str, program: Callable[..., Any]) -> None:
    result = program(text, Limits(steps=3_000_000, memory=100 << 20, seconds=20.0))
    assert result.error is not None
    assert result.error.code in LIMIT_CODES


def test_huge_numbers(program: Callable[..., Any]) -> None:
    for text in (
        "10**10**10",
        "x = 3\nwhile True: x = x * x",
        "1 << 10**12",
        "f'{1:1000000000d}'",
        "'%1000000000d' % 1",
    ):
        assert program(text).error.code in LIMIT_CODES


def test_time(program: Callable[..., Any]) -> None:
    result = program("while True: pass", Limits(10**12, 1 << 30, 0.05))
    assert result.error.code == "limit-time"
    assert result.error.span.text == "True"


def test_one_long_operation(program: Callable[..., Any]) -> None:
    text = "x = torch.ones(800, 800)\nfor i in range(100000):\n    y = (x @ x) @ (x @ x)\n"
    error = program(text, Limits(10**12, 1 << 30, 0.5)).error
    assert error.code == "limit-time"
    assert error.span is not None


RECURSION = [
    "def f(): return f()\nf()",
    "f = lambda x: f(x)\nf(1)",
    "def f(x): return sorted([2, 1], key=f)\nf(1)",
    "def f(x): return list(map(f, [x]))\nf(1)",
    "class A:\n    def __getitem__(self, i): return self[i]\nA()[0]",
    "class A:\n    def __eq__(self, o): return self == o\nA() == A()",
    "class A:\n    def __repr__(self): return repr(self)\nprint(A())",
    "class A:\n    def __add__(self, o): return self + o\nA() + 1",
    "class A:\n    def __call__(self): return self()\nA()()",
    "class A:\n    def __init__(self): A()\nA()",
    "class A:\n    @property\n    def p(self): return self.p\nA().p",
    "def g():\n    for x in g(): yield x\nlist(g())",
    "def f(): return [f() for i in range(2)]\nf()",
    "def f(): return sum(f() for i in range(2))\nf()",
    """
x = torch.ones(1, requires_grad=True)
def h(g): return f()
@torch.enable_grad()
def f():
    y = x * 2
    y.register_hook(h)
    y.backward()
f()
""",
    "x = []\nfor i in range(100000): x = [x]\nprint(x)",
    "x = []\ny = []\nfor i in range(100000): x, y = [x], [y]\nx == y",
]


@pytest.mark.parametrize("text", RECURSION)
def test_recursion_ends(text: str, program: Callable[..., Any]) -> None:
    result = program(text)
    assert result.last.startswith("RecursionError: maximum recursion depth exceeded")
    assert result.error.code == "limit-nesting"


def test_the_session_goes_on_after_a_limit(program: Callable[..., Any]) -> None:
    from autodiff.program.limits import LimitReached
    from autodiff.program.session import Session

    printed: list[str] = []
    session = Session(printed.append, printed.append)
    session.start(FEW)
    with pytest.raises(LimitReached):
        session.execute("x = 5\nwhile True: pass")
    session.start(FEW)
    session.execute("print(x)")
    assert printed == ["5\n"]


def test_expressions_too_deep(program: Callable[..., Any]) -> None:
    assert program("x = " + "(" * 5000 + "1" + ")" * 5000).last == ""
    assert program("x = " + "-(" * 5000 + "1" + ")" * 5000).error.code == "limit-nesting"
    assert program("x = " + "[" * 5000 + "]" * 5000).error.code == "limit-nesting"
    assert program("x = " + "1 + " * 5000 + "1\nprint(x)").out == "5001\n"
    assert program("x = " + "0 or " * 5000 + "1\nprint(x)").out == "1\n"
