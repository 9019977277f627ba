"""Runs generated code: JSON cases on standard input, one answer each on standard output. Needs no autodiff.

A case has `target`, `code`, `function` and `vars`; its answer is nested lists, or the error as text.
"""

from __future__ import annotations

import json
import sys
import warnings
from types import ModuleType
from typing import Any

import numpy as np


def arrays(target: str, values: dict[str, Any]) -> dict[str, Any]:
    if target == "torch":
        import torch

        return {name: torch.tensor(value, dtype=torch.float64) for name, value in values.items()}
    if target == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
        return {name: jax.numpy.asarray(value, dtype="float64") for name, value in values.items()}
    return {name: np.array(value, dtype=float) for name, value in values.items()}


def plain(result: Any) -> Any:
    if isinstance(result, tuple):
        return [plain(part) for part in result]
    return np.asarray(result, dtype=float).tolist()


def answer(case: dict[str, Any]) -> Any:
    module = ModuleType("generated")
    exec(compile(case["code"], "generated", "exec"), module.__dict__)
    try:
        return plain(getattr(module, case["function"])(**arrays(case["target"], case["vars"])))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps([answer(case) for case in json.load(sys.stdin)]))
