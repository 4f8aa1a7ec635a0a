"""`transat check` and `transat coverage`: exit codes, files, one screen, no small count."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "quality"))

from quality_by_hand import Tables, sound, write
from test_planted_defects import after_death, reversal

COMMAND = [sys.executable, "-c", "from transat.cli.main import main; main()"]


def transat(*arguments: str, lang: str = "fr") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "--lang", lang, *arguments], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("good") / "cdm", sound())


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tables: Tables = sound()
    reversal(tables)
    after_death(tables)
    return write(tmp_path_factory.mktemp("bad") / "cdm", tables)


def test_a_sound_cdm_exits_0_and_writes_what_is_asked(good: Path, tmp_path: Path) -> None:
    done = transat("check", str(good), "--json", str(tmp_path / "q.json"), "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "Une étude peut s'appuyer sur ce CDM." in done.stdout
    assert json.loads((tmp_path / "q.json").read_text("utf-8"))["may_run"] is True
    assert {p.name for p in tmp_path.iterdir()} == {
        "q.json", "quality.fr.html", "quality.en.html", "quality.json",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("lang", "said"), [("fr", "ne peut pas s'appuyer"), ("en", "may not rest on this CDM")]
)
def test_a_bad_cdm_exits_12_with_the_reason_and_the_next_step(
    bad: Path, lang: str, said: str
) -> None:
    done = transat("check", str(bad), lang=lang)
    assert done.returncode == 12
    assert said in done.stdout
    assert "net_quantity" in done.stderr
    assert "transat check" in done.stderr
    assert len(done.stdout.splitlines()) <= 24
    without_types = re.sub(r"DataQualityDashboard.*", "", done.stdout)
    counted = re.findall(r"(?:sur|of) (\d+)", without_types)
    assert not [n for n in counted if 1 <= int(n) <= 10]
    assert "1 sur" not in done.stdout
    assert "1 of" not in done.stdout


def test_json_to_the_output_is_all_that_is_printed(bad: Path) -> None:
    done = transat("check", str(bad), "--json", "-")
    assert done.returncode == 12
    assert json.loads(done.stdout)["may_run"] is False


def test_a_folder_that_is_no_cdm_exits_17(tmp_path: Path) -> None:
    done = transat("check", str(tmp_path))
    assert done.returncode == 17
    assert len(done.stderr.strip().splitlines()) == 1


def test_coverage_of_two_sites(good: Path, bad: Path, tmp_path: Path) -> None:
    sites = ("--site", f"france={good}", "--site", f"quebec={bad}")
    done = transat("coverage", *sites, "--out", str(tmp_path / "out"), lang="en")
    assert done.returncode == 0, done.stderr
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names == {
        "coverage.fr.html", "coverage.en.html", "coverage.json", "coverage.csv", "unmapped.csv",
    }  # fmt: skip
    page = (tmp_path / "out" / "coverage.en.html").read_text("utf-8")
    assert "france" in page
    assert "quebec" in page


def test_a_site_given_twice_is_refused(good: Path, tmp_path: Path) -> None:
    sites = ("--site", f"france={good}", "--site", f"france={good}")
    assert transat("coverage", *sites, "--out", str(tmp_path / "out")).returncode == 16
