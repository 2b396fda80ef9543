"""The hand-written sources of `suite/export/guides/`, with a file's own names and numbers in their marked places.

    # only: CONDITION ... # end    lines that stand in the guide of some files only; may stand inside one another
    NAME = VALUE  # fill           the value called NAME, in the literals of the language, takes the place of VALUE
    NAME = VALUE  # fill from input    the value called `input` does
    ... WORD ...  # fill: WORD     the value called WORD takes the place of the word, as it is

The comment sign is that of the language. Names are the same in all languages: `LOG_PROBS`, `logProbs` and `log_probs`.
"""

import json
import re
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import takewhile
from typing import Any

ONLY = re.compile(r"\s*(?:#|//) (?:only: (?P<condition>\w+)|end)$")
FILL = re.compile(r"^(?P<before>.*?(?P<name>\w+) = ).*?(?P<after>;?)\s*(?:#|//) fill(?: from (?P<value>\w+))?$")
FILL_WORDS = re.compile(r"^(?P<line>.*?)\s*(?:#|//) fill: (?P<words>[\w ]+)$")


@dataclass(frozen=True)
class Language:
    """A language of the guide.

    Attributes:
        name: Its folder, and what Markdown calls it.
        title: What people call it.
        extension: Of its files, with the dot.
        imports: What the lines that import something begin with; they go to the top, each once.
        pair, mapping, sequence: Literals: a key and its value, an object and an array of what is put in.
        empty: An object without anything in it.
    """

    name: str
    title: str
    extension: str
    imports: tuple[str, ...]
    pair: str
    mapping: str
    sequence: str
    empty: str

    def literal(self, value: Any) -> str:
        """Return a JSON-able value as it is written in the language."""
        if isinstance(value, dict):
            pairs = (self.pair.format(self.literal(key), self.literal(item)) for key, item in value.items())
            return self.mapping.format(", ".join(pairs)) if value else self.empty
        if isinstance(value, (list, tuple)):
            return self.sequence.format(", ".join(map(self.literal, value)))
        text = json.dumps(value, ensure_ascii=False)
        return text.replace("$", "\\$") if self.name == "kotlin" else text


LANGUAGES = (
    Language("python", "Python", ".py", ("import ", "from "), "{}: {}", "{{{}}}", "[{}]", "{}"),
    Language("kotlin", "Kotlin", ".kt", ("import ",), "{} to {}", "mapOf({})", "listOf({})", "mapOf()"),
    Language("swift", "Swift", ".swift", ("import ",), "{}: {}", "[{}]", "[{}]", "[:]"),
    Language("javascript", "JavaScript", ".js", ("import ",), "{}: {}", "{{ {} }}", "[{}]", "{}"),
)


def normalized(name: str) -> str:
    """Return a name without case and underscores."""
    return name.replace("_", "").lower()


@cache
def source(language: Language, part: str) -> str:
    """Return a source as it stands in the folder; `part` is `inputs/text`."""
    return files("suite.export").joinpath(f"guides/{language.name}/{part}{language.extension}").read_text("utf-8")


def assembled(
    language: Language,
    parts: Collection[str],
    conditions: Collection[str],
    values: dict[str, Any],
    words: dict[str, str],
) -> list[str]:
    """Return sources as one: imports in front, each once; names and numbers filled in.

    Args:
        language: Of the sources.
        parts: Their names, in order.
        conditions: Those that hold: which lines stand.
        values: By `normalized` name, what is written as a literal.
        words: What is written as it is.

    Raises:
        KeyError: if a source asks for a value that is not there.
    """
    imports: list[str] = []
    body: list[str] = []
    for part in parts:
        for line in standing(source(language, part).splitlines(), conditions):
            if line.startswith(language.imports):
                imports.append(line)
            else:
                body.append(filled(line, language, values, words))
        body.append("")
    head = list(takewhile(lambda line: line.startswith("//"), body))  # what to install stands above the imports
    lines = [*head, *_sorted(imports), "", *body[len(head) :]]
    return tidy(lines, blank=2 if language.name == "python" else 1)


def _sorted(imports: list[str]) -> list[str]:
    """Return imports, each once: Python's own modules first, the program's own last."""

    def rank(line: str) -> int:
        module = re.split(r"[ .]", line)[1]
        return 0 if module in sys.stdlib_module_names else 2 if module == "model" else 1

    return sorted(dict.fromkeys(imports), key=rank)


def standing(lines: list[str], conditions: Collection[str]) -> list[str]:
    """Return the lines whose conditions hold, without the marks."""
    result: list[str] = []
    around: list[bool] = []
    for line in lines:
        mark = ONLY.match(line)
        if not mark:
            result += [line] if all(around) else []
        elif mark["condition"]:
            around.append(mark["condition"] in conditions)
        else:
            around.pop()
    if around:
        raise ValueError("a part that begins with `only` does not end")
    return result


def filled(line: str, language: Language, values: dict[str, Any], words: dict[str, str]) -> str:
    """Return a line with the value, or the words, that its mark asks for."""
    if mark := FILL.match(line):
        return mark["before"] + language.literal(values[mark["value"] or normalized(mark["name"])]) + mark["after"]
    if mark := FILL_WORDS.match(line):
        replace: Callable[[re.Match[str]], str] = lambda word: words[word[0]]  # noqa: E731
        return re.sub(rf"\b(?:{'|'.join(mark['words'].split())})\b", replace, mark["line"])
    return line


def tidy(lines: list[str], blank: int) -> list[str]:
    """Return lines without blank ones at both ends, and with at most `blank` of them between two."""
    text = re.sub("\n" * (blank + 2) + "+", "\n" * (blank + 1), "\n".join(lines).strip("\n"))
    return re.sub(r"\n+(\n[ \t]*[}\])])", r"\1", text).splitlines()
