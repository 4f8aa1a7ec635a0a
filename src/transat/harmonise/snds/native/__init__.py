"""The native SNDS tables that are read, with the rule by which each column is cast."""
