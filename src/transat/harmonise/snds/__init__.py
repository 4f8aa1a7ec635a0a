"""SNDS (France) to OMOP: accounting rules T1-T20, then one file per OMOP table."""
