"""NVIDIA FLARE is behind two modules; without it, all else is there."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3] / "src" / "transat"


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_two_modules_import_it() -> None:
    found = {str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py")
             if "nvflare" in imported(path)}  # fmt: skip
    assert found == {"federation/flare/cells.py", "federation/flare/driver.py"}


def test_the_rest_loads_without_it() -> None:
    names = sorted(path.stem for path in (SOURCE / "federation" / "flare").glob("*.py"))
    rest = [name for name in names if name not in ("__init__", "cells", "driver")]
    code = "\n".join(f"import transat.federation.flare.{name}" for name in rest)
    blocked = f"import sys\nsys.modules['nvflare'] = None\n{code}"
    subprocess.run([sys.executable, "-c", blocked], check=True)


def test_no_job_runner_is_loaded() -> None:
    """Of FLARE, no part that starts jobs or runs what is sent is called or imported by name."""
    for name in ("cells", "driver"):
        path = SOURCE / "federation" / "flare" / f"{name}.py"
        modules = {node.module for node in ast.walk(ast.parse(path.read_text("utf-8")))
                   if isinstance(node, ast.ImportFrom) and node.module}  # fmt: skip
        used = {module for module in modules if module.startswith("nvflare")}
        assert used
        assert all(module.startswith("nvflare.fuel.f3") for module in used)
