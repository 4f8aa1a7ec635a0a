"""The period that the extract covers, and the last flow it holds."""

from __future__ import annotations

from transat.simulate.design import EXTRACT_END, EXTRACT_START, day

#: First day of care, and the first day after: closed-open.
WINDOW_START, WINDOW_END = day(EXTRACT_START), day(EXTRACT_END)
#: Months (from 1970-01) of the first flow and of the last: care of the last month is waited for
#: six months (T5: over 98 % of deliveries have come).
FIRST_FLOW = (EXTRACT_START.year - 1970) * 12 + EXTRACT_START.month - 1
LAST_FLOW = (EXTRACT_END.year - 1970) * 12 + EXTRACT_END.month - 1 + 6
#: Calendar years of stays, by year of discharge.
YEARS = range(EXTRACT_START.year, EXTRACT_END.year)
