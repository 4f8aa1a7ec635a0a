"""A permit as a TOML document: written for a person to read and sign, read back strictly.

Comments and layout are the reader's own; every field counts, none may be added, and what is signed
is the content (`Permit.content`).
"""

from __future__ import annotations

import datetime
import os
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import tomli_w
from pydantic import Field, FiniteFloat, ValidationError

from transat.core.counts import THRESHOLD
from transat.core.errors import ConfigError
from transat.core.languages import Text
from transat.federation.complaints import in_french
from transat.federation.documents import FIX, Strict
from transat.federation.permit import Holding, Permit, SiteTerms
from transat.federation.policy import LIMITS

#: Characters of the longest permit that is looked at.
LONGEST: Final = 256 * 1024

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
PublicKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$")]
Signature = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{86}==$")]
SiteName = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,20}$")]
#: What a terminal shows as it is: nothing that moves, hides or turns round what a holder reads.
Line = Annotated[str, Field(pattern=r"^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$")]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.+-]{1,60}$")]


class _Holding(Strict):
    source: Line = Field(default="", max_length=200)
    simulated: bool | None = None
    starts: datetime.date | None = None
    ends: datetime.date | None = None
    notice_fr: Line = Field(default="", max_length=1000)
    notice_en: Line = Field(default="", max_length=1000)
    fingerprint: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")


class _Terms(Strict):
    holder: PublicKey
    key: PublicKey
    policy: Word
    policy_sha256: Sha256
    threshold: int = Field(ge=THRESHOLD, lt=2**31)
    limits: dict[str, FiniteFloat]
    reviewers: tuple[PublicKey, ...]
    holding: _Holding = _Holding()


class _Document(Strict):
    transat: Literal[1]
    kind: Literal["permit"]
    project: Line = Field(min_length=1, max_length=200)
    study: Sha256
    document: Sha256
    version: Word
    cohorts: tuple[Sha256, ...] = Field(min_length=1)
    steps: tuple[Word, ...] = Field(min_length=1)
    rounds: int = Field(gt=0, lt=2**31)
    starts: datetime.date
    ends: datetime.date
    coordinator: PublicKey
    sites: dict[SiteName, _Terms] = Field(min_length=1)
    signatures: dict[SiteName, Signature]


_HEADER: Final = (
    "# Permis Transat. Chaque détenteur signe tout ce qui est ici :  transat permit sign\n"
    "# Transat permit. Every holder signs all that is here:  transat permit sign\n\n"
)


def text(permit: Permit) -> str:
    """The permit as TOML."""
    fields: dict[str, Any] = {
        "transat": 1,
        "kind": "permit",
        **{name: getattr(permit, name) for name in _PLAIN},
        "cohorts": list(permit.cohorts),
        "steps": list(permit.steps),
        "sites": {
            name: {
                "holder": terms.holder,
                "key": terms.key,
                "policy": terms.policy,
                "policy_sha256": terms.policy_sha256,
                "threshold": terms.threshold,
                "limits": dict(sorted(terms.limits.items())),
                "reviewers": list(terms.reviewers),
                "holding": {k: v for k, v in asdict(terms.holding).items() if v not in (None, "")},
            }
            for name, terms in sorted(permit.sites.items())
        },
        "signatures": dict(sorted(permit.signatures.items())),
    }
    return _HEADER + tomli_w.dumps(fields)


_PLAIN: Final = (
    "project", "study", "document", "version", "rounds", "starts", "ends", "coordinator",
)  # fmt: skip


def parse(content: str, where: str) -> Permit:
    """The permit in `content`; `where` names it in messages.

    Raises
    ------
    ConfigError: not TOML, a field that is missing, unknown or does not fit; names the field.
    """
    if len(content) > LONGEST:
        raise _refused(where, Text("ce permis est trop long.", "this permit is too long."))
    try:
        data = tomllib.loads(content)
    except (ValueError, RecursionError):
        raise _refused(where, Text("ce n'est pas du TOML.", "this is not TOML.")) from None
    try:
        document = _Document.model_validate(_tuples(data), strict=True)
    except ValidationError as problem:
        detail = problem.errors(include_url=False)[0]
        field = ".".join(str(p) for p in detail["loc"])
        said = Text(f"{in_french(detail)}.", f"{detail['msg']}.")
        raise _refused(f"{where}: {field}", said) from None
    permit = _permit(document)
    wrong = _contradicts(permit)
    if wrong is not None:
        raise _refused(where, wrong)
    return permit


def read(path: Path) -> Permit:
    """The permit of a file. Raises ConfigError, as `parse`, or where the file cannot be read."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        said = Text("ce permis ne peut pas être lu.", "this permit cannot be read.")
        raise _refused(str(path), said) from None
    return parse(content, str(path))


def write(permit: Permit, path: Path) -> None:
    """Write a permit beside its place, then rename it."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text(permit), encoding="utf-8")
    os.replace(partial, path)


def _permit(document: _Document) -> Permit:
    return Permit(
        **{name: getattr(document, name) for name in _PLAIN},
        cohorts=document.cohorts,
        steps=document.steps,
        sites={name: _terms(terms) for name, terms in document.sites.items()},
        signatures=dict(document.signatures),
    )


def _terms(terms: _Terms) -> SiteTerms:
    fields = terms.model_dump()
    return SiteTerms(**{**fields, "holding": Holding(**fields["holding"])})


def _contradicts(permit: Permit) -> Text | None:
    """What in a well-formed permit cannot be meant, or None."""
    if permit.starts >= permit.ends:
        return Text("il finit avant de commencer.", "it ends before it starts.")
    if set(permit.signatures) - set(permit.sites):
        return Text("une signature est d'un site absent.", "a signature is of an absent site.")
    if any(set(terms.limits) - set(LIMITS) for terms in permit.sites.values()):
        return Text("une limite n'est pas connue.", "a limit is not a known one.")
    if not all(_complete(terms.holding) for terms in permit.sites.values()):
        return Text(
            "les données ont deux dates, leur avis deux langues.",
            "data have two days, their notice two languages.",
        )
    keys = [terms.key for terms in permit.sites.values()]
    if len({*keys, permit.coordinator}) != len(keys) + 1:
        return Text(
            "le coordonnateur et chaque site ont chacun leur clé.",
            "the coordinator and every site have a key of their own.",
        )
    repeated = [permit.cohorts, permit.steps, *(t.reviewers for t in permit.sites.values())]
    if any(len(set(values)) != len(values) for values in repeated):
        return Text("une liste répète une valeur.", "a list repeats a value.")
    return None


def _complete(said: Holding) -> bool:
    days = (said.starts is None) == (said.ends is None)
    in_order = said.starts is None or said.ends is None or said.starts < said.ends
    return days and in_order and bool(said.notice_fr) == bool(said.notice_en)


def _tuples(value: Any) -> Any:
    """Lists as tuples, which is what strict validation takes; instants stay no days."""
    if isinstance(value, dict):
        return {key: _tuples(v) for key, v in value.items()}
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value


def _refused(where: str, what: Text) -> ConfigError:
    return ConfigError(what, where, FIX)
