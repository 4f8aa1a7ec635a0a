"""From the ConcePTION common data model, which EFEMERIS and others already fill, to OMOP."""
