"""The SQL of a query, shorter by what is known of its texts: the engine binds all that it is given.

`duckdb-kql` asks of each value at run time what type it has, in a thousand characters of SQL for
each `tostring`, `isempty` and `strcat`. Where a column is a string in every row, or a text is put
together from constants, the answer is known beforehand.

Sure: no belief.
"""

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from duckdb_kql import ir
from duckdb_kql.translate import to_sql

_KNOWN = (
    *(ir.TableRef, ir.DataTable, ir.PrintSource, ir.Where, ir.Project, ir.Extend, ir.Take, ir.Sort),
    *(ir.Top, ir.Count, ir.Distinct, ir.MvExpand, ir.Join, ir.Lookup, ir.Union, ir.ProjectAway),
    *(ir.ProjectRename, ir.Summarize),
)
"""What brings columns of no type but those that `_Columns` sees."""
_TEXTS = {
    *("strcat", "tostring", "tolower", "toupper", "trim", "extract", "substring"),
    *("replace_string", "replace_regex"),
}
"""Functions that give a string, whatever they are given; `extract` does without a type."""
_SAME = {"max", "min", "take_any", "any", "take_anyif", "anyif", "maxif", "minif"}
"""Aggregates that give a value of their first argument's type."""
_KEEPING = {"arg_max", "arg_min", "take_any", "any"}
"""Aggregates that, without a name of their own, give columns back under their names."""


def shorter(sql: str, query: ir.Query, shapes: Mapping[str, Mapping[str, str]]) -> str:
    """Return the SQL of a query over tables of these columns, the same and shorter."""
    parts = list(nodes(query))
    for name in _Columns(parts, shapes).texts():
        sql = sql.replace(_told(name), f"""coalesce("{name}", '')""")
    for literals in _constants(parts):
        whole = ir.Literal("".join(str(one.value) for one in literals), "string")
        sql = sql.replace(_sql(ir.FunctionCall("strcat", literals)), _sql(whole))
    return sql


def nodes(node: Any) -> Iterator[Any]:
    """Yield every part of a parsed query; what a query refers to twice, once."""
    left, seen = [node], set[int]()
    while left:
        part = left.pop()
        if isinstance(part, list | tuple):
            left.extend(part)
        elif dataclasses.is_dataclass(part) and id(part) not in seen:
            seen.add(id(part))
            yield part
            left.extend(getattr(part, name) for name in _fields(part.__class__))


@lru_cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


class _Columns:
    """The columns of a query by name, each with all that it is given somewhere in the query."""

    def __init__(self, parts: Iterable[Any], shapes: Mapping[str, Mapping[str, str]]) -> None:
        self._given = defaultdict[str, list[Any]](list)
        self._doubtful, self._understood = set[str](), True
        for shape in shapes.values():
            for name, kind in shape.items():
                self._given[name].append(kind == "string")
        for part in parts:
            self._see(part)

    def _see(self, part: Any) -> None:
        """Take in what one part of the query defines."""
        match part:
            case ir.DataTable():
                for name, kind in part.columns:
                    self._given[name].append(kind == "string")
            case ir.NamedExpr(name=str()) if part.name:
                self._given[part.name].append(part.expr)
            case ir.NamedExpr():
                self._unnamed(part.expr)
            case ir.Source() | ir.Operator() if not isinstance(part, _KNOWN):
                self._understood = False
            case _:
                self._doubtful |= _named_otherwise(part)

    def _unnamed(self, expr: ir.Expr) -> None:
        """Doubt the columns of what has no name, which may go by the name of one of them."""
        if isinstance(expr, ir.ColumnRef):
            return
        if isinstance(expr, ir.FunctionCall) and expr.name in _KEEPING:
            named = [arg for arg in expr.args if isinstance(arg, ir.ColumnRef | ir.Wildcard)]
            if len(named) == len(expr.args):
                return
        self._doubtful |= {part.name for part in nodes(expr) if isinstance(part, ir.ColumnRef)}

    def texts(self) -> set[str]:
        """Return the names of columns that are a string wherever the query has them."""
        if not self._understood:
            return set()
        texts = {name for name in self._given if not self._may_be_another(name)}
        while True:
            left = {n for n in texts if all(_is_text(one, texts) for one in self._given[n])}
            if left == texts:
                return texts
            texts = left

    def _may_be_another(self, name: str) -> bool:
        """Tell of a name that the engine may give by itself: a doubted one, or a join's second."""
        stem = name.rstrip("0123456789")
        return (stem != name and stem in self._given) or any(one in name for one in self._doubtful)


def _named_otherwise(part: Any) -> set[str]:
    """Return the columns that an operator makes without an expression for each."""
    match part:
        case ir.ProjectRename():
            return {name for pair in part.renames for name in pair}
        case ir.MvExpandTarget():
            return {part.column, part.name or part.column}
        case ir.MvExpand():
            return {part.item_index or ""} - {""}
        case ir.Union():
            return {part.with_source or ""} - {""}
        case ir.Count():
            return {part.name}
        case _:
            return set()


def _is_text(given: Any, texts: set[str]) -> bool:
    """Tell whether something is a string if these columns are."""
    match given:
        case bool():
            return given
        case ir.Literal():
            return given.kind == "string"
        case ir.ColumnRef():
            return given.name in texts
        case ir.LetRef():
            return _is_text(given.value, texts)
        case ir.FunctionCall():
            return _gives_text(given.name, given.args, texts)
        case _:
            return False


def _gives_text(name: str, args: tuple[Any, ...], texts: set[str]) -> bool:
    if name in _TEXTS:
        return name != "extract" or len(args) == 3  # noqa: PLR2004 the fourth is a type
    if name in _SAME:
        args = args[:1]
    elif name in {"iff", "iif"}:
        args = args[1:]
    elif name == "case":
        args = (*args[1::2], args[-1])
    elif name != "coalesce":
        return False
    return bool(args) and all(_is_text(arg, texts) for arg in args)


def _constants(parts: Iterable[Any]) -> set[tuple[ir.Literal, ...]]:
    """Return the constants of each `strcat` that puts together nothing else."""
    found = set[tuple[ir.Literal, ...]]()
    for part in parts:
        if isinstance(part, ir.FunctionCall) and part.name == "strcat":
            texts = (one for one in part.args if isinstance(one, ir.Literal))
            literals = tuple(one for one in texts if one.kind == "string")
            if len(literals) == len(part.args):
                found.add(literals)
    return found


@lru_cache(maxsize=1024)
def _told(name: str) -> str:
    """Return the SQL of a column's `tostring`."""
    return _sql(ir.FunctionCall("tostring", (ir.ColumnRef(name),)))


def _sql(expr: ir.Expr) -> str:
    """Return the SQL of one expression."""
    whole = str(to_sql(ir.Query(ir.PrintSource((ir.NamedExpr(expr, "x"),)))))
    found = re.fullmatch(r'SELECT (.*) AS "x"', whole, re.DOTALL)
    assert found, whole  # noqa: S101 the form of `duckdb-kql`, which its pin keeps
    return found[1]
