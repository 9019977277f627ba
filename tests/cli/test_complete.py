"""Completion in a shell: what is offered for a line."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("autodiff ev", ["plain,eval"]),
        ("autodiff eval --onl", ["plain,--only"]),
        ("autodiff eval --color al", ["plain,always"]),
        ("autodiff ops tanh", ["plain,tanh", "plain,tanhshrink"]),
        ("autodiff explain shape", ["plain,shape-mismatch"]),
        ("autodiff run tr", ["file,tr"]),
        ("autodiff grade key", ["file,key"]),
        ("autodiff eval --rows req", ["file,req"]),
        ("autodiff nothing x", []),
    ],
)
def test_what_is_offered(line: str, offered: list[str], command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_AUTODIFF_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(line.count(" ")))
    result = command()
    assert (result.code, result.err) == (0, "")
    assert result.out.split() == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_function_of_a_shell(shell: str, command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_AUTODIFF_COMPLETE", f"{shell}_source")
    result = command()
    assert (result.code, f"_AUTODIFF_COMPLETE={shell}_complete" in result.out) == (0, True)
