"""The house rules that a program can check: sizes, names, what must not be written."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "transat"
MODULES = sorted(SOURCE.rglob("*.py"))

#: A path of somebody's machine, an unfinished line, a registry's address.
FORBIDDEN = re.compile(
    r"(^|[^A-Za-z.])/(root|home/[a-z]+|tmp|work)/[A-Za-z]"
    r"|\b(TODO|FIXME|XXX|NotImplementedError)\b"
    r"|pypi\.org/simple|registry\.npmjs"
)


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def tracked() -> Iterator[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: which files are the project's is not known")
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if name and path.is_file() and path != Path(__file__).resolve():
            yield path


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_modules_are_small() -> None:
    sizes = {path: lines(path) for path in MODULES if path.name != "__init__.py"}
    assert statistics.median(sizes.values()) <= 150
    assert {p: n for p, n in sizes.items() if n > 600} == {}


def test_functions_are_short() -> None:
    long = {
        f"{path.relative_to(SOURCE)}:{f.name}": n
        for path in MODULES
        for f in functions(path)
        if (n := (f.end_lineno or f.lineno) - f.lineno + 1) > 80
    }
    assert long == {}


def test_every_module_says_what_it_is() -> None:
    silent = [p for p in MODULES if p.name != "__init__.py" and not ast.get_docstring(_tree(p))]
    assert silent == []


def test_public_functions_and_classes_are_documented() -> None:
    silent = []
    for path in MODULES:
        for node in _tree(path).body:
            named = isinstance(node, ast.FunctionDef | ast.ClassDef)
            if named and not node.name.startswith("_") and not ast.get_docstring(node):
                silent.append(f"{path.relative_to(SOURCE)}:{node.name}")
    assert silent == []


def test_nothing_is_called_utils() -> None:
    assert [p for p in MODULES if re.search(r"util|helper|misc|common", p.stem)] == []


def test_no_path_of_a_machine_and_nothing_unfinished() -> None:
    found = []
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if FORBIDDEN.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}")
    assert found == []


def test_no_tracked_file_is_big() -> None:
    assert {p: p.stat().st_size for p in tracked() if p.stat().st_size > 1_500_000} == {}


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def test_test_modules_have_names_of_their_own() -> None:
    names = [p.name for p in (ROOT / "tests").rglob("*.py") if p.name != "conftest.py"]
    assert sorted(n for n in set(names) if names.count(n) > 1) == []
