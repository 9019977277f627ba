"""The built-in functions, types and exceptions of programs."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterator
from typing import Any

from autodiff.errors import AutodiffError
from autodiff.program import limits
from autodiff.program.kinds import calls, formats, objects, table, texts
from autodiff.program.kinds.containers import pairs
from autodiff.program.kinds.guards import bounded, check_bits, host_iterator, streamed
from autodiff.program.kinds.operators import BINARY, contains, truth
from autodiff.program.kinds.table import MISSING, type_name

Writer = Callable[[str], Any]
_writers: list[Writer] = [lambda text: sys.stdout.write(text), lambda text: sys.stderr.write(text)]
OUT, ERR = 0, 1


def set_writer(out: Writer, err: Writer) -> None:
    """Say where `print` writes to."""
    _writers[:] = [out, err]


class Stream:
    """`sys.stdout` and `sys.stderr`, to print to and nothing else."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type_name(text)}")
        _writers[self.number](text)
        return len(text)

    def flush(self) -> None:
        pass


table.register(Stream, table.Kind("TextIOWrapper", table.host("write flush")))
STDOUT, STDERR = Stream(OUT), Stream(ERR)


def print_(*args: Any, sep: Any = " ", end: Any = "\n", file: Any = None, flush: Any = False) -> None:
    """`print`; raises TypeError for a `sep` or `end` that is no text, or a `file` that is no stream."""
    for name, value in (("sep", sep), ("end", end)):
        if value is not None and not isinstance(value, str):
            raise TypeError(f"{name} must be None or a string, not {type_name(value)}")
    if file is not None and not isinstance(file, Stream):
        raise AttributeError(f"'{type_name(file)}' object has no attribute 'write'")
    separator = " " if sep is None else sep
    write = _writers[OUT if file is None else file.number]
    write(separator.join([texts.text(arg) for arg in args]) + ("\n" if end is None else end))


# Numbers


def abs_(x: Any) -> Any:
    return abs(x)


def sum_(iterable: Any, /, start: Any = 0) -> Any:
    """`sum`: the host's for numbers, one by one for all else."""
    if isinstance(start, str):
        raise TypeError("sum() can't sum strings [use ''.join(seq) instead]")
    if type(iterable) in (list, tuple) and set(map(type, iterable)) <= NUMBERS and type(start) in NUMBERS:
        return sum(iterable, start)
    total, add = start, BINARY["+"]
    numbers: list[Any] = []
    for item in streamed(iterable):
        if type(item) in NUMBERS and type(total) in NUMBERS:
            numbers.append(item)  # together, since newer hosts add floats more exactly than one by one
            if len(numbers) >= 1 << 20:
                total = sum(numbers, total)
                numbers.clear()
            continue
        if numbers:
            total = sum(numbers, total)
            numbers.clear()
        total = add(total, item)
    return sum(numbers, total)


NUMBERS = frozenset((int, float, bool))


def pow_(base: Any, exp: Any, mod: Any = None) -> Any:
    if mod is None:
        return BINARY["**"](base, exp)
    for number in (base, exp, mod):
        if isinstance(number, int):
            check_bits(10 * number.bit_length(), "the power")
    return pow(base, exp, mod)


def round_(number: Any, ndigits: Any = None) -> Any:
    if isinstance(number, int) and isinstance(ndigits, int) and ndigits < -31_000:
        return 0
    return round(number) if ndigits is None else round(number, ndigits)


def divmod_(a: Any, b: Any) -> Any:
    return divmod(a, b)


def _extreme(name: str, host: Callable[..., Any]) -> Callable[..., Any]:
    def extreme(*args: Any, **kwargs: Any) -> Any:
        if kwargs.get("key") is not None:
            kwargs["key"] = calls.resolve(kwargs["key"])
        if len(args) == 1:
            return host(streamed(args[0]), **kwargs)
        return host(*args, **kwargs)

    return extreme


# Iteration


def iter_(*args: Any) -> Any:
    if len(args) == 1:
        return host_iterator(args[0])
    if len(args) != 2:
        raise TypeError(
            f"iter expected {'at least 1 argument' if not args else 'at most 2 arguments'}, got {len(args)}"
        )
    return _called(calls.resolve(args[0]), args[1])


def _called(function: Callable[..., Any], sentinel: Any) -> Iterator[Any]:
    while True:
        limits.tick()
        item = function()
        if item == sentinel:
            return
        yield item


def next_(iterator: Any, *default: Any) -> Any:
    if not hasattr(type(iterator), "__next__"):
        raise TypeError(f"'{type_name(iterator)}' object is not an iterator")
    return next(iterator, *default)


def map_(function: Any, *iterables: Any) -> Iterator[Any]:
    if not iterables:
        raise TypeError("map() must have at least two arguments.")
    sources = [host_iterator(iterable) for iterable in iterables]
    return _mapped(function, sources)


def _mapped(function: Any, sources: list[Iterator[Any]]) -> Iterator[Any]:
    for items in zip(*sources):  # noqa: B905
        limits.tick()
        yield calls.call(function, items, {})


def filter_(function: Any, iterable: Any) -> Iterator[Any]:
    return _filtered(None if function is None or function is bool else function, host_iterator(iterable))


def _filtered(function: Any, source: Iterator[Any]) -> Iterator[Any]:
    for item in source:
        limits.tick()
        if truth(item if function is None else calls.call(function, (item,), {})):
            yield item


def zip_(*iterables: Any, strict: Any = False) -> Any:
    return zip(*map(host_iterator, iterables), strict=bool(strict))


def enumerate_(iterable: Any, start: Any = 0) -> Any:
    return enumerate(host_iterator(iterable), start)


def reversed_(sequence: Any) -> Any:
    if isinstance(sequence, type):
        raise TypeError(f"'{type_name(sequence)}' object is not reversible")
    return reversed(sequence)


def sorted_(iterable: Any, /, *, key: Any = None, reverse: Any = False) -> list[Any]:
    items = list(bounded(iterable))
    items.sort(key=None if key is None else calls.resolve(key), reverse=reverse)
    return items


def all_(iterable: Any) -> bool:
    return all(streamed(iterable))


def any_(iterable: Any) -> bool:
    return any(streamed(iterable))


def len_(value: Any) -> int:
    if isinstance(value, type):
        raise TypeError(f"object of type '{type_name(value)}' has no len()")
    try:
        return len(value)
    except TypeError as error:
        if "has no len()" in str(error):
            raise TypeError(f"object of type '{type_name(value)}' has no len()") from None
        raise


# Types


def type_(*args: Any) -> Any:
    """`type(value)`; classes are made by `class` alone."""
    if len(args) != 1:
        if len(args) == 3:
            raise table.unreachable("type(name, bases, dict)", "Python")
        raise TypeError("type() takes 1 or 3 arguments")
    return objects.class_of(args[0])


def _classes(value: Any, name: str) -> Any:
    if isinstance(value, tuple):
        return tuple(_classes(item, name) for item in value)
    if value is type_:
        return type
    if isinstance(value, type):
        return value
    raise TypeError(f"{name}() arg 2 must be a type, a tuple of types, or a union")


def isinstance_(value: Any, classes: Any) -> bool:
    return isinstance(value, _classes(classes, "isinstance"))


def issubclass_(cls: Any, classes: Any) -> bool:
    if not isinstance(cls, type):
        raise TypeError("issubclass() arg 1 must be a class")
    return issubclass(cls, _classes(classes, "issubclass"))


def str_(*args: Any, **kwargs: Any) -> str:
    if kwargs or len(args) > 1:
        raise TypeError("str() takes one argument here")
    return texts.text(args[0]) if args else ""


def int_(*args: Any, **kwargs: Any) -> int:
    if args and isinstance(args[0], str):
        check_bits(4 * len(args[0]))
    return int(*args, **kwargs)


def float_(*args: Any) -> float:
    return float(*args)


def bool_(*args: Any) -> bool:
    return bool(*args)


def complex_(*args: Any, **kwargs: Any) -> complex:
    return complex(*args, **kwargs)


def _collected(cls: type) -> Callable[..., Any]:
    def made(*args: Any) -> Any:
        if len(args) != 1:
            return cls(*args)
        return cls(bounded(args[0]))

    return made


def dict_(*args: Any, **kwargs: Any) -> dict[Any, Any]:
    return dict(*(pairs(source) for source in args), **kwargs)


def property_(fget: Any = None, fset: Any = None, fdel: Any = None, doc: Any = None) -> property:
    get, set_, delete = (None if f is None else calls.resolve(f) for f in (fget, fset, fdel))
    return property(get, set_, delete)


def _method_of(function: Any) -> Any:
    """What a static or class method is made of: the host may call it unasked."""
    return calls.resolve(function) if calls.is_callable(function) else function


def object_() -> object:
    return object()


# Attributes


def getattr_(value: Any, name: Any, *default: Any) -> Any:
    if not isinstance(name, str):
        raise TypeError("attribute name must be string, not '" + type_name(name) + "'")
    if not default:
        return table.get(value, name)
    try:
        found = table.find(value, name)
    except AttributeError:
        found = MISSING
    except AutodiffError as error:
        if error.type != "AttributeError":
            raise
        found = MISSING
    return default[0] if found is MISSING else found


def hasattr_(value: Any, name: Any) -> bool:
    return getattr_(value, name, MISSING) is not MISSING


def setattr_(value: Any, name: Any, new: Any) -> None:
    if not isinstance(name, str):
        raise TypeError("attribute name must be string, not '" + type_name(name) + "'")
    table.set(value, name, new)


def delattr_(value: Any, name: Any) -> None:
    if not isinstance(name, str):
        raise TypeError("attribute name must be string, not '" + type_name(name) + "'")
    table.delete(value, name)


def dir_(value: Any) -> list[str]:
    if isinstance(value, type) or objects.is_own(value):
        cls = value if isinstance(value, type) else type(value)
        if cls in objects.own_classes:
            return objects.own_names(value)
        return sorted(table.KINDS[cls].table) if cls in table.KINDS else []
    return table.names(value)


def hash_(value: Any) -> int:
    if type(value) in (int, float, bool, str, complex) or objects.own_method(value, "__hash__"):
        return hash(value)
    number = hash(value)  # raises TypeError for what has none
    return hash(tuple(map(hash_, value))) if type(value) is tuple else texts.identity(value) if number else 0


def format_(value: Any, spec: Any = "") -> str:
    if not isinstance(spec, str):
        raise TypeError(f"format() argument 2 must be str, not {type_name(spec)}")
    return formats.format_value(value, "", spec)


def super_(*args: Any) -> Any:
    if len(args) != 2:
        raise RuntimeError("super(): no arguments")
    return objects.Super(*args)


def _named(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    function.__name__ = function.__qualname__ = name
    objects.UNBOUND.add(function)
    return function


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs_, "all": all_, "any": any_, "ascii": texts.ascii_, "callable": calls.is_callable, "delattr": delattr_,
    "dir": dir_, "divmod": divmod_, "format": format_, "getattr": getattr_, "hasattr": hasattr_, "hash": hash_,
    "id": texts.identity, "isinstance": isinstance_, "issubclass": issubclass_, "iter": iter_, "len": len_,
    "max": _extreme("max", max), "min": _extreme("min", min), "next": next_, "pow": pow_, "print": print_,
    "repr": texts.repr_, "reversed": reversed_, "round": round_, "setattr": setattr_, "sorted": sorted_, "sum": sum_,
    "super": super_, "type": type_, "enumerate": enumerate_, "filter": filter_, "map": map_, "zip": zip_,
}  # fmt: skip
_TYPES: dict[type, Callable[..., Any]] = {
    bool: bool_, complex: complex_, dict: dict_, float: float_, frozenset: _collected(frozenset), int: int_,
    list: _collected(list), object: object_, property: property_, range: lambda *args: range(*args),
    set: _collected(set), slice: lambda *args: slice(*args), str: str_, tuple: _collected(tuple),
    staticmethod: lambda f: staticmethod(_method_of(f)), classmethod: lambda f: classmethod(_method_of(f)),
}  # fmt: skip
EXCEPTIONS = """BaseException Exception ArithmeticError AssertionError AttributeError BufferError DeprecationWarning
    EOFError FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError ImportError IndexError KeyError
    KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError NotImplementedError OSError OverflowError
    PermissionError RecursionError ReferenceError RuntimeError RuntimeWarning StopIteration SyntaxError SyntaxWarning
    SystemExit TimeoutError TypeError UnboundLocalError UnicodeError UserWarning ValueError Warning ZeroDivisionError"""


def _exceptions() -> dict[str, Any]:
    return {name: getattr(builtins, name) for name in EXCEPTIONS.split()}


for _class in _exceptions().values():
    calls.CONSTRUCTORS[_class] = _class
calls.CONSTRUCTORS.update(_TYPES)
for _class, _maker in _TYPES.items():
    _maker.__name__ = _maker.__qualname__ = _class.__name__

BUILTINS: dict[str, Any] = {
    **{name: _named(function, name) for name, function in _FUNCTIONS.items()},
    **{cls.__name__: cls for cls in _TYPES},
    **_exceptions(),
    "bin": bin, "hex": hex, "oct": oct, "chr": chr, "ord": ord, "Ellipsis": Ellipsis, "NotImplemented": NotImplemented,
}  # fmt: skip
_function_repr = texts.REPRS[type(type_)]
texts.REPRS[type(type_)] = lambda value: "<class 'type'>" if value is type_ else _function_repr(value)

# Names that Python has and programs have not, with what to do instead.
REFUSED: dict[str, str] = {
    "eval": "write the expression itself",
    "exec": "write the statements themselves",
    "compile": "write the statements themselves",
    "open": "programs read and write no files; give values in the program",
    "input": "programs read no input; give values in the program",
    "globals": "use a dict of your own",
    "locals": "use a dict of your own",
    "vars": "name the attributes",
    "__import__": "use import",
    "memoryview": "use a tensor",
    "bytes": "use a list of integers",
    "bytearray": "use a list of integers",
    "breakpoint": "print what you want to see",
    "help": "autodiff ops NAME tells about an operation",
    "exit": "let the program come to its end",
    "quit": "let the program come to its end",
}


def refused(name: str) -> AutodiffError | None:
    """The error for a builtin of Python that programs have not; None for other names."""
    if name not in REFUSED:
        return None
    return AutodiffError(
        "not-reachable",
        f"name '{name}' is not defined",
        type="NameError",
        says="programs have no such function",
        help=REFUSED[name],
    )


__all__ = ["BUILTINS", "REFUSED", "contains", "refused", "set_writer"]
