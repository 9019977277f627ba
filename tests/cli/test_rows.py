"""Requests and answers: --rows, and `-` with requests."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autodiff.cli.rows import CHUNK
from autodiff.errors import EXIT_CODES

HERE = [sys.executable, "-m", "autodiff"]
BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


def next_answer(process: subprocess.Popen[bytes]) -> Any:
    """The next line that the command writes; fails rather than hangs when there is none."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], 60)
    if not ready:
        process.kill()
    assert ready, "no answer while the command waits for more input"
    return json.loads(process.stdout.readline())


def rows(command: Any, *lines: str | bytes | dict[str, Any], argv: tuple[str, ...] = ()) -> Any:
    texts = [json.dumps(line) if isinstance(line, dict) else line for line in lines]
    content = b"\n".join(text if isinstance(text, bytes) else text.encode() for text in texts)
    return command("eval", *argv, "--rows", "-", stdin=content)


def test_a_slow_producer_has_each_answer_before_the_next_line() -> None:
    with subprocess.Popen(
        [*HERE, "eval", "x^2", "--rows", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=BUFFERED
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for x in (1, 2, 3):
            process.stdin.write(b'{"vars":{"x":%d}}\n' % x)
            process.stdin.flush()
            assert next_answer(process)["value"] == x * x
        process.stdin.close()
        assert process.stdout.read() == b""
    assert process.returncode == 0


def test_a_reader_that_leaves_ends_it_quietly(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text('{"vars":{"x":1}}\n' * 20_000)
    with subprocess.Popen(
        [*HERE, "eval", "x", "--rows", file], stdout=subprocess.PIPE, env=BUFFERED, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert next_answer(process)["value"] == 1
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_an_interrupt_loses_no_answer() -> None:
    with subprocess.Popen(
        [*HERE, "eval", "x", "--rows", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=BUFFERED,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b'{"vars":{"x":1}}\n')
        process.stdin.flush()
        assert next_answer(process)["value"] == 1
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == b""
        assert process.stderr.read() == b""
    assert process.returncode == 130


def test_lines_longer_than_a_read_and_reads_longer_than_a_line(command: Any) -> None:
    long = {"id": "long", "expr": "sum(x)", "vars": {"x": [1] * CHUNK}}
    short = [{"id": i, "expr": "x", "vars": {"x": i}} for i in range(2000)]
    answers = rows(command, long, *short, long).answers
    assert [answer["value"] for answer in answers] == [CHUNK, *range(2000), CHUNK]


def test_blank_lines_have_no_answer_and_keep_their_number(command: Any) -> None:
    result = rows(command, "", "  \r", b'\xef\xbb\xbf{"expr":"1"}', "{", "")
    assert [answer["line"] for answer in result.answers] == [3, 4]
    assert [answer["value"] for answer in rows(command, b'\xef\xbb\xbf{"expr":"1"}\r', '{"expr":"2"}').answers] == [
        1,
        2,
    ]


@pytest.mark.parametrize(
    ("line", "code", "piece"),
    [
        ("{", "bad-json", "at the end"),
        ('{"expr":"x"} {}', "bad-json", "extra data"),
        ("{'expr':'x'}", "bad-json", "double quotes"),
        ('{"expr":"x","vars":{"x":NaN}}', "bad-json", 'in quotes: "NaN"'),
        ('{"expr":"x","vars":{"x":-Infinity}}', "bad-json", "-Infinity"),
        ('{"expr":"x","vars":{"x":[1,]}}', "bad-json", "column"),
        (b'{"expr":"\xff"}', "bad-json", "UTF-8"),
        ("[1]", "bad-request", "an object"),
        ("7", "bad-request", "an object"),
        ("[" * 100_000, "limit-nesting", "deeply"),
        ('{"expr":"x","vars":{"x":' + "1" * 5000 + "}}", "limit-number", "4,300"),
        ('{"expr":"x","vars":{"x":' + "[" * 80 + "]" * 80 + "}}", "limit-nesting", "64"),
        ("{}", "bad-request", "needs expr"),
        ('{"expr":3}', "bad-request", "expr must be a text, and is a number"),
        ('{"expr":"x","vars":[1]}', "bad-request", "vars must be an object"),
        ('{"expr":"x","vars":{"a b":1}}', "bad-request", "not a name"),
        ('{"expr":"x","vars":{"x":"three"}}', "bad-request", "vars.x must be a number"),
        ('{"expr":"x","vars":{"x":[1,"three"]}}', "bad-value", "the text 'three'"),
        ('{"expr":"x","vars":{"x":[1,null]}}', "bad-value", "null"),
        ('{"expr":"x","vars":{"x":{"data":1,"dtyp":"int64"}}}', "bad-request", "did you mean 'dtype'"),
        ('{"expr":"x","vars":{"x":{"data":1,"dtype":"flaot32"}}}', "bad-request", "did you mean 'float32'"),
        ('{"expr":"x","vars":{"x":{"dtype":"int64"}}}', "bad-request", "needs data"),
        ('{"expr":"x","vars":{"x":{"data":[1,2],"shape":[3]}}}', "bad-request", "2 numbers"),
        ('{"expr":"x","vars":{"x":{"data":[1,2],"shape":[-1]}}}', "bad-request", "sizes"),
        ('{"expr":"x","vars":{"x":{"data":1,"requires_grad":1}}}', "bad-request", "true or false"),
        ('{"expr":"x","vars":{"x":1},"wrt":[1]}', "bad-request", "a list of names"),
        ('{"expr":"x","vars":{"x":1},"wrt":["y"]}', "unknown-wrt", "'y'"),
        ('{"expr":"x","vars":{"x":1},"backward":"no"}', "bad-request", "true or false"),
        ('{"expr":"x","vars":{"x":1},"dtype":"int64"}', "bad-request", "float64"),
        ('{"expr":"x","vars":{"x":1},"let":{"y":1}}', "bad-request", "let.y"),
        ('{"expr":"x","vars":{"x":1},"var":{}}', "bad-request", "did you mean 'vars'"),
        ('{"expr":"x","vars":{"x":"@data.json"}}', "bad-request", "@data.json"),
        ('{"expr":"x","vars":{"x":1},"gradient":[[1],[1,2]]}', "ragged-list", "gradient"),
    ],
)
def test_bad_rows_are_answered_between_good_ones(command: Any, line: str | bytes, code: str, piece: str) -> None:
    good = {"id": "good", "expr": "x", "vars": {"x": 1}}
    result = rows(command, good, line, good)
    first, bad, last = result.answers
    assert (
        first == last == {"id": "good", "value": 1, "shape": [], "dtype": "float64", "grad_fn": None, "grads": {"x": 1}}
    )
    assert bad["error"]["code"] == code
    assert piece in json.dumps(bad, ensure_ascii=False).replace('\\"', '"')
    assert result.err == ""
    assert result.code == EXIT_CODES[code]


def test_the_exit_status_is_the_smallest(command: Any) -> None:
    syntax, shape, request = {"expr": "1 +"}, {"expr": "zeros(2) + zeros(3)"}, {"exp": "1"}
    good = {"expr": "1"}
    assert rows(command, good, shape, syntax).code == 3
    assert rows(command, shape, good, request, syntax).code == 2
    assert rows(command, shape).code == 4
    assert rows(command, good).code == 0


@pytest.mark.parametrize("identity", [None, 0, "", "é\u2028", {"a": [1, {"b": None}]}, 1.5, True, "\ud800", 10**40])
def test_id_comes_back_as_it_was(command: Any, identity: Any) -> None:
    result = rows(command, {"id": identity, "expr": "1"}, {"id": identity, "expr": "1 +"}, {"id": identity})
    assert len(result.out.splitlines()) == 3
    for answer in result.answers:
        assert answer["id"] == identity
        assert type(answer["id"]) is type(identity)
    assert "id" not in rows(command, {"expr": "1"}).answers[0]


def test_null_means_absent_and_the_request_wins(command: Any) -> None:
    argv = ("x*y", "x=2", "y=3", "--wrt", "x", "--let", "z=1")
    nothing: dict[str, Any] = dict.fromkeys(
        ("expr", "vars", "let", "wrt", "gradient", "dtype", "retain_grad", "backward")
    )
    answers = rows(
        command,
        nothing,
        {"vars": {"y": 5}},
        {"wrt": ["y"]},
        {"expr": "x+z", "let": {"z": "x*x"}},
        {"vars": {"y": None}},
        argv=argv,
    ).answers
    assert [(a["value"], a["grads"]) for a in answers] == [
        (6, {"x": 3}),
        (10, {"x": 5}),
        (6, {"y": 2}),
        (6, {"x": 5}),
        (6, {"x": 3}),
    ]
    (answer,) = rows(command, {"dtype": "float32"}, argv=("x", "x=0.1")).answers
    assert (answer["dtype"], answer["value"]) == ("float32", 0.1)


def test_variables_described(command: Any) -> None:
    answers = rows(
        command,
        {"expr": "x", "vars": {"x": {"data": [], "shape": [0, 3]}}, "backward": False},
        {"expr": "x+1", "vars": {"x": {"data": [1, 2], "dtype": "int64"}}},
        {"expr": "x*y", "vars": {"x": {"data": 2, "requires_grad": False}, "y": 3}},
        {"expr": "sum(x)", "vars": {"x": {"data": ["NaN", 1], "dtype": "float32"}}},
        {"expr": "y*y", "vars": {"x": 3}, "let": {"y": "x+1"}, "retain_grad": ["y"]},
    ).answers
    assert [answer.get("shape") for answer in answers] == [[0, 3], [2], [], [], []]
    assert answers[1]["dtype"] == "int64"
    assert answers[2]["grads"] == {"y": 2}
    assert (answers[3]["value"], answers[3]["dtype"], answers[3]["grads"]) == ("NaN", "float32", {"x": [1, 1]})
    assert answers[4]["grads"] == {"x": 8, "y": 8}


def test_numbers_are_in_their_own_shortest_form(command: Any) -> None:
    out = rows(command, {"expr": "x/3", "vars": {"x": [1, 4]}, "dtype": "float16", "backward": False}).out
    assert '"value": [0.3333, 1.333]' in out
    out = rows(command, {"expr": "x/3", "vars": {"x": [1, 1e10]}, "dtype": "float32", "backward": False}).out
    assert '"value": [0.33333334, 3333333200.0]' in out
    out = rows(command, {"expr": "x/[0., 1, -0.]", "vars": {"x": 1}, "backward": False}).out
    assert '["Infinity", 1.0, ' in out
    assert rows(command, {"expr": "arange(2**40, 2**40+1)"}).answers[0]["value"] == [2**40]
    assert rows(command, {"expr": "arange(2) > 0"}).answers[0]["value"] == [False, True]


def test_concatenated_requests(command: Any) -> None:
    result = command("eval", "-", "x=2", stdin='\ufeff\n{"expr":\n"x"}{"expr":"x*x"}\n\n{"expr":')
    assert result.code == 3
    assert [answer.get("value") for answer in result.answers] == [2, 4, None]
    assert result.answers[2]["line"] == 5


def test_variables_may_stand_without_an_expression(command: Any) -> None:
    assert rows(command, {"expr": "x*2"}, argv=("x=4",)).answers[0]["value"] == 8


def test_an_error_on_the_command_line_comes_before_the_rows(command: Any) -> None:
    result = rows(command, {"expr": "x"}, argv=("x", "x=[1,[2]]"))
    assert (result.code, result.out) == (4, "")
    assert "ragged-list" in result.err or "bad-value" in result.err


def test_names_are_read_as_the_language_reads_them(command: Any) -> None:
    (answer,) = rows(command, {"expr": "𝑥*2", "vars": {"𝑥": 3}}).answers
    assert answer["grads"] == {"x": 2}
