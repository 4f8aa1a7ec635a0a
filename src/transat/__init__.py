"""Transat: a Franco-Québécois health-data study, from native extracts to a joint result."""

__version__ = "0.1.0"
