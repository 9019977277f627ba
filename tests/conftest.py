"""Shared by all tests."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from hypothesis import settings

# Before NumPy is imported: tests fork and set limits of memory, and its threads survive neither.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A busy machine is slow: tests never time.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

GOLDEN = Path(__file__).parent / "golden"


def golden(group: str) -> list[dict[str, Any]]:
    """The recorded answers of a group."""
    with (GOLDEN / f"{group}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
