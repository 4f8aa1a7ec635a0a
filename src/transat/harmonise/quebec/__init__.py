"""From a Québec extract (RAMQ, MED-ECHO, emergency, births) to OMOP CDM 5.4."""
