"""Format specifications, `%` and `str.format` against CPython's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiff.errors import AutodiffError
from autodiff.program import kinds


def outcome(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a call gives: its result, or the type and text of its error."""
    try:
        return function(*args, **kwargs)
    except AutodiffError as error:
        return error.type, error.message
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, AttributeError) as error:
        return type(error).__name__, str(error)


def ours(template: str, *args: Any, **kwargs: Any) -> Any:
    return outcome(kinds.get(template, "format"), *args, **kwargs)


VALUES = st.one_of(
    st.integers(-(10**12), 10**12),
    st.floats(),
    st.booleans(),
    st.text(max_size=5),
    st.none(),
    st.lists(st.integers(), max_size=2),
)
SPECS = st.from_regex(r"([ *x<>]?[<>=^])?[-+ ]?#?0?[0-9]{0,2}[,_]?(\.[0-9]{1,2})?[bcdeEfFgGnosxX%]?", fullmatch=True)


@given(VALUES, SPECS)
def test_specifications_are_the_hosts(value: Any, spec: str) -> None:
    assert outcome(kinds.format_value, value, "", spec) == outcome(format, value, spec)


@given(VALUES, st.sampled_from(["r", "s", "a"]), st.sampled_from(["", ">10", "<3", "^8.2"]))
def test_conversions_are_the_hosts(value: Any, conversion: str, spec: str) -> None:
    convert: Any = {"r": repr, "s": str, "a": ascii}[conversion]
    assert kinds.format_value(value, conversion, spec) == format(convert(value), spec)


FIELDS = st.from_regex(
    r"\{?\{(0|1|2|a|b|\[|0\[0\]|0\[5\]|a\[k\]|b\[1\]|0\.real|)(!r|!s|!a|!x|!)?(:([<>]?[0-9]{0,2}|\{\}|\{1\}|\.\{1\}f))?\}?\}?",
    fullmatch=True,
)


@settings(max_examples=400)
@given(st.lists(st.one_of(FIELDS, st.text(" ab{}", max_size=2)), max_size=3))
def test_templates_are_the_hosts(parts: list[str]) -> None:
    template = "".join(parts)
    args: Any = (7, 3)
    kwargs: Any = {"a": {"k": 1.5}, "b": [1, "two"]}
    assert ours(template, *args, **kwargs) == outcome(template.format, *args, **kwargs)


@pytest.mark.parametrize(
    "template",
    ["{", "}", "{}}", "{{}", "{0", "{!r", "{!}", "{0!rx}", "{:{:{}}}", "{.}", "{[}", "{[]}", "{0[0]x}", "{0}{}",
    "{}{0}",
     "{9}", "{z}", "{a b}", "{:>{1}}", "{0:{0}}", "{!r:>5}", "{{}}", "{0:}}", "a{0!s:}b", "{ }", "{0 }", "{-1}",
     "{1.reala}"],
)  # fmt: skip
def test_templates_that_are_wrong_in_some_way(template: str) -> None:
    assert ours(template, [1], 5) == outcome(template.format, [1], 5)


ITEMS = st.one_of(st.integers(-999, 999), st.floats(allow_nan=False, width=32), st.text(max_size=3), st.booleans())
PERCENTS = st.from_regex(r"%[-+ 0#]{0,2}[0-9]?(\.[0-9])?[sradifgeExXoc%]", fullmatch=True)


@settings(max_examples=300)
@given(
    st.lists(st.one_of(PERCENTS, st.sampled_from(["a", "%%", "%y", "%", "%*d"])), max_size=3),
    st.lists(ITEMS, max_size=3),
)
def test_percent_is_the_hosts(parts: list[str], values: list[Any]) -> None:
    template = "".join(parts)
    given_values = tuple(values)
    assert outcome(kinds.BINARY["%"], template, given_values) == outcome(lambda: template % given_values)


@pytest.mark.parametrize(
    ("template", "values"),
    [("%(a)s %(b)05.2f", {"a": 1, "b": 2}), ("%(c)s", {"a": 1}), ("%s", [1, 2]), ("%s %s", "ab"), ("%d", "x"), ("%d",
    1.7),
     ("%x", 1.5), ("%c", "ab"), ("%c", 65), ("%.3s|", "abcdef"), ("%s", (1,)), ("%(a)s", 5), ("x", ()), ("x", 1),
     ("x", {}),
     ("%5.1f%%", 12.34), ("%-8s|", "ab"), ("%+.2e", 12345.678), ("%*.*f", (8, 2, 3.14159)), ("%r", "a'b")],
)  # fmt: skip
def test_percent_with_mappings_and_misfits(template: str, values: Any) -> None:
    assert outcome(kinds.BINARY["%"], template, values) == outcome(lambda: template % values)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: kinds.format_value(1, "", "1000000000d"),
        lambda: kinds.format_value(1.5, "", ".1000000000f"),
        lambda: kinds.format_value("x", "", "9" * 5000),
        lambda: kinds.BINARY["%"]("%1000000000d", 1),
        lambda: kinds.BINARY["%"]("%*d", (10**12, 1)),
        lambda: kinds.BINARY["%"]("%.*f", (10**9, 1.0)),
        lambda: kinds.get("{:>{}}", "format")("x", 10**10),
        lambda: kinds.get("{:1000000000}", "format")("x"),
        lambda: kinds.get("x", "ljust")(10**10),
        lambda: kinds.get("x", "center")(10**10),
        lambda: kinds.get("x", "zfill")(10**10),
        lambda: kinds.get("x\t", "expandtabs")(10**10),
    ],
)
def test_wide_fields_are_refused(attempt: Callable[[], Any]) -> None:
    with pytest.raises(AutodiffError, match="wider than the limit") as caught:
        attempt()
    assert caught.value.code == "limit-size"


@pytest.mark.parametrize(
    "template",
    [
        "{0.__class__.__mro__}",
        "{0.__class__.__subclasses__}",
        "{0.append.__self__}",
        "{0.__init__.__globals__}",
        "{0.mro}",
    ],
)
def test_templates_reach_no_further_than_programs(template: str) -> None:
    with pytest.raises(AutodiffError) as caught:
        kinds.get(template, "format")([1])
    assert caught.value.code == "not-reachable"
