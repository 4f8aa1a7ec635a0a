"""Pregnancies of any OMOP database, from its standard concepts: HIPPS (HIP, PPS, merge, ESD).

records ──outcomes──▶┐                                   ┌──▶ end and outcome
        ──weeks─────▶┴─ HIP ─┐                           │
        ──progress──▶── PPS ─┴─ one to one ── evidence ──┴──▶ start, its precision
"""
