"""Many requests at once: those of one form are planned once and computed as one stacked batch.

    lines ──decode──▶ groups of one form ──stack──▶ BatchPlan ──▶ one answer text for each line

Only plain requests are taken: `expr`, `vars` of numbers and lists of numbers, `id`.  Everything else, and every row
that something is wrong with, is left to be answered alone, so that there is one place that knows what to say.

A row costs little more than its JSON does, so what is done for each is done by columns: by comprehensions, `join` and
slices over all rows of a group.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from secrets import randbits
from typing import Any, NamedTuple

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.execute.batch import BatchPlan, batch
from autodiff.graph.dtypes import float64
from autodiff.request import jsons
from autodiff.request.problem import Given
from autodiff.solve import Compiled, Leaf, Problem, compile_problem

Shape = tuple[int, ...]
Request = dict[str, Any]
KEYS = {"id", "expr", "vars"}


class Answers(NamedTuple):
    """The answers to some requests: `width` pieces of text each, and which of them are unfit, if any are."""

    pieces: list[str]
    width: int
    unfit: list[bool] | None


class Batches:
    """Answers lines in batches, for requests that leave the rest to what was given on the command line."""

    __slots__ = ("_plans", "given", "plain")

    def __init__(self, given: Given) -> None:
        self.given = given
        self._plans: dict[Any, tuple[Compiled, BatchPlan] | None] = {}
        self.plain = given.dtype is float64 and not given.retain_grad and given.gradient is None

    def answers(self, block: bytes) -> str | list[str | None]:
        """The answers to the lines of a block, with their line breaks: as one text, or line by line.

        None stands for a line that has to be answered alone.
        """
        count = block.count(b"\n") + 1
        if not self.plain:
            return [None] * count
        data = _decoded(block, count)
        keys = _keys(data)
        groups: dict[Any, list[int]] = {}
        for place, key in enumerate(keys):
            if key is not None:
                groups.setdefault(key, []).append(place)
        if len(groups) == 1 and len(groups.get(keys[0], ())) == count:
            answers = self._answers(data)
            if answers is not None and answers.unfit is None:
                return "".join(answers.pieces)
        found: list[str | None] = [None] * count
        for places in groups.values():
            self._place([data[place] for place in places], places, found)
        return found

    def _place(self, requests: list[Request], places: list[int], found: list[str | None]) -> None:
        """Answer requests of one form, by shapes if these differ."""
        answers = self._answers(requests)
        if answers is not None:
            pieces, width, unfit = answers
            for at, place in enumerate(places if pieces else []):
                if unfit is None or not unfit[at]:
                    found[place] = "".join(pieces[at * width : (at + 1) * width])
            return
        shaped: dict[Any, list[int]] = {}
        for at, request in enumerate(requests):
            shaped.setdefault(tuple([_shape(x) for x in (request.get("vars") or {}).values()]), []).append(at)
        if len(shaped) > 1:
            for shapes, part in shaped.items():
                if None not in shapes:
                    self._place([requests[at] for at in part], [places[at] for at in part], found)

    def _answers(self, requests: list[Request]) -> Answers | None:
        """The answers to requests of one form; None if their variables cannot be stacked."""
        first = requests[0]
        nothing = Answers([], 0, [True] * len(requests))
        names = list(first.get("vars") or ())
        try:
            feeds = {name: _stacked([request["vars"][name] for request in requests]) for name in names}
        except (ValueError, TypeError, OverflowError):
            return None
        heads = _heads([request["id"] for request in requests]) if "id" in first else []
        expr = first.get("expr")
        if heads is None or not all(name.isascii() and name.isidentifier() for name in names):
            return nothing
        return self._computed(self.given.expr if expr is None else expr, feeds, len(requests), heads) or nothing

    def _computed(self, expr: str | None, feeds: dict[str, np.ndarray], rows: int, heads: list[str]) -> Answers | None:
        """The answers of rows of one form; None when that cannot be batched, or one of them fails."""
        if expr is None:
            return None
        try:
            own = list(feeds)
            for name, value in self.given.variables.items():
                if name not in feeds:
                    array = value.array(float64)
                    feeds[name] = np.broadcast_to(array, (rows, *array.shape))
            key = (expr, tuple([(name, array.shape[1:]) for name, array in feeds.items()]))
            prepared = self._prepared(key, own, expr, feeds)
            if prepared is None:
                return None
            compiled, plan = prepared
            return _texts(compiled, plan.run(feeds, rows), rows, heads)
        except Exception:  # a row alone says what is wrong, be it a fault of ours: the other rows have their answers
            return None

    def _prepared(
        self, key: Any, own: list[str], expr: str, feeds: dict[str, np.ndarray]
    ) -> tuple[Compiled, BatchPlan] | None:
        """What is compiled for a form, None where that cannot be batched; the latest few are kept."""
        if key in self._plans:
            return self._plans[key]
        given = self.given
        # In the order of the single path: what the command line gives first, then the request's own.
        names = [*(name for name in given.variables if name not in own), *own]
        leaves = {name: Leaf(feeds[name][0]) for name in names}
        compiled = compile_problem(
            Problem(
                expr,
                leaves,
                let=given.let,
                wrt=given.wrt,
                dtype=given.dtype,
                backward=given.backward,
                limit_bytes=given.limit_bytes,
            )
        )
        plan = None
        if compiled.error is None and not compiled.depends_on_data:
            plan = batch(compiled.plan)
        if len(self._plans) >= 256:
            del self._plans[next(iter(self._plans))]
        self._plans[key] = found = (compiled, plan) if plan is not None else None
        return found


def _decoded(block: bytes, count: int) -> list[Any]:
    """The data of each line, None for one that has to be looked at alone."""
    # One call for all of them is faster. What stands between lines cannot be guessed, so that lines which are no JSON
    # by themselves do not become some by standing side by side.
    mark = randbits(63)
    if b"true" not in block and b"false" not in block:  # truth values stay what they are
        try:
            data = jsons.fast_loads(b"[" + block.replace(b"\n", b",%d," % mark) + b"]")
            if len(data) == 2 * count - 1 and data[1::2] == [mark] * (count - 1):
                del data[1::2]
                return list(data)
        except (ValueError, RecursionError, AutodiffError):
            pass
    return [_decoded_alone(line) for line in block.split(b"\n")]


def _decoded_alone(line: bytes) -> Any:
    if b"true" in line or b"false" in line:
        return None
    try:
        return jsons.fast_loads(line)
    except (ValueError, RecursionError, AutodiffError):
        return None


def _only(values: Iterable[Any], count: int, value: Any) -> bool:
    """Whether all of so many values are this one."""
    return list(values).count(value) == count


def _keys(data: list[Any]) -> Sequence[Any]:
    """What tells the groups of requests apart that are answered together; None for those that are not plain."""
    count, first = len(data), data[0]
    form = _form(first)
    try:  # in most files all have the same form but for the expression
        if form is None or not _only(map(type, data), count, dict) or not _only(map(len, data), count, len(first)):
            raise KeyError
        if "vars" in first:
            variables = [request["vars"] for request in data]
            if not _only(map(type, variables), count, dict):
                raise KeyError
            if not _only(map(tuple, variables), count, tuple(first["vars"])):
                raise KeyError
        if "id" in first and not _only([type(request["id"]) for request in data], count, type(first["id"])):
            raise KeyError
        if "expr" not in first:
            return [0] * count
        keys = [request["expr"] for request in data]
        return keys if _only(map(type, keys), count, str) else list(map(_form, data))
    except KeyError:
        return list(map(_form, data))


def _form(request: Any) -> tuple[Any, ...] | None:
    """What requests that are answered together have in common; None for those that are not plain."""
    if request.__class__ is not dict or not request.keys() <= KEYS:
        return None
    variables, expr, id = request.get("vars") or {}, request.get("expr"), request.get("id", 0)
    if variables.__class__ is not dict or not (expr is None or expr.__class__ is str):
        return None
    return (expr, "id" in request, id.__class__, *variables) if id.__class__ in (int, str) else None


def _heads(ids: list[Any]) -> list[str] | None:
    """Ids as JSON text; None where they are neither all integers nor all strings."""
    count = len(ids)
    if _only(map(type, ids), count, int):
        return list(map(str, ids))
    if not _only(map(type, ids), count, str):
        return None
    text = "".join(ids)
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return [f'"{id}"' for id in ids]
    return [jsons.dumps(id) for id in ids]


def _stacked(column: list[Any]) -> np.ndarray:
    """One variable of all rows; raises ValueError or TypeError where they differ in shape or are not all numbers."""
    shape = _shape(column[0])
    if shape is None or 0 in shape:
        raise TypeError
    count, numbers = len(column), column
    for size in shape:
        if not _only(map(type, numbers), count, list) or not _only(map(len, numbers), count, size):
            raise ValueError
        numbers = list(chain.from_iterable(numbers))
        count *= size
    if set(map(type, numbers)) <= {float, int}:
        return np.array(numbers, np.float64).reshape(len(column), *shape)
    raise TypeError


def _shape(data: Any) -> Shape | None:
    """The shape of nested lists that are as long as their first ones, None for what holds no numbers."""
    shape: Shape = ()
    while data.__class__ is list:
        shape = (*shape, len(data))
        data = data[0] if data else 0.0
    return shape if data.__class__ in (int, float) else None


def _texts(compiled: Compiled, outputs: list[np.ndarray], count: int, heads: list[str]) -> Answers | None:
    """Answers as text; unfit are those with numbers that JSON has no literal for."""
    if any(array.dtype.kind == "f" and array.dtype != np.float64 for array in outputs):
        return None
    value, *grads = outputs
    columns: list[Sequence[str]] = []  # between them stand the texts that all rows share
    between = ["{"]

    def numbers(array: np.ndarray, before: str, after: str) -> None:
        opening, texts, closing = jsons.rows_of_numbers(array)
        between[-1] += before + opening
        columns.append(texts)
        between.append(closing + after)

    if heads:
        between[0] += '"id": '
        columns.append(heads)
        between.append(", ")
    grad_fn = "null" if compiled.grad_fn is None else f'"{compiled.grad_fn}"'
    about = f', "shape": {list(value.shape[1:])}, "dtype": "{value.dtype.name}", "grad_fn": {grad_fn}'
    numbers(value, '"value": ', about + (', "grads": {' if compiled.wanted else "}\n"))
    by_name = dict(zip(compiled.names, grads, strict=True))
    for i, name in enumerate(compiled.wanted):
        after = "}}\n" if i == len(compiled.wanted) - 1 else ", "
        if name in by_name:
            numbers(by_name[name], f'"{name}": ', after)
        else:
            between[-1] += f'"{name}": null{after}'
    finite = np.ones(count, bool)
    for array in outputs:
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            finite &= np.isfinite(array.reshape(count, -1)).all(axis=1)
    width = 2 * len(columns) + 1
    pieces = [""] * (count * width)
    for i, text in enumerate(between):
        pieces[2 * i :: width] = [text] * count
    for i, column in enumerate(columns):
        pieces[2 * i + 1 :: width] = column
    return Answers(pieces, width, None if finite.all() else (~finite).tolist())
