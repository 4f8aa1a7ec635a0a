"""Cohorts on columns: NumPy arrays of a range of persons, nothing per person in Python."""
