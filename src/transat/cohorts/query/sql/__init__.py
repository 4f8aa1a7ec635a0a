"""The query model as SQL: what a reviewer reads is what DuckDB runs, and Spark, translated."""
