"""Which operations save tensors for backward, traced from their rules, against PyTorch's recorded answers."""

from __future__ import annotations

from typing import Any

import pytest

import autodiff.tensor as torch
from autodiff.graph.build import Builder
from autodiff.syntax.parse import parse
from autodiff.tensor.calling import Sources, unwrapped, wrapped
from autodiff.tensor.engine import FREED
from autodiff.tensor.modes import session
from autodiff.tensor.tensor import Tensor
from conftest import golden

CASES = golden("second_backward")


def value(data: Any) -> Any:
    if isinstance(data, dict):
        dtype = getattr(torch, data.get("dtype", "float64"))
        made = torch.tensor(data["data"], dtype=dtype).reshape(data.get("shape") or torch.tensor(data["data"]).shape)
        return made.requires_grad_() if dtype.is_floating and data.get("requires_grad", True) else made
    made = torch.tensor(data)
    return made.double().requires_grad_() if made.dtype is not torch.bool else made


def works_twice(expr: str, variables: dict[str, Any]) -> bool:
    """Whether a second backward through an expression works."""
    sources: Sources = {}
    scope = {name: unwrapped(value(data), sources) for name, data in variables.items()}
    with session():
        result = wrapped(Builder(scope).build(parse(expr)), sources)
    outputs = [t for t in (result if isinstance(result, tuple) else [result]) if isinstance(t, Tensor)]
    outputs = [t for t in outputs if t.requires_grad]
    weights = [torch.ones_like(t) for t in outputs]
    torch.autograd.backward(outputs, weights)
    message = ""
    try:
        torch.autograd.backward(outputs, weights)
    except RuntimeError as error:
        message = str(error)
    assert message in ("", FREED)
    return not message


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_second_backward(case: dict[str, Any]) -> None:
    request = case["request"]
    assert works_twice(request["expr"], request["vars"]) == case["expect"]["second_backward"]
