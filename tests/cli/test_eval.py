"""`autodiff eval`: printed answers, --json, --only, notes, and what is said about wrong calls."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest


def test_a_leaf_is_printed_as_one(command: Any) -> None:
    result = command("eval", "x", "x=2")
    assert result == (0, "tensor(2., requires_grad=True)\nx.grad = tensor(1.)\n", "")


def test_an_unused_variable_has_no_gradient(command: Any) -> None:
    assert command("eval", "x*2", "x=2", "y=3").out.splitlines()[1:] == ["x.grad = tensor(2.)", "y.grad = None"]


def test_dtype_is_what_goes_without_saying(command: Any) -> None:
    assert (
        command("eval", "x*2", "x=2", "--dtype", "float32").out
        == "tensor(4., grad_fn=<MulBackward0>)\nx.grad = tensor(2.)\n"
    )
    assert "dtype=torch.float32" in command("eval", "x.float()*2", "x=2").out


def test_precision(command: Any) -> None:
    assert command("eval", "1/3.", "--precision", "6").out == "tensor(0.333333)\n"


def test_the_value_comes_before_the_error(command: Any) -> None:
    code, out, err = command("eval", "2*(x+1)^2", "x=[[1,2,3],[4,5,6]]")
    assert code == 4
    assert out == "tensor([[ 8., 18., 32.],\n        [50., 72., 98.]], grad_fn=<MulBackward0>)\n"
    assert err == (
        "error[non-scalar-output]: grad can be implicitly created only for scalar outputs\n"
        "  │ 2*(x+1)^2\n"
        "  │ ━━━━━━━━━ this has shape [2, 3]\n"
        "  = help: make it a scalar, mean(2*(x+1)^2) or sum(2*(x+1)^2), "
        "or weigh its elements: --gradient '[[1,1,1],[1,1,1]]'\n"
        "  = more: autodiff explain non-scalar-output\n"
    )


@pytest.mark.parametrize(
    ("shape", "weights"),
    [("2", "[1,1]"), ("2,2", "[[1,1],[1,1]]"), ("40", "ones(40)"), ("5,6", "ones(5,6)"), ("0,3", "ones(0,3)")],
)
def test_the_suggested_weights_work(command: Any, shape: str, weights: str) -> None:
    first = command("eval", "x*2", f"x=ones({shape})")
    assert f"--gradient '{weights}'" in first.err
    assert command("eval", "x*2", f"x=ones({shape})", "--gradient", weights).code == 0


def test_a_request_is_told_about_its_own_key(command: Any) -> None:
    (answer,) = command("eval", "-", stdin='{"expr":"x*2","vars":{"x":[1,2]}}').answers
    assert '"gradient": [1,1]' in answer["error"]["help"]


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("value", "[1.0, 4.0]"),
        ("shape", "[2]"),
        ("dtype", "float64"),
        ("grad_fn", "PowBackward0"),
    ],
)
def test_a_part_of_the_value_does_without_backward(command: Any, part: str, text: str) -> None:
    assert command("eval", "x^2", "x=[1,2]", "--only", part) == (0, text + "\n", "")


def test_only_a_gradient(command: Any) -> None:
    assert command("eval", "x*2", "x=2", "y=3", "--only", "y.grad") == (0, "null\n", "")
    failed = command("eval", "x^2", "x=[1,2]", "--only", "x.grad")
    assert (failed.code, failed.out) == (4, "")
    unknown = command("eval", "x^2", "x=3", "--only", "z.grad")
    assert unknown.code == 2
    assert "x.grad" in unknown.err


@pytest.mark.parametrize(
    ("argument", "suggestion"),
    [
        ("x=arange(3)", "write arange(3.)"),
        ("x=arange(1, 7).view(2,3)", "write arange(1, 7.).view(2,3)"),
        ("x=tensor([1,2])", "arange(3.)"),
    ],
)
def test_integers_take_no_gradient_and_a_note_says_so(command: Any, argument: str, suggestion: str) -> None:
    code, _, err = command("eval", "sum(x)", argument)
    assert code == 0
    assert err.startswith("note: x is int64 and takes no gradient; ")
    assert suggestion in err


def test_a_mask_beside_a_variable_needs_no_note(command: Any) -> None:
    assert command("eval", "sum(where(m, x, 0))", "m=[True,False]", "x=[1,2]").err == ""
    assert "m is bool" in command("eval", "m", "m=[True,False]").err


def test_a_file_or_standard_input_as_expression(command: Any, tmp_path: Any) -> None:
    (tmp_path / "f.txt").write_text("x^2  # a comment\n")
    assert command("eval", "-f", "f.txt", "x=3").out.startswith("tensor(9.")
    assert command("eval", "-", "x=3", stdin="\ufeffx^2\n").out.startswith("tensor(9.")


def test_json_errors_stay_on_standard_output(command: Any) -> None:
    for argv, code in ((("x", "x=[1,[2]]"), 4), (("x", "x"), 2), (("x", "x=1 +"), 3), (("x", "x=1", "--wrt", "y"), 2)):
        result = command("eval", *argv, "--json")
        assert result.code == code
        assert result.err == ""
        assert json.loads(result.out)["error"]["message"]


@pytest.mark.parametrize(
    ("argv", "pieces"),
    [
        ([], ["there is no expression", "autodiff eval"]),
        (["-x^2", "x=3"], ['autodiff eval -- "-x^2" x=3']),
        (["-x^2", "x=3", "--json"], ["comes after --"]),
        (["x", "x:2,3"], ["x='zeros(2,3)'"]),
        (["x", "x:m,3"], ["zeros(m,3)", "numbers"]),
        (["x", "x:scalar"], ["x=0"]),
        (["2", "*", "x"], ["NAME=VALUE", "quotes"]),
        (["x", "x=1", "x=2"], ["given twice"]),
        (["x", "x=1", "--let", "x=2"], ["given twice"]),
        (["x", "2x=1"], ["'2x' is not a name"]),
        (["x", "=1"], ["a name is missing"]),
        (["x", "x="], ["x has no value"]),
        (["x", "x=1", "--let", "y"], ["NAME=EXPR"]),
        (["x", "x=1", "--dtype", "int64"], ["float64, float32 or float16"]),
        (["x", "x=1", "--dtype", "flot32"], ["did you mean 'float32'"]),
        (["x", "x=1", "--limit-size", "many"], ["500MB"]),
        (["x", "x=1", "--only", "value", "--json"], ["--only and --json"]),
        (["x", "x=@-", "y=@-"], ["standard input is asked for twice"]),
        (["--", "x", "x=1", "--json"], ["options come before --"]),
        (["x", "--precision", "many"], ["--precision"]),
    ],
)
def test_wrong_usage(command: Any, argv: list[str], pieces: list[str]) -> None:
    code, out, err = command("eval", *argv, stdin="1")
    assert code == 2
    assert out == ""
    assert err.startswith("error[usage]: ")
    for piece in pieces:
        assert piece in err


@pytest.mark.parametrize(
    ("argv", "piece"),
    [
        (["evl", "x"], "did you mean 'eval'"),
        (["x^2", "x=3"], 'autodiff eval "x^2" x=3'),
        (["sum(x)"], 'autodiff eval "sum(x)"'),
        (["nonsense"], "autodiff --help"),
        (["--verbose"], "no option --verbose"),
    ],
)
def test_no_such_command(command: Any, argv: list[str], piece: str) -> None:
    code, out, err = command(*argv)
    assert (code, out) == (2, "")
    assert piece in err


def test_the_limit_can_be_raised(command: Any) -> None:
    assert "limit-size" in command("eval", "sum(zeros(1000))", "--limit-size", "1kB").err
    assert command("eval", "sum(zeros(1000))", "--limit-size", "8 KiB").code == 0


@pytest.mark.parametrize("name", ["eval", "graph", "explain"])
def test_every_command_has_help_with_an_example(command: Any, name: str) -> None:
    code, out, _ = command(name, "--help")
    assert code == 0
    assert f"autodiff {name} " in out
    assert name in command("--help").out
    assert command().out == command("--help").out


@pytest.mark.parametrize(
    ("argv", "environment", "colored"),
    [
        ([], {}, False),
        (["--color", "always"], {}, True),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_color(
    command: Any, monkeypatch: pytest.MonkeyPatch, argv: list[str], environment: dict[str, str], colored: bool
) -> None:
    plain = command("eval", "x + [b]y", "x=[1,2]").err
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    painted = command("eval", "x + [b]y", "x=[1,2]", *argv).err
    assert ("\x1b[" in painted) == colored
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == plain


def test_a_fault_of_ours_is_one_line(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("surprise\nmore")

    monkeypatch.setattr("autodiff.cli.eval.solve", broken)
    assert command("eval", "x", "x=1") == (70, "", "internal error: ZeroDivisionError: surprise; please report it\n")
    result = command("eval", "x", "--rows", "-", stdin='{"id":1,"vars":{"x":1}}\n')
    assert result.code == 70
    assert result.answers[0]["id"] == 1
    assert result.answers[0]["error"]["code"] == "internal"
    monkeypatch.setenv("AUTODIFF_DEBUG", "1")
    assert "Traceback" in command("eval", "x", "x=1").err


@pytest.mark.parametrize(
    ("raised", "code"),
    [(MemoryError(), 4), (RecursionError(), 4), (KeyboardInterrupt(), 130), (BrokenPipeError(), 141)],
)
def test_nothing_escapes(command: Any, monkeypatch: pytest.MonkeyPatch, raised: BaseException, code: int) -> None:
    def broken(*_: Any) -> None:
        raise raised

    monkeypatch.setattr("autodiff.cli.eval.solve", broken)
    result = command("eval", "x", "x=1")
    assert result.code == code
    assert result.out == ""
    assert "Traceback" not in result.err
