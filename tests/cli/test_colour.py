"""The same words with colour and without it."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest

COMMANDS = """
eval "x^2" x=[1,2]
eval "sum(x)" x=arange(3)
eval "maen(x)" x=1
eval "x + y" x=[1,2] y=[1,2,3]
eval "2*(x+1" x=1
explain
explain non-scalar-output
ops sin
ops soft
graph "mean(2*(x+1)^2)" x=[1,2]
steps "mean(2*(x+1)^2)" x=[1,2]
derive "x^3" --json
derive "2*x" x:n
check "x^2" --answer x x:scalar
check "x^2" --answer 2*x x:scalar
check "x^2" --answer 3*x x:scalar --no-reveal
check "x^2" --answer 2* x:scalar
check "sum(x^2)" --answer [2,4] x=[1,2]
check "x/0" --answer x x:scalar
check "sum(X @ w)" --answer X.T X:m,n w:n --wrt w
plot "sin(x)" x=-3:3
gradcheck "sum(relu(x))" x=[0,1]
jacobian "x^2" x=[1,2]
nothing
eval x --gradeint 1
""".strip().splitlines()


@pytest.mark.parametrize("line", COMMANDS)
def test_colour_changes_no_word(line: str, command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = command(*shlex.split(line))
    monkeypatch.setenv("FORCE_COLOR", "1")
    painted = command(*shlex.split(line))
    monkeypatch.setenv("NO_COLOR", "1")
    assert command(*shlex.split(line)) == plain
    assert "\x1b" not in plain.out + plain.err
    assert [re.sub(r"\x1b\[[\d;]*m", "", text) for text in painted[1:]] == list(plain[1:])
    assert painted.code == plain.code
