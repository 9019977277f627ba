"""What would be too large, or would never end, is noticed before it is made."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from autodiff.errors import AutodiffError
from autodiff.program import kinds, limits

B = kinds.BUILTINS
BINARY = kinds.BINARY


@pytest.fixture(autouse=True)
def small_limits() -> Iterator[None]:
    limits.start(limits.Limits(steps=20_000, memory=1 << 28))
    yield
    limits.start(limits.Limits())


def endless() -> Any:
    return itertools.cycle([0])


def module(name: str, member: str) -> Any:
    found = kinds.find_module(name)
    assert found is not None
    return kinds.get(found, member)


LARGE: list[Callable[[], Any]] = [
    lambda: BINARY["*"]("a", 10**12),
    lambda: BINARY["*"](10**12, "a"),
    lambda: BINARY["*"]([0], 10**12),
    lambda: BINARY["*"](10**12, (0,)),
    lambda: kinds.INPLACE["*"]([0], 10**12),
    lambda: kinds.INPLACE["*"]("ab", 10**12),
    lambda: kinds.call(list, [range(10**12)], {}),
    lambda: kinds.call(tuple, [range(10**12)], {}),
    lambda: kinds.call(set, [range(10**12)], {}),
    lambda: B["sorted"](range(10**12)),
    lambda: kinds.get("a" * 10**5, "replace")("a", "b" * 10**5),
    lambda: kinds.get("b" * 10**5, "join")(["a"] * 10**4),
    lambda: kinds.get([], "extend")(range(10**12)),
    lambda: module("numpy", "zeros")((10**6, 10**6)),
    lambda: module("numpy", "arange")(10**12),
    lambda: module("numpy", "linspace")(0, 1, 10**12),
    lambda: module("numpy", "eye")(10**6),
    lambda: module("numpy", "outer")([0.0] * 10**5, [0.0] * 10**5),
    lambda: module("numpy", "tile")([0.0], 10**12),
]
ENDLESS: list[Callable[[], Any]] = [
    lambda: kinds.call(list, [endless()], {}),
    lambda: kinds.call(set, [endless()], {}),
    lambda: kinds.call(dict, [itertools.cycle([(1, 2)])], {}),
    lambda: kinds.call(list, [B["iter"](int, 1)], {}),
    lambda: B["sum"](endless()),
    lambda: B["sum"](range(10**12)),
    lambda: B["max"](endless()),
    lambda: B["min"](range(10**12)),
    lambda: B["any"](endless()),
    lambda: B["all"](itertools.count(1)),
    lambda: B["sorted"](endless()),
    lambda: B["next"](B["filter"](None, endless())),
    lambda: B["next"](B["filter"](bool, endless())),
    lambda: kinds.call(list, [B["map"](int, endless())], {}),
    lambda: kinds.call(list, [B["zip"](endless(), endless())], {}),
    lambda: kinds.call(list, [B["enumerate"](endless())], {}),
    lambda: kinds.COMPARE["in"](1, endless()),
    lambda: kinds.COMPARE["in"]("x", range(10**12)),
    lambda: kinds.get("", "join")(endless()),
    lambda: kinds.get([], "extend")(endless()),
    lambda: kinds.get({1}, "update")(endless()),
    lambda: kinds.get({1}, "union")(endless()),
    lambda: kinds.get({}, "update")(itertools.cycle(["ab"])),
    lambda: kinds.get({}, "fromkeys")(endless()),
    lambda: kinds.get(range(10**12), "count")(0.5),
    lambda: kinds.INPLACE["+"]([], endless()),
    lambda: kinds.set_item([], slice(None), endless()),
    lambda: module("math", "fsum")(endless()),
    lambda: module("math", "prod")(endless()),
    lambda: module("functools", "reduce")(max, endless()),
    lambda: module("random", "choice")(endless()),
    lambda: module("collections", "Counter") and kinds.call(module("collections", "Counter"), [endless()], {}),
    lambda: kinds.call(module("collections", "deque"), [endless(), 3], {}),
    lambda: kinds.call(list, [module("itertools", "islice")(endless(), 10**9)], {}),
    lambda: module("torch", "stack")(endless()),
    lambda: module("torch", "tensor")(endless()),
    lambda: module("numpy", "array")(endless()),
]
BITS: list[Callable[[], Any]] = [
    lambda: BINARY["**"](10, 10**10),
    lambda: BINARY["**"](BINARY["**"](10, 10), 10**10),
    lambda: BINARY["<<"](1, 10**12),
    lambda: BINARY["*"](1 << 60_000, 1 << 60_000),
    lambda: kinds.INPLACE["*"](1 << 60_000, 1 << 60_000),
    lambda: kinds.INPLACE["**"](10, 10**10),
    lambda: kinds.INPLACE["<<"](1, 10**10),
    lambda: B["pow"](10, 10**10),
    lambda: B["pow"](3, 1 << 50_000, (1 << 50_000) + 1),
    lambda: kinds.call(int, ["9" * 10**6], {}),
    lambda: module("math", "factorial")(10**7),
    lambda: module("math", "comb")(10**9, 10**8),
    lambda: module("math", "perm")(10**9),
    lambda: module("math", "prod")([1 << 60_000] * 5),
]


@pytest.mark.parametrize("attempt", LARGE)
def test_large_things_are_refused_before_they_are_made(attempt: Callable[[], Any]) -> None:
    with pytest.raises(limits.LimitReached) as caught:
        attempt()
    assert caught.value.error.code == "limit-memory"


@pytest.mark.parametrize("attempt", ENDLESS)
def test_what_never_ends_counts_as_steps(attempt: Callable[[], Any]) -> None:
    with pytest.raises(limits.LimitReached) as caught:
        attempt()
    assert caught.value.error.code in ("limit-steps", "limit-memory")


@pytest.mark.parametrize("attempt", BITS)
def test_integers_are_limited(attempt: Callable[[], Any]) -> None:
    with pytest.raises(AutodiffError) as caught:
        attempt()
    assert (caught.value.code, caught.value.type) == ("limit-number", "OverflowError")


def test_numbers_within_the_limits_are_pythons() -> None:
    assert BINARY["**"](2, 1000) == 2**1000
    assert BINARY["**"](-1, 10**30 + 1) == -1
    assert BINARY["**"](2, -1) == 0.5
    assert BINARY["<<"](5, 70) == 5 << 70
    assert B["pow"](3, 10**20, 7) == pow(3, 10**20, 7)
    assert B["round"](12345, -2) == 12300
    assert B["round"](5, -(10**9)) == 0
    assert kinds.COMPARE["in"](3.0, range(10**12))
    assert not kinds.COMPARE["in"](3.5, range(10**12))


def test_what_contains_itself_has_a_text() -> None:
    inner: list[Any] = [1]
    inner.append(inner)
    mapping: dict[str, Any] = {}
    mapping["a"] = (mapping, inner)
    assert kinds.text(inner) == str(inner)
    assert kinds.text(mapping) == str(mapping)


def test_deep_nesting_is_a_recursion_error() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(RecursionError, match="maximum recursion depth exceeded"):
        kinds.repr_(deep)
    while deep:  # taken apart, since the host frees it by recursion
        deep = deep[0]
