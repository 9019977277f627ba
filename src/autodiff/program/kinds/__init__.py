"""What each kind of value offers to a program; see `autodiff.program`.

table        kinds, and the one way to an attribute
objects      the program's own classes, instances, functions; exceptions
calls        what may be called
operators, items, texts, formats     what values do under operators, brackets, `str` and format specifications
strings, containers, tensors, arrays the attributes of each kind
builtins, modules                    what names and imports give
guards       sizes before something is made, iterators that may never end
"""

from __future__ import annotations

from autodiff.program.kinds import containers as _containers  # noqa: F401  (what these kinds offer is registered)
from autodiff.program.kinds import strings as _strings  # noqa: F401
from autodiff.program.kinds.builtins import BUILTINS, REFUSED, refused, set_writer
from autodiff.program.kinds.calls import call, is_callable, resolve
from autodiff.program.kinds.formats import format_value
from autodiff.program.kinds.guards import bounded, streamed
from autodiff.program.kinds.items import del_item, get_item, set_item
from autodiff.program.kinds.modules import Module, find_module
from autodiff.program.kinds.objects import OPERATOR_METHODS, Super, own, own_classes, own_code
from autodiff.program.kinds.operators import BINARY, COMPARE, INPLACE, UNARY, iterate, truth
from autodiff.program.kinds.table import Kind, delete, get, names, register, set, type_name
from autodiff.program.kinds.texts import repr_, text

__all__ = [
    "BINARY", "BUILTINS", "COMPARE", "INPLACE", "OPERATOR_METHODS", "REFUSED", "UNARY", "Kind", "Module", "Super",
    "bounded", "call", "del_item", "delete", "find_module", "format_value", "get", "get_item", "is_callable", "iterate",
    "names",
    "own", "own_classes", "own_code", "refused", "register", "repr_", "resolve", "set", "set_item", "set_writer",
    "streamed", "text", "truth", "type_name",
]  # fmt: skip
