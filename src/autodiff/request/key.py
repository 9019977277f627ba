"""The key of a class's homework, in TOML or JSON: the questions, what they are worth, and how answers are judged.

    title = "Sheet 3"

    [defaults]                      # for every question that does not say otherwise
    credit = {sign = 0.5}

    [[questions]]
    id = "1a"
    expression = "mean((X @ w - y)^2)"
    wrt = "w"
    shapes = {X = "m,n", w = "n", y = "m"}
    points = 4

Everything is checked before an answer is read; what is wrong is said with its question, key and line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, NoReturn

from autodiff.errors import AutodiffError
from autodiff.graph.dtypes import float64
from autodiff.graph.lookup import did_you_mean, find, unknown_function
from autodiff.graph.sizes import Shape
from autodiff.homework.marking import KINDS, OTHERS, Item
from autodiff.homework.question import Question
from autodiff.request.arguments import constant_expression, normal_name, tensor_data
from autodiff.request.files import called, decode
from autodiff.request.key_lines import line_of
from autodiff.request.shapes import shape_from_json, shape_of

TOP = ("title", "defaults", "questions")
MOST_SAMPLES = 1000


class Key(NamedTuple):
    """The questions by id, in order; `lines` are where they start, for messages about them."""

    title: str
    items: dict[str, Item]
    lines: dict[str, int | None]


def read_key(content: bytes, path: str) -> Key:
    """The key in a file; raises `bad-key`, `bad-json` or `unreadable-file`."""
    text = decode(content, path)
    is_json = text.lstrip()[:1] == "{"
    data = _json(text, path) if is_json else _toml(text, path)
    return _Reader(text, path, is_json).key(data)


def _toml(text: str, path: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        help = ["text stands in quotes: " + 'expression = "x^2"'] if "Invalid value" in str(error) else []
        raise AutodiffError("bad-key", f"{called(path)} is not TOML: {error}", type="ValueError", help=help) from None
    except RecursionError:
        raise AutodiffError("limit-nesting", f"{called(path)} is nested too deeply", type="RecursionError") from None


def _json(text: str, path: str) -> Any:
    from autodiff.request.jsons import loads

    try:
        return loads(text)
    except AutodiffError as error:
        error.message = f"{called(path)} is not JSON: {error.message}"
        raise


class _Reader:
    """Data to a Key; knows the text, so that messages can name lines."""

    def __init__(self, text: str, path: str, is_json: bool) -> None:
        self.text = text
        self.path = path
        self.is_json = is_json
        self.place: int | None = None  # which question is being read, from 0
        self.called = ""
        self.section: str | None = None

    def wrong(self, message: str, key: str | None = None, help: list[str] | None = None) -> NoReturn:
        """Raise `bad-key` with file, line and question in front."""
        line = line_of(self.text, self.is_json, self.place, key, self.section)
        where = called(self.path) + (f", line {line}" if line is not None else "")
        where += f", {self.called}" if self.called else ""
        raise AutodiffError("bad-key", f"{where}: {message}", type="ValueError", help=help or [])

    def key(self, data: Any) -> Key:
        if not isinstance(data, dict):
            self.wrong("a key is a table with questions")
        self.known(data, TOP)
        title = data.get("title", "")
        if not isinstance(title, str):
            self.wrong(f"title must be text, and is {data['title']!r:.40}", "title")
        questions = data.get("questions")
        if not isinstance(questions, list) or not questions:
            help = ["write them as [[questions]], each with an id and an expression"]
            self.wrong("there are no questions", "questions" if questions is not None else None, help)
        self.section = "defaults"
        defaults = data.get("defaults", {})
        if not isinstance(defaults, dict):
            self.wrong("defaults must be a table", "defaults")
        self.called = "defaults"
        self.known(defaults, [name for name in FIELDS if name not in ("id", "expression", "title")])
        self.fields(defaults)
        self.section, self.called = None, ""
        items: dict[str, Item] = {}
        lines: dict[str, int | None] = {}
        for self.place, question in enumerate(questions):
            self.called = f"question {self.place + 1}"
            item = self.item(question, defaults)
            if item.id in items:
                self.wrong(f"the id {item.id!r:.40} is taken by an earlier question", "id")
            items[item.id] = item
            lines[item.id] = line_of(self.text, self.is_json, self.place, None, None)
        return Key(title, items, lines)

    def item(self, data: Any, defaults: Mapping[str, Any]) -> Item:
        if not isinstance(data, dict):
            self.wrong("a question is a table with an id and an expression")
        if "id" in data:
            id = _id(data["id"])
            if id is None:
                self.wrong(f"id must be a name or a number, and is {data['id']!r:.40}", "id")
            self.called = f"question {id!r:.40}"
        self.known(data, FIELDS)
        for name in ("id", "expression"):
            if name not in data:
                close = [key for key in data if key not in FIELDS]
                self.wrong(f"{name} is missing", None, [f"it has {', '.join(close)}"] if close else [])
        found = self.fields({**defaults, **data})
        both = [name for name in found.get("shapes", {}) if name in found.get("vars", {})]
        if both:
            self.wrong(f"{both[0]} has a value and a shape", "shapes", ["a value has its own shape: leave one out"])
        return Item(
            found["id"], _question(found), found.get("worth", 1.0), found.get("credit", {}), found.get("title", "")
        )

    def fields(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Each value read by its own reader, under the name of what it becomes."""
        found = {}
        for key, value in data.items():
            field = FIELDS[key]
            try:
                found[field.name] = field.read(value)
            except _WantedError as wanted:
                self.wrong(f"{key} must be {wanted}, and is {_written(value)}", key, wanted.help)
            except AutodiffError as error:
                self.wrong(f"{key}: {error.message}", key, error.help)
        return found

    def known(self, data: Mapping[str, Any], keys: Any) -> None:
        for key in data:
            if key not in keys:
                help = did_you_mean(key, list(keys)) or ["the keys are " + ", ".join(keys)]
                self.wrong(f"there is no key {key!r:.40}", key, help)


def _question(found: Mapping[str, Any]) -> Question:
    return Question(**{name: found[name] for name in Question._fields if name in found})


def _written(value: Any) -> str:
    return f"{value!r:.60}" if not isinstance(value, bool) else str(value).lower()


class _WantedError(Exception):
    """What a value should have been."""

    def __init__(self, what: str, *help: str) -> None:
        super().__init__(what)
        self.help = list(help)


# What each key reads


def _id(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) and value.strip() else None


def _ids(value: Any) -> str:
    id = _id(value)
    if id is None:
        raise _WantedError("a name or a number")
    return id


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _WantedError('text, such as "mean(x^2)"')
    return value


def _line(value: Any) -> str:
    if not isinstance(value, str):
        raise _WantedError("text")
    return value


def _name(value: Any) -> str:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str) or not value.strip().isidentifier():
        raise _WantedError("the name of one variable", "ask for several gradients in several questions")
    return normal_name(value.strip())


def _table(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _WantedError(what)
    for name in value:
        if not name.isidentifier():
            raise _WantedError(f"{what}; {name!r:.40} is no name")
    return {normal_name(name): own for name, own in value.items()}


def _shapes(value: Any) -> dict[str, Shape]:
    what = 'a table of shapes, such as {X = "m,n", w = [3], s = "scalar"}'
    return {name: _shape(name, own) for name, own in _table(value, what).items()}


def _shape(name: str, value: Any) -> Shape:
    if isinstance(value, str):
        return shape_of(name, value)
    return shape_from_json(name, [value] if isinstance(value, int) and value is not True else value)


def _values(value: Any) -> dict[str, Any]:
    return {name: _value(name, own) for name, own in _table(value, "a table of values, such as {x = [1, 2]}").items()}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return constant_expression(value, f"values.{name}").array(float64)
    if not isinstance(value, (int, float, list)):
        raise _WantedError("a table of numbers and nested lists")
    return tensor_data(value, float64)


def _lets(value: Any) -> dict[str, str]:
    found = _table(value, 'a table of expressions, such as {z = "W @ x"}')
    return {name: _text(own) for name, own in found.items()}


def _number(value: Any, least: float = -math.inf) -> float:
    spelled = {"infinity": math.inf, "inf": math.inf, "-infinity": -math.inf, "-inf": -math.inf}
    if isinstance(value, str) and value.lower() in spelled:
        value = spelled[value.lower()]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value) or value < least:
        raise _WantedError("a number" if least == -math.inf else f"a number from {least:g}")
    return float(value)


def _finite(value: Any) -> float:
    number = _number(value, 0)
    if math.isinf(number):
        raise _WantedError("a finite number")
    return number


def _seconds(value: Any) -> float:
    number = _finite(value)
    if not 0 < number <= 600:
        raise _WantedError("a number of seconds, up to 600")
    return number


def _whole(least: int, most: float = math.inf) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise _WantedError(f"a whole number from {least}" + (f" to {most}" if most < math.inf else ""))
        return value

    return read


def _domains(value: Any) -> dict[str, tuple[float, float]]:
    found = {}
    for name, own in _table(value, "a table of ranges, such as {x = [0, inf]}").items():
        if not isinstance(own, list) or len(own) != 2:
            raise _WantedError("a table of ranges, such as {x = [0, inf]}")
        low, high = _number(own[0]), _number(own[1])
        if not low < high:
            raise _WantedError(f"ranges from less to more ({name} goes from {low:g} to {high:g})")
        found[name] = (low, high)
    return found


def _allowed(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _WantedError('a list of functions, such as ["exp", "log"]')
    for name in value:
        if find("", name.rpartition(".")[2]) is None:
            raise AutodiffError(
                "bad-key", f"there is no function {name!r:.40}", type="ValueError", help=unknown_function(name).help
            )
    return frozenset(value)


def _credit(value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        raise _WantedError("a table of kinds of mistakes, such as {sign = 0.5}")
    known = [*KINDS, *OTHERS]
    for kind, part in value.items():
        if kind not in known:
            help = did_you_mean(kind, known) or ["the kinds are " + ", ".join(known)]
            raise AutodiffError("bad-key", f"there is no kind of mistake {kind!r:.40}", type="ValueError", help=help)
        if isinstance(part, bool) or not isinstance(part, (int, float)) or not 0 <= part <= 1:
            raise _WantedError("parts between 0 and 1", f"{kind} = 0.5 gives half of the points")
    return {kind: float(part) for kind, part in value.items()}


class Field(NamedTuple):
    """A key of a question: the name of what it becomes, and how it is read."""

    name: str
    read: Callable[[Any], Any]


FIELDS: dict[str, Field] = {
    "id": Field("id", _ids),
    "title": Field("title", _line),
    "expression": Field("expr", _text),
    "wrt": Field("wrt", _name),
    "shapes": Field("shapes", _shapes),
    "values": Field("vars", _values),
    "let": Field("let", _lets),
    "domains": Field("domains", _domains),
    "points": Field("worth", _finite),
    "credit": Field("credit", _credit),
    "allowed": Field("allowed", _allowed),
    "rtol": Field("rtol", _finite),
    "atol": Field("atol", _finite),
    "seed": Field("seed", _whole(0)),
    "samples": Field("points", _whole(3, MOST_SAMPLES)),
    "seconds": Field("seconds", _seconds),
}
