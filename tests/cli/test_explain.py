"""`autodiff explain`: every example on every page does what it says."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from autodiff.errors import EXIT_CODES
from autodiff.report import explain

UNPROVOKED = {"internal", "needs-value", "needs-shape"}  # no evaluation raises these
WRITTEN = sorted(path.stem for path in Path(explain.FOLDER).glob("*.md"))


def test_pages_belong_to_codes() -> None:
    assert set(WRITTEN) <= set(EXIT_CODES)
    assert {"non-scalar-output", "shape-mismatch"} <= set(WRITTEN)


def outcome(command: Any, line: str) -> Any:
    """What a line of a page does: `autodiff …`, with `echo TEXT |` before it, or `echo TEXT > FILE`."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|>")
    lexer.commenters, lexer.whitespace_split = "", True
    words, stdin = list(lexer), ""
    if words[0] == "echo":
        _, stdin, sign, *words = words
        if sign == ">":
            Path(words[0]).write_text(stdin + "\n", encoding="utf-8")
            return None
        assert sign == "|"
    program, *argv = words
    assert program == "autodiff"
    return command(*argv, stdin=stdin + "\n" if stdin else "")


@pytest.mark.parametrize("code", [code for code in WRITTEN if code not in UNPROVOKED])
def test_examples(command: Any, code: str) -> None:
    assert explain.source(code).startswith(f"# {code}\n")
    examples = [example for example in explain.examples(code) if example.kind]
    assert {example.kind for example in examples} == {"wrong", "right"}
    for example in examples:
        for line in example.commands:
            result = outcome(command, line)
            if example.kind == "right":
                assert result is None or result.code == 0, result.err or result.out
            else:
                assert result.code == EXIT_CODES[code], result.err or result.out
                assert f"[{code}]" in result.err or f'"{code}"' in result.out


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
