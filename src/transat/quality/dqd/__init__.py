"""OHDSI's DataQualityDashboard on a CDM: its 27 check types, 2,535 checks, in seconds.

    from transat.engines.cdm import Cdm
    from transat.quality import dqd

    result = dqd.run(Cdm(path))                 # a DuckDB session of its own, or run(cdm, engine)
    result.by_status()                          # {'failed': 12, 'error': 0, ...}
    for check in result.failed("fatal"):        # severities: fatal, convention, characterization
        check.id, check.name, check.table, check.field, check.concept_id
        check.violated, check.denominator       # exact counts: mask them before showing them
        check.percent, check.threshold          # it fails when percent > threshold (0 or None: any)
        check.status, check.reason              # reason is a Text (fr, en), None where none is due
        check.category, check.severity, check.meaning
    dqd.document(result, counts)                # DQD's own JSON; `counts` says what may be written

Statuses are DQD's: `failed`, `passed`, `not_applicable` (table or column absent or empty, concept
never used) and `error` (the check reads something else that is absent, or a birth is impossible).

A folder that lacks a table: DQD, which reads a database, says that the table does not exist
(`cdmTable` fails). A database whose tables were all created and not all filled has it empty: ask
for that reading with `run(cdm, absent="empty")`, which is how published results are compared.
"""

from transat.quality.dqd.catalogue import DQD_VERSION, Check, CheckType, check_types, checks
from transat.quality.dqd.export import document, exact, overview
from transat.quality.dqd.result import STATUSES, DqdCheck, DqdResult, Status
from transat.quality.dqd.run import Absent, run

__all__ = [
    "DQD_VERSION",
    "STATUSES",
    "Absent",
    "Check",
    "CheckType",
    "DqdCheck",
    "DqdResult",
    "Status",
    "check_types",
    "checks",
    "document",
    "exact",
    "overview",
    "run",
]
