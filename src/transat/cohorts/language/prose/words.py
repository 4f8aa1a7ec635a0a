"""The nouns of events and the names of their attributes, in both languages."""

from __future__ import annotations

from typing import Final

from transat.cohorts.query.domains import DOMAINS
from transat.core.languages import Text

#: One and many events of a domain, and whether the French noun is feminine.
NOUNS: Final[dict[str, tuple[Text, Text, bool]]] = {
    "condition_occurrence": (Text("diagnostic", "diagnosis"),
                             Text("diagnostics", "diagnoses"), False),
    "procedure_occurrence": (Text("acte", "procedure"), Text("actes", "procedures"), False),
    "measurement": (Text("mesure", "measurement"), Text("mesures", "measurements"), True),
    "observation": (Text("observation clinique", "observation"),
                    Text("observations cliniques", "observations"), True),
    "device_exposure": (Text("pose ou usage d'un dispositif", "device exposure"),
                        Text("poses ou usages d'un dispositif", "device exposures"), True),
    "visit_occurrence": (Text("séjour ou visite", "visit"), Text("séjours ou visites", "visits"),
                         False),
    "visit_detail": (Text("passage dans une unité (détail de visite)", "visit detail"),
                     Text("passages dans une unité (détails de visite)", "visit details"), False),
    "drug_exposure": (Text("exposition à un médicament", "drug exposure"),
                      Text("expositions à un médicament", "drug exposures"), True),
    "specimen": (Text("prélèvement", "specimen"), Text("prélèvements", "specimens"), False),
    "death": (Text("décès", "death"), Text("décès", "deaths"), False),
    "condition_era": (Text("période de maladie", "condition era"),
                      Text("périodes de maladie", "condition eras"), True),
    "drug_era": (Text("période de traitement", "drug era"),
                 Text("périodes de traitement", "drug eras"), True),
    "dose_era": (Text("période à dose constante", "dose era"),
                 Text("périodes à dose constante", "dose eras"), True),
    "observation_period": (Text("période d'observation", "observation period"),
                           Text("périodes d'observation", "observation periods"), True),
    "payer_plan_period": (Text("période de couverture", "period of insurance"),
                          Text("périodes de couverture", "periods of insurance"), True),
    "pregnancy": (Text("grossesse", "pregnancy"), Text("grossesses", "pregnancies"), True),
}  # fmt: skip

_PLAIN: Final = {
    "start_date": Text("date de début", "start date"),
    "end_date": Text("date de fin", "end date"),
    "duration": Text("durée en jours", "length in days"),
    "age_at_start": Text("âge au début, en années", "age at start, in years"),
    "age_at_end": Text("âge à la fin, en années", "age at end, in years"),
    "ratio_to_range_low": Text("rapport à la borne basse", "ratio to the low end of its range"),
    "ratio_to_range_high": Text("rapport à la borne haute", "ratio to the high end of its range"),
    "gender_concept_id": Text("sexe", "sex"),
    "race_concept_id": Text("origine (race, OMOP)", "race"),
    "ethnicity_concept_id": Text("ethnicité (OMOP)", "ethnicity"),
    "year_of_birth": Text("année de naissance", "year of birth"),
    "month_of_birth": Text("mois de naissance", "month of birth"),
    "day_of_birth": Text("jour de naissance", "day of birth"),
    "value_as_number": Text("résultat", "value"),
    "value_as_concept_id": Text("résultat (concept)", "value (concept)"),
    "value_as_string": Text("résultat (texte)", "value (text)"),
    "operator_concept_id": Text("opérateur du résultat", "operator of the value"),
    "unit_concept_id": Text("unité", "unit"),
    "range_low": Text("borne basse de l'intervalle normal", "low end of the normal range"),
    "range_high": Text("borne haute de l'intervalle normal", "high end of the normal range"),
    "quantity": Text("quantité", "quantity"),
    "refills": Text("renouvellements", "refills"),
    "days_supply": Text("jours délivrés", "days of supply"),
    "dose_value": Text("dose", "dose"),
    "dose_unit_source_value": Text("unité de la dose", "unit of the dose"),
    "route_concept_id": Text("voie d'administration", "route"),
    "stop_reason": Text("motif d'arrêt", "stop reason"),
    "lot_number": Text("numéro de lot", "lot number"),
    "unique_device_id": Text("identifiant du dispositif", "device identifier"),
    "modifier_concept_id": Text("modificateur de l'acte", "modifier of the procedure"),
    "qualifier_concept_id": Text("qualificatif", "qualifier"),
    "condition_status_concept_id": Text("statut du diagnostic", "status of the diagnosis"),
    "condition_occurrence_count": Text("nombre de diagnostics", "number of diagnoses"),
    "drug_exposure_count": Text("nombre d'expositions", "number of exposures"),
    "gap_days": Text("jours sans exposition", "days without exposure"),
    "anatomic_site_concept_id": Text("site anatomique", "anatomic site"),
    "disease_status_concept_id": Text("statut de la maladie", "disease status"),
    "specimen_source_id": Text("numéro du prélèvement", "identifier of the specimen"),
    "cause_concept_id": Text("cause", "cause"),
    "specialty_concept_id": Text("spécialité du professionnel", "provider's specialty"),
    "place_of_service_concept_id": Text("lieu de soins", "place of service"),
    "location_id": Text("lieu", "location"),
    "discharged_to_concept_id": Text("destination de sortie", "discharged to"),
    "admitted_from_concept_id": Text("provenance", "admitted from"),
    "visit_concept_id": Text("type de visite", "type of visit"),
    "visit_detail_concept_id": Text("type de passage", "type of visit detail"),
    "provider_id": Text("professionnel", "provider"),
    "visit_occurrence_id": Text("visite", "visit"),
    "care_site_id": Text("établissement", "care site"),
    "person_id": Text("personne", "person"),
    "payer_concept_id": Text("payeur", "payer"),
    "plan_concept_id": Text("régime", "plan"),
    "sponsor_concept_id": Text("souscripteur", "sponsor"),
    "outcome": Text("issue", "outcome"),
    "dating": Text("datation du début", "dating of the start"),
    "precision_class": Text("classe de précision du début", "class of precision of the start"),
    "gestation_days": Text("durée de gestation en jours", "gestation in days"),
    "precision_days": Text("erreur possible sur le début, en jours", "largest error of the start, "
                           "in days"),
    "plurality": Text("nombre d'enfants", "number of infants"),
}  # fmt: skip

#: Values that have a word.
VALUES: Final = {
    "live_birth": Text("naissance vivante", "live birth"),
    "stillbirth": Text("mort fœtale", "stillbirth"),
    "therapeutic_termination": Text("interruption médicale", "therapeutic termination"),
    "ectopic": Text("grossesse extra-utérine", "ectopic pregnancy"),
    "elective_termination": Text("interruption volontaire", "elective termination"),
    "spontaneous_abortion": Text("fausse couche", "spontaneous abortion"),
    "delivery": Text("accouchement, état de l'enfant inconnu", "delivery, infant's status unknown"),
    "day": Text("au jour près", "to the day"),
    "week": Text("à la semaine près", "to the week"),
    "default": Text("par défaut", "by default"),
    "unknown": Text("issue inconnue", "unknown outcome"),
    "week_poor-support": Text("une seule semaine, sans appui", "one week alone, unsupported"),
    "two-week": Text("à deux semaines près", "to two weeks"),
    "three-week": Text("à trois semaines près", "to three weeks"),
    "month": Text("au mois près", "to the month"),
    "two-month": Text("à deux mois près", "to two months"),
    "three-month": Text("à trois mois près", "to three months"),
    "non-specific": Text("sans précision", "not specific"),
}
#: OHDSI's concepts that have a word.
CONCEPTS: Final = {
    8507: Text("homme", "male"),
    8532: Text("femme", "female"),
    9201: Text("hospitalisation", "inpatient visit"),
    9202: Text("consultation ou soins externes", "outpatient visit"),
    9203: Text("urgences", "emergency room visit"),
    262: Text("urgences puis hospitalisation", "emergency room and inpatient visit"),
}


def attribute(name: str) -> Text:
    """How an attribute is called; its column's name when it has no word."""
    table, _, column = name.rpartition(".")
    said = _PLAIN.get(column) or _by_form(column)
    if table == "visit_occurrence" and column not in ("visit_concept_id", "place_of_service"):
        return Text(f"{said.fr} (de la visite)", f"{said.en} (of the visit)")
    return said


def _by_form(column: str) -> Text:
    if column.endswith("_type_concept_id"):
        return Text("type d'enregistrement", "record type")
    if column.endswith("_source_concept_id"):
        return Text("concept source", "source concept")
    if any(domain.concept == column for domain in DOMAINS.values()):
        return Text("concept", "concept")
    return Text(f"colonne {column}", f"column {column}")
