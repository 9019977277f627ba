"""What every operation saves for backward: second backwards, and changes in place, as PyTorch recorded them.

A case is a call; `second` says whether a second backward works, `in` and `out` for each tensor whether backward refuses
it after it was changed in place (null where that cannot be asked).
"""

from __future__ import annotations

from typing import Any

import pytest

import autodiff.tensor as torch
from conftest import golden

CASES = golden("saved")
MODULES = {"nn.functional": torch.nn.functional, "linalg": torch.linalg, "special": torch.special}


def decoded(value: Any) -> Any:
    """An argument from its JSON."""
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "t" in value:
        made = torch.tensor(value["t"], dtype=getattr(torch, value["dtype"])).reshape(value["shape"])
        return made.requires_grad_() if value["rg"] else made
    if "dtype" in value:
        return getattr(torch, value["dtype"])
    return tuple(decoded(value["tuple"])) if "tuple" in value else float(value["float"])


def tensors(value: Any) -> list[Any]:
    """The tensors in nested lists and tuples."""
    if isinstance(value, torch.Tensor):
        return [value]
    return [t for item in value for t in tensors(item)] if isinstance(value, (list, tuple)) else []


def function(name: str) -> Any:
    """An operation by PyTorch's name."""
    home, _, last = name.rpartition(".")
    found = getattr(MODULES[home] if home else torch, last, None)
    return found or getattr(torch.Tensor, last)


def called(case: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """The tensors that go into a call, and those that come out."""
    args, kwargs = decoded(case["args"]), {name: decoded(value) for name, value in case["kwargs"].items()}
    return tensors([args, list(kwargs.values())]), tensors(function(case["op"])(*args, **kwargs))


def backward(outputs: list[Any]) -> str:
    """The error of a backward from all results that want gradients, without its details."""
    wanted = [t for t in outputs if t.requires_grad]
    try:
        torch.autograd.backward(wanted, [torch.ones_like(t) for t in wanted])
    except RuntimeError as error:
        return "changed" if "modified by an inplace" in str(error) else "freed" if "second time" in str(error) else "?"
    return ""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES, ids=[f"{i}-{case['op']}" for i, case in enumerate(CASES)])
def test_saved(case: dict[str, Any]) -> None:
    _, outputs = called(case)
    assert backward(outputs) == ""
    assert backward(outputs) == ("" if case["second"] else "freed")
    for group, expected in enumerate((case["in"], case["out"])):
        for place, refused in enumerate(expected):
            changed = called(case)
            target = changed[group][place]
            try:
                target.detach().copy_(target.detach().clone())
            except RuntimeError:
                continue
            if refused is not None:
                assert backward(changed[1]) == ("changed" if refused else ""), (group, place)
