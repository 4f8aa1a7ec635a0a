"""A study that a hub conducts for whoever submitted it, and that a holder's export desk carries.

Killed at any point and begun again, it finds what sites had answered in its journal and asks only
the rest; the result is the same to the last bit.
"""

from __future__ import annotations

from pathlib import Path

from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.federation import permit_file
from transat.federation.coordinator import DEADLINE, Coordinator
from transat.federation.coordinator_journal import Journal, heads
from transat.federation.keys import Key
from transat.federation.permit import Permit
from transat.federation.transport import Transport
from transat.studies import record
from transat.studies.carried import carried, written
from transat.studies.joint import carry_out, write_result
from transat.studies.protocol import Progress, Protocol, Result

#: In a study's folder: the journal of rounds, and what goes to whoever submitted it.
JOURNAL, OUT = "journal", "out"


def conduct_submitted(
    protocol: bytes, permit: bytes, transport: Transport, folder: Path, key: Key
) -> None:
    """Conduct a carried protocol under a permit, both as bytes; the result goes to `folder`/out.

    Raises
    ------
    StudyError, ConfigError: the protocol or the permit cannot be read. PermissionRefused: the
    permit is not for it, or not for this coordinator. SiteUnreachable, DisclosureRefused: as
    `joint.carry_out`.
    """
    conduct(
        carried(protocol, folder / "protocol"),
        permit_file.parse(_text(permit, folder / "permit"), str(folder / "permit")),
        transport,
        folder,
        key,
    )


def conduct(
    protocol: Protocol[Result],
    permit: Permit,
    transport: Transport,
    folder: Path,
    key: Key,
    progress: Progress | None = None,
    deadline: float = DEADLINE,
) -> Result:
    """Conduct a protocol under a permit; its journal and result are in `folder`.

    deadline: seconds to wait for each round.

    Raises
    ------
    As `conduct_submitted`.
    """
    with Journal(folder / JOURNAL, permit.study, key.public) as journal:
        if journal.ended:  # killed before it could say so: the result is whole
            return protocol.read_result(folder / OUT / "result.json")
        coordinator = Coordinator(transport, key, permit, journal, deadline)
        result = carry_out(protocol, permit, coordinator, progress)
        out = folder / OUT
        out.mkdir(parents=True, exist_ok=True)
        (out / "protocol.carried.json").write_bytes(written(protocol))
        permit_file.write(permit, out / "permit.toml")
        answers = "".join(f"{line}\n" for line in heads(folder / JOURNAL))
        record.write(out / "answers.jsonl", answers)  # their signed heads, for the bundle
        write_result(protocol, result, out)
        coordinator.end()
    return result


def _text(content: bytes, where: Path) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise StudyError(
            Text("ce permis n'est pas en UTF-8.", "this permit is not in UTF-8."),
            str(where),
            Text("Demandez-en une copie.", "Ask for a copy."),
        ) from None
