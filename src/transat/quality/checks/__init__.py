"""The checks, one file each: the question, the rule, its source, and the query."""
