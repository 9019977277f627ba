"""Answers and errors as data for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.solve import Answer

if TYPE_CHECKING:
    from autodiff.functional import Derivatives


def answered(answer: Answer, saved: Mapping[str, str] | None = None) -> dict[str, Any]:
    """An answer as data for JSON, without `id`; in place of the parts that are saved, where they are."""
    from autodiff.request import jsons  # a printed answer does without json

    def numbers(part: str, array: np.ndarray) -> Any:
        if saved is None or part not in saved:
            return jsons.numbers(array)
        return {"saved": saved[part], "shape": list(array.shape), "dtype": array.dtype.name}

    body: dict[str, Any] = {}
    if answer.value is not None:
        body["value"] = numbers("value", answer.value)
        body["shape"] = list(answer.value.shape)
        body["dtype"] = answer.value.dtype.name
        body["grad_fn"] = answer.grad_fn
    if answer.error is not None:
        body["error"] = described(answer.error)
    elif answer.grads is not None:
        body["grads"] = {
            name: None if grad is None else numbers(f"{name}.grad", grad) for name, grad in answer.grads.items()
        }
    return body


def derived(found: Derivatives, result: str) -> dict[str, Any]:
    """Derivatives as data for JSON under the name `result`: by variable, a Hessian by two; one array for a jvp."""
    from autodiff.request.jsons import numbers

    body: dict[str, Any] = {}
    if found.value is not None:
        body["value"] = numbers(found.value)
        body["shape"] = list(found.value.shape)
        body["dtype"] = found.value.dtype.name
        body["grad_fn"] = found.grad_fn
    if found.error is not None:
        body["error"] = described(found.error)
        return body
    inside = body.setdefault(result, {})
    for key, array in (found.parts or {}).items():
        if not key:
            body[result] = numbers(array)
        elif len(key) == 1:
            inside[key[0]] = numbers(array)
        else:
            inside.setdefault(key[0], {})[key[1]] = numbers(array)
    return body


def described(error: AutodiffError) -> dict[str, Any]:
    """An error as data for JSON."""
    body: dict[str, Any] = {"type": error.type, "code": error.code, "message": error.message}
    if error.help:
        body["help"] = "; ".join(error.help)
    if error.source is not None:
        body["in"] = error.source.name
    if error.span is not None:
        body["span"] = [error.span.start, error.span.end]
        body["at"] = error.span.text
    return body


def advise(error: AutodiffError, answer: Answer | Derivatives, expr: str, as_request: bool = False) -> None:
    """Say how to get out of a result that is no scalar, in the words of the expression that was given."""
    if error.code != "non-scalar-output" or answer.value is None:
        return
    inner = expr.strip()
    if "#" in inner or "\n" in inner or len(inner) > 60:
        inner = "…"
    weights = _weights(answer.value.shape, as_request)
    option = f'"gradient": {weights}' if as_request else f"--gradient '{weights}'"
    error.help = [f"make it a scalar, mean({inner}) or sum({inner}), or weigh its elements: {option}"]


def _weights(shape: tuple[int, ...], as_request: bool) -> str:
    if 0 < np.prod(shape) <= 24:
        return str(np.ones(shape, int).tolist()).replace(" ", "")
    return "[…]" if as_request else f"ones({','.join(map(str, shape))})"
