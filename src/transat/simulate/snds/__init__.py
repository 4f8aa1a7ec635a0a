"""The population written as a native SNDS extract: DCIR, PMSI-MCO, referentials, causes of death.

Each accounting rule of the source is planted once, under its trap number (T1 to T15 of the rule
list, after Documentation-SNDS, Health Data Hub, 2021), with a rate in ``data/rates.csv``.
Where the published rules are silent, the choice made is said in the docstring of the module that
makes it. Nothing here is shared with the reader of the same tables.
"""
