"""Verbs of the portal, and the pure reasoning beside them: one folder per area."""
