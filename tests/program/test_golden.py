"""PyTorch's recorded programs and printed tensors, through the interpreter."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).parents[1] / "golden"


def cases(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (GOLDEN / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("case", [*cases("programs"), *cases("tutorials")], ids=lambda case: case["id"])
def test_programs(case: dict[str, Any], program: Callable[..., Any]) -> None:
    result = program(case["program"])
    expected = case["expect"]
    assert re.sub(r" object at 0x[0-9a-f]+", " object at 0x...", result.out) == expected["stdout"]
    error = expected.get("error")
    assert result.last == (f"{error['type']}: {error['message']}" if error else "")
    for warning in expected.get("warnings", []):
        assert any(warning in shown for shown in result.warnings)


def literal(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return f"float('{value.lower().replace('infinity', 'inf')}')" if isinstance(value, str) else repr(value)


def test_printing(program: Callable[..., Any]) -> None:
    lines, expected = [], []
    for case in cases("printing"):
        tensor = case["tensor"]
        grad = ".requires_grad_()" if tensor["requires_grad"] else ""
        lines.append(
            f"t = torch.tensor({literal(tensor['data'])}, dtype=torch.{tensor['dtype']})"
            f".reshape({tensor['shape']}){grad}"
        )
        lines.append("print(t, end='\\n@@\\n')")
        expected.append(case["expect"])
    result = program("\n".join(lines))
    assert result.last == ""
    assert result.out.split("\n@@\n") == [*expected, ""]
