"""Which element a selection picks among equal ones.

PyTorch's CPU kernels select with C++ algorithms that are not stable, and the index they return decides where a gradient
goes.  Rows without ties at the place of interest are selected by sorting; the others are handed, one by one, to the
same algorithms: `std::sort` and `std::nth_element` of libstdc++ (sort, topk), and the quickselect of PyTorch's
`Sorting.cpp` (kthvalue).  The median is stable.  Rows that are too long for that fall back to the stable choice.

Rows lie along the last axis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Before = Callable[[int, int], bool]

LONGEST = 4096  # elements in rows together, beyond which ties are resolved by the stable order alone


def sorted_places(rows: np.ndarray, descending: bool, stable: bool) -> np.ndarray:
    """Indices that put rows in order; NaN is the largest."""
    order = _stable_order(rows, descending)
    count = rows.shape[-1]
    if stable or count <= 16:
        return order
    ranked = np.take_along_axis(rows, order, -1)
    tied = (ranked[..., 1:] == ranked[..., :-1]).any(-1) | (np.count_nonzero(np.isnan(rows), axis=-1) > 1)
    return _reselect(rows, order, tied, lambda row: _sorted(row, descending))


def _stable_order(rows: np.ndarray, descending: bool) -> np.ndarray:
    if not descending:
        return np.argsort(rows, axis=-1, kind="stable")
    turned = np.argsort(np.flip(rows, -1), axis=-1, kind="stable")
    return np.asarray(rows.shape[-1] - 1 - np.flip(turned, -1))


def kth_place(rows: np.ndarray, k: int) -> np.ndarray:
    """Index of the k-th smallest (from 0); NaN is the largest."""
    places = np.argsort(rows, axis=-1, kind="stable")[..., k]
    chosen = np.take_along_axis(rows, places[..., None], -1)
    tied = np.count_nonzero((rows == chosen) | (np.isnan(rows) & np.isnan(chosen)), axis=-1) > 1
    return _reselect(rows, places[..., None], tied, lambda row: [_quick_select(row, k)])[..., 0]


def median_place(rows: np.ndarray, skip_nan: bool) -> np.ndarray:
    """Index of the lower median, the stable choice; of the first NaN if there is one, unless they are skipped."""
    count = rows.shape[-1]
    nan = np.isnan(rows)
    numbers = count - np.count_nonzero(nan, axis=-1) if skip_nan else np.full(rows.shape[:-1], count)
    middle = (np.where(numbers == 0, count, numbers) - 1) // 2
    order = np.argsort(rows, axis=-1, kind="stable")
    places = np.take_along_axis(order, middle[..., None], -1)[..., 0]
    return places if skip_nan else np.where(nan.any(-1), np.argmax(nan, axis=-1), places)


def mode_place(rows: np.ndarray) -> np.ndarray:
    """Index of the most frequent element, the smallest of several; of equals the one that sorting leaves last."""
    order = np.argsort(rows, axis=-1, kind="stable")
    ranked = np.take_along_axis(rows, order, -1)
    starts = np.concatenate([np.ones((*rows.shape[:-1], 1), bool), ranked[..., 1:] != ranked[..., :-1]], -1)
    steps = np.arange(rows.shape[-1])
    run = steps - np.maximum.accumulate(np.where(starts, steps, 0), axis=-1)
    places = np.take_along_axis(order, np.argmax(run, axis=-1)[..., None], -1)
    missing = np.isnan(rows).any(-1)
    odd = missing if rows.shape[-1] <= 16 else ~(starts.all(-1) | missing)
    return _reselect(rows, places, odd, lambda row: [_mode(row)])[..., 0]


def top_places(rows: np.ndarray, k: int, largest: bool, in_order: bool) -> np.ndarray:
    """Indices of the k largest (or smallest) elements, best first; NaN is the largest."""
    count = rows.shape[-1]
    order = _stable_order(rows, largest)
    places: np.ndarray = order[..., :k]
    if k == 0:
        return places
    ranked = np.take_along_axis(rows, order, -1)
    tied = (ranked[..., 1 : k + 1] == ranked[..., : min(k, count - 1)]).any(-1) | (
        np.count_nonzero(np.isnan(ranked), axis=-1) > 1
    )
    if not in_order:
        tied = np.ones_like(tied)
    return _reselect(rows, places, tied, lambda row: _top(row, k, largest, in_order))


def _reselect(
    rows: np.ndarray, places: np.ndarray, tied: np.ndarray, select: Callable[[list[Any]], list[int]]
) -> np.ndarray:
    """`places`, but by `select` in the rows where they depend on the order of equal elements."""
    count = rows.shape[-1]
    if not tied.any() or int(tied.sum()) * count > LONGEST:
        return places
    flat, result = rows.reshape(-1, count), np.array(places).reshape(-1, places.shape[-1])
    for i in np.flatnonzero(tied):
        result[i] = select(flat[i].tolist())
    return result.reshape(places.shape)


def _sorted(row: list[Any], descending: bool) -> list[int]:
    queue = list(range(len(row)))
    _sort(queue, 0, len(queue), _comes_before(row, descending))
    return queue


def _comes_before(row: list[Any], descending: bool) -> Before:
    """The order of two places in a row; NaN is the largest."""
    if descending:

        def before(i: int, j: int) -> bool:
            return bool((row[i] != row[i] and row[j] == row[j]) or row[i] > row[j])
    else:

        def before(i: int, j: int) -> bool:
            return bool((row[i] == row[i] and row[j] != row[j]) or row[i] < row[j])

    return before


def _mode(row: list[Any]) -> int:
    """PyTorch's loop over runs of equals; NaN, which equals nothing, stays where sorting with `<` leaves it."""
    queue = list(range(len(row)))
    _sort(queue, 0, len(queue), lambda i, j: bool(row[i] < row[j]))
    best, longest, run = queue[0], 0, 0
    for at, place in enumerate(queue):
        run += 1
        if at == len(queue) - 1 or row[place] != row[queue[at + 1]]:
            if run > longest:
                best, longest = place, run
            run = 0
    return best


def _top(row: list[Any], k: int, largest: bool, in_order: bool) -> list[int]:
    before = _comes_before(row, largest)
    queue = list(range(len(row)))
    if k * 64 <= len(row):
        _partial_sort(queue, k, before)
    else:
        _nth_element(queue, k - 1, before)
        if in_order:
            _sort(queue, 0, k - 1, before)
    return queue[:k]


def _quick_select(row: list[Any], k: int) -> int:
    """PyTorch's `quick_select_template`, moving indices along."""
    a, at = list(row), list(range(len(row)))

    def swap(i: int, j: int) -> None:
        a[i], a[j] = a[j], a[i]
        at[i], at[j] = at[j], at[i]

    def over(p: Any, q: Any) -> bool:
        return bool((p != p and q == q) or p > q)

    low, high = 0, len(a) - 1
    while high > low:
        if high == low + 1:
            if over(a[low], a[high]):
                swap(low, high)
            break
        swap(low + (high - low) // 2, low + 1)
        if over(a[low + 1], a[high]):
            swap(low + 1, high)
        if over(a[low], a[high]):
            swap(low, high)
        if over(a[low + 1], a[low]):
            swap(low + 1, low)
        i, j, pivot = low + 1, high, a[low]
        while True:
            i += 1
            while over(pivot, a[i]):
                i += 1
            j -= 1
            while over(a[j], pivot):
                j -= 1
            if j < i:
                break
            swap(i, j)
        swap(low, j)
        if j <= k:
            low = i
        if j >= k:
            high = j - 1
    return at[k]


# libstdc++


def _nth_element(a: list[int], n: int, before: Before) -> None:
    """`std::nth_element` by its `__introselect` (whose depth limit is not reached by rows this short)."""
    first, last = 0, len(a)
    depth = 2 * (last.bit_length() - 1) if last else 0
    while last - first > 3:
        if depth == 0:
            _heap_select(a, first, n + 1, last, before)
            a[first], a[n] = a[n], a[first]
            return
        depth -= 1
        cut = _partition_pivot(a, first, last, before)
        if cut <= n:
            first = cut
        else:
            last = cut
    _insertion_sort(a, first, last, before)


def _sort(a: list[int], first: int, last: int, before: Before) -> None:
    """`std::sort`: quicksort down to runs of sixteen, then one insertion sort."""
    pending = [(first, last, 2 * max((last - first).bit_length() - 1, 0))]
    while pending:
        low, high, depth = pending.pop()
        while high - low > 16:
            if depth == 0:
                _heap_select(a, low, high, high, before)
                _sort_heap(a, low, high, before)
                break
            depth -= 1
            cut = _partition_pivot(a, low, high, before)
            pending.append((cut, high, depth))
            high = cut
    _insertion_sort(a, first, last, before)


def _partition_pivot(a: list[int], first: int, last: int, before: Before) -> int:
    """`__unguarded_partition_pivot`: the median of three goes to the front and divides the rest."""
    mid = first + (last - first) // 2
    x, y, z = first + 1, mid, last - 1
    if before(a[x], a[y]):
        best = y if before(a[y], a[z]) else z if before(a[x], a[z]) else x
    else:
        best = x if before(a[x], a[z]) else z if before(a[y], a[z]) else y
    a[first], a[best] = a[best], a[first]
    i, j = first + 1, last
    while True:
        while before(a[i], a[first]):
            i += 1
        j -= 1
        while before(a[first], a[j]):
            j -= 1
        if not i < j:
            return i
        a[i], a[j] = a[j], a[i]
        i += 1


def _insertion_sort(a: list[int], first: int, last: int, before: Before) -> None:
    for i in range(first + 1, last):
        value, j = a[i], i
        if before(value, a[first]):
            j = first
        else:
            while before(value, a[j - 1]):
                j -= 1
        a[j + 1 : i + 1] = a[j:i]
        a[j] = value


def _partial_sort(a: list[int], k: int, before: Before) -> None:
    _heap_select(a, 0, k, len(a), before)
    _sort_heap(a, 0, k, before)


def _heap_select(a: list[int], first: int, middle: int, last: int, before: Before) -> None:
    """`__heap_select`: the best `middle - first` elements as a heap, the worst of them on top."""
    size = middle - first
    for parent in range((size - 2) // 2, -1, -1):
        _adjust_heap(a, first, parent, size, a[first + parent], before)
    for i in range(middle, last):
        if before(a[i], a[first]):
            value = a[i]
            a[i] = a[first]
            _adjust_heap(a, first, 0, size, value, before)


def _sort_heap(a: list[int], first: int, last: int, before: Before) -> None:
    while last - first > 1:
        last -= 1
        value = a[last]
        a[last] = a[first]
        _adjust_heap(a, first, 0, last - first, value, before)


def _adjust_heap(a: list[int], first: int, hole: int, size: int, value: int, before: Before) -> None:
    top, child = hole, hole
    while child < (size - 1) // 2:
        child = 2 * (child + 1)
        if before(a[first + child], a[first + child - 1]):
            child -= 1
        a[first + hole] = a[first + child]
        hole = child
    if size % 2 == 0 and child == (size - 2) // 2:
        child = 2 * (child + 1)
        a[first + hole] = a[first + child - 1]
        hole = child - 1
    parent = (hole - 1) // 2
    while hole > top and before(a[first + parent], value):
        a[first + hole] = a[first + parent]
        hole = parent
        parent = (hole - 1) // 2
    a[first + hole] = value
