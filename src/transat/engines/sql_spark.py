"""DuckDB's SQL in Spark's words, with DuckDB's meaning.

sqlglot translates the words; what it leaves, or translates into something that means another thing,
is written here: one method per construct. What neither knows is refused by name, never passed on to
mean something else. `tests/engines/test_spark_sql.py` runs every one on both engines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import sqlglot
from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.errors import SqlglotError
from sqlglot.generators.spark import SparkGenerator

from transat.engines import sql_text
from transat.engines.sql_kinds import Lookup, kind_of_type, tell_kinds


class UntranslatableError(Exception):
    """A query that cannot be said to Spark: a defect of the query or of the translation.

    Its message shows SQL, which holds names and constants of rules, never a patient's value.
    """


def translated(query: str, lookup: Lookup) -> str:
    """`query`, written for DuckDB, as Spark's SQL.

    `lookup` gives the columns of a view or of a Parquet file, with their kinds.
    Raises UntranslatableError when a part of it has no counterpart here.
    """
    try:
        tree = sqlglot.parse_one(query, read="duckdb")
    except SqlglotError as error:
        raise UntranslatableError(f"not parsed: {query}") from error
    if not isinstance(tree, exp.Query | exp.Create | exp.Values):
        raise UntranslatableError(f"not a query: {query}")
    tell_kinds(tree, lookup)
    try:
        return _Generator(dialect=_DIALECT, unsupported_level=sqlglot.ErrorLevel.RAISE).generate(
            tree, copy=False
        )
    except SqlglotError as error:
        raise UntranslatableError(f"{error}\n{query}") from error


def _kind(node: exp.Expr | None) -> str:
    return "" if node is None else node.meta.get("kind", "")


class _Generator(SparkGenerator):
    """Spark's generator, with what it lacks."""

    def cast_sql(self, node: exp.Cast, safe_prefix: str | None = None) -> str:
        return self._cast(node, node.this, node.to)

    def trycast_sql(self, node: exp.TryCast) -> str:
        return self._cast(node, node.this, node.to)

    def _cast(self, node: exp.Cast, operand: exp.Expr, to: exp.DataType) -> str:
        """DuckDB rounds where Spark cuts, and reads other texts."""
        tried = isinstance(node, exp.TryCast)
        value, source, target = self.sql(operand), _kind(operand), kind_of_type(to)
        written = "DECIMAL(38, 0)" if to.this.name == "INT128" else self.sql(to)
        if source == "text" and target in ("integer", "double", "date") and not operand.is_string:
            form = {
                "integer": lambda: sql_text.integer(value, written),
                "double": lambda: sql_text.double(value),
                "date": lambda: sql_text.day(value),
            }[target]()
            refused = f"WHEN {value} IS NULL THEN NULL ELSE RAISE_ERROR('cast')"
            return form if tried else f"COALESCE({form}, CASE {refused} END)"
        if source == "double" and target == "integer":
            value = f"RINT({value})"
        elif source == "decimal" and target == "integer":
            value = f"ROUND({value})"
        elif source == "double" and target == "text":
            return f"({sql_text.written(value)})"
        return f"{'TRY_CAST' if tried else 'CAST'}({value} AS {written})"

    def create_sql(self, node: exp.Create) -> str:
        if node.kind != "VIEW":
            raise UntranslatableError("only views are created: " + node.sql("duckdb")[:200])
        name, query = self.sql(node.this), self.sql(node.expression)
        return f"CREATE OR REPLACE TEMPORARY VIEW {name} AS {query}"

    def trim_sql(self, node: exp.Trim) -> str:
        value, position = self.sql(node.this), node.args.get("position") or "BOTH"
        if (characters := node.expression) is not None:
            return f"TRIM({position} {self.sql(characters)} FROM {value})"
        return sql_text.trimmed(value).replace("BOTH", str(position), 1)

    def upper_sql(self, node: exp.Upper) -> str:
        return f"({sql_text.capitals(self.sql(node.this))})"

    def dateoperation(self, node: exp.Add | exp.Sub) -> str | None:
        """Days between two days, or a day moved by a number of days; None for anything else."""
        left, right = node.this, node.expression
        first, second = _kind(left), _kind(right)
        sub = isinstance(node, exp.Sub)
        if first == second == "date" and sub:
            return f"DATEDIFF({self.sql(left)}, {self.sql(right)})"
        if first == "date" and second in ("integer", "") and not isinstance(right, exp.Interval):
            moved = "DATE_SUB" if sub else "DATE_ADD"
            return f"{moved}({self.sql(left)}, CAST({self.sql(right)} AS INT))"
        if second == "date" and first == "integer" and not sub:
            return f"DATE_ADD({self.sql(right)}, CAST({self.sql(left)} AS INT))"
        return None

    def add_sql(self, node: exp.Add) -> str:
        return self.dateoperation(node) or super().add_sql(node)

    def sub_sql(self, node: exp.Sub) -> str:
        return self.dateoperation(node) or super().sub_sql(node)

    def div_sql(self, node: exp.Div) -> str:
        """Always of floats; by zero, infinite or not a number, never an error."""
        above = f"CAST({self.sql(node.this)} AS DOUBLE)"
        below = f"CAST({self.sql(node.expression)} AS DOUBLE)"
        divisor = node.expression
        constant = divisor.is_number and float(divisor.to_py()) != 0
        if constant or isinstance(divisor, exp.Nullif):
            return f"({above} / {below})"
        infinite = "CAST('Infinity' AS DOUBLE)"
        return f"(CASE WHEN {below} = 0 THEN {above} * {infinite} ELSE {above} / {below} END)"

    def _rounded(self, node: exp.Floor | exp.Ceil, name: str) -> str:
        """Of a float, a float; Spark makes an integer of it, and fails on one too large."""
        value = self.sql(node.this)
        if node.args.get("decimals") is not None:
            raise UntranslatableError(node.sql("duckdb"))
        if _kind(node.this) != "double":
            return f"{name}({value})"
        past = f"PMOD({value}, CAST(1 AS DOUBLE))"
        return (
            f"({value} - {past})"
            if name == "FLOOR"
            else f"({value} + PMOD(-({value}), CAST(1 AS DOUBLE)))"
        )

    def intdiv_sql(self, node: exp.IntDiv) -> str:
        return f"({self.sql(node.this)} DIV NULLIF({self.sql(node.expression)}, 0))"

    def mod_sql(self, node: exp.Mod) -> str:
        return f"({self.sql(node.this)} % NULLIF({self.sql(node.expression)}, 0))"

    def bracket_sql(self, node: exp.Bracket) -> str:
        """One place of a list or of a text, or a slice of it; places count from 1."""
        value, inside = self.sql(node.this), node.expressions[0]
        if isinstance(inside, exp.Slice):
            if _kind(node.this) == "list":
                raise UntranslatableError("slice of a list: " + node.sql("duckdb"))
            return self._slice(value, inside)
        if isinstance(node.this, exp.Array) or _kind(node.this) == "list":
            # The parser counts a constant place from 0.
            place = self.sql(inside)
            offset = 1 if inside.is_number and not node.args.get("offset") else 0
            return f"TRY_ELEMENT_AT({value}, CAST({place} + {offset} AS INT))"
        raise UntranslatableError(
            "one character of a text: write x[n:n], not " + node.sql("duckdb")
        )

    def _slice(self, value: str, inside: exp.Slice) -> str:
        begin, end = inside.this, inside.expression
        start = self.sql(begin) if begin is not None else "1"
        if end is None:
            if isinstance(begin, exp.Neg):
                return f"RIGHT({value}, {self.sql(begin.this)})"
            return f"SUBSTRING({value}, {start})"
        if isinstance(end, exp.Neg) or isinstance(begin, exp.Neg):
            raise UntranslatableError("slice from the end: " + inside.sql("duckdb"))
        return f"SUBSTRING({value}, {start}, GREATEST({self.sql(end)} - {start} + 1, 0))"

    def regexpreplace_sql(self, node: exp.RegexpReplace) -> str:
        form, modifiers = node.expression, node.args.get("modifiers")
        everywhere = modifiers is not None and modifiers.name == "g"
        if not form.is_string or not (everywhere or form.name[:1] == "^" or form.name[-1:] == "$"):
            raise UntranslatableError("regexp_replace of the first match: " + node.sql("duckdb"))
        by = node.args.get("replacement")
        to = (by.name if by is not None else "").replace("$", "\\$")
        for group in range(10):
            to = to.replace(f"\\{group}", f"${group}")
        pattern = _java(form.name)
        return (
            f"REGEXP_REPLACE({self.sql(node.this)}, {pattern}, {self.sql(exp.Literal.string(to))})"
        )

    def regexpfullmatch_sql(self, node: exp.RegexpFullMatch) -> str:
        if not node.expression.is_string:
            raise UntranslatableError("a form that is not constant: " + node.sql("duckdb"))
        return f"({self.sql(node.this)} RLIKE {_java(node.expression.name, whole=True)})"

    def regexplike_sql(self, node: exp.RegexpLike) -> str:
        if not node.expression.is_string:
            raise UntranslatableError("a form that is not constant: " + node.sql("duckdb"))
        return f"({self.sql(node.this)} RLIKE {_java(node.expression.name)})"

    def filter_sql(self, node: exp.Filter) -> str:
        inside = node.this
        condition = self.sql(node.expression.this)
        if isinstance(inside, exp.First | exp.ArgMin | exp.ArgMax):
            return self._extreme(inside, condition)
        return f"{self.sql(inside)} FILTER (WHERE {condition})"

    def _extreme(self, node: exp.Expr, condition: str = "") -> str:
        """arg_min, and first in an order, as min_by; arg_min passes over a value that is NULL."""
        value = node.this
        if isinstance(node, exp.First):
            if not isinstance(value, exp.Order):
                raise UntranslatableError("first without an order: " + node.sql("duckdb"))
            keys = ", ".join(self._key(o) for o in value.expressions)
            by, value, name = f"STRUCT({keys})", value.this, "MIN_BY"
        else:
            by = self.sql(node.expression)
            name = "MAX_BY" if isinstance(node, exp.ArgMax) else "MIN_BY"
            filled = f"{self.sql(value)} IS NOT NULL"
            condition = f"({condition}) AND {filled}" if condition else filled
        kept = f" FILTER (WHERE {condition})" if condition else ""
        return f"{name}({self.sql(value)}, {by}){kept}"

    def _key(self, ordered: exp.Ordered) -> str:
        """Two fields that sort as an ascending key does, NULL last."""
        value = self.sql(ordered.this)
        if ordered.args.get("desc"):
            kind = _kind(ordered.this)
            turned = {"integer": f"-{value}", "double": f"-{value}", "decimal": f"-{value}",
                      "boolean": f"NOT {value}", "date": f"-UNIX_DATE({value})"}  # fmt: skip
            if kind not in turned:
                raise UntranslatableError("first in a descending order of " + (kind or "unknown"))
            value = turned[kind]
        return f"{self.sql(ordered.this)} IS NULL, {value}"

    def _sorted_extreme(self, node: exp.Min | exp.Max) -> str:
        inside = node.this
        value = inside.this if isinstance(inside, exp.Order) else inside
        name = "MIN" if isinstance(node, exp.Min) else "MAX"
        if node.expressions:
            raise UntranslatableError(node.sql("duckdb"))
        return f"{name}({self.sql(value)})"

    def in_sql(self, node: exp.In) -> str:
        """Rows of several values are equal when each is, NULL being equal to NULL."""
        query = node.args.get("query")
        if isinstance(node.this, exp.Tuple) and query is not None:
            inner = query.this if isinstance(query, exp.Subquery) else query
            given = inner.expressions
            if len(given) == 1 and isinstance(given[0], exp.Tuple | exp.Paren):
                given = given[0].expressions
            if len(given) != len(node.this.expressions) or not isinstance(inner, exp.Select):
                raise UntranslatableError(node.sql("duckdb"))
            names = [f"k{place}" for place in range(len(given))]
            inner.set(
                "expressions", [exp.alias_(g.copy(), n) for g, n in zip(given, names, strict=True)]
            )
            same = " AND ".join(
                f"row_of.{n} <=> {self.sql(v)}"
                for n, v in zip(names, node.this.expressions, strict=True)
            )
            return f"EXISTS (SELECT 1 FROM ({self.sql(inner)}) AS row_of WHERE {same})"
        return super().in_sql(node)

    def window_sql(self, node: exp.Window) -> str:
        """A rank needs an order; without one, any line may be the first."""
        if isinstance(node.this, exp.RowNumber) and node.args.get("order") is None:
            by = ", ".join(self.sql(p) for p in node.args.get("partition_by") or ())
            return f"ROW_NUMBER() OVER ({f'PARTITION BY {by} ' if by else ''}ORDER BY 1)"
        return super().window_sql(node)

    def table_sql(self, node: exp.Table, sep: str = " AS ") -> str:
        inside = node.this
        alias = self.sql(node, "alias")
        named = f" AS {alias}" if alias else ""
        if isinstance(inside, exp.ReadParquet):
            path, *options = inside.expressions
            extra = ""
            for option in options:
                if option.sql("duckdb").lower() != "file_row_number = true":
                    raise UntranslatableError(option.sql("duckdb"))
                extra = ", _metadata.row_index AS file_row_number"
            if not path.is_string:
                raise UntranslatableError(inside.sql("duckdb"))
            return f"(SELECT *{extra} FROM parquet.`{path.name}`){named}"
        if isinstance(inside, exp.GenerateSeries):
            return self._range(inside) + (named or " AS range")
        return super().table_sql(node, sep)

    def _range(self, node: exp.GenerateSeries) -> str:
        start, end = self.sql(node.args["start"]), self.sql(node.args["end"])
        if node.args.get("step") is not None:
            raise UntranslatableError(node.sql("duckdb"))
        many = f"{end} - {start}" + ("" if node.args.get("is_end_exclusive") else " + 1")
        return (
            f"LATERAL (SELECT pos + {start} AS range "
            f"FROM POSEXPLODE(ARRAY_REPEAT(0, CAST({many} AS INT))))"
        )

    def column_sql(self, node: exp.Column) -> str:
        """The name of a relation in the place of a column is its whole row."""
        if _kind(node) == "struct" and not node.table and not isinstance(node.this, exp.Star):
            select = node.find_ancestor(exp.Select)
            read = [select.args.get("from_"), *(select.args.get("joins") or ())] if select else []
            if any(r is not None and r.this.alias_or_name == node.name for r in read):
                return f"STRUCT({self.sql(node.this)}.*)"
        return super().column_sql(node)

    def concat_sql(self, node: exp.Concat) -> str:
        parts = (f"COALESCE(CAST({self.sql(e)} AS STRING), '')" for e in node.expressions)
        return f"CONCAT({', '.join(parts)})"

    def anonymous_sql(self, node: exp.Anonymous) -> str:
        name, given = node.name.lower(), node.expressions
        if name == "try_strptime":
            return self._instant(*given)
        if name == "to_json":
            return f"TO_JSON({self.sql(given[0])}, MAP('ignoreNullFields', 'false'))"
        if name == "hash":
            # Of one number, Spark has a hash for each width of integer.
            wide = (f"CAST({self.sql(e)} AS BIGINT)" if _kind(e) == "integer" else self.sql(e)
                    for e in given)  # fmt: skip
            return f"XXHASH64({', '.join(wide)})"
        if name in _RENAMED:
            return f"{_RENAMED[name]}({', '.join(self.sql(e) for e in given)})"
        raise UntranslatableError(f"unknown function {name}(): add it to engines/sql_spark.py")

    def _instant(self, text: exp.Expr, form: exp.Expr) -> str:
        value = self.sql(text)
        forms = form.expressions if isinstance(form, exp.Array) else [form]
        if not all(f.is_string for f in forms):
            raise UntranslatableError("a date format that is not constant")
        return sql_text.instant(value, [f.name for f in forms])

    TRANSFORMS: ClassVar[dict[Any, Any]] = {
        **{
            k: v
            for k, v in SparkGenerator.TRANSFORMS.items()
            if k not in (exp.Select, exp.RegexpReplace, exp.TryCast, exp.Trim, exp.ArgMin,
                         exp.ArgMax, exp.IntDiv, exp.Create, exp.Table, exp.RegexpLike,
                         exp.GenerateSeries)
        },
        exp.ArgMin: lambda self, e: self._extreme(e),
        exp.ArgMax: lambda self, e: self._extreme(e),
        exp.First: lambda self, e: self._extreme(e),
        exp.Floor: lambda self, e: self._rounded(e, "FLOOR"),
        exp.Ceil: lambda self, e: self._rounded(e, "CEIL"),
        exp.Min: lambda self, e: self._sorted_extreme(e),
        exp.Max: lambda self, e: self._sorted_extreme(e),
        exp.Contains: lambda self, e: f"CONTAINS({self.sql(e.this)}, {self.sql(e.expression)})",
    }  # fmt: skip


_RENAMED: Final[Mapping[str, str]] = {
    "suffix": "ENDSWITH",
    "prefix": "STARTSWITH",
    "strlen": "OCTET_LENGTH",
    "ntile": "NTILE",
    "bit_count": "BIT_COUNT",
}


class _Dialect(Spark):
    Generator = _Generator


_DIALECT: Final = _Dialect()


def _java(form: str, whole: bool = False) -> str:
    """A regular expression of DuckDB (RE2) as a Spark literal; its ``$`` is the very end."""
    end = form[:-1] + "\\z" if form.endswith("$") and not form.endswith("\\$") else form
    if "'" in end:
        raise UntranslatableError("a quote in a regular expression: " + form)
    return f"r'\\A(?:{end})\\z'" if whole else f"r'{end}'"
