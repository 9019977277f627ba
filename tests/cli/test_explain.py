"""`autodiff explain`; what the pages say is tested in tests/report/test_explain.py."""

from __future__ import annotations

from typing import Any

from autodiff.errors import EXIT_CODES


def test_a_page(command: Any) -> None:
    code, out, err = command("explain", "shape-mismatch")
    assert (code, err) == (0, "")
    assert out.startswith("shape-mismatch\n\n")
    assert "  wrong:\n    $ autodiff eval" in out
    assert "```" not in out


def test_all_codes(command: Any) -> None:
    lines = command("explain").out.splitlines()
    assert [line.split()[0] for line in lines] == list(EXIT_CODES)


def test_an_unknown_code(command: Any) -> None:
    code, out, err = command("explain", "shape-missmatch")
    assert (code, out) == (2, "")
    assert "did you mean 'shape-mismatch'?" in err
