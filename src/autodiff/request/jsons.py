"""JSON in and out, for answers that are valid whatever the numbers are.

Non-finite numbers are the strings "NaN", "Infinity" and "-Infinity", and an answer stays on one line.  Imported only
when something is JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from autodiff.errors import AutodiffError

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False).encode
# What some readers take for the end of a line.
_LINE_BREAKS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029", 0x7F: "\\u007f"}


def _no_constant(name: str) -> NoReturn:
    raise AutodiffError("bad-json", f"{name} is not JSON", type="ValueError", help=f'write it in quotes: "{name}"')


_decoder = json.JSONDecoder(parse_constant=_no_constant)


def loads(text: str) -> Any:
    """The data in a JSON text; raises `bad-json`, `limit-number`, `limit-nesting`."""
    start = skip_blanks(text, 0)
    if start == len(text):
        raise AutodiffError("bad-json", "there is nothing here", type="ValueError")
    data, end = decode_one(text, start)
    if skip_blanks(text, end) != len(text):
        raise _bad("extra data", text, skip_blanks(text, end))
    return data


def skip_blanks(text: str, start: int) -> int:
    """The next position that is not JSON's white space."""
    while start < len(text) and text[start] in " \t\n\r":
        start += 1
    return start


def decode_one(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that starts at a position, and where it ends."""
    try:
        return _decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise _bad(error.msg[:1].lower() + error.msg[1:], text, error.pos) from None
    except RecursionError:
        raise AutodiffError("limit-nesting", "this is nested too deeply", type="RecursionError") from None
    except ValueError:  # Python's limit on the digits of an integer
        raise AutodiffError("limit-number", "an integer of more than 4,300 digits", type="OverflowError") from None


def _bad(message: str, text: str, position: int) -> AutodiffError:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    place = f"line {line}, column {column}" if line > 1 else f"column {column}"
    found = text[position : position + 1]
    what = f"at {found!r}, {place}" if found else "at the end"
    error = AutodiffError("bad-json", f"{message} {what}", type="ValueError")
    error.help = _repairs(text, position)
    return error


def _repairs(text: str, position: int) -> list[str]:
    found = text[position : position + 1]
    if found == "'":
        return ["JSON has double quotes"]
    if text[position : position + 4] in ("True", "Fals", "None"):
        return ["JSON writes true, false and null"]
    if text[position : position + 3].lower() == "nan":
        return ['write it in quotes: "NaN"']
    if found in ("]", "}") and text[:position].rstrip()[-1:] == ",":
        return ["remove the comma before it"]
    return []


def dumps(data: Any) -> str:
    """JSON on one line."""
    try:
        text = _encode(data)
    except ValueError:  # a number that overflowed where only the user's own data can be, in `id`
        text = _encode(json.loads(json.dumps(data), parse_constant=str))
    return text if text.isascii() else _ascii_breaks(text)


def _ascii_breaks(text: str) -> str:
    """Escapes what would end the line or cannot be UTF-8 (half of a surrogate pair)."""
    text = text.translate(_LINE_BREAKS)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(json.loads(text))
    return text


def numbers(array: np.ndarray) -> Any:
    """An array as nested lists of Python numbers: floats in the shortest form that gives their dtype back."""
    if array.dtype.kind != "f":
        return array.tolist()
    data = array.tolist() if array.dtype.itemsize == 8 else _shortest(array)
    return data if np.isfinite(array).all() else _spelled(data)


def _shortest(array: np.ndarray) -> Any:
    texts = [str(number) for number in array.ravel()]  # NumPy's own shortest form of a float32
    return np.array([float(text) for text in texts]).reshape(array.shape).tolist()


def _spelled(data: Any) -> Any:
    """Nested lists with names for non-finite numbers; as deep as an array has dimensions."""
    if isinstance(data, list):
        return [_spelled(item) for item in data]
    if data != data:
        return "NaN"
    return data if abs(data) != float("inf") else ("Infinity" if data > 0 else "-Infinity")


# Many rows at once, by the faster library where it is installed


def _decoder_of_bytes(text: bytes) -> Any:
    return json.loads(text.decode(), parse_constant=_no_constant)


def _dumps_array(array: np.ndarray) -> str:
    return str(_encode(array.tolist()))


def rows_of_numbers(stacked: np.ndarray) -> tuple[str, list[str], str]:
    """The numbers of each row of a finite array, without the brackets that all have in front and behind."""
    rank = stacked.ndim - 1
    if stacked.size == 0:
        return "", [dumps(row) for row in stacked.tolist()], ""
    text = fast_dumps(np.ascontiguousarray(stacked))
    comma = ", " if ", " in text else ","
    edge = rank + 1
    rows = text[edge : len(text) - edge].split("]" * rank + comma + "[" * rank)
    return "[" * rank, rows, "]" * rank


fast_loads: Callable[[bytes], Any]
fast_dumps: Callable[[np.ndarray], str]
try:
    import orjson
except ImportError:
    fast_loads = _decoder_of_bytes
    fast_dumps = _dumps_array
else:
    fast_loads = orjson.loads

    def fast_dumps(array: np.ndarray) -> str:
        return str(orjson.dumps(array, option=orjson.OPT_SERIALIZE_NUMPY), "ascii")
