"""What a word is, in any script: the one rule of captions, transcripts, lexicons and language models.

Text is brought to Unicode form NFC. Where a word begins and ends is told by Unicode Standard Annex 29 and its property
Word_Break (of the package `regex`), with these additions, which the annex leaves to its users:

- A word holds letters, their combining marks and digits; inside it also apostrophes (`don't`, `1950's`), the middle dot of
  Catalan (`paral·lel`) and the gershayim of Hebrew. All other characters part words, full stops and commas inside too.
- Characters that only say how text is laid out (soft hyphens, direction marks, variation selectors) are left out and part
  nothing. Joiners stay where they change what is written: between Arabic letters, and behind a virama.
- Words joined by a hyphen are one word of a caption and two of a transcript.
- Chinese, Japanese, Thai and other scripts without spaces: each ideograph, syllable sign or cluster is a word of a caption,
  a run of katakana is one word. Figures of captions count characters there, as is usual. A transcript is left unparted.
"""

import unicodedata

import regex

DOTLESS = ("az", "tr")  # languages whose I is the capital of ı, and İ that of i
LANGUAGE = r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$"  # a language tag: tr, tr-TR, pt_BR
GERSHAYIM = "\N{HEBREW PUNCTUATION GERSHAYIM}"

_STRAIGHT = str.maketrans(
    dict.fromkeys("’ʼ‘`´\N{FULLWIDTH APOSTROPHE}", "'")
    | dict.fromkeys("\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FULLWIDTH HYPHEN-MINUS}", "-")
    | {"\N{SINGLE LOW-9 QUOTATION MARK}": " '"}
    | {"ŀ": "l·", "Ŀ": "L·", "\N{ZERO WIDTH SPACE}": " "}
)
# Joiners with a meaning (Unicode Standard Annex 31, section 2.3): behind a virama, or ZWNJ between letters that would join.
_LAYOUT = regex.compile(
    r"(?:(?<=\p{ccc=9})[\u200C\u200D]"
    r"|(?<=[\p{Joining_Type=D}\p{Joining_Type=L}]\p{Joining_Type=T}*)\u200C(?=\p{Joining_Type=T}*[\p{Joining_Type=D}\p{Joining_Type=R}]))"
    r"(*SKIP)(*FAIL)|\p{Default_Ignorable_Code_Point}"
)
_MIDDLE_DOT = regex.compile(r"(?<=l)[\u2022\u2027\u2219\u22C5](?=l)", regex.IGNORECASE)
_QUOTE_OF_HEBREW = regex.compile(r'(?<=\p{WB=Hebrew_Letter})"(?=\p{WB=Hebrew_Letter})')
_UNSPOKEN = regex.compile(
    rf"[^\p{{L}}\p{{M}}\p{{N}}\u200C\u200D'·{GERSHAYIM}]|(?<!\p{{L}}\p{{M}}*)[·{GERSHAYIM}]|[·{GERSHAYIM}](?!\p{{L}})|'{{2,}}"
)
# A run of letters and digits, or one letter of a script without spaces; Word_Break is Other for those.
_RUN = r"[[\p{L}\p{M}\p{N}\u200C\u200D]--\p{WB=Katakana}--[\p{L}&&\p{WB=Other}]]+"
_KATAKANA = r"\p{WB=Katakana}[\p{WB=Katakana}\p{M}]*"
_WORD = regex.compile(rf"(?V1){_RUN}(?:['·{GERSHAYIM}-]{_RUN})*|{_KATAKANA}|\p{{L}}[\p{{M}}\u200C\u200D]*")
_LETTER = regex.compile(r"[\p{L}\p{N}]")


def words_of(text: str, language: str | None = None) -> list[str]:
    """Return the words of a caption in small letters: `words_of("A dog's on-the-go toy.") == ["a", "dog's", "on-the-go", "toy"]`.

    Args:
        language: As in `lower`.
    """
    return [word for word in _WORD.findall(lower(clean(text), language)) if _LETTER.search(word)]


def spoken(text: str, language: str | None = None) -> str:
    """Return a transcript in small letters, one space between words, without punctuation and quotation marks.

    Apostrophes stay inside words and, where no other one makes a pair of quotation marks of them, at their edges (`the dogs'`).

    Args:
        language: As in `lower`.
    """
    return " ".join(_unquote(_UNSPOKEN.sub(" ", lower(clean(text), language)).split()))


def clean(text: str) -> str:
    """Return text in Unicode form NFC, without characters of layout, with one kind of apostrophe and of hyphen."""
    text = unicodedata.normalize("NFC", text)
    if text.isascii():
        return text.translate(_STRAIGHT)
    text = _QUOTE_OF_HEBREW.sub(GERSHAYIM, _MIDDLE_DOT.sub("·", text.translate(_STRAIGHT)))
    return unicodedata.normalize("NFC", _LAYOUT.sub("", text))


def lower(text: str, language: str | None = None) -> str:
    """Return text in form NFC in small letters, as Unicode has them.

    Args:
        language: A language tag. In Turkish and Azerbaijani (`tr`, `az`) I becomes ı and İ becomes i; elsewhere İ becomes i
            with a combining dot.
    """
    if language and regex.split("[-_]", language.lower())[0] in DOTLESS:
        text = unicodedata.normalize("NFC", text).replace("İ", "i").replace("I", "ı")
    return unicodedata.normalize("NFC", text.lower())


def _unquote(tokens: list[str]) -> list[str]:
    """Return words without the apostrophes that are quotation marks.

    Those are both around one word, or before one and behind a later one. Read from the end, an opening one takes the next
    closing one, before all one that is no possessive (`dogs'`).
    """
    tokens = [token for token in tokens if token.strip("'")]
    tokens = [token.strip("'") if token[0] == token[-1] == "'" else token for token in tokens]
    closing: list[int] = []  # the nearest one last
    for place in range(len(tokens) - 1, -1, -1):
        if tokens[place].endswith("'"):
            closing.append(place)
        elif tokens[place].startswith("'") and closing:
            plain = [index for index in closing if not tokens[index].endswith("s'")]
            end = plain[-1] if plain else closing[-1]
            closing.remove(end)
            tokens[place], tokens[end] = tokens[place].lstrip("'"), tokens[end].rstrip("'")
    return tokens
