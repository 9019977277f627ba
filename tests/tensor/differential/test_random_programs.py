"""Random programs on this package and on PyTorch, where it is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import autodiff.tensor as torch
from tensor.differential.compare import alike, differences, same
from tensor.differential.generate import program
from tensor.differential.run import answer

RUNNER = Path(__file__).with_name("run.py")
PROGRAMS = 5000
# Of a thousand programs, plain and wide.  What is left are the names of tensors and operations in errors of changed
# memory, data that were exchanged for others of another shape in between, memory that several elements share, texts
# of single operations (`to(-2)`), and rounding that jumps; a failure shows them.
LEFT = {False: 3, True: 5}


@pytest.mark.filterwarnings("ignore")
def test_programs_repeat() -> None:
    for seed in range(5):
        text = program(seed)
        assert text == program(seed)
        first, second = answer(torch, text), answer(torch, text)
        told = [[item for item in shown if item[0] != "warning"] for shown in (first, second)]  # some come once
        assert differences(*told) is None


def test_comparison_sees_differences() -> None:
    assert same([1.0, "a", None, True], [1.0 + 1e-9, "a", None, True])
    assert not same([1.0], [1.001])
    assert not same([1], [1.0])
    assert alike("tensor([1.0000, 2.5000])", "tensor([1.0001, 2.5000])")
    assert not alike("tensor([1.0000])", "tensor([1.0000], requires_grad=True)")
    assert differences([["statement", "x"], ["log", 1]], [["statement", "x"], ["log", 2]]) is not None


def theirs(programs: list[list[str]]) -> list[list[Any] | None]:
    """PyTorch's answers, by processes that go on behind programs that crash it (None)."""
    answers: list[list[Any] | None] = []
    while len(answers) < len(programs):
        done = subprocess.run(
            [sys.executable, str(RUNNER), "torch"],
            input="".join(json.dumps(text) + "\n" for text in programs[len(answers) :]),
            capture_output=True,
            text=True,
            check=False,
        )
        answers += [json.loads(line) for line in done.stdout.splitlines()]
        if len(answers) < len(programs):
            answers.append(None)
    return answers


def disagreements(wide: bool) -> list[str]:
    """What differs from PyTorch's answers, for each program that does."""
    found = []
    for start in range(0, PROGRAMS, 500):
        programs = [program(seed, wide) for seed in range(start, start + 500)]
        for seed, (text, known) in enumerate(zip(programs, theirs(programs), strict=True), start):
            difference = None if known is None else differences(answer(torch, text), known)
            if difference is not None:
                found.append(f"program {seed}: {difference[:1500]}")
    return found


@pytest.mark.slow
@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("wide", [False, True], ids=["plain", "wide"])
def test_as_pytorch(wide: bool) -> None:
    found = disagreements(wide)
    assert len(found) <= PROGRAMS * LEFT[wide] // 1000, "\n".join(found)
