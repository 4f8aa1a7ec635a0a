"""OHDSI cohort definitions (Circe JSON): read into the query model, and written from it."""

from transat.cohorts.circe.expression import read
from transat.cohorts.circe.write import write

__all__ = ["read", "write"]
