"""Eras: intervals of one drug or condition that few days separate, as one."""

from transat.cohorts.eras.tables import write_eras

__all__ = ["write_eras"]
