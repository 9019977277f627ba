"""`torch.inference_mode`: no gradients inside. Source: PyTorch documentation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.tensor import modes


class inference_mode(modes._Mode):  # noqa: N801
    """As `no_grad`; with False, nothing changes."""

    mode = False

    def __new__(cls, mode: Any = True) -> Any:
        self = super().__new__(cls)
        if isinstance(mode, bool):
            return self
        self.__init__(True)  # type: ignore[misc]
        return self(mode)

    def __init__(self, mode: Any = True) -> None:
        super().__init__()
        if mode is False:
            self.mode = modes.is_grad_enabled()


def is_inference_mode_enabled() -> bool:
    """False: inside, tensors are ordinary ones without history."""
    return False


__all__ = ["Callable", "inference_mode", "is_inference_mode_enabled"]
