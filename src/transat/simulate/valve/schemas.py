"""Truth tables of aortic valve disease: columns, types, units."""

from __future__ import annotations

import pyarrow as pa

I8, I32, F32, TEXT, DATE = pa.int8(), pa.int32(), pa.float32(), pa.string(), pa.date32()

#: valve_patients: one row per elder. registry: in the echo registry of the shore. stenosis_date,
#: severe_date: peak velocity of the native valve reaches 2.0, 4.0 m/s, before the end of the
#: extract and while the person lives with that valve; else null. frailty: latent log-hazard.
#: valve_echos: vmax m/s, mean_gradient mmHg, ava cm², lvef %, nyha 1..4, calcium_score AU, null
#: when no CT was done. As measured, with error; after a replacement, of the prosthesis.
#: valve_events: referral, decision, savr, tavi, heart_failure; end_date: last day of the stay, the
#: day itself without one.
#: valve_diagnoses: what is coded, true or not. true_stenosis: the person has one on that day.
VALVE_TABLES: dict[str, pa.Schema] = {
    "valve_patients": pa.schema(
        [
            ("person_id", I32),
            ("bicuspid", pa.bool_()),
            ("registry", pa.bool_()),
            ("stenosis_date", DATE),
            ("severe_date", DATE),
            ("symptom_date", DATE),
            ("frailty", F32),
        ]
    ),
    "valve_echos": pa.schema(
        [
            ("echo_id", I32),
            ("person_id", I32),
            ("date", DATE),
            ("vmax", F32),
            ("mean_gradient", F32),
            ("ava", F32),
            ("lvef", F32),
            ("nyha", I8),
            ("calcium_score", F32),
        ]
    ),
    "valve_events": pa.schema(
        [
            ("event_id", I32),
            ("person_id", I32),
            ("date", DATE),
            ("end_date", DATE),
            ("kind", TEXT),
        ]
    ),
    "valve_diagnoses": pa.schema(
        [
            ("event_id", I32),
            ("person_id", I32),
            ("date", DATE),
            ("icd10", TEXT),
            ("icd9", TEXT),
            ("true_stenosis", pa.bool_()),
            ("setting", TEXT),
        ]
    ),
}
KINDS = ("referral", "decision", "savr", "tavi", "heart_failure")
