"""KQL over DuckDB by `duckdb-kql`, answering and refusing as Log Analytics does.

https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import duckdb_kql
from duckdb_kql import ir
from duckdb_kql.errors import KqlError, KqlSyntaxError
from duckdb_kql.translate import to_sql
from duckdb_kql.types import kusto_type

from sandbox.errors import NotModelledError
from sandbox.logs.facts import FACTS, QueryError
from sandbox.logs.parsed import parsed
from sandbox.logs.search import expanded
from sandbox.logs.shorter import nodes, shorter

_HERE = Path(__file__).parent
_UNNEST = "SELECT unnest(r) FROM (SELECT unnest(json_transform_strict($rows, $shape)) AS r)"
_FIRST_OF_FUZZY = re.compile(r"\bunion\s+isfuzzy\s*=\s*true\s+(\w+)")
"""Finds a union's first table, which the parsed union no longer contains."""
_PER_MINUTE = (_HERE / "per_minute.sql").read_text()


def run(text: str, shapes: Mapping[str, Any], rows: Mapping[str, list[Any]]) -> dict[str, Any]:
    """The table that answers a query over tables of these columns (name to KQL type) and rows.

    Beside columns and rows it has `warnings`: the tables that a fuzzy union does without.
    Raises QueryError if Kusto refuses the query, NotModelledError if only the sandbox does.

    Sure: no belief.
    """
    text = expanded(text, shapes)
    every = re.search(r"\bunion\b[^|]*\*", text)
    used = {table: shape for table, shape in shapes.items() if every or table in text}
    try:
        query = _parsed(text)
        warnings = _check_names(text, query, used)
        with duckdb_kql.connect() as engine:
            for table, shape in used.items():
                _load(engine, table, shape, rows[table])
            sql = str(to_sql(query, {table: list(shape) for table, shape in used.items()}))
            found = engine.execute(shorter(sql, query, used))
            names, kinds = zip(*(column[:2] for column in found.description), strict=True)
            kusto = map(kusto_type, kinds)
            columns = [{"name": n, "type": k} for n, k in zip(names, kusto, strict=True)]
            wire = [list(map(_wire, row, kinds)) for row in found.fetchall()]
            answer = {"columns": columns, "rows": wire, "warnings": warnings}
            return {"name": "PrimaryResult", **answer}
    except KqlSyntaxError as error:
        kind = ("SyntaxError", "A recognition error occurred in the query.")
        raise QueryError(kind, ("SYN0002", str(error))) from error
    except (KqlError, duckdb.Error, AssertionError, AttributeError) as error:
        missing = re.search(r'(?:column|named?) ""?([^"]+)"', str(error))
        if isinstance(error, duckdb.BinderException) and missing:
            raise _unresolved(text, missing[1], "column or scalar") from error
        raise NotModelledError(f"KQL: {error or type(error).__name__}") from error


def _load(engine: Any, table: str, shape: Mapping[str, str], rows: list[Any]) -> None:
    """Make a table: no string is null, and a metric has one row a minute, without dimensions.

    https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings#metrics-limitations
    """
    empty = {name: "" if kind == "string" else None for name, kind in shape.items()}
    columns = {name: FACTS["sql"][kind] for name, kind in shape.items()}
    given = {"rows": json.dumps([empty | row for row in rows]), "shape": json.dumps([columns])}
    engine.execute(f'CREATE TABLE "{table}" AS {_UNNEST}', given)
    if table == "AzureMetrics":
        engine.execute(_PER_MINUTE)


def _parsed(text: str) -> ir.Query:
    """Parse a query, or load it where it was parsed before: clients ask the same again and again.

    Raises:
        KqlError: it is no KQL.
    """
    if text.lstrip().startswith("."):
        raise KqlSyntaxError("a control command is not a query")
    if "query_now" in text:
        raise NotModelledError("KQL: another time than the clock's")
    return parsed(text)


def _check_names(text: str, query: ir.Query, shapes: Mapping[str, Any]) -> list[str]:
    """Refuse unknown tables, and columns in the wrong case: Kusto heeds it, the engine does not.

    A fuzzy union does without a table, with a warning:
    https://learn.microsoft.com/kusto/query/union-operator
    """
    warnings = []
    parts = list(nodes(query))
    tables = {name for part in parts if isinstance(part, ir.Query) for name, _ in part.lets}
    unions = [part for part in parts if isinstance(part, ir.Union) and part.isfuzzy]
    fuzzy = {part.name for part in nodes(unions) if isinstance(part, ir.TableRef)}
    fuzzy |= set(_FIRST_OF_FUZZY.findall(text))
    columns = {name for shape in shapes.values() for name in shape}
    folded = {name.lower() for name in columns}
    columns |= set(re.findall(r"\b(\w+)\s*(?::|=(?![=~]))", text))  # what the query defines
    for part in parts:
        if isinstance(part, ir.TableRef) and (part.cluster or part.database):
            raise NotModelledError(f"KQL: another cluster or database: {part.qualified}")
        if isinstance(part, ir.TableRef) and part.name not in {*tables, *shapes}:
            error = _unresolved(text, part.name, "table or column")
            if part.name not in fuzzy:
                raise error
            warnings.append(str(error.args[-1][1]))
        for name in _columns_named(part):
            if name not in columns and name.lower() in folded:
                raise _unresolved(text, name, "column or scalar")
            if name not in columns and isinstance(part, ir.ProjectRename):
                raise NotModelledError(f"KQL: project-rename of {name!r}")
    return warnings


def _columns_named(part: Any) -> list[str]:
    """Return the columns that a part of a query names itself."""
    if isinstance(part, ir.JoinKey):
        return [part.left, part.right]
    if isinstance(part, ir.ProjectRename):
        return [old for old, _ in part.renames]
    if isinstance(part, ir.ProjectAway):
        return list(part.columns)
    return [part.name] if isinstance(part, ir.ColumnRef) else []


def _unresolved(text: str, name: str, what: str) -> QueryError:
    """SEM0100: a table or column that does not exist, or not yet.

    Sure: inferred, as the words are those of one operator, and taken for all.
    """
    before, _, after = text.partition(name)
    near = re.findall(r"\|\s*([\w-]+)", before)[-1:] or re.findall(r"^\s*\|\s*([\w-]+)", after)
    message = f"'{''.join(near)}' operator: Failed to resolve {what} expression named '{name}'"
    return QueryError(("SemanticError", "A semantic error occurred."), ("SEM0100", message))


def _wire(value: Any, sql_type: Any) -> Any:
    """A value as the API sends it: UTC times with Z, dynamic as JSON text, no null string."""
    kind = kusto_type(sql_type)
    if kind == "timespan":
        raise NotModelledError("KQL: a timespan in the answer; divide it, e.g. by 1s")
    if value is None:
        return "" if kind == "string" else None
    if kind == "datetime":
        return datetime.fromisoformat(str(value)).replace(tzinfo=UTC).isoformat()[:-6] + "Z"
    if str(sql_type) == "JSON[]":
        value = [part and json.loads(part) for part in value]
    if kind == "dynamic" and not isinstance(value, str):
        return json.dumps(value, default=str)
    return value if kind in {"bool", "int", "long", "real"} else str(value)
