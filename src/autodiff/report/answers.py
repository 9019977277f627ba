"""An answer as a person reads it: the value, then each gradient under its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from autodiff.report.cells import displayed, width
from autodiff.report.tensors import format_tensor
from autodiff.solve import Answer

if TYPE_CHECKING:
    from autodiff.functional import Derivatives, Key


def answer_text(answer: Answer, default_dtype: str, precision: int = 4, saved: Mapping[str, str] | None = None) -> str:
    """The lines of an answer, each ended; none for one without a value. Parts that are saved are not shown."""
    if answer.value is None:
        return ""
    saved = saved or {}
    if "value" in saved:
        text = _saved("value", answer.value, saved)
    else:
        text = format_tensor(
            answer.value,
            grad_fn=answer.grad_fn,
            requires_grad=answer.requires_grad,
            default_dtype=default_dtype,
            precision=precision,
        )
    lines = [text]
    for name, grad in (answer.grads or {}).items():
        head = f"{displayed(name)}.grad = "
        if grad is None:
            lines.append(head + "None")
        elif f"{name}.grad" in saved:
            lines.append(_saved(f"{name}.grad", grad, saved))
        else:
            printed = format_tensor(grad, default_dtype=default_dtype, precision=precision, indent=width(head))
            lines.append(head + printed)
    return "\n".join(lines) + "\n"


def derivatives_text(found: Derivatives, label: Callable[[Key], str], default_dtype: str, precision: int = 4) -> str:
    """The value, then each derivative under its `label`; nothing for an answer without a value."""
    if found.value is None:
        return ""
    value = format_tensor(
        found.value,
        grad_fn=found.grad_fn,
        requires_grad=found.requires_grad,
        default_dtype=default_dtype,
        precision=precision,
    )
    lines = [value]
    for key, array in (found.parts or {}).items():
        head = f"{displayed(label(key))} = "
        lines.append(head + format_tensor(array, default_dtype=default_dtype, precision=precision, indent=width(head)))
    return "\n".join(lines) + "\n"


def formula_text(label: str, formula: str, value: np.ndarray | None, precision: int = 4) -> str:
    """A formula under its label, and below it its value where there is one."""
    text = f"{displayed(label)} = {displayed(formula)}\n"
    if value is None:
        return text
    head = " " * width(displayed(label)) + " = "
    return f"{text}{head}{format_tensor(value, default_dtype='float64', precision=precision, indent=len(head))}\n"


def _saved(part: str, array: np.ndarray, saved: Mapping[str, str]) -> str:
    return f"{displayed(part)} saved to {displayed(saved[part])}  {list(array.shape)} {array.dtype.name}"
