"""Transat's own language of cohorts and analyses: YAML that both shores can read."""

from transat.cohorts.language.reader import parse, read
from transat.cohorts.language.study import Part, Population, Study

__all__ = ["Part", "Population", "Study", "parse", "read"]
