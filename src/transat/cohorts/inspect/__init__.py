"""Looking at cohorts: what two of them have in common, and one person's records on a time line."""
