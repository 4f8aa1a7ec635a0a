"""The written forms of a native file: delimited text, Parquet, SAS7BDAT; compressed or not."""
