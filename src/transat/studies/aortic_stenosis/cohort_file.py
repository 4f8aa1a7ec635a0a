"""A file in the language of cohorts as part of a protocol: read, carried with its code lists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transat.cohorts import language
from transat.cohorts.definitions import beside
from transat.cohorts.language.place import compose
from transat.core.errors import StudyError
from transat.core.languages import Text


@dataclass(frozen=True, slots=True)
class CohortFile:
    """The study of cohorts, its plain document, and the text of the code lists that it names."""

    name: str
    document: Any
    files: Mapping[str, str]
    study: language.Study

    @staticmethod
    def read(path: Path) -> CohortFile:
        """Read a YAML file, its lists beside it. Raises StudyError."""
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            raise StudyError(
                Text("ce fichier ne peut pas être lu.", "this file cannot be read."),
                str(path),
                Text("Vérifiez le chemin et l'UTF-8.", "Check the path and the UTF-8."),
            ) from None
        files: dict[str, str] = {}

        def opened(name: str) -> bytes:
            raw = beside(path, name)
            files[name] = raw.decode("utf-8-sig")
            return raw

        study = language.parse(text, str(path), opened)
        document = compose(text, str(path)).data()
        return CohortFile(path.name, document, dict(sorted(files.items())), study)

    @staticmethod
    def carried(data: Mapping[str, Any]) -> CohortFile:
        """The file that `data` describes. Raises StudyError, KeyError, TypeError."""
        said = data["provenance"]
        name, document, files = str(said["name"]), said["document"], dict(said["files"])
        text = json.dumps(document, ensure_ascii=False)
        study = language.parse(text, name, lambda file: files[file].encode())
        return CohortFile(name, document, files, study)

    def data(self) -> dict[str, Any]:
        """Plain data: its logic by name; all that a person reads is provenance."""
        said = {"name": self.name, "document": self.document, "files": dict(self.files)}
        return {"logic": self.study.hashes.logic, "provenance": said}
