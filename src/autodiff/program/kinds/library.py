"""The modules of Python that programs may import: what is harmless of them, with limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from operator import index
from typing import Any

from autodiff.program import limits
from autodiff.program.kinds import operators
from autodiff.program.kinds.builtins import STDERR, STDOUT
from autodiff.program.kinds.calls import CONSTRUCTORS, call, resolve
from autodiff.program.kinds.guards import bounded, check_bits, host_iterator
from autodiff.program.kinds.modules import Module
from autodiff.program.kinds.table import Kind, host, method, register


def make(name: str) -> Module:
    """The module of this name."""
    return Module(name, _MAKERS[name]())


# math


def _factorial(n: Any) -> int:
    n = index(n)
    if n > 1:
        check_bits(n * math.log2(n) - 1.4427 * n, "the factorial")
    return math.factorial(n)


def _comb(n: Any, k: Any) -> int:
    n, k = index(n), index(k)
    if 0 <= k <= n:
        check_bits(min(k, n - k) * max(n.bit_length(), 1), "the number of combinations")
    return math.comb(n, k)


def _perm(n: Any, k: Any = None) -> int:
    n = index(n)
    k = n if k is None else index(k)
    check_bits(min(k, n) * max(n.bit_length(), 1), "the number of permutations")
    return math.perm(n, k)


def _prod(iterable: Any, *, start: Any = 1) -> Any:
    total = start
    for item in bounded(iterable):
        total = operators.multiply(total, item)
    return total


def _lcm(*integers: Any) -> int:
    total = 1
    for integer in map(index, integers):
        total = math.lcm(total, integer)
        check_bits(total.bit_length(), "the multiple")
    return total


def _math() -> dict[str, Any]:
    names = """acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh degrees dist e erf erfc exp exp2
        expm1 fabs floor fmod frexp gamma gcd hypot inf isclose isfinite isinf isnan isqrt ldexp lgamma log log10 log1p
        log2 modf nan nextafter pi pow radians remainder sin sinh sqrt tan tanh tau trunc ulp"""
    found = {name: getattr(math, name) for name in names.split()}
    return {
        **found,
        "factorial": _factorial,
        "comb": _comb,
        "perm": _perm,
        "prod": _prod,
        "lcm": _lcm,
        "fsum": lambda iterable: math.fsum(bounded(iterable)),
        "dist": lambda p, q: math.dist(list(bounded(p)), list(bounded(q))),
    }


# time


def _sleep(seconds: Any) -> None:
    """Wait a little at a time, so that Ctrl-C is noticed; who would wait beyond the time limit need not wait at all."""
    import time

    left = index(seconds) if isinstance(seconds, int) else float(seconds)
    if left < 0:
        raise ValueError("sleep length must be non-negative")
    end = time.monotonic() + left
    limits.wait_until(end)
    while (left := end - time.monotonic()) > 0:
        limits.tick(1000)
        time.sleep(min(left, 0.05))


def _time() -> dict[str, Any]:
    import time

    return {
        "time": time.time,
        "perf_counter": time.perf_counter,
        "monotonic": time.monotonic,
        "process_time": time.process_time,
        "perf_counter_ns": time.perf_counter_ns,
        "time_ns": time.time_ns,
        "sleep": _sleep,
    }


# random: one stream of its own


def _random() -> dict[str, Any]:
    import random

    stream = random.Random()
    names = "random uniform gauss normalvariate expovariate triangular betavariate lognormvariate randint randrange"

    def seed(a: Any = None) -> None:
        stream.seed(a if isinstance(a, (int, float, str)) else None)

    def shuffle(x: Any) -> None:
        if type(x) is not list:
            raise TypeError("shuffle wants a list")
        limits.tick(len(x))
        stream.shuffle(x)

    def choice(seq: Any) -> Any:
        return stream.choice(seq if isinstance(seq, (list, tuple, str, range)) else list(bounded(seq)))

    def sample(population: Any, k: int) -> list[Any]:
        k = index(k)
        limits.allocate(8 * k)
        return stream.sample(population if isinstance(population, range) else list(bounded(population)), k)

    def choices(population: Any, weights: Any = None, *, cum_weights: Any = None, k: int = 1) -> list[Any]:
        k = index(k)
        limits.allocate(8 * k)
        limits.tick(k)
        given = [None if w is None else list(bounded(w)) for w in (weights, cum_weights)]
        return stream.choices(list(bounded(population)), given[0], cum_weights=given[1], k=k)

    def getrandbits(k: int) -> int:
        k = index(k)
        check_bits(k)
        return stream.getrandbits(k)

    own = {f.__name__: f for f in (seed, shuffle, choice, sample, choices, getrandbits)}
    return {**{name: getattr(stream, name) for name in names.split()}, **own}


# collections


def _collections() -> dict[str, Any]:
    from collections import Counter, OrderedDict, defaultdict, deque

    from autodiff.program.kinds.containers import pairs

    def maker(cls: Any) -> Callable[..., Any]:
        return lambda *args, **kwargs: cls(*(pairs(a) for a in args), **kwargs)

    def default(factory: Any = None, *args: Any, **kwargs: Any) -> Any:
        made = None if factory is None else resolve(factory)
        # Without arguments the host's own constructors are as good as ours, and the text of the dict names them.
        return defaultdict(factory if isinstance(factory, type) else made, *(pairs(a) for a in args), **kwargs)

    def counter(*args: Any, **kwargs: Any) -> Any:
        return Counter(*(a if isinstance(a, dict) else bounded(a) for a in args), **kwargs)

    def queue(iterable: Any = (), maxlen: Any = None) -> Any:
        return deque(bounded(iterable), maxlen)

    makers: dict[type, Callable[..., Any]] = {
        OrderedDict: maker(OrderedDict),
        defaultdict: default,
        Counter: counter,
        deque: queue,
    }
    CONSTRUCTORS.update(makers)
    from autodiff.program.kinds.records import named_tuple

    found = {"OrderedDict": OrderedDict, "defaultdict": defaultdict, "Counter": Counter, "deque": deque}
    return found | {"namedtuple": named_tuple}


# itertools and functools


def _itertools() -> dict[str, Any]:
    import itertools

    def over(function: Callable[..., Any]) -> Callable[..., Any]:
        def made(*iterables: Any, **kwargs: Any) -> Any:
            return function(*map(host_iterator, iterables), **kwargs)

        return made

    def first(function: Callable[..., Any]) -> Callable[..., Any]:
        def made(iterable: Any, *args: Any, **kwargs: Any) -> Any:
            return function(list(bounded(iterable)), *args, **kwargs)

        return made

    def product(*iterables: Any, repeat: int = 1) -> Any:
        repeat = index(repeat)
        lists = [list(bounded(iterable)) for iterable in iterables]
        limits.allocate(8 * len(lists) * max(repeat, 0))
        return itertools.product(*lists, repeat=repeat)

    def while_(keep: bool) -> Callable[..., Any]:
        def made(predicate: Any, iterable: Any) -> Iterator[Any]:
            taking = keep
            for item in host_iterator(iterable):
                limits.tick()
                if keep and not call(predicate, (item,), {}):
                    return
                if not keep and not taking:
                    taking = not call(predicate, (item,), {})
                if taking:
                    yield item

        return made

    def islice(iterable: Any, *args: Any) -> Iterator[Any]:
        return _sliced(host_iterator(iterable), slice(*args))

    def accumulate(iterable: Any, func: Any = None, *, initial: Any = None) -> Any:
        function = operators.add if func is None else resolve(func)
        return itertools.accumulate(host_iterator(iterable), function, initial=initial)

    def repeat(value: Any, *times: int) -> Any:
        return itertools.repeat(value, *times)

    found = {
        "chain": over(itertools.chain),
        "zip_longest": over(itertools.zip_longest),
        "pairwise": over(itertools.pairwise),
        "count": lambda start=0, step=1: itertools.count(start, step),
        "cycle": lambda iterable: itertools.cycle(list(bounded(iterable))),
        "repeat": repeat,
        "product": product,
        "combinations": first(itertools.combinations),
        "combinations_with_replacement": first(itertools.combinations_with_replacement),
        "permutations": first(itertools.permutations),
        "accumulate": accumulate,
        "islice": islice,
        "takewhile": while_(True),
        "dropwhile": while_(False),
    }
    for name in "chain zip_longest pairwise count cycle repeat product combinations permutations accumulate".split():  # noqa: SIM905
        cls = getattr(itertools, name)
        register(cls, Kind(name))
    register(itertools.combinations_with_replacement, Kind("combinations_with_replacement"))
    return found


def _sliced(source: Iterator[Any], part: slice) -> Iterator[Any]:
    start, stop, step = part.start or 0, part.stop, part.step or 1
    if start < 0 or (stop is not None and stop < 0) or step < 1:
        raise ValueError("Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.")
    wanted = start
    if stop is not None and wanted >= stop:
        return
    for i, item in enumerate(source):
        limits.tick()
        if i == wanted:
            yield item
            wanted += step
            if stop is not None and wanted >= stop:
                return


class Partial:
    """`functools.partial`."""

    __slots__ = ("args", "func", "keywords")

    def __init__(self, func: Any, /, *args: Any, **keywords: Any) -> None:
        resolve(func)
        self.func = func
        self.args = args
        self.keywords = keywords

    def __call__(self, /, *args: Any, **keywords: Any) -> Any:
        return call(self.func, (*self.args, *args), {**self.keywords, **keywords})


register(Partial, Kind("functools.partial", host("func args keywords"), callable=True))
CONSTRUCTORS[Partial] = Partial


def _reduce(function: Any, iterable: Any, *initial: Any) -> Any:
    import functools

    return functools.reduce(resolve(function), bounded(iterable), *initial)


def _wraps(wrapped: Any) -> Callable[[Any], Any]:
    def decorate(function: Any) -> Any:
        from autodiff.program.kinds.objects import is_own_function

        if is_own_function(function):
            function.__name__ = getattr(wrapped, "__name__", function.__name__)
            function.__qualname__ = getattr(wrapped, "__qualname__", function.__qualname__)
            function.__doc__ = wrapped.__doc__ if is_own_function(wrapped) else None
        return function

    return decorate


def _cached(function: Any = None, maxsize: Any = None, typed: bool = False) -> Any:
    if function is None or isinstance(function, int):
        return _cached
    target = resolve(function)
    kept: dict[Any, Any] = {}

    def cached(*args: Any, **kwargs: Any) -> Any:
        key = (args, tuple(sorted(kwargs.items())))
        if key not in kept:
            kept[key] = target(*args, **kwargs)
        return kept[key]

    cached.__name__ = cached.__qualname__ = getattr(function, "__name__", "cached")
    return cached


def _functools() -> dict[str, Any]:
    return {"partial": Partial, "reduce": _reduce, "wraps": _wraps, "lru_cache": _cached, "cache": _cached}


# copy, warnings, sys, operator, typing


def _copy() -> dict[str, Any]:
    from autodiff.program.kinds.copies import copy, deepcopy

    return {"copy": copy, "deepcopy": deepcopy}


def _warn(message: Any, category: Any = None, stacklevel: int = 1, **_: Any) -> None:
    import warnings

    if isinstance(message, Warning):
        category = type(message)
    if category is None or not (isinstance(category, type) and issubclass(category, Warning)):
        category = UserWarning
    from autodiff.program.kinds.texts import text

    warnings.warn(text(message), category, stacklevel=2)


def _ignored(*_: Any, **__: Any) -> None:
    return None


def _exit(code: Any = None) -> None:
    raise SystemExit(code)


def _operator() -> dict[str, Any]:
    signs = {
        "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "matmul": "@",
    }  # fmt: skip
    compare = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
    from autodiff.program.kinds.items import get_item

    def itemgetter(*keys: Any) -> Callable[[Any], Any]:
        if len(keys) == 1:
            return lambda value: get_item(value, keys[0])
        return lambda value: tuple(get_item(value, key) for key in keys)

    return {
        **{name: operators.BINARY[sign] for name, sign in signs.items()},
        **{name: operators.COMPARE[sign] for name, sign in compare.items()},
        "neg": operators.UNARY["-"],
        "itemgetter": itemgetter,
    }


class _Hint:
    """A name of `typing`, which annotations do not evaluate."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"typing.{self.name}"

    def __getitem__(self, key: Any) -> _Hint:
        return self


register(_Hint, Kind("typing"))


def _typing() -> dict[str, Any]:
    from autodiff.program.kinds.items import INDEXED

    INDEXED.add(_Hint)
    names = "Any Callable Dict Iterable Iterator List Optional Sequence Set Tuple Type Union Generator NoReturn Literal"
    return {name: _Hint(name) for name in names.split()}


_MAKERS: dict[str, Callable[[], dict[str, Any]]] = {
    "math": _math,
    "time": _time,
    "random": _random,
    "collections": _collections,
    "itertools": _itertools,
    "functools": _functools,
    "copy": _copy,
    "warnings": lambda: {"warn": _warn, "simplefilter": _ignored, "filterwarnings": _ignored},
    "sys": lambda: {"exit": _exit, "stdout": STDOUT, "stderr": STDERR, "maxsize": (1 << 63) - 1},
    "operator": _operator,
    "typing": _typing,
    "__future__": lambda: {"annotations": None, "division": None, "print_function": None},
}
__all__ = ["make", "method"]
