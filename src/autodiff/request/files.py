"""Numbers in files: JSON, NumPy's `.npy`, and CSV.

    path or standard input ──bytes──▶ what it looks like ──▶ an array (.npy), or numbers without a dtype yet

Nothing in a file is executed: pickled arrays are refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.dtypes import DTYPES, dtype_of
from autodiff.graph.lookup import did_you_mean

NPY = b"\x93NUMPY"
# What NumPy raises for headers that are none, among them shapes that are no sizes.
BROKEN = (ValueError, EOFError, OverflowError, TypeError)

DECIMAL_COMMA = re.compile(r"(\s*[-+]?\d+),(\d+(?:[eE][-+]?\d+)?\s*)", re.ASCII)


class Numbers:
    """Nested lists (or an array) of numbers that take the dtype they are asked for."""

    __slots__ = ("data",)

    def __init__(self, data: Any) -> None:
        self.data = data


def read_bytes(path: str) -> bytes:
    """The content of a file; raises `unreadable-file` with the path and the reason."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def unreadable(path: str, error: Exception) -> AutodiffError:
    """The error for a file that cannot be read."""
    reason = getattr(error, "strerror", None) or str(error)
    kind = type(error).__name__ if isinstance(error, OSError) else "OSError"
    help: list[str] = []
    if isinstance(error, FileNotFoundError):
        folder, name = os.path.split(path)
        with suppress(OSError):
            help = did_you_mean(name, os.listdir(folder or "."))
    return AutodiffError("unreadable-file", f"cannot read {called(path)}: {reason}", type=kind, help=help)


def decode(content: bytes, path: str) -> str:
    """UTF-8 text, without a byte order mark; raises `unreadable-file`."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AutodiffError(
            "unreadable-file",
            f"cannot read {called(path)}: it is not UTF-8 text (byte {error.start})",
            type="UnicodeDecodeError",
        ) from None


def load(path: str, read_stdin: Callable[[], bytes]) -> np.ndarray | Numbers:
    """What a file holds; `-` is standard input, `data.csv:column` one column of a table."""
    if path == "-":
        return _sniffed(read_stdin(), path)
    if not path:
        raise AutodiffError("usage", "@ is followed by a file, or by - for standard input", type="ValueError")
    file, column = _column(path)
    if column is not None:
        return Numbers(_table(decode(read_bytes(file), file), file, column))
    suffix = os.path.splitext(path)[1].lower()
    if suffix == ".npy":
        return _mapped(path)
    content = read_bytes(path)
    if content.startswith(b"PK\x03\x04") and suffix == ".npz":
        help = "numpy.save writes one array to a .npy file"
        message = f"cannot read {path}: an .npz file holds several arrays"
        raise AutodiffError("unreadable-file", message, type="ValueError", help=help)
    if suffix == ".csv" and not content.startswith(NPY):
        return Numbers(_table(decode(content, path), path))
    return _sniffed(content, path)


def _column(path: str) -> tuple[str, str | None]:
    """`data.csv:price` as file and column, unless there is a file of that whole name."""
    file, colon, column = path.rpartition(":")
    if colon and file.lower().endswith(".csv") and not os.path.exists(path):
        return file, column
    return path, None


def _mapped(path: str) -> np.ndarray:
    """An array in a .npy file, mapped into memory rather than read."""
    try:
        return _native(np.load(path, mmap_mode="r", allow_pickle=False))
    except OSError as error:
        raise unreadable(path, error) from None
    except BROKEN as error:
        raise unreadable(path, _reason(error)) from None


def _reason(error: Exception) -> Exception:
    if any(word in str(error) for word in ("pickle", "Object arrays", "Python objects")):
        return ValueError("it is no .npy file of plain numbers")
    if isinstance(error, (OverflowError, TypeError)):
        return ValueError("its header is that of no .npy file")
    return ValueError(str(error).split("\n")[0] or "it is no .npy file")


def _native(array: np.ndarray) -> np.ndarray:
    if not isinstance(array, np.ndarray):  # an archive
        raise ValueError("it holds several arrays: numpy.save writes one")
    if array.dtype.kind == "c" or array.dtype.kind not in "biuf":
        dtype_of(array)  # raises
    name = array.dtype.newbyteorder("=").name
    if name not in DTYPES:
        dtype_of(array)
    plain = array.view(np.ndarray)
    return plain if plain.dtype.isnative else plain.astype(plain.dtype.newbyteorder("="))


def _sniffed(content: bytes, path: str) -> np.ndarray | Numbers:
    """JSON, or a table of numbers, or .npy, whatever the content looks like."""
    if content.startswith(NPY):
        from io import BytesIO

        try:
            return _native(np.load(BytesIO(content), allow_pickle=False))
        except (*BROKEN, OSError) as error:
            raise unreadable(path, _reason(error)) from None
    text = decode(content, path)
    if path.lower().endswith(".json") or text.lstrip()[:1] in ("[", "{", ""):
        return Numbers(_json(text, path))
    try:
        return Numbers(_json(text, path))
    except AutodiffError:
        table = _table(text, path)
    if not table.size:  # a line of names would do in a .csv file; here it is more likely no table at all
        raise AutodiffError(
            "bad-value",
            f"{called(path)} holds neither JSON nor a table of numbers",
            type="ValueError",
            help=["numbers are written as JSON, [[1, 2], [3, 4]], or in columns that commas separate"],
        )
    return Numbers(table)


def _json(text: str, path: str) -> Any:
    from autodiff.request.jsons import loads

    try:
        data = loads(text)
    except AutodiffError as error:
        error.message = f"{called(path)} is not JSON: {error.message}" if error.code == "bad-json" else error.message
        raise
    if isinstance(data, dict):
        message = f"{called(path)} holds an object, and a number or nested lists are wanted"
        raise AutodiffError("bad-value", message, type="TypeError")
    return data


def called(path: str) -> str:
    return "standard input" if path == "-" else path


# Tables


def _table(text: str, path: str, column: str | None = None) -> np.ndarray:
    """Rows of numbers, always two-dimensional; one column, with one dimension, where it is asked for by name."""
    rows = _cells(text)
    if not rows:
        raise AutodiffError("bad-value", f"{called(path)} is empty", type="ValueError")
    header: list[str] | None = None
    if any(_number(cell) is None for cell in rows[0][1]) and not _looks_like_numbers(rows):
        header = [cell.strip() for cell in rows[0][1]]
        rows = rows[1:]
    width = len(header) if header is not None else len(rows[0][1])
    wanted = range(width) if column is None else [_position(column, header, width, path)]
    result = np.empty((len(rows), len(wanted)))
    for i, (line, cells) in enumerate(rows):
        if len(cells) != width:
            raise AutodiffError(
                "ragged-list",
                f"line {line} of {called(path)} has {len(cells)} columns, and the lines before it have {width}",
                type="ValueError",
                help="every line of a table has the same number of columns",
            )
        for j, place in enumerate(wanted):
            number = _number(cells[place])
            if number is None:
                what = f"{cells[place]!r:.40}" if cells[place].strip() else "nothing"
                raise AutodiffError(
                    "bad-value",
                    f"line {line} of {called(path)} has {what} in column {header[place] if header else place + 1}",
                    type="ValueError",
                    help="a table holds numbers, below one line of names; nan stands for a missing one",
                )
            result[i, j] = number
    return result if column is None else result[:, 0]


def _cells(text: str) -> list[tuple[int, list[str]]]:
    """Non-blank lines with their numbers, cut at commas, or at semicolons or tabs where there are no commas.

    Between semicolons and tabs, 1,5 is a number with a decimal comma, as Excel writes it in many countries.
    """
    import csv

    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = next((mark for mark in ";\t" if _between(mark, first)), ",")
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(text.splitlines(), delimiter=delimiter)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise AutodiffError("bad-value", f"this is no table: {error}", type="ValueError") from None
    if delimiter == ",":
        return rows
    return [(line, [_pointed(cell) for cell in cells]) for line, cells in rows]


def _pointed(cell: str) -> str:
    found = DECIMAL_COMMA.fullmatch(cell)
    return cell if found is None else f"{found[1]}.{found[2]}"


def _between(mark: str, line: str) -> bool:
    """Whether a line is cut at `mark`: it is there, and commas stand in numbers alone."""
    return mark in line and all("," not in cell or DECIMAL_COMMA.fullmatch(cell) for cell in line.split(mark))


def _looks_like_numbers(rows: list[tuple[int, list[str]]]) -> bool:
    """Whether the first line is data with a fault rather than names: it has a number in it."""
    return any(_number(cell) is not None for cell in rows[0][1])


def _number(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _position(column: str, header: list[str] | None, width: int, path: str) -> int:
    if header is not None and column in header:
        return header.index(column)
    if header is None:
        message = f"{called(path)} has no line of names, so there is no column {column!r}"
        help = ["pick it by its index in the expression: x[:, 0]"]
    else:
        message = f"{called(path)} has no column {column!r}"
        help = did_you_mean(column, header) or ["its columns are " + ", ".join(header)]
    raise AutodiffError("bad-value", message, type="KeyError", help=help)
