"""The stubs are what the operations make them, and type checkers find in them what is there."""

from __future__ import annotations

import re

import pytest

import autodiff.tensor as torch
from autodiff.tensor import stubs


@pytest.mark.parametrize("name", sorted(stubs.FILES))
def test_stubs_are_up_to_date(name: str) -> None:
    committed = (stubs.HERE / name).read_text(encoding="utf-8")
    assert stubs.FILES[name]() == committed, "run: python -m autodiff.tensor.stubs"


def test_every_name_is_there() -> None:
    named = stubs.package() + stubs.functions()
    for name in ("tensor", "exp", "matmul", "float32", "no_grad", "relu_", "inference_mode", "device"):
        assert hasattr(torch, name)
        assert re.search(rf"^(?:.* )?{name}(?:[:( ]|$)", named, re.MULTILINE)
