"""An answer as a person reads it: the value, then each gradient under its name."""

from __future__ import annotations

from autodiff.report.cells import displayed, width
from autodiff.report.tensors import format_tensor
from autodiff.solve import Answer


def answer_text(answer: Answer, default_dtype: str, precision: int = 4) -> str:
    """The lines of an answer, each ended; none for one without a value."""
    if answer.value is None:
        return ""
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
        else:
            printed = format_tensor(grad, default_dtype=default_dtype, precision=precision, indent=width(head))
            lines.append(head + printed)
    return "\n".join(lines) + "\n"
