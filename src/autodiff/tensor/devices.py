"""`torch.cuda` and other devices: there is the CPU and nothing else, which programs ask before they move anything."""

from __future__ import annotations

from typing import Any


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def current_accelerator(check_available: bool = False) -> None:
    """None."""


def manual_seed(seed: int) -> None:
    """Nothing: there is no other stream."""


manual_seed_all = manual_seed


def empty_cache() -> None:
    """Nothing."""


def synchronize(device: Any = None) -> None:
    """Nothing: operations are done when they return."""


class save_on_cpu:  # noqa: N801
    """`torch.autograd.graph.save_on_cpu`: what is saved is on the CPU anyhow."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        self.pin_memory = pin_memory

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None
