"""The accounting rules of the SNDS, T1 to T20 of the project's reference, as data."""
