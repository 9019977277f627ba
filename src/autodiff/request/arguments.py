"""Values that are given as text or in files, and the dtype they get.

A number, or a list of numbers, becomes a tensor of the dtype that was asked for, and booleans stay booleans.  What an
expression (`arange(3)`) or a `.npy` file yields keeps its dtype.  A value is therefore made when the dtype is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError, Source
from autodiff.execute.run import evaluate
from autodiff.graph import values
from autodiff.graph.build import Builder
from autodiff.graph.conversions import as_tensor
from autodiff.graph.dtypes import DType, using_default_dtype
from autodiff.graph.evaluate import evaluating_with
from autodiff.graph.node import Node
from autodiff.graph.primitive import CONSTANT, strengthen
from autodiff.syntax.parse import parse
from autodiff.syntax.tree import Tree

LONG = 500  # characters from which on it pays to import json


def normal_name(name: str) -> str:
    """A name as the language reads it: NFKC, so that the mathematical 𝑥 is x."""
    if name.isascii():
        return name
    from unicodedata import normalize

    return normalize("NFKC", name)


class Value:
    """An array that may depend on the dtype asked for; `text` is what was written, where that may help a message."""

    __slots__ = ("_arrays", "_make", "text")

    def __init__(self, make: Callable[[DType], np.ndarray], text: str = "") -> None:
        self._make = make
        self._arrays: dict[DType, np.ndarray] = {}
        self.text = text

    def array(self, dtype: DType) -> np.ndarray:
        """The array for `dtype`, made once; raises what is wrong with the value."""
        found = self._arrays.get(dtype)
        if found is None:
            found = self._arrays[dtype] = self._make(dtype)
        return found


def tensor_data(data: Any, dtype: DType) -> np.ndarray:
    """The array of a number or nested lists: bool if they hold booleans alone, `dtype` otherwise.

    Raises `ragged-list`, `bad-value`, `limit-nesting`.
    """
    try:
        return _of_dtype(values.array(data), dtype)
    except AutodiffError as error:
        if error.code != "limit-number":
            raise
    # An integer beyond int64 is a floating-point number all the same.
    return _of_dtype(values.array(_floats(data)), dtype)


def _floats(data: Any) -> Any:
    """Nested lists (64 deep at most, or they would have been refused) with every integer as a float."""
    if isinstance(data, (list, tuple)):
        return [_floats(item) for item in data]
    if isinstance(data, int) and not isinstance(data, bool):
        try:
            return float(data)
        except OverflowError:
            return float("inf") if data > 0 else float("-inf")
    return data


def _of_dtype(array: np.ndarray, dtype: DType) -> np.ndarray:
    if array.dtype.kind == "b":
        return array
    with np.errstate(all="ignore"):
        return array.astype(dtype.numpy, copy=False)


def constant_expression(text: str, name: str, limit_bytes: int | None = None) -> Value:
    """The value of an expression without variables; `name` is its place in a request, such as `vars.x`.

    Raises what does not parse at once, and what does not evaluate when the array is asked for.
    """
    if len(text) > LONG:
        data = plain_numbers(text)
        if data is not None:
            return Value(lambda dtype: _shaped(data, text, name, dtype, limit_bytes), text)
    tree = parse(text, name)
    return Value(lambda dtype: _evaluated(tree, dtype, limit_bytes), text)


def _shaped(data: Any, text: str, name: str, dtype: DType, limit_bytes: int | None) -> np.ndarray:
    try:
        return tensor_data(data, dtype)
    except AutodiffError:
        return _evaluated(parse(text, name), dtype, limit_bytes)  # raises the same with its place


def _evaluated(tree: Tree, dtype: DType, limit_bytes: int | None) -> np.ndarray:
    def values_now(node: Node) -> np.ndarray:
        return evaluate([node], {}, limit_bytes)[0]

    with using_default_dtype(dtype), evaluating_with(values_now):
        try:
            value = Builder({}).build(tree)
        except AutodiffError as error:
            if error.code == "unknown-name" and error.help and error.help[0].startswith("give it a value"):
                error.help = ["a value has no variables of its own; --let names an expression that has some"]
            raise
        try:
            node = as_tensor(value, tree)
        except AutodiffError as error:
            if error.code != "limit-number":
                raise
            return tensor_data(value, dtype)
        if node.op is CONSTANT and not isinstance(value, Node):
            return _of_dtype(np.asarray(node.params[0]), dtype)
        array = values_now(strengthen(node, node.dtype))
        return _of_dtype(array, dtype) if node.weak else array  # weak: a plain number, such as numel(ones(3))


_NUMBERS = re.compile(r"[\s\d\[\],.eE+-]*")
# What JSON reads otherwise than the language does: minus zero, integers beyond int64, exponents beyond the limit.
_DELICATE = re.compile(r"-0(?![.]?\d*[1-9])|-0\d|\d{19}|[eE][+-]?\d{4}")


def plain_numbers(text: str) -> Any:
    """Nested lists of numbers read by the json module, None for what it does not read exactly as the parser would."""
    if not _NUMBERS.fullmatch(text) or _DELICATE.search(text):
        return None
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def from_file(path: str, name: str, read_stdin: Callable[[], bytes]) -> Value:
    """The value in a file: `.npy`, `.csv` (`data.csv:column`), JSON, or standard input for `-`.

    Raises `unreadable-file`, and what is wrong with the content, with `name` as its place.
    """
    from autodiff.request.files import called, load

    source = Source(name, "")

    def located(error: AutodiffError) -> AutodiffError:
        error.found_in(source)
        if called(path) not in error.message and error.code != "usage":
            error.help.append(f"this is in {called(path)}")
        return error

    try:
        content = load(path, read_stdin)
    except AutodiffError as error:
        raise located(error) from None

    def make(dtype: DType) -> np.ndarray:
        if isinstance(content, np.ndarray):
            return content
        try:
            return tensor_data(content.data, dtype)
        except AutodiffError as error:
            raise located(error) from None

    return Value(make)
