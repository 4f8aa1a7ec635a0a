"""What kind of value each expression of a DuckDB query has: text, a whole number, a day…

Two engines differ by the kinds of the operands more than by the words: `a - b` of two days is a
number of days here and an interval there, `CAST(x AS INTEGER)` rounds a float here and cuts it
there. A query does not say its kinds, so they are told from the columns of the views that it reads,
scope by scope, and left on the tree (`meta["kind"]`, ``""`` when unknown) for the translation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal

from sqlglot import exp

Kind = Literal[
    "text", "integer", "double", "decimal", "date", "timestamp", "boolean", "list", "struct", ""
]
Columns = dict[str, Kind]
#: The columns of a view (by its name) or of a Parquet file (by its path); None when unknown.
Lookup = Callable[[str], Mapping[str, Kind] | None]

_OF_TYPE: Final[Mapping[Kind, frozenset[str]]] = {
    "text": frozenset({"TEXT", "VARCHAR", "CHAR"}),
    "integer": frozenset(
        {"TINYINT", "SMALLINT", "INT", "BIGINT", "INT128", "UTINYINT", "USMALLINT", "UINT",
         "UBIGINT"}
    ),
    "double": frozenset({"DOUBLE", "FLOAT"}),
    "decimal": frozenset({"DECIMAL"}),
    "date": frozenset({"DATE"}),
    "timestamp": frozenset({"TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMPNTZ", "DATETIME"}),
    "boolean": frozenset({"BOOLEAN"}),
    "list": frozenset({"LIST", "ARRAY"}),
    "struct": frozenset({"STRUCT"}),
}  # fmt: skip
_OF_CLASS: Final[tuple[tuple[Kind, tuple[type[exp.Expr], ...]], ...]] = (
    ("boolean", (exp.Predicate, exp.Connector, exp.Not, exp.Boolean, exp.LogicalAnd, exp.LogicalOr,
                 exp.RegexpFullMatch, exp.Contains)),
    ("integer", (exp.Count, exp.CountIf, exp.RowNumber, exp.DenseRank, exp.Rank, exp.Length,
                 exp.Year, exp.Month, exp.Day, exp.Extract, exp.DateDiff, exp.IntDiv,
                 exp.StrPosition, exp.Quarter, exp.DayOfWeek, exp.ArraySize)),
    ("double", (exp.Div, exp.Avg, exp.Median, exp.Sqrt, exp.Ln, exp.Exp, exp.Pow)),
    ("text", (exp.Trim, exp.Upper, exp.Lower, exp.Substring, exp.Left, exp.Right, exp.Replace,
              exp.RegexpReplace, exp.RegexpExtract, exp.Pad, exp.DPipe, exp.Concat, exp.ConcatWs,
              exp.Repeat, exp.GroupConcat, exp.TimeToStr, exp.MD5, exp.Translate)),
    ("date", (exp.DateFromParts, exp.LastDay, exp.CurrentDate)),
    ("list", (exp.Array, exp.Split, exp.ArrayAgg)),
    ("struct", (exp.Struct, exp.Tuple)),
)  # fmt: skip
_OF_NAME: Final[Mapping[str, Kind]] = {
    "try_strptime": "timestamp",
    "strptime": "timestamp",
    "suffix": "boolean",
    "prefix": "boolean",
    "strlen": "integer",
    "hash": "integer",
    "to_json": "text",
    "range": "integer",
    "datediff": "integer",
    "ntile": "integer",
}
#: Of these the value is that of their operand.
_PASSING: Final = (
    exp.Paren, exp.Alias, exp.Filter, exp.Window, exp.Order, exp.Ordered, exp.Distinct, exp.Min,
    exp.Max, exp.First, exp.Last, exp.AnyValue, exp.ArgMin, exp.ArgMax, exp.Lag, exp.Lead,
    exp.FirstValue, exp.LastValue, exp.IgnoreNulls, exp.Abs, exp.Neg, exp.Floor, exp.Ceil,
    exp.Round, exp.Nullif, exp.Sum,
)  # fmt: skip
_NUMBERS: Final[tuple[Kind, ...]] = ("integer", "decimal", "double")


def kind_of_type(written: exp.DataType) -> Kind:
    """The kind of an SQL type."""
    name = written.this.name if hasattr(written.this, "name") else str(written.this)
    return next((kind for kind, names in _OF_TYPE.items() if name in names), "")


def tell_kinds(query: exp.Expr, lookup: Lookup) -> None:
    """Leave on every expression of `query` its kind, in ``meta["kind"]``."""
    for select in query.find_all(exp.Query):
        if select.find_ancestor(exp.Query) is None:
            _query(select, lookup, {}, {})


def _query(node: exp.Expr, lookup: Lookup, named: dict[str, Columns], outer: Columns) -> Columns:
    """Kinds of the columns of a query; `named` are the WITH queries in sight, `outer` the columns
    of the queries around it.
    """
    named = dict(named)
    if (with_ := node.args.get("with_")) is not None:
        for cte in with_.expressions:
            named[cte.alias.lower()] = _renamed(
                cte.args.get("alias"), _query(cte.this, lookup, named, outer)
            )
    if isinstance(node, exp.Subquery):
        return _query(node.this, lookup, named, outer)
    if isinstance(node, exp.SetOperation):
        left = _query(node.this, lookup, named, outer)
        right = _query(node.expression, lookup, named, outer)
        merged = [_wider((a, b)) for a, b in zip(left.values(), right.values(), strict=False)]
        return dict(zip(left, merged, strict=False))
    if isinstance(node, exp.Select):
        return _Scope(lookup, named, outer).read(node)
    return {}


class _Scope:
    """One SELECT: the relations that it reads, then its expressions."""

    def __init__(self, lookup: Lookup, named: dict[str, Columns], outer: Columns) -> None:
        self.lookup, self.named, self.outer = lookup, named, outer
        self.sources: dict[str, Columns] = {}
        self.aliases: Columns = {}

    def read(self, select: exp.Select) -> Columns:
        relations = [select.args.get("from_"), *(select.args.get("joins") or ())]
        for relation in (r.this for r in relations if r is not None):
            name = (relation.alias or relation.name or f"#{len(self.sources)}").lower()
            self.sources[name] = self._columns(relation)
        given: Columns = {}
        for item in select.expressions:
            if item.is_star:
                given.update(self._star(item))
                continue
            kind = self._tell(item)
            given[item.alias_or_name.lower() or f"#{len(given)}"] = kind
            if isinstance(item, exp.Alias):
                self.aliases[item.alias.lower()] = kind
        for key, value in select.args.items():
            if key not in ("expressions", "from_", "with_"):
                for part in value if isinstance(value, list) else [value]:
                    if isinstance(part, exp.Expr):
                        self._tell(part.args.get("on") if isinstance(part, exp.Join) else part)
        return given

    def _columns(self, relation: exp.Expr) -> Columns:
        if isinstance(relation, exp.Subquery | exp.Lateral):
            inside = relation.this
            found = (
                _query(inside, self.lookup, self.named, self._in_sight())
                if isinstance(inside, exp.Query)
                else {}
            )
        elif isinstance(relation, exp.Table) and isinstance(relation.this, exp.ReadParquet):
            found = dict(self.lookup(relation.this.expressions[0].name) or {})
            found["file_row_number"] = "integer"
        elif isinstance(relation, exp.Table) and isinstance(relation.this, exp.GenerateSeries):
            self._tell(relation.this)
            found = {"range": "integer"}
        else:
            name = relation.name.lower()
            found = dict(self.named.get(name) or self.lookup(name) or {})
        return _renamed(relation.args.get("alias"), found)

    def _in_sight(self) -> Columns:
        merged = dict(self.outer)
        for columns in self.sources.values():
            merged |= columns
        return merged

    def _star(self, item: exp.Expr) -> Columns:
        star = item.this if isinstance(item, exp.Column) else item
        without = {e.name.lower() for e in (star.args.get("except_") or ())}
        if isinstance(item, exp.Column):
            found = self.sources.get(item.table.lower(), {})
        else:
            found = {k: v for columns in self.sources.values() for k, v in columns.items()}
        return {name: kind for name, kind in found.items() if name not in without}

    def _column(self, node: exp.Column) -> Kind:
        name, table = node.name.lower(), node.table.lower()
        if table in self.sources:
            return self.sources[table].get(name, "")
        for columns in self.sources.values():
            if name in columns:
                return columns[name]
        if not table and name in self.sources:
            return "struct"
        return self.aliases.get(name) or self.outer.get(name, "")

    def _tell(self, node: exp.Expr | None) -> Kind:
        if node is None:
            return ""
        if isinstance(node, exp.Query):
            inside = _query(node, self.lookup, self.named, self._in_sight())
            kind: Kind = next(iter(inside.values()), "")
        else:
            for part in node.iter_expressions():
                self._tell(part)
            kind = self._kind(node)
        node.meta["kind"] = kind
        return kind

    def _kind(self, node: exp.Expr) -> Kind:
        if isinstance(node, exp.Column):
            return self._column(node)
        if isinstance(node, exp.Cast):
            return kind_of_type(node.to)
        if isinstance(node, exp.Literal):
            return "text" if node.is_string else "integer" if node.is_int else "decimal"
        if isinstance(node, exp.Anonymous):
            return _OF_NAME.get(node.name.lower(), "")
        if isinstance(node, exp.Case | exp.If | exp.Coalesce | exp.Greatest | exp.Least):
            return _wider(_kind_on(v) for v in _values(node))
        if isinstance(node, exp.Bracket):
            return _of_part(node)
        if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Mod):
            return _of_arithmetic(node)
        if isinstance(node, _PASSING):
            return _kind_on(node.this)
        return next((kind for kind, classes in _OF_CLASS if isinstance(node, classes)), "")


def _kind_on(node: exp.Expr | None) -> Kind:
    return "" if node is None else node.meta.get("kind", "")


def _values(node: exp.Expr) -> list[exp.Expr | None]:
    """What an expression of several branches may be."""
    if isinstance(node, exp.Case):
        return [*(branch.args.get("true") for branch in node.args["ifs"]), node.args.get("default")]
    if isinstance(node, exp.If):
        return [node.args.get("true"), node.args.get("false")]
    return [node.this, *node.expressions]


def _of_arithmetic(node: exp.Expr) -> Kind:
    left, right = _kind_on(node.this), _kind_on(node.expression)
    if "date" in (left, right):
        return "integer" if left == right else "date"
    return _wider((left, right)) if left in _NUMBERS and right in _NUMBERS else ""


def _of_part(node: exp.Bracket) -> Kind:
    inside = node.this
    if isinstance(node.expressions[0], exp.Slice):
        return _kind_on(inside)
    if isinstance(inside, exp.Array):
        return _kind_on(inside.expressions[0]) if inside.expressions else ""
    return "text" if _kind_on(inside) == "text" else ""


def _wider(kinds: Iterable[Kind]) -> Kind:
    """The kind of values of several kinds: the first known one, or the widest number."""
    known = [k for k in kinds if k]
    numbers = [k for k in known if k in _NUMBERS]
    return max(numbers, key=_NUMBERS.index) if numbers else known[0] if known else ""


def _renamed(alias: exp.Expr | None, found: Columns) -> Columns:
    names = [c.name.lower() for c in (alias.args.get("columns") or ())] if alias else []
    return dict(zip(names, found.values(), strict=False)) if names else found
