"""Diagnosis codes in SQL: one form, the WHO's four characters, the longest prefix that is known.

The same rules as `core.codes` (`undotted`, `icd10_who`, `longest_prefix`), as tests prove.
"""

from __future__ import annotations

from typing import Final

from transat.core.codes import LONGEST_CODE, SHORTEST_PREFIX

#: Classifications whose codes go further than the WHO's ICD-10, of which they are extensions.
NATIONAL_ICD10: Final = ("CIM10", "ICD10CA")


def undotted_sql(code: str) -> str:
    """SQL of a code in capitals without dot, star, dagger or blanks; NULL when nothing is left."""
    return f"nullif(upper(regexp_replace({code}, '[^A-Za-z0-9]', '', 'g')), '')"


def icd10_sql(code: str) -> str:
    """SQL of the WHO form of an ICD-10 code: four characters at most, with its dot.

    French extensions (Z3711) and the fifth and sixth characters of ICD-10-CA are cut back.
    The same rule as `core.codes.icd10_who`.
    """
    bare = undotted_sql(code)
    return f"CASE WHEN length({bare}) <= 3 THEN {bare} ELSE {bare}[1:3] || '.' || {bare}[4:4] END"


def cut_sql(code: str) -> str:
    """SQL of how many characters `icd10_sql` cuts from a code."""
    return f"greatest(length({undotted_sql(code)}) - 4, 0)"


def longest_prefix_sql(codes: str, known: str) -> str:
    """A query (code, known, cut): each code's longest prefix, whole code included, that is known.

    `codes` is a query of one column ``code``, `known` one of one column ``known``, both undotted.
    Codes without a known prefix of three characters or more are left out. The same rule as
    `core.codes.longest_prefix`.
    """
    lengths = ", ".join(f"({n})" for n in range(SHORTEST_PREFIX, LONGEST_CODE + 1))
    return (
        "SELECT code, known, length(code) - length(known) AS cut FROM ("
        "SELECT c.code, k.known, "
        "row_number() OVER (PARTITION BY c.code ORDER BY length(k.known) DESC, k.known) AS place "
        f"FROM (SELECT DISTINCT code FROM ({codes}) AS met) AS c "
        f"JOIN (VALUES {lengths}) AS size(n) ON size.n <= length(c.code) "
        f"JOIN (SELECT DISTINCT known FROM ({known}) AS listed) AS k "
        "ON k.known = left(c.code, size.n)) AS found WHERE place = 1"
    )
