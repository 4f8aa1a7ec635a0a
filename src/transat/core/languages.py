"""The two languages of every text a person reads; French first."""

from __future__ import annotations

import locale
import os
from dataclasses import dataclass
from typing import Literal

Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, Language] = ("fr", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence, said in French and in English."""

    fr: str
    en: str

    def __post_init__(self) -> None:
        if not self.fr.strip() or not self.en.strip():
            raise ValueError(f"a text needs both languages: {self.fr!r} / {self.en!r}")

    def in_(self, language: Language) -> str:
        """Return the text in `language`."""
        return self.fr if language == "fr" else self.en


_chosen: list[Language] = []


def choose(language: Language | None) -> None:
    """Fix the language of this process (`--lang`); `None` returns to the locale's."""
    _chosen.clear()
    if language is not None:
        _chosen.append(language)


def current() -> Language:
    """The language chosen, else the locale's when it is English, else French."""
    if _chosen:
        return _chosen[0]
    named = next((v for k in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := os.environ.get(k))), "")
    if not named:
        named = locale.getlocale()[0] or ""
    return "en" if named.lower().startswith("en") else "fr"
