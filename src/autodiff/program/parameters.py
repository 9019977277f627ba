"""Arguments to parameters, with Python's messages for what does not fit."""

from __future__ import annotations

from typing import Any

from autodiff.syntax.statements import Parameter


class Signature:
    """The parameters of a function; `names` are in the order of their slots, which start at 1."""

    __slots__ = ("extra", "keywords", "names", "only_positional", "plain", "qualname", "rest")

    def __init__(self, parameters: list[Parameter], qualname: str) -> None:
        self.qualname = qualname
        self.names = [p.name for p in parameters]
        self.plain = [p.name for p in parameters if p.kind in ("positional", "plain")]
        self.only_positional = frozenset(p.name for p in parameters if p.kind == "positional")
        self.keywords = [p.name for p in parameters if p.kind == "keyword"]
        self.rest = next((p.name for p in parameters if p.kind == "*"), None)
        self.extra = next((p.name for p in parameters if p.kind == "**"), None)

    @property
    def simple(self) -> bool:
        """Whether every parameter may be given by position."""
        return len(self.plain) == len(self.names)

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any], defaults: dict[str, Any]) -> list[Any]:
        """The value of each parameter; raises TypeError as Python does."""
        values = dict(zip(self.plain, args, strict=False))
        if self.rest is not None:
            values[self.rest] = tuple(args[len(self.plain) :])
        extra: dict[str, Any] = {}
        wrong: list[str] = []
        for name, value in kwargs.items():
            if name in self.only_positional and self.extra is None:
                wrong.append(name)
            elif name not in self.only_positional and (name in self.plain or name in self.keywords):
                if name in values:
                    raise TypeError(f"{self.qualname}() got multiple values for argument '{name}'")
                values[name] = value
            elif self.extra is None:
                raise TypeError(f"{self.qualname}() got an unexpected keyword argument '{name}'")
            else:
                extra[name] = value
        if wrong:
            listed = ", ".join(wrong)
            raise TypeError(
                f"{self.qualname}() got some positional-only arguments passed as keyword arguments: '{listed}'"
            )
        if self.rest is None and len(args) > len(self.plain):
            raise self._too_many(len(args), values, defaults)
        if self.extra is not None:
            values[self.extra] = extra
        for name, value in defaults.items():
            values.setdefault(name, value)
        self._check_missing(self.plain, "positional", values)
        self._check_missing(self.keywords, "keyword-only", values)
        return [values[name] for name in self.names]

    def _check_missing(self, names: list[str], kind: str, values: dict[str, Any]) -> None:
        missing = [f"'{name}'" for name in names if name not in values]
        if not missing:
            return
        most, last = ", ".join(missing[:-1]), missing[-1]
        listed = " and ".join(missing) if len(missing) < 3 else f"{most}, and {last}"
        plural = "s" if len(missing) > 1 else ""
        raise TypeError(f"{self.qualname}() missing {len(missing)} required {kind} argument{plural}: {listed}")

    def _too_many(self, given: int, values: dict[str, Any], defaults: dict[str, Any]) -> TypeError:
        most = len(self.plain)
        least = most - sum(name in defaults for name in self.plain)
        if least == most:
            takes, plural = str(most), "" if most == 1 else "s"
        else:
            takes, plural = f"from {least} to {most}", "s"
        keywords = sum(name in values for name in self.keywords)
        if keywords:
            was = (
                f"{given} positional argument{'s' if given != 1 else ''} (and {keywords} keyword-only"
                f" argument{'s' if keywords != 1 else ''}) were"
            )
        else:
            was = f"{given} {'was' if given == 1 else 'were'}"
        return TypeError(f"{self.qualname}() takes {takes} positional argument{plural} but {was} given")
