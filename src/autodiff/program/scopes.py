"""Which variable a name means: found out for the whole program before any of it is compiled.

    statements ──analyse──▶ a Scope for each function, class and comprehension ──find──▶ where the value lies

A Layout is the frame of one function (or class body, or of the module): a list with a slot for each variable.  Slot 0
is for the value of `return`.  A variable that an inner function uses lies in a cell, a list of one, which both frames
hold.  Comprehensions have a scope of their own in the frame around them; only a generator expression, which may outlive
it, has its own frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from autodiff.errors import AutodiffError, Span
from autodiff.syntax import statements as s
from autodiff.syntax.tree import ListOf, Name, Tree, TupleOf

CLASS_CELL = "<class>"  # the variable through which methods find their class for super(); no program can spell it
MODULE, FUNCTION, CLASS, COMPREHENSION = "module", "function", "class", "comprehension"


class Layout:
    """The frame of a function: how many slots, which of them are cells, and which cells come from outside."""

    __slots__ = ("free", "outer", "size")

    def __init__(self, outer: Layout | None) -> None:
        self.outer = outer
        self.size = 1
        self.free: dict[Variable, int] = {}

    def slot(self) -> int:
        """One more slot."""
        self.size += 1
        return self.size - 1


class Variable:
    """A name that is bound in a function, a comprehension or (for super) a class."""

    __slots__ = ("captured", "layout", "name", "slot")

    def __init__(self, name: str, layout: Layout) -> None:
        self.name = name
        self.layout = layout
        self.slot = layout.slot()
        self.captured = False


class Access(NamedTuple):
    """How a name is reached: kind is "slot", "cell", "free" (a cell from outside), "global" or "class"."""

    kind: str
    slot: int
    otherwise: Access | None = None  # where a name of a class is looked for when the class has none yet


GLOBAL = Access("global", 0)


class Scope:
    """What names mean in one function, class, comprehension, or the module."""

    __slots__ = (
        "bound", "defined", "globals", "hidden", "kind", "layout", "name", "nonlocals", "own", "parent", "result",
        "uses",
    )  # fmt: skip
    layout: Layout

    def __init__(self, kind: str, parent: Scope | None, name: str, own: bool = True) -> None:
        self.kind = kind
        self.parent = parent
        self.name = name
        self.own = own
        outer = parent.layout if parent is not None else None
        self.layout = Layout(outer) if own or outer is None else outer
        self.bound: dict[str, Variable] = {}
        self.defined: set[str] = set()  # what a module or class binds, which has no slots
        self.globals: set[str] = set()
        self.nonlocals: dict[str, Span] = {}
        self.uses: set[str] = set()
        self.hidden: Variable | None = None
        self.result = 0  # the slot in which a comprehension gathers

    def bind(self, name: str) -> None:
        """Note that the scope gives the name a value."""
        if name in self.globals or name in self.nonlocals:
            return
        if self.kind in (MODULE, CLASS):
            self.defined.add(name)
        elif name not in self.bound:
            self.bound[name] = Variable(name, self.layout)

    def find(self, name: str) -> Access:
        """Where the name's value lies, seen from here."""
        variable = self._variable(name)
        found = GLOBAL if variable is None else self._reach(variable)
        if self.kind == CLASS and name in self.defined:
            return Access("class", 0, GLOBAL)
        return found

    def class_cell(self) -> Access | None:
        """The cell with the class whose method this is, None outside of methods."""
        scope: Scope | None = self
        while scope is not None:
            if scope.kind == CLASS:
                assert scope.hidden is not None
                scope.hidden.captured = True
                return self._reach(scope.hidden)
            scope = scope.parent
        return None

    def function(self) -> Scope:
        """The nearest scope that is no comprehension."""
        scope = self
        while scope.kind == COMPREHENSION:
            assert scope.parent is not None
            scope = scope.parent
        return scope

    def qualified(self, name: str) -> str:
        """The name with what it stands in, as Python's `__qualname__`."""
        parts = [name]
        scope: Scope | None = self
        while scope is not None and scope.parent is not None:
            if scope.kind == FUNCTION or (scope.kind == COMPREHENSION and scope.own):
                parts += ["<locals>", scope.name]
            elif scope.kind == CLASS:
                parts.append(scope.name)
            scope = scope.parent
        return ".".join(reversed(parts))

    def _variable(self, name: str) -> Variable | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.globals:
                return None
            if scope.kind != CLASS and name in scope.bound:
                return scope.bound[name]
            scope = scope.parent
        return None

    def _reach(self, variable: Variable) -> Access:
        layout = self.layout
        if variable.layout is layout:
            return Access("cell" if variable.captured else "slot", variable.slot)
        variable.captured = True
        return Access("free", layout.free[variable] if variable in layout.free else _carry(layout, variable))


def _carry(layout: Layout, variable: Variable) -> int:
    """Hand a cell down through the frames between the one that owns it and the one that uses it."""
    inner: Layout | None = layout
    while inner is not None and inner is not variable.layout:
        if variable not in inner.free:
            inner.free[variable] = inner.slot()
        inner = inner.outer
    return layout.free[variable]


Scopes = dict[Tree, Scope]


def analyse(body: list[Tree], module: Scope) -> Scopes:
    """The scope of every function, class and comprehension in the statements of a module.

    Raises AutodiffError for a `nonlocal` without a variable.
    """
    scopes: Scopes = {}
    every = [module]
    todo: list[tuple[Any, Scope]] = [(tree, module) for tree in reversed(body)]
    while todo:
        tree, scope = todo.pop()
        enter = _ENTER.get(type(tree))
        if enter is not None:
            inner = enter(tree, scope, todo)
            if inner is not None:
                scopes[tree] = inner
                every.append(inner)
            continue
        bind = _BIND.get(type(tree))
        if bind is not None:
            bind(tree, scope)
        todo += [(child, scope) for child in children(tree)]
    for scope in every:
        for name, span in scope.nonlocals.items():
            if scope.parent is None or scope.parent._variable(name) is None:
                raise AutodiffError("syntax", f"no binding for nonlocal '{name}' found", type="SyntaxError", span=span)
    for scope in every:
        for name in scope.uses | set(scope.nonlocals):
            scope.find(name)
        if "super" in scope.uses:
            scope.class_cell()
    return scopes


def children(tree: Tree) -> Iterator[Tree]:
    """The trees directly below, in no promised order."""
    for name in type(tree).__slots__:
        yield from _trees(getattr(tree, name))


def _trees(value: Any) -> Iterator[Tree]:
    if isinstance(value, Tree):
        yield value
    elif type(value) in (list, tuple):
        for item in value:
            yield from _trees(item)


def bind_target(target: Tree, scope: Scope) -> None:
    """Note every name that an assignment to the target binds."""
    todo = [target]
    while todo:
        tree = todo.pop()
        if isinstance(tree, Name):
            scope.bind(tree.id)
        elif isinstance(tree, (ListOf, TupleOf)):
            todo += tree.items
        elif isinstance(tree, s.Starred):
            todo.append(tree.value)


def _enter_function(tree: s.Def | s.Lambda, scope: Scope, todo: list[tuple[Any, Scope]]) -> Scope:
    name = tree.name if isinstance(tree, s.Def) else "<lambda>"
    if isinstance(tree, s.Def):
        scope.bind(name)
        todo += [(decorator, scope) for decorator in tree.decorators]
    inner = Scope(FUNCTION, scope, name)
    for parameter in tree.parameters:
        inner.bind(parameter.name)
        if parameter.default is not None:
            todo.append((parameter.default, scope))
    body = tree.body if isinstance(tree, s.Def) else [tree.body]
    _declare(body, inner)
    todo += [(child, inner) for child in reversed(body)]
    return inner


def _declare(body: list[Tree], scope: Scope) -> None:
    """Read `global` and `nonlocal` before anything is bound."""
    todo: list[Tree] = list(body)
    while todo:
        tree = todo.pop()
        if isinstance(tree, s.Scope):
            if tree.kind == "global":
                scope.globals.update(tree.names)
            else:
                scope.nonlocals.update(dict.fromkeys(tree.names, tree.span))
        elif isinstance(tree, (s.If, s.While, s.For, s.With, s.Try, s.Handler)):
            todo += children(tree)


def _enter_class(tree: s.Class, scope: Scope, todo: list[tuple[Any, Scope]]) -> Scope:
    scope.bind(tree.name)
    todo += [(child, scope) for child in (*tree.decorators, *tree.bases)]
    inner = Scope(CLASS, scope, tree.name)
    inner.layout.slot()  # the namespace
    inner.hidden = Variable(CLASS_CELL, inner.layout)
    inner.hidden.captured = True
    _declare(tree.body, inner)
    todo += [(child, inner) for child in reversed(tree.body)]
    return inner


def _enter_comprehension(tree: s.Comprehension, scope: Scope, todo: list[tuple[Any, Scope]]) -> Scope:
    inner = Scope(COMPREHENSION, scope, "<genexpr>", own=tree.kind == "generator")
    inner.result = inner.layout.slot()
    for clause in tree.clauses:
        bind_target(clause.target, inner)
    todo += [(child, inner) for child in (tree.key, tree.value) if child is not None]
    for i, clause in enumerate(tree.clauses):
        todo.append((clause.iterable, scope if i == 0 else inner))
        todo += [(child, inner) for child in (clause.target, *clause.conditions)]
    return inner


def _enter_name(tree: Name, scope: Scope, todo: list[tuple[Any, Scope]]) -> None:
    scope.uses.add(tree.id)


_ENTER: dict[type, Any] = {
    s.Def: _enter_function,
    s.Lambda: _enter_function,
    s.Class: _enter_class,
    s.Comprehension: _enter_comprehension,
    Name: _enter_name,
}


def _bind_targets(tree: s.Assign | s.Delete, scope: Scope) -> None:
    for target in tree.targets:
        bind_target(target, scope)


def _bind_with(tree: s.With, scope: Scope) -> None:
    for _, target in tree.items:
        if target is not None:
            bind_target(target, scope)


def _bind_named(tree: s.Named, scope: Scope) -> None:
    scope.function().bind(tree.name)
    scope.uses.add(tree.name)


def _bind_handler(tree: s.Handler, scope: Scope) -> None:
    if tree.name is not None:
        scope.bind(tree.name)


def _bind_import(tree: s.Import, scope: Scope) -> None:
    for name, alias, _ in tree.names:
        scope.bind(alias or name.partition(".")[0])


def _bind_import_from(tree: s.ImportFrom, scope: Scope) -> None:
    for name, alias, _ in tree.names:
        if name != "*":
            scope.bind(alias or name)


_BIND: dict[type, Any] = {
    s.Assign: _bind_targets,
    s.Delete: _bind_targets,
    s.AugAssign: lambda tree, scope: bind_target(tree.target, scope),
    s.AnnAssign: lambda tree, scope: bind_target(tree.target, scope),
    s.For: lambda tree, scope: bind_target(tree.target, scope),
    s.With: _bind_with,
    s.Named: _bind_named,
    s.Handler: _bind_handler,
    s.Import: _bind_import,
    s.ImportFrom: _bind_import_from,
}
