"""A permit: what it covers, who must sign it, and that one changed character undoes it."""

from __future__ import annotations

import datetime
import hashlib
import pickle
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transat import __version__
from transat.core.errors import ConfigError, PermissionRefused
from transat.federation import messages, permit_file
from transat.federation.keys import Key
from transat.federation.permit import (
    WHY,
    Holding,
    Permit,
    PermitRefused,
    SiteTerms,
    covers,
    sign,
    terms_for,
    verify,
)
from transat.federation.policy import installed

COORDINATOR, STRANGER = Key.new(), Key.new()
HOLDERS = {"france": Key.new(), "quebec": Key.new()}
KEYS = {"france": Key.new(), "quebec": Key.new()}
POLICIES = {"france": installed()["snds"], "quebec": installed()["ramq"]}
STUDY, DOCUMENT, COHORT = "1" * 64, "2" * 64, "3" * 64
DAY = datetime.date(2026, 11, 23)
HOLDINGS = {
    "france": Holding(
        source="SNDS", simulated=True, starts=datetime.date(2010, 1, 1),
        ends=datetime.date(2020, 1, 1), notice_fr="Fictives.", notice_en="Made up.",
        fingerprint="5" * 64,
    ),
    "quebec": Holding(),
}  # fmt: skip


def draft() -> Permit:
    return Permit(
        project="INuTERO",
        study=STUDY,
        document=DOCUMENT,
        version=__version__,
        cohorts=(COHORT,),
        steps=("attrition", "prevalence"),
        rounds=3,
        starts=datetime.date(2026, 11, 1),
        ends=datetime.date(2027, 11, 1),
        coordinator=COORDINATOR.public,
        sites={
            site: terms_for(
                POLICIES[site], HOLDERS[site].public, KEYS[site].public, holding=HOLDINGS[site]
            )
            for site in HOLDERS
        },
        signatures={},
    )


def signed() -> Permit:
    permit = draft()
    for holder in HOLDERS.values():
        permit = sign(permit, holder)
    return permit


def asked(key: Key = COORDINATOR, **changed: str) -> messages.SignedQuestion:
    head = {"study": STUDY, "cohort": COHORT, "site": "france", **changed}
    return messages.read_question(messages.question(**head, body=b"{}", key=key))


def look(permit: Permit, question: messages.SignedQuestion | None = None, **changed: Any) -> None:
    said = {
        "step": "prevalence", "site": "france", "key": KEYS["france"].public,
        "policy": POLICIES["france"], "answered": 2, "today": DAY,
    }  # fmt: skip
    covers(permit, question or asked(), **{**said, **changed})


def refusal(permit: Permit, question: Any = None, **changed: Any) -> tuple[str, str]:
    with pytest.raises(PermitRefused) as refused:
        look(permit, question, **changed)
    return refused.value.code, refused.value.field


def test_a_permit_that_all_holders_signed_covers() -> None:
    look(signed())


@pytest.mark.parametrize("who", ["france", "quebec"])
def test_every_holder_must_sign(who: str) -> None:
    half = sign(draft(), HOLDERS[who])
    other = {"france": "quebec", "quebec": "france"}[who]
    with pytest.raises(PermitRefused) as refused:
        verify(half)
    assert refused.value.where == other
    assert refusal(half) == ("permit", "signatures")


def test_only_a_holder_that_it_names_can_sign() -> None:
    with pytest.raises(PermitRefused) as refused:
        sign(draft(), STRANGER)
    assert refused.value.field == "holder"


def test_a_holder_of_two_sites_signs_once() -> None:
    permit = draft()
    one = HOLDERS["france"]
    both = {s: replace(t, holder=one.public) for s, t in permit.sites.items()}
    verify(sign(replace(permit, sites=both), one))


def test_a_permit_of_no_site_is_not_signed() -> None:
    with pytest.raises(PermitRefused):
        verify(replace(draft(), sites={}))


def test_what_a_question_may_not_be() -> None:
    permit = signed()
    assert refusal(permit, asked(STRANGER)) == ("not_signed", "coordinator")
    assert refusal(permit, asked(KEYS["quebec"])) == ("not_signed", "coordinator")
    assert refusal(permit, asked(study="4" * 64)) == ("permit", "study")
    assert refusal(permit, asked(cohort="4" * 64)) == ("permit", "cohorts")
    assert refusal(permit, asked(site="quebec")) == ("permit", "site")
    assert refusal(permit, asked(site="ontario"), site="ontario") == ("permit", "site")
    assert refusal(permit, step="logistic") == ("permit", "steps")
    assert refusal(permit, answered=3) == ("permit", "rounds")


def test_what_a_site_must_be() -> None:
    permit = signed()
    assert refusal(permit, key=KEYS["quebec"].public) == ("permit", "key")
    assert refusal(permit, policy=POLICIES["quebec"]) == ("permit", "policy")
    assert refusal(permit, version="0.0.1") == ("permit", "version")
    stricter = replace(POLICIES["france"], threshold=20)
    assert refusal(permit, policy=stricter) == ("permit", "policy")


def test_it_tightens_a_policy_and_never_loosens_it() -> None:
    own = POLICIES["france"].tightened(20, {"leavers": 20})
    keys = HOLDERS["france"].public, KEYS["france"].public
    right = terms_for(own, *keys)

    def under(terms: SiteTerms) -> Permit:
        return sign(replace(draft(), sites={"france": terms}), HOLDERS["france"])

    look(under(right), policy=own)
    for loose in (replace(right, threshold=19), replace(right, limits={"leavers": 19})):
        assert refusal(under(loose), policy=own) == ("permit", "limits")
    other = own.tightened(30, {"leavers": 25, "functionals_share": 0.01})
    tight = terms_for(own, *keys, [other])
    assert (tight.threshold, tight.limits) == (30, {"functionals_share": 0.01, "leavers": 25})
    assert tight.tighten(own).limits == other.limits
    look(under(tight), policy=own)


def test_the_days_are_closed_open() -> None:
    permit, day = signed(), datetime.timedelta(1)
    look(permit, today=permit.starts)
    look(permit, today=permit.ends - day)
    assert refusal(permit, today=permit.starts - day) == ("expired", "starts")
    assert refusal(permit, today=permit.ends) == ("expired", "ends")


CHANGES: dict[str, Any] = {
    "project": "INuTERO 2", "study": "4" * 64, "document": "4" * 64, "version": "9",
    "cohorts": (COHORT, "4" * 64), "steps": ("prevalence",), "rounds": 4,
    "starts": datetime.date(2026, 11, 2), "ends": datetime.date(2028, 11, 1),
    "coordinator": STRANGER.public,
}  # fmt: skip


@pytest.mark.parametrize("field", CHANGES)
def test_every_field_is_signed(field: str) -> None:
    changed = replace(signed(), **{field: CHANGES[field]})
    assert changed.unsigned() == ("france", "quebec")


def test_what_was_found_of_one_permit_is_not_believed_of_another() -> None:
    """Signatures are checked once for each object; a changed copy is another object."""
    permit = signed()
    assert permit.unsigned() == ()
    for changed in (replace(permit, rounds=4), pickle.loads(pickle.dumps(draft()))):
        assert changed.unsigned() == ("france", "quebec")
        assert changed.sha256() == hashlib.sha256(changed.content()).hexdigest()
    assert permit == replace(permit)


@pytest.mark.parametrize("field", SiteTerms.__dataclass_fields__)
def test_every_term_of_a_site_is_signed(field: str) -> None:
    permit = signed()
    values: dict[str, Any] = {
        "threshold": 12, "reviewers": (STRANGER.public,), "limits": {"leavers": 12},
        "holding": Holding(source="elsewhere"),
    }  # fmt: skip
    value: Any = values.get(field, STRANGER.public)
    terms = replace(permit.sites["quebec"], **{field: value})
    assert "france" in replace(permit, sites={**permit.sites, "quebec": terms}).unsigned()


def test_a_policy_has_one_name_whatever_it_says_in_words() -> None:
    policy = POLICIES["france"]
    said = replace(policy, holder=POLICIES["quebec"].holder)
    assert said.sha256() == policy.sha256()
    assert replace(policy, threshold=12).sha256() != policy.sha256()
    assert policy.tightened(0, {"leavers": 20}).sha256() != policy.sha256()


def test_a_refusal_crosses_processes() -> None:
    for field in WHY:
        refused = PermitRefused(field, "france")
        again = pickle.loads(pickle.dumps(refused))
        assert (again.code, again.field, again.where) == (refused.code, field, "france")
        assert isinstance(again, PermissionRefused)


def test_a_file_gives_the_permit_back() -> None:
    for permit in (draft(), signed()):
        assert permit_file.parse(permit_file.text(permit), "here") == permit


@pytest.mark.parametrize(
    "changed",
    [{"ends": None}, {"ends": datetime.date(2009, 1, 1)}, {"notice_en": ""}, {"fingerprint": "5"}],
)
def test_what_a_holder_says_of_its_data_is_whole(changed: dict[str, Any]) -> None:
    permit = draft()
    said = replace(permit.sites["france"], holding=replace(HOLDINGS["france"], **changed))
    text = permit_file.text(replace(permit, sites={**permit.sites, "france": said}))
    with pytest.raises(ConfigError):
        permit_file.parse(text, "here")


def test_layout_and_comments_are_the_readers_own() -> None:
    text = permit_file.text(signed()).replace("rounds = 3", "rounds   =   3   # enough")
    verify(permit_file.parse(text, "here"))


WRONG = {
    "not TOML": ("rounds = 3", "rounds = "),
    "a field too many": ("rounds = 3", "rounds = 3\nextra = 1"),
    "a field twice": ("rounds = 3", "rounds = 3\nrounds = 3"),
    "a field too few": ("rounds = 3\n", ""),
    "text for a number": ("rounds = 3", 'rounds = "3"'),
    "no round": ("rounds = 3", "rounds = 0"),
    "truth for a number": ("rounds = 3", "rounds = true"),
    "an instant for a day": ("starts = 2026-11-01", "starts = 2026-11-01T00:00:00Z"),
    "text for a day": ("starts = 2026-11-01", 'starts = "2026-11-01"'),
    "ends first": ("ends = 2027-11-01", "ends = 2026-11-01"),
    "a short hash": (STUDY, STUDY[:-1]),
    "upper case": (STUDY, "A" * 64),
    "threshold below 11": ("threshold = 11", "threshold = 10"),
    "a limit that is none": ("[sites.france.limits]", "[sites.france.limits]\nelse = 1"),
    "a limit in words": ("[sites.france.limits]", '[sites.france.limits]\nleavers = "11"'),
    "a limit without end": ("[sites.france.limits]", "[sites.france.limits]\nleavers = inf"),
    "a project that moves the cursor": ('"INuTERO"', '"\\u001b[2J"'),
    "a project written backwards": ('"INuTERO"', '"\\u202eORETuNI"'),
    "a project on two lines": ('"INuTERO"', '"INu\\nTERO"'),
    "no step": ('"prevalence"', '"attrition"'),
    "a site that is not there": ("[signatures]\nfrance", "[signatures]\nontario"),
    "another kind": ('kind = "permit"', 'kind = "question"'),
    "another format": ("transat = 1", "transat = 2"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_file_is_read_strictly(what: str) -> None:
    text = permit_file.text(signed())
    old, new = WRONG[what]
    assert old in text
    with pytest.raises(ConfigError) as refused:
        permit_file.parse(text.replace(old, new), "permit.toml")
    assert refused.value.where.startswith("permit.toml")


def test_a_site_with_the_coordinators_key_is_refused() -> None:
    text = permit_file.text(draft()).replace(KEYS["quebec"].public, COORDINATOR.public)
    with pytest.raises(ConfigError):
        permit_file.parse(text, "permit.toml")


def test_two_thousand_mutated_permits_are_refused() -> None:
    """Whatever one byte or a few are changed to: not read, or not signed, or the same content."""
    permit = signed()
    text = permit_file.text(permit).encode()
    draws = random.Random(5)
    refused = 0
    for _ in range(2000):
        mutated = bytearray(text)
        for _ in range(draws.choice((1, 1, 2, 5))):
            at = draws.randrange(len(mutated))
            if draws.random() < 0.3:
                del mutated[at]
            else:
                mutated[at] = draws.randrange(256)
        try:
            found = permit_file.parse(mutated.decode(), "mutated")
            verify(found)
        except (UnicodeDecodeError, ConfigError, PermitRefused):
            refused += 1
        else:
            assert found == permit
    assert refused > 1500  # the others fell in comments and white space


@given(st.text(max_size=300))
def test_any_text_at_all_is_a_permit_or_an_error(text: str) -> None:
    with pytest.raises(ConfigError):
        permit_file.parse(text, "any")
