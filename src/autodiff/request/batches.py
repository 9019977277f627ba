"""Many requests at once: those of one form are planned once and computed as one stacked batch.

    lines ──decode──▶ groups of one form ──stack──▶ BatchPlan ──▶ one answer text for each line

Only plain requests are taken: `expr`, `vars` of numbers and lists of numbers, `id`.  Everything else, and every row
that something is wrong with, is left to be answered alone, so that there is one place that knows what to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from secrets import token_hex
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.execute.batch import BatchPlan, batch
from autodiff.graph.dtypes import float64
from autodiff.request import jsons
from autodiff.request.problem import Given
from autodiff.solve import Compiled, Leaf, Problem, compile_problem

Shape = tuple[int, ...]
# A row that can be batched: its place among the lines, the start of its answer, its variables.
Row = tuple[int, str, dict[str, Any]]
_MISSING = object()


class Batches:
    """Answers lines in batches, for requests that leave the rest to what was given on the command line."""

    __slots__ = ("_plans", "given", "plain")

    def __init__(self, given: Given) -> None:
        self.given = given
        self._plans: dict[Any, tuple[Compiled, BatchPlan] | None] = {}
        self.plain = given.dtype is float64 and not given.retain_grad and given.gradient is None

    def answers(self, lines: Sequence[bytes]) -> list[str | None]:
        """The answer to each line, with its line break; None for a line that has to be answered alone."""
        found: list[str | None] = [None] * len(lines)
        if not self.plain:
            return found
        groups: dict[Any, list[Row]] = {}
        for place, request in enumerate(_decoded(lines)):
            if request.__class__ is not dict:
                continue
            variables = request.get("vars") or {}
            expr = request.get("expr")
            id = request.get("id", _MISSING)
            known = (id is not _MISSING) + ("vars" in request) + ("expr" in request)
            if len(request) != known or variables.__class__ is not dict:
                continue
            if id is _MISSING:
                head = "{"
            elif id.__class__ is int:
                head = f'{{"id": {id}, '
            elif id.__class__ is str:
                head = f'{{"id": {jsons.dumps(id)}, '
            else:
                continue
            key = (expr, *variables)
            group = groups.get(key)
            if group is None:
                groups[key] = group = []
            group.append((place, head, variables))
        for (expr, *names), rows in groups.items():
            if (expr is None or expr.__class__ is str) and all(n.isascii() and n.isidentifier() for n in names):
                self._answer(expr, names, rows, lines, found)
        return found

    def _answer(
        self, expr: str | None, names: list[str], rows: list[Row], lines: Sequence[bytes], found: list[str | None]
    ) -> None:
        """Answer a group of rows with the same names, by shapes if these differ."""
        try:
            feeds = {name: _stacked([row[2][name] for row in rows]) for name in names}
        except (ValueError, TypeError, OverflowError):
            shaped: dict[Any, list[Row]] = {}
            for row in rows:
                shaped.setdefault(tuple([_shape(row[2][name]) for name in names]), []).append(row)
            if len(shaped) > 1:
                for shapes, part in shaped.items():
                    if None not in shapes:
                        self._answer(expr, names, part, lines, found)
            return
        texts = self._computed(self.given.expr if expr is None else expr, feeds, rows)
        for (place, _, _), text in zip(rows, texts, strict=True):
            found[place] = text

    def _computed(self, expr: str | None, feeds: dict[str, np.ndarray], rows: list[Row]) -> Sequence[str | None]:
        """The answers of rows of one form; all None when that cannot be batched, or one of them fails."""
        nothing = [None] * len(rows)
        if expr is None:
            return nothing
        try:
            own = list(feeds)
            for name, value in self.given.variables.items():
                if name not in feeds:
                    array = value.array(float64)
                    feeds[name] = np.broadcast_to(array, (len(rows), *array.shape))
            key = (expr, tuple([(name, array.shape[1:]) for name, array in feeds.items()]))
            prepared = self._prepared(key, own, expr, feeds)
            if prepared is None:
                return nothing
            compiled, plan = prepared
            return _texts(compiled, plan.run(feeds, len(rows)), rows)
        except (AutodiffError, ValueError, TypeError, OverflowError, MemoryError, ArithmeticError):
            return nothing

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


def _decoded(lines: Sequence[bytes]) -> list[Any]:
    """The data of each line, None for one that has to be looked at alone."""
    # One call for all of them is faster. What stands between lines cannot be guessed, so that lines which are no JSON
    # by themselves do not become some by standing side by side.
    mark = token_hex(8)
    between = f',"{mark}",'.encode()
    text = between.join(lines)
    if b"true" not in text and b"false" not in text:  # truth values stay what they are
        try:
            data = jsons.fast_loads(b"[" + text + b"]")
            if len(data) == 2 * len(lines) - 1 and data[1::2] == [mark] * (len(lines) - 1):
                return list(data[::2])
        except (ValueError, RecursionError, AutodiffError):
            pass
    return [_decoded_alone(line) for line in lines]


def _decoded_alone(line: bytes) -> Any:
    if b"true" in line or b"false" in line:
        return None
    try:
        return jsons.fast_loads(line)
    except (ValueError, RecursionError, AutodiffError):
        return None


def _stacked(column: list[Any]) -> np.ndarray:
    """One variable of all rows; raises ValueError or TypeError where they differ in shape or are not all numbers."""
    array = np.array(column)
    if array.dtype.kind not in "if":
        raise TypeError
    return array.astype(np.float64, copy=False)


def _shape(data: Any) -> Shape | None:
    """The shape of nested lists that are as long as their first ones, None for what holds no numbers."""
    shape: Shape = ()
    while data.__class__ is list:
        shape = (*shape, len(data))
        data = data[0] if data else 0.0
    return shape if data.__class__ in (int, float) else None


def _texts(compiled: Compiled, outputs: list[np.ndarray], rows: list[Row]) -> Sequence[str | None]:
    """Answers as text; None for rows with numbers that JSON has no literal for."""
    count = len(rows)
    if any(array.dtype.kind == "f" and array.dtype != np.float64 for array in outputs):
        return [None] * count
    value, *grads = outputs
    columns: list[Sequence[str]] = [[head for _, head, _ in rows]]

    def constant(text: str) -> None:
        columns.append([text] * count)

    def numbers(array: np.ndarray, before: str, after: str) -> None:
        opening, texts, closing = jsons.rows_of_numbers(array)
        constant(before + opening)
        columns.append(texts)
        constant(closing + after)

    grad_fn = "null" if compiled.grad_fn is None else f'"{compiled.grad_fn}"'
    about = f', "shape": {list(value.shape[1:])}, "dtype": "{value.dtype.name}", "grad_fn": {grad_fn}'
    numbers(value, '"value": ', about + (', "grads": {' if compiled.wanted else "}\n"))
    by_name = dict(zip(compiled.names, grads, strict=True))
    for i, name in enumerate(compiled.wanted):
        after = "}}\n" if i == len(compiled.wanted) - 1 else ", "
        if name in by_name:
            numbers(by_name[name], f'"{name}": ', after)
        else:
            constant(f'"{name}": null{after}')
    texts = list(map("".join, zip(*columns, strict=True)))
    finite = np.ones(count, bool)
    for array in outputs:
        if array.dtype.kind == "f":
            finite &= np.isfinite(array.reshape(count, -1)).all(axis=1)
    if finite.all():
        return texts
    return [text if fine else None for text, fine in zip(texts, finite.tolist(), strict=True)]
