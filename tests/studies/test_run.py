"""Running on CDMs: what is missing is named, and a real run writes everything it should."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from transat.core.errors import InputError, SiteUnreachable, StudyError
from transat.federation import ledger_verify
from transat.reports.inutero import write_report
from transat.studies.hashes import hashes
from transat.studies.protocol import read
from transat.studies.results import StudyResult
from transat.studies.run import run


def test_a_required_site_not_given_is_named(tmp_path: Path) -> None:
    with pytest.raises(SiteUnreachable) as missing:
        run(read(), {"france": tmp_path}, tmp_path / "out")
    assert missing.value.where == "quebec"
    assert "--site quebec=" in missing.value.next_step.en


def test_a_site_that_the_protocol_does_not_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as refused:
        run(read(), {"france": tmp_path, "qubec": tmp_path}, tmp_path / "out")
    assert "quebec" in refused.value.next_step.fr


def test_a_missing_folder_and_a_folder_that_is_no_cdm_are_told_apart(tmp_path: Path) -> None:
    for folder, said in ((tmp_path / "none", "does not exist"), (tmp_path, "not a CDM")):
        with pytest.raises(InputError) as refused:
            run(read(), {"france": folder, "quebec": folder}, tmp_path / "out")
        assert said in refused.value.what.en
        assert refused.value.where == str(folder)
    assert not (tmp_path / "out" / "result.json").exists()


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both shores of one small virtual population, harmonised, with their pregnancies."""
    from transat.cohorts.pregnancies import derive
    from transat.engines.cdm import Cdm
    from transat.harmonise.run import harmonise
    from transat.simulate.design import Design
    from transat.simulate.simulate import simulate

    folder = tmp_path_factory.mktemp("shores")
    simulate(Design(seed=7, persons=1500, exposure_multiplier=20.0), folder / "native")
    (folder / "cdm").mkdir()
    for site, shore in (("france", "snds"), ("quebec", "quebec")):
        harmonise(shore, folder / "native" / site, folder / "cdm" / site)
        derive(Cdm(folder / "cdm" / site))
    return folder


@pytest.mark.slow
def test_two_simulated_shores_from_cdm_to_result(
    simulated: Path, tmp_path: Path, small_counts: Callable[[Path], list[str]]
) -> None:
    cdms = {site: simulated / "cdm" / site for site in ("france", "quebec")}
    result = run(read(), cdms, tmp_path, truth=simulated / "native" / "truth")
    assert StudyResult.read(tmp_path / "result.json") == result
    assert result.study.logic_sha256 == hashes(read()).logic
    assert [s.simulated for s in result.sites] == [True, True]
    assert all(s.attrition[0].count for s in result.sites)
    assert result.truth is not None
    for site in result.sites:
        assert ledger_verify.verify(tmp_path / site.ledger).head == site.ledger_head
        for line in (tmp_path / site.ledger).read_text("utf-8").splitlines():
            assert json.loads(line)["study"] == result.study.logic_sha256
    write_report(result, tmp_path)
    assert {f.suffix for f in tmp_path.rglob("*") if f.is_file()} >= {".html", ".csv", ".json"}
    assert small_counts(tmp_path) == []
    again = run(read(), cdms, tmp_path)
    assert [p.odds_ratio for p in again.pairs] == [p.odds_ratio for p in result.pairs]
    assert dict(again.run.inputs) == dict(result.run.inputs)


@pytest.mark.slow
def test_a_cdm_without_pregnancies_is_said_plainly(simulated: Path, tmp_path: Path) -> None:
    import shutil

    empty = tmp_path / "empty"
    empty.mkdir()
    for name in ("person.parquet", "concept.parquet", "transat.json"):
        shutil.copy(simulated / "cdm" / "quebec" / name, empty)
    cdms = {"france": simulated / "cdm" / "france", "quebec": empty}
    result = run(read(), cdms, tmp_path / "out")
    assert [n.en for n in result.notes] == [
        "Québec (RAMQ and MED-ECHO): this CDM holds no pregnancy."
    ]


@pytest.fixture
def gibleed(shared: Path) -> Path:
    return shared / "data" / "eunomia_gibleed"


def test_one_cdm_at_two_sites_is_said_to_be_counted_twice(gibleed: Path, tmp_path: Path) -> None:
    result = run(read(), {"france": gibleed, "quebec": gibleed}, tmp_path / "out")
    said = [note.en for note in result.notes]
    assert any("holds no pregnancy" in note for note in said)
    assert any("read the same CDM" in note for note in said)


def test_no_birth_anywhere_is_zero_not_masked(gibleed: Path, tmp_path: Path) -> None:
    result = run(read(), {"france": gibleed, "quebec": gibleed}, tmp_path / "out")
    assert result.births == 0
    assert [site.births for site in result.sites] == [0, 0]


def test_a_damaged_table_is_named_before_any_work(gibleed: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(gibleed, tmp_path / "cdm")
    (tmp_path / "cdm" / "drug_exposure.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"drug_exposure\.parquet"):
        run(read(), {"france": gibleed, "quebec": tmp_path / "cdm"}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_no_study_is_not_written_over(gibleed: Path, tmp_path: Path) -> None:
    sites = {"france": gibleed, "quebec": gibleed}
    out = tmp_path / "out"
    out.mkdir()
    (out / "result.json").write_text("mine", "utf-8")
    with pytest.raises(InputError, match=r"result\.json"):
        run(read(), sites, out)
    assert [p.name for p in out.iterdir()] == ["result.json"]
    with pytest.raises(InputError, match="pas un dossier"):
        run(read(), sites, out / "result.json")
    assert (out / "result.json").read_text("utf-8") == "mine"


def test_a_wrong_truth_folder_is_said_before_any_work(gibleed: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="effects"):
        run(read(), {"france": gibleed, "quebec": gibleed}, tmp_path / "out", truth=tmp_path)
    assert not (tmp_path / "out").exists()


def test_two_runs_never_write_the_same_registers(gibleed: Path, tmp_path: Path) -> None:
    from transat.core.folders import held

    pytest.importorskip("fcntl")
    sites, out = {"france": gibleed, "quebec": gibleed}, tmp_path / "out"
    run(read(), sites, out)
    with held(out / "ledgers"), pytest.raises(InputError, match="une autre commande"):
        run(read(), sites, out)
    assert ledger_verify.verify(out / "ledgers" / "france.jsonl").entries == 1
