"""Shared by all tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden"


def golden(group: str) -> list[dict[str, Any]]:
    """The recorded answers of a group."""
    with (GOLDEN / f"{group}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
