"""What the holders allow: one study, by its hashes, at named sites, for a time, under their rules.

A permit is one TOML document (`permit_file`) that the holder of every site signs (Ed25519) over its
canonical content (RFC 8785); a site answers only under one that all of them have signed, so each
has agreed to the others' keys and rules too. It can tighten a holder's policy, never loosen it.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import rfc8785

from transat import __version__
from transat.core.errors import PermissionRefused
from transat.core.languages import Text
from transat.federation.keys import Key, signed_by
from transat.federation.messages import SignedQuestion
from transat.federation.policy import Policy


@dataclass(frozen=True, slots=True)
class Holding:
    """What a holder says of the data at its site; every reader of the result is told it.

    source: where the data come from, empty where the holder does not say. simulated: None likewise.
    starts, ends: the days that they cover, closed-open, both or neither. notice_fr, notice_en: what
    readers must know, in both languages or neither. fingerprint: SHA-256 of the CDM that the holder
    looked at before signing; the site answers on that one only. Empty: on the one that it has.
    """

    source: str = ""
    simulated: bool | None = None
    starts: datetime.date | None = None
    ends: datetime.date | None = None
    notice_fr: str = ""
    notice_en: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class SiteTerms:
    """What holds at one site.

    holder: public key of the holder who signs for it. key: public key of the site's own signatures.
    policy: key of the holder's policy; policy_sha256: of its canonical values. threshold: smallest
    head count that may leave, at least the policy's. limits: other numbers of the policy's rules,
    where this study's are stricter (`policy.LIMITS`). reviewers: public keys of those who may
    review class-B outputs for this holder; two at least, or nothing of class B can be released.
    holding: what the holder says of its data.
    """

    holder: str
    key: str
    policy: str
    policy_sha256: str
    threshold: int
    limits: Mapping[str, float] = field(default_factory=dict)
    reviewers: tuple[str, ...] = ()
    holding: Holding = Holding()

    def tighten(self, policy: Policy) -> Policy:
        """The holder's policy as it holds for this study."""
        return policy.tightened(self.threshold, self.limits)


@dataclass(frozen=True, slots=True)
class Permit:
    """One permit.

    project: its name at the call. study, document: the protocol's two hashes. version: of Transat.
    cohorts: SHA-256 of the populations that may be asked about. steps: installed statistics that
    may be asked for. rounds: most questions per site. starts, ends: days, closed-open.
    coordinator: public key of who may ask. sites: terms by site. signatures: by site, its holder's.
    Signatures are checked once for each object: a site looks at its permit before every question.
    """

    project: str
    study: str
    document: str
    version: str
    cohorts: tuple[str, ...]
    steps: tuple[str, ...]
    rounds: int
    starts: datetime.date
    ends: datetime.date
    coordinator: str
    sites: Mapping[str, SiteTerms]
    signatures: Mapping[str, str]
    _known: dict[str, tuple[str, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def content(self) -> bytes:
        """What the holders sign: canonical JSON of all but the signatures."""
        plain = _plain(self)
        del plain["signatures"], plain["_known"]
        return rfc8785.dumps({**plain, "transat": 1, "kind": "permit"})

    def sha256(self) -> str:
        """The permit's name: SHA-256 of what is signed, 64 hexadecimal digits."""
        if "sha256" not in self._known:
            self._known["sha256"] = (hashlib.sha256(self.content()).hexdigest(),)
        return self._known["sha256"][0]

    def unsigned(self) -> tuple[str, ...]:
        """Sites whose holder has not signed this content, in order."""
        if "unsigned" not in self._known:
            content = self.content()
            self._known["unsigned"] = tuple(
                site
                for site, terms in sorted(self.sites.items())
                if not signed_by(terms.holder, self.signatures.get(site, ""), content)
            )
        return self._known["unsigned"]


#: Why a permit does not cover a question, by the part of it that does not fit.
WHY: Final[Mapping[str, Text]] = {
    "study": Text("aucun permis pour cette étude.", "no permit for this study."),
    "site": Text("le permis ne nomme pas ce site.", "the permit does not name this site."),
    "signatures": Text(
        "il manque au permis la signature d'un détenteur.",
        "the permit lacks the signature of a holder.",
    ),
    "holder": Text(
        "le permis ne porte pas la clé du détenteur de ce site.",
        "the permit does not bear the key of this site's holder.",
    ),
    "revoked": Text("le permis est révoqué.", "the permit is revoked."),
    "coordinator": Text(
        "la question n'est pas signée par le coordonnateur que nomme le permis.",
        "the question is not signed by the coordinator that the permit names.",
    ),
    "key": Text("le permis nomme une autre clé de site.", "the permit names another site key."),
    "policy": Text(
        "le permis n'a pas été signé sous la politique de ce site.",
        "the permit was not signed under this site's policy.",
    ),
    "limits": Text(
        "le permis voudrait une règle moins stricte que la politique.",
        "the permit would have a rule less strict than the policy's.",
    ),
    "version": Text(
        "le permis nomme une autre version de Transat.",
        "the permit names another version of Transat.",
    ),
    "starts": Text("le permis n'a pas encore cours.", "the permit does not run yet."),
    "ends": Text("le permis est échu.", "the permit has ended."),
    "cohorts": Text(
        "le permis ne couvre pas cette population.", "the permit does not cover this population."
    ),
    "steps": Text(
        "le permis ne couvre pas cette statistique.", "the permit does not cover this statistic."
    ),
    "rounds": Text(
        "toutes les questions du permis ont été posées.",
        "all the questions of the permit have been asked.",
    ),
}

#: Refusal code of each part; "permit" for the others.
_CODES: Final = {"coordinator": "not_signed", "starts": "expired", "ends": "expired"}


class PermitRefused(PermissionRefused):
    """A permit that does not cover a question: `code` of the refusal, `field` that does not fit."""

    def __init__(self, field: str, where: str = "") -> None:
        self.field, self.code = field, _CODES.get(field, "permit")
        super().__init__(
            WHY[field],
            where or field,
            Text(
                "Faites signer un permis qui convient par tous les détenteurs.",
                "Have a permit that fits signed by every holder.",
            ),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.field, self.where)


def sign(permit: Permit, holder: Key) -> Permit:
    """The permit with the signature of `holder` for each site that is theirs.

    Raises
    ------
    PermitRefused: the permit names no site of this holder.
    """
    theirs = [s for s, terms in sorted(permit.sites.items()) if terms.holder == holder.public]
    if not theirs:
        raise PermitRefused("holder")
    signature = holder.sign(permit.content())
    return replace(permit, signatures={**permit.signatures, **dict.fromkeys(theirs, signature)})


def verify(permit: Permit) -> None:
    """Check that the holder of every site has signed this very content.

    Raises
    ------
    PermitRefused: signatures, naming the sites that lack one.
    """
    lacking = permit.unsigned()
    if lacking or not permit.sites:
        raise PermitRefused("signatures", ", ".join(lacking))


def covers(
    permit: Permit,
    question: SignedQuestion,
    step: str,
    *,
    site: str,
    key: str,
    policy: Policy,
    answered: int,
    today: datetime.date,
    version: str = __version__,
) -> None:
    """Check that a permit allows a question, at the site that it was asked of.

    question: as read, so its own signature holds. step: the statistic that it asks for. site, key,
    policy: the site's own name, public key and holder's policy. answered: questions of this study
    that the site has answered before. today: the site's day. version: of Transat at the site.

    The site must hold the permit from its own holder (`permit_store`): that a permit is signed by
    the keys that it names itself says nothing of whose they are.

    Raises
    ------
    PermitRefused: the first part that does not fit, with its code.
    """
    verify(permit)
    terms = permit.sites.get(site)
    if terms is None or question.site != site:
        raise PermitRefused("site")
    fits = {
        "study": question.study == permit.study,
        "coordinator": question.key == permit.coordinator,
        "key": key == terms.key,
        "policy": (policy.key, policy.sha256()) == (terms.policy, terms.policy_sha256),
        "limits": _no_looser(terms, policy),
        "version": version == permit.version,
        "starts": permit.starts <= today,
        "ends": today < permit.ends,
        "cohorts": question.cohort in permit.cohorts,
        "steps": step in permit.steps,
        "rounds": answered < permit.rounds,
    }
    for part, right in fits.items():
        if not right:
            raise PermitRefused(part)


def terms_for(
    policy: Policy,
    holder: str,
    key: str,
    others: Iterable[Policy] = (),
    reviewers: Iterable[str] = (),
    holding: Holding | None = None,
) -> SiteTerms:
    """Terms of one site under its holder's policy and, where stricter, the other holders'."""
    joint = policy.with_others(others)
    return SiteTerms(
        holder=holder,
        key=key,
        policy=policy.key,
        policy_sha256=policy.sha256(),
        threshold=joint.threshold,
        limits={n: v for n, v in sorted(joint.limits.items()) if v != policy.limits[n]},
        reviewers=tuple(reviewers),
        holding=holding or Holding(),
    )


def _no_looser(terms: SiteTerms, policy: Policy) -> bool:
    held = terms.tighten(policy)
    wanted = {**policy.limits, **terms.limits}
    return held.threshold == terms.threshold and dict(held.limits) == wanted


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    return value.isoformat() if isinstance(value, datetime.date) else value
