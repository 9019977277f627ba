"""The pages of `autodiff explain`: one for each code, all of one form, with examples that do what they say."""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from autodiff.cli.main import run
from autodiff.errors import EXIT_CODES
from autodiff.report.diagnostics import plain
from autodiff.report.explain import FOLDER, examples, page, source, summaries

WITHOUT_EXAMPLES = (
    "internal",  # cannot be provoked
    "needs-value",  # of a shape without a value, which eval does not take
)
CODES = pytest.mark.parametrize("code", EXIT_CODES)
WITH_EXAMPLES = pytest.mark.parametrize("code", [code for code in EXIT_CODES if code not in WITHOUT_EXAMPLES])

QUOTED = re.compile(r"""'[^']*'|"[^"$`\\!]*\"""")  # what a shell hands on as it is
UNQUOTED = re.compile(r"[\w\s@.,:=+/>|-]*")


def commands(code: str, kind: str) -> list[str]:
    return [command for example in examples(code) if example.kind == kind for command in example.commands]


def execute(command: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit status of a line of an example; what is piped in, and what prepares files, is left to the shell."""
    shell, piped, call = command.partition(" | autodiff ")
    if not piped and command.startswith("autodiff "):
        shell, call = "true", command.removeprefix("autodiff ")
    made = subprocess.run(["sh", "-c", shell], cwd=folder, check=True, stdout=subprocess.PIPE)
    if not call:
        return made.returncode
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(made.stdout)))
    return run(shlex.split(call))


def reported(out: str, err: str) -> list[str]:
    """The codes of the errors that were printed, on the screen or in JSON answers."""
    answers = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return re.findall(r"^error\[(.*?)\]", err, re.M) + [answer["error"]["code"] for answer in answers]


def test_there_is_a_page_for_each_code_and_no_other() -> None:
    assert {path.stem for path in Path(FOLDER).iterdir()} == set(EXIT_CODES)


@WITH_EXAMPLES
def test_wrong_examples_fail_with_the_code_of_their_page(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands(code, "wrong")
    for command in commands(code, "wrong"):
        status = execute(command, tmp_path, monkeypatch)
        captured = capsys.readouterr()
        assert reported(captured.out, captured.err) == [code], f"{command}\n{captured.out}{captured.err}"
        assert status == EXIT_CODES[code], command


@WITH_EXAMPLES
def test_right_examples_succeed(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands(code, "right")
    for command in commands(code, "right"):
        status = execute(command, tmp_path, monkeypatch)
        captured = capsys.readouterr()
        assert (status, reported("", captured.err)) == (0, []), f"{command}\n{captured.out}{captured.err}"


@CODES
def test_a_page_has_a_title_a_message_an_explanation_and_then_examples(code: str) -> None:
    text = source(code)
    title, message, explanation, *_ = text.split("\n\n")
    assert title == f"# {code}"
    assert "\n" not in message
    assert len(message) < 90
    assert not message.endswith(".")
    assert "`" not in message
    assert not explanation.startswith("```")
    kinds = re.findall(r"^```(.*)$", text, re.M)
    assert all(opening in ("wrong", "right") for opening in kinds[::2])
    assert all(not closing for closing in kinds[1::2])
    assert len(kinds) % 2 == 0
    assert kinds[:1] == ([] if code in WITHOUT_EXAMPLES else ["wrong"])
    assert len(text.splitlines()) <= 50


@CODES
def test_lines_are_short_and_clean(code: str) -> None:
    text = source(code)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "\n\n\n" not in text
    assert "\t" not in text
    for line in text.splitlines():
        assert line == line.rstrip()
        assert len(line) <= 121 or line in commands(code, "wrong"), line


@WITH_EXAMPLES
def test_a_shell_hands_the_examples_on_as_they_stand(code: str) -> None:
    for command in commands(code, "wrong") + commands(code, "right"):
        assert UNQUOTED.fullmatch(QUOTED.sub("", command)), command


@CODES
def test_a_page_is_shown_without_its_markup(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", code]) == 0
    shown = capsys.readouterr().out
    assert shown == plain(page(code))
    assert shown.startswith(f"{code}\n\n")
    for command in commands(code, "wrong") + commands(code, "right"):
        assert f"\n    $ {command}\n" in shown
    assert "```" not in shown


def test_the_list_has_each_code_with_its_message() -> None:
    listed = plain(summaries()).splitlines()
    assert [line.split()[0] for line in listed] == list(EXIT_CODES)
    for code, line in zip(EXIT_CODES, listed, strict=True):
        assert line.endswith("  " + source(code).split("\n\n")[1])


def test_a_code_that_does_not_exist_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "shape-mismach"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error[usage]: there is no error code 'shape-mismach'\n")
    assert "did you mean 'shape-mismatch'?" in err


def test_paragraphs_are_filled_on_a_terminal() -> None:
    text = "\n".join("".join(piece for piece, _ in line) for line in page("bad-key", 60))
    prose = text.split("\n\n")[2].split("\n")
    assert [line for line in prose[:-1] if not 45 <= len(line) <= 60] == []
