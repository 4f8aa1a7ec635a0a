"""What a signed permit says of reviews."""

from __future__ import annotations

from pathlib import Path

from transat.federation import permit as permits
from transat.federation import permit_file
from transat.federation.permit import Permit
from transat.federation.review.rules import Terms


def terms_of(permit: Permit) -> Terms:
    """The terms of a permit that every holder has signed. Raises PermitRefused otherwise."""
    permits.verify(permit)
    return Terms(
        permit=permit.sha256(),
        study=permit.study,
        document=permit.document,
        reviewers={site: terms.reviewers for site, terms in permit.sites.items()},
    )


def read_terms(path: Path) -> Terms:
    """The terms of the permit in a file. Raises ConfigError, PermitRefused."""
    return terms_of(permit_file.read(path))
