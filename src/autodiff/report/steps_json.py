"""The work step by step as JSON data."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.formula.steps import Path, Sheet
from autodiff.graph.sizes import Shape


def data(sheet: Sheet) -> dict[str, Any]:
    """The answer of `steps`: `forward`, `backward`, and the `gradient` as formulas and the `grads` as numbers."""
    body: dict[str, Any] = {
        "forward": [
            {"step": step.name, "expression": step.formula, "shape": _shape(sheet, step.name), **_value(step.value)}
            for step in sheet.forward
        ],
        "backward": [
            {
                "gradient": f"{arrival.name}.grad",
                "paths": [_path(path) for path in arrival.paths],
                **_value(arrival.value),
            }
            for arrival in sheet.backward
        ],
        "gradient": {name: result.formula for name, result in sheet.results.items()},
    }
    if any(arrival.value is not None for arrival in sheet.backward):
        body["grads"] = {name: _value(result.value).get("value") for name, result in sheet.results.items()}
    return {**body, "assumes": sheet.assumes} if sheet.assumes else body


def _path(path: Path) -> dict[str, Any]:
    outgoing = None if path.outgoing == "…" else path.outgoing
    if path.rule is None:
        return {"from": None, "rule": "the result itself", "incoming": None, "outgoing": outgoing, **_value(path.value)}
    return {
        "from": path.source,
        "rule": path.rule.says,
        "incoming": path.incoming,
        "outgoing": outgoing,
        **_value(path.value),
    }


def _value(value: np.ndarray | None) -> dict[str, Any]:
    if value is None:
        return {}
    from autodiff.request.jsons import numbers

    return {"value": numbers(value)}


def _shape(sheet: Sheet, name: str) -> list[int | str] | None:
    """Sizes as numbers and texts; None where the rank is not known."""
    shape: Shape = sheet.shapes[name]
    for variable in sheet.assumes:
        if any(str(size) == f"{variable}_rows" for size in shape):
            return None
    return [size if isinstance(size, int) else str(size) for size in shape]
