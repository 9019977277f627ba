"""What PyTorch says about arguments that fit none of a function's forms, recorded from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autodiff.graph.op import REGISTRY
from autodiff.graph.overloads import forms_of, in_python
from autodiff.solve import Leaf, Problem, solve

RECORDED = Path(__file__).with_name("overloads.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("line", RECORDED)
def test_pytorchs_words(line: str) -> None:
    expr, _, message = line.partition(" | ")
    found = solve(Problem(expr, {"N": Leaf(np.ones((2, 2)))})).error
    assert found is not None
    assert found.message == message


def test_forms_are_those_of_operations() -> None:
    known = {name for name in REGISTRY if forms_of(name, method=False)}
    assert {"sum", "max", "linalg.norm", "view"} <= known
    assert all(
        form.least <= form.positional <= form.most or form.positional < form.least
        for name in known
        for form in forms_of(name, method=False)
    )
    assert in_python() <= set(REGISTRY)


def test_methods_have_neither_self_nor_out() -> None:
    assert [form[:] for form in forms_of("sum", method=True)] == [
        ("*, torch.dtype dtype = None", 0, 0, 1),
        ("tuple of ints dim, bool keepdim = False, *, torch.dtype dtype = None", 1, 2, 3),
    ]
    assert forms_of("mm", method=True) == []
