"""A permit in plain language: what its holders are asked to sign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transat.cli.say import say

if TYPE_CHECKING:
    from transat.federation.permit import Permit, SiteTerms
    from transat.federation.permit_folder import Found


def as_lines(permit: Permit) -> list[str]:
    """The permit as lines for a person, in the current language."""
    until = permit.ends.isoformat()
    lines = [
        say(f"Projet : {permit.project}", f"Project: {permit.project}"),
        say(f"Nom du permis : {permit.sha256()}", f"Name of the permit: {permit.sha256()}"),
        say(f"Étude (logique) : {permit.study}", f"Study (logic): {permit.study}"),
        say(f"Étude (document) : {permit.document}", f"Study (document): {permit.document}"),
        say(f"Transat {permit.version}, du {permit.starts} au {until} (exclu)",
            f"Transat {permit.version}, from {permit.starts} to {until} (not included)"),
        say(f"Qui peut demander : {permit.coordinator}", f"Who may ask: {permit.coordinator}"),
        say(f"Statistiques : {', '.join(permit.steps)}", f"Statistics: {', '.join(permit.steps)}"),
        say(f"Questions par site, au plus : {permit.rounds}",
            f"Questions per site, at most: {permit.rounds}"),
    ]  # fmt: skip
    unsigned = permit.unsigned()
    for name, terms in sorted(permit.sites.items()):
        lines += ["", *_site(name, terms, name in unsigned)]
    return lines


def _site(name: str, terms: SiteTerms, unsigned: bool) -> list[str]:
    said = say("PAS SIGNÉ", "NOT SIGNED") if unsigned else say("signé", "signed")
    lines = [
        f"{name} ({said})",
        say(f"  Détenteur : {terms.holder}", f"  Holder: {terms.holder}"),
        say(f"  Clé du site : {terms.key}", f"  The site's key: {terms.key}"),
        say(f"  Politique : {terms.policy} ({terms.policy_sha256[:12]}…)",
            f"  Policy: {terms.policy} ({terms.policy_sha256[:12]}…)"),
        say(f"  Plus petit effectif qui sort : {terms.threshold}",
            f"  Smallest count that leaves: {terms.threshold}"),
    ]  # fmt: skip
    for limit, value in sorted(terms.limits.items()):
        lines.append(
            say(f"  Plus strict que la politique : {limit} = {value:g}",
                f"  Stricter than the policy: {limit} = {value:g}")
        )  # fmt: skip
    for reviewer in terms.reviewers:
        lines.append(say(f"  Examinateur : {reviewer}", f"  Reviewer: {reviewer}"))
    return lines + _holding(terms)


def _holding(terms: SiteTerms) -> list[str]:
    held, lines = terms.holding, []
    if held.source:
        lines.append(say(f"  Données : {held.source}", f"  Data: {held.source}"))
    if held.simulated:
        lines.append(say("  Personnes simulées", "  Simulated people"))
    if held.starts and held.ends:
        lines.append(
            say(f"  Du {held.starts} au {held.ends} (exclu)",
                f"  From {held.starts} to {held.ends} (not included)")
        )  # fmt: skip
    if held.notice_fr:
        lines.append("  " + say(held.notice_fr, held.notice_en))
    if held.fingerprint:
        lines.append(say(f"  Empreinte du CDM : {held.fingerprint}",
                         f"  Fingerprint of the CDM: {held.fingerprint}"))  # fmt: skip
    return lines


def shown(permit: Permit) -> dict[str, Any]:
    """The permit for a machine: its content, its name, and who has not signed."""
    import json

    content: dict[str, Any] = json.loads(permit.content())
    return {**content, "sha256": permit.sha256(), "unsigned": list(permit.unsigned())}


def listed(found: Found) -> dict[str, Any]:
    """One file of a site's folder: how it stands, and of what project."""
    from transat.federation.permit_folder import STANDINGS

    permit, standing = found.permit, found.standing
    if permit is None or standing is None:
        unread = say("illisible", "unreadable")
        return {
            "file": found.path.name,
            "standing": None,
            "says": unread,
            "project": "",
            "ends": "",
        }
    says = STANDINGS[standing]
    return {
        "file": found.path.name,
        "standing": standing,
        "says": say(says.fr, says.en),
        "project": permit.project,
        "study": permit.study,
        "starts": permit.starts.isoformat(),
        "ends": permit.ends.isoformat(),
        "sha256": permit.sha256(),
        "reason": found.why.reason if found.why else "",
    }
