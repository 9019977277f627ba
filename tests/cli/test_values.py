"""NAME=VALUE: expressions, long literals, files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff.graph.dtypes import DType, float32, float64
from autodiff.request.arguments import constant_expression, plain_numbers


@pytest.mark.parametrize(
    ("text", "dtype", "want"),
    [
        ("3", float32, np.float32(3)),
        ("1/3", float32, np.float32(1 / 3)),
        ("[1, 2]", float64, np.array([1.0, 2.0])),
        ("(1, 2)", float64, np.array([1.0, 2.0])),
        ("[]", float32, np.array([], np.float32)),
        ("[[True], [False]]", float64, np.array([[True], [False]])),
        ("True", float64, np.array(True)),
        ("[pi, -inf]", float64, np.array([np.pi, -np.inf])),
        ("99999999999999999999", float64, np.array(1e20)),
        ("[1, -99999999999999999999]", float64, np.array([1, -1e20])),
        ("arange(3)", float32, np.arange(3)),
        ("tensor([1, 2])", float32, np.array([1, 2])),
        ("ones(2)*3", float32, np.array([3, 3], np.float32)),
        ("[ones(2), zeros(2)]", float64, np.array([[1.0, 1.0], [0.0, 0.0]])),
        ("ones(2) > 0", float64, np.array([True, True])),
        ("numel(ones(2, 3))", float64, np.array(6.0)),
    ],
)
def test_numbers_take_the_dtype_and_expressions_keep_theirs(text: str, dtype: DType, want: Any) -> None:
    got = constant_expression(text, "vars.x").array(dtype)
    np.testing.assert_array_equal(got, want)
    assert got.dtype == np.asarray(want).dtype


tokens = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["-0.0", "-0", "1e3", "1e400", "-1e-400", "00", "1.", ".5", "-0e5", "+1", "0.1000000000000000055"]),
)


@given(st.lists(tokens, min_size=1, max_size=4), st.sampled_from([float64, float32]))
def test_a_long_literal_is_worth_what_it_is_worth_in_the_language(pieces: list[str], dtype: DType) -> None:
    text = "[" + ", ".join(pieces) + "]"
    long = text + " " * 600
    if plain_numbers(long) is None:
        return
    fast = constant_expression(long, "vars.x").array(dtype)
    slow = constant_expression(text, "vars.x").array(dtype)
    assert fast.dtype == slow.dtype
    assert fast.tobytes() == slow.tobytes()


def test_a_long_literal_is_read_the_fast_way() -> None:
    assert plain_numbers("[" + "1.5, " * 200 + "2]") is not None


def test_a_long_literal_that_is_wrong_has_a_place(command: Any) -> None:
    text = "[[1,2]," + "[3,4]," * 200 + "[5]]"
    (answer,) = command("eval", "x", f"x={text}", "--json").answers
    assert answer["error"]["code"] == "ragged-list"
    assert answer["error"]["in"] == "vars.x"
    assert answer["error"]["at"] == text


def value(command: Any, argument: str, *more: str, stdin: bytes | str = b"") -> Any:
    result = command("eval", "x", f"x={argument}", "--no-backward", "--only", "value", *more, stdin=stdin)
    assert result.code == 0, result.err
    return json.loads(result.out)


@pytest.mark.parametrize(
    ("name", "content", "want"),
    [
        ("a.json", "[[1, 2], [3, 4.5]]", [[1, 2], [3, 4.5]]),
        ("a.json", '\ufeff[1, "NaN"]', [1, "NaN"]),
        ("a.json", "[true, false]", [True, False]),
        ("a.csv", "1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("a.csv", "a,b\r\n1,2\r\n\r\n3,4", [[1, 2], [3, 4]]),
        ("a.csv", "x\n1\n2\n", [[1], [2]]),
        ("a.csv", "a;b\n1;2\n", [[1, 2]]),
        ("a.csv", '"a, b",c\n1,nan\n', [[1, "NaN"]]),
        ("a.csv", "7", [[7]]),
        ("a.txt", "[1, 2]", [1, 2]),
        ("a.txt", "1,2\n3,4", [[1, 2], [3, 4]]),
        ("a.txt", "5", 5),
    ],
)
def test_text_files(command: Any, tmp_path: Path, name: str, content: str, want: Any) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    assert value(command, f"@{name}") == want
    if not name.endswith("csv") or "\n" in content.strip():
        assert value(command, "@-", stdin=content) == want


def test_one_column(command: Any, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("time, price\n1,10\n2,20\n")
    assert value(command, "@d.csv:price") == [10, 20]
    code, _, err = command("eval", "x", "x=@d.csv:prize")
    assert code == 4
    assert "did you mean 'price'?" in err


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "bool", ">f4", "uint8"])
def test_arrays_keep_their_dtype(command: Any, tmp_path: Path, dtype: str) -> None:
    np.save(tmp_path / "a.npy", np.array([0, 1]).astype(dtype))
    shown = command("eval", "x", "x=@a.npy", "--no-backward", "--only", "dtype").out.strip()
    assert shown == np.dtype(dtype).newbyteorder("=").name
    content = (tmp_path / "a.npy").read_bytes()
    assert value(command, "@-", stdin=content) == value(command, "@a.npy")


@pytest.mark.parametrize(
    ("name", "content", "code", "piece"),
    [
        ("a.json", b"[1,", 3, "a.json is not JSON"),
        ("a.json", b"", 3, "a.json"),
        ("a.json", b"\xff", 2, "not UTF-8"),
        ("a.json", b'{"x": 1}', 4, "an object"),
        ("a.json", b"[[1], [2, 3]]", 4, "this is in a.json"),
        ("a.json", b"NaN", 3, 'write it in quotes: "NaN"'),
        ("a.csv", b"", 4, "a.csv is empty"),
        ("a.csv", b"1,2\n3\n", 4, "line 2 of a.csv has 1 columns"),
        ("a.csv", b"a,b\n1,x\n", 4, "line 2 of a.csv has 'x' in column b"),
        ("a.csv", b"1,x\n2,3\n", 4, "line 1"),
        ("a.npy", b"\x93NUMPY", 2, "a.npy"),
        ("a.npy", b"hello", 2, "a.npy"),
    ],
)
def test_files_with_something_else(
    command: Any, tmp_path: Path, name: str, content: bytes, code: int, piece: str
) -> None:
    (tmp_path / name).write_bytes(content)
    result = command("eval", "x", f"x=@{name}")
    assert result.code == code, result.err
    assert result.out == ""
    assert piece in result.err


def test_pickles_are_not_opened(command: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    result = command("eval", "x", "x=@a.npy")
    assert result.code == 2
    assert "plain numbers" in result.err


def test_unreadable_files(command: Any, tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "data.json").write_text("1")
    for path in ("folder.json", "dat.json", "folder.json/x", "\0"):
        result = command("eval", "x", f"x=@{path}")
        assert result.code == 2
        assert "unreadable-file" in result.err
    assert "did you mean 'data.json'?" in command("eval", "x", "x=@dat.json").err
    assert command("eval", "-f", "nope").code == 2
    assert command("eval", "x", "--rows", "nope").code == 2
    assert command("eval", "x", "--rows", os.fspath(tmp_path)).code == 2


def test_a_value_has_no_variables(command: Any) -> None:
    result = command("eval", "x", "x=y+1")
    assert result.code == 4
    assert "help: a value has no variables of its own; --let names an expression that has some" in result.err


def test_a_small_limit_is_told_in_its_unit(command: Any) -> None:
    result = command("eval", "zeros(100)", "--limit-size", "100")
    assert "this would take 800 bytes, more than the limit of 100 bytes" in result.err


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("a;b\n1,5;2\n-3;4,25e1\n", [[1.5, 2], [-3, 42.5]]),
        ("1,5;2,5\n", [[1.5, 2.5]]),
        ("1,5\t2\n", [[1.5, 2]]),
        ('a;b\n"1,5";2\n', [[1.5, 2]]),
        ("1;2\n", [[1, 2]]),
        ("1,5\n", [[1, 5]]),
        ("a,b\n1,5\n", [[1, 5]]),
    ],
)
def test_decimal_commas_in_tables(text: str, want: list[list[float]], command: Any, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(text)
    assert command("eval", "x", "x=@t.csv", "--only", "value").answers == [want]
