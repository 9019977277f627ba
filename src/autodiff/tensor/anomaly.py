"""`torch.autograd.detect_anomaly`: accepted; errors already name the operation."""

from __future__ import annotations

from contextlib import ContextDecorator


class set_detect_anomaly(ContextDecorator):  # noqa: N801
    """Does nothing: PyTorch's takes tracebacks of the forward pass."""

    def __init__(self, mode: bool = True, check_nan: bool = True) -> None:
        self.mode = mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


class detect_anomaly(set_detect_anomaly):  # noqa: N801
    """Does nothing: PyTorch's takes tracebacks of the forward pass."""

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__(True, check_nan)
