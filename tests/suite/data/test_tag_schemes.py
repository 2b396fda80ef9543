"""Tag schemes, against seqeval, CoNLL's own rules worked by hand, and each other."""

import random
from itertools import pairwise

import numpy as np
import pytest
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import IOB2, IOBES, Entities

from suite.data.tag_schemes import (
    Recognition,
    allowed_transitions,
    plain_spans,
    recognize,
    scheme_tags,
    spans_to_tags,
    split_tag,
    tag_faults,
    tag_spans,
)

SPANS = [(0, 2, "PER"), (2, 3, "PER"), (3, 6, "LOC"), (7, 8, "ORG")]
# The same spans in every scheme, written by hand.
TAGS = {
    "iob1": "I-PER I-PER B-PER I-LOC I-LOC I-LOC O I-ORG O",
    "iob2": "B-PER I-PER B-PER B-LOC I-LOC I-LOC O B-ORG O",
    "bioes": "B-PER E-PER S-PER B-LOC I-LOC E-LOC O S-ORG O",
    "bilou": "B-PER L-PER U-PER B-LOC I-LOC L-LOC O U-ORG O",
    "bmewo": "B-PER E-PER W-PER B-LOC M-LOC E-LOC O W-ORG O",
    "bmes": "B-PER E-PER S-PER B-LOC M-LOC E-LOC O S-ORG O",
}
UNBROKEN = {
    "iob2": ["B-PER I-PER O B-LOC", "O O", "B-PER"],
    "iob1": ["I-PER B-PER O I-LOC", "O O", "I-PER"],
    "bioes": ["B-PER E-PER O S-LOC", "O O", "S-PER"],
}


def random_tags(generator: random.Random, letters: str, count: int) -> list[str]:
    tags = ["O", *(f"{letter}-{label}" for letter in letters for label in ("PER", "LOC"))]
    return [generator.choice(tags) for _ in range(count)]


@pytest.mark.parametrize("scheme", TAGS)
def test_the_same_spans_are_read_from_every_scheme(scheme: str) -> None:
    tags = TAGS[scheme].split()
    assert tag_spans(tags) == SPANS
    assert tag_faults(tags, scheme) == []
    assert recognize([tags]) == Recognition(scheme, scheme in ("iob1", "iob2"))


@pytest.mark.parametrize("scheme", ["iob1", "iob2", "bioes"])
def test_spans_become_tags_and_spans_again(scheme: str) -> None:
    assert " ".join(spans_to_tags(SPANS, 9, scheme)) == TAGS[scheme]


@pytest.mark.parametrize("letters", ["BI", "BIES"])
def test_spans_are_those_of_seqeval_for_any_tags(letters: str) -> None:
    generator = random.Random(0)
    for _ in range(2000):
        tags = random_tags(generator, letters, generator.randint(1, 9))
        assert tag_spans(tags) == [(start, end + 1, label) for label, start, end in get_entities(tags)], tags


def test_strict_spans_are_those_of_seqeval_in_iob2() -> None:
    generator = random.Random(1)
    for _ in range(2000):
        tags = random_tags(generator, "BI", generator.randint(1, 9))
        strict = [(entity.start, entity.end, entity.tag) for entity in Entities([tags], IOB2).entities[0]]
        assert tag_spans(tags, strict=True) == strict, tags


@pytest.mark.parametrize(
    ("tags", "lenient", "strict"),
    [
        ("I-PER O", [(0, 1, "PER")], []),  # a span begins with I at the start
        ("B-PER I-LOC I-LOC", [(0, 1, "PER"), (1, 3, "LOC")], [(0, 1, "PER")]),  # the label changes within
        ("B-PER B-PER", [(0, 1, "PER"), (1, 2, "PER")], [(0, 1, "PER"), (1, 2, "PER")]),
        ("O I-PER I-PER B-PER", [(1, 3, "PER"), (3, 4, "PER")], [(3, 4, "PER")]),
        ("B-PER O I-PER", [(0, 1, "PER"), (2, 3, "PER")], [(0, 1, "PER")]),
        ("B-PER E-PER E-PER", [(0, 2, "PER"), (2, 3, "PER")], [(0, 3, "PER")]),  # E ends; strictly it is I
    ],
)
def test_what_breaks_a_scheme_is_read_by_two_rules(tags: str, lenient: list, strict: list) -> None:
    assert tag_spans(tags.split()) == lenient
    assert tag_spans(tags.split(), strict=True) == strict


def test_the_scheme_is_told_by_the_whole_data_set() -> None:
    for scheme, sentences in UNBROKEN.items():
        assert recognize(sentence.split() for sentence in sentences).scheme == scheme
    assert recognize([["DET", "NOUN", "X"], ["O", "NOUN"]]).scheme == "none"
    assert recognize([["-LRB-", "NN", "-RRB-", "B-2"]]).scheme == "none"
    assert recognize([["O", "O"]]).scheme == "iob2"
    assert recognize([["B", "I", "O"]]).scheme == "iob2"
    assert recognize([["S", "X"], ["X", "M"], ["B", "M"]]).scheme == "none"


def test_a_rare_slip_is_tolerated_and_mixed_schemes_are_not() -> None:
    right, slip = ["B-PER", "I-PER", "O", "B-LOC"], ["O", "I-PER"]
    assert recognize([*[right] * 50, slip]) == Recognition("iob2", True)
    assert recognize([*[right] * 40, slip]) == Recognition("iob2", False)
    assert recognize([*[["S-PER", "B-LOC", "E-LOC"]] * 500, ["E-PER"]]) == Recognition("bioes", False)


@pytest.mark.parametrize(
    ("scheme", "tags", "place", "message"),
    [
        ("iob2", "O I-PER", 1, "'I-PER' behind 'O': in IOB2, B- begins a span, which I- goes on"),
        ("iob2", "I-PER", 0, "'I-PER' at the start of a sentence: in IOB2, B- begins a span, which I- goes on"),
        ("iob2", "B-PER I-LOC", 1, "'I-LOC' behind 'B-PER': in IOB2, B- begins a span, which I- goes on"),
        ("iob1", "O B-PER", 1, "'B-PER' behind 'O': in IOB1, B- only parts two spans of one label"),
        ("bioes", "O E-PER", 1, "'E-PER' behind 'O': in BIOES, B- begins a span, which I- goes on and E- ends"),
        ("bioes", "B-PER O", 1, "'O' behind 'B-PER': in BIOES, B- or I- is followed by I- or E- of the same label"),
        (
            "bioes",
            "O B-PER",
            1,
            "the end of the sentence behind 'B-PER': in BIOES, B- or I- is followed by I- or E- of the same label",
        ),
        (
            "iob2",
            "B-PER S-PER O",
            1,
            "expected O or a tag that begins with B-, I-, as the data is in IOB2. Received: 'S-PER'",
        ),
        ("iob2", "PER O", 0, "expected O or a tag that begins with B-, I-, as the data is in IOB2. Received: 'PER'"),
        (
            "bilou",
            "E-PER",
            0,
            "expected O or a tag that begins with B-, I-, L-, U-, as the data is in BILOU. Received: 'E-PER'",
        ),
    ],
)
def test_each_fault_has_its_place(scheme: str, tags: str, place: int, message: str) -> None:
    (fault,) = tag_faults(tags.split(), scheme)
    assert (fault.place, fault.message) == (place, message)
    assert fault.slip == (scheme in ("iob1", "iob2") and "Received" not in message)


@pytest.mark.parametrize("scheme", ["iob2", "bioes"])
def test_transitions_allow_what_has_no_fault(scheme: str) -> None:
    tags = scheme_tags(["PER", "LOC"], scheme)
    start, pairs, end = allowed_transitions(tags, scheme)
    place = {tag: number for number, tag in enumerate(tags)}
    generator = random.Random(2)
    for _ in range(2000):
        sentence = random_tags(generator, "BI" if scheme == "iob2" else "BIES", generator.randint(1, 4))
        rows = [place[tag] for tag in sentence]
        allowed = start[rows[0]] and all(pairs[pair] for pair in pairwise(rows)) and end[rows[-1]]
        assert allowed == (tag_faults(sentence, scheme) == []), sentence
        if allowed and scheme == "bioes":
            strict = [(entity.start, entity.end, entity.tag) for entity in Entities([sentence], IOBES).entities[0]]
            assert tag_spans(sentence) == tag_spans(sentence, strict=True) == strict
        elif allowed:
            assert tag_spans(sentence) == tag_spans(sentence, strict=True)


def test_tags_of_a_model() -> None:
    assert scheme_tags(["PER", "LOC"], "bioes") == [
        "O",
        "B-PER",
        "I-PER",
        "E-PER",
        "S-PER",
        "B-LOC",
        "I-LOC",
        "E-LOC",
        "S-LOC",
    ]
    assert scheme_tags(["A", "O", "B"], "none") == ["O", "A", "B"]
    assert all(np.all(allowed) for allowed in allowed_transitions(["NOUN", "VERB"], "none"))
    assert plain_spans(["NOUN", "O", "VERB"]) == [(0, 1, "NOUN"), (2, 3, "VERB")]


def test_letters_without_labels_are_a_fault_where_others_have_labels() -> None:
    assert recognize([["B", "I", "O"]]) == Recognition("iob2", True, bare=True)
    assert tag_faults(["B", "I", "O"], "iob2", bare=True) == []
    (fault,) = tag_faults(["B-PER", "O", "B"], "iob2")
    assert fault.place == 2 and fault.message.endswith("Received: 'B'") and not fault.slip


def test_a_label_may_hold_hyphens_and_dots() -> None:
    assert split_tag("B-fromloc.city-name") == ("B", "fromloc.city-name")
    assert split_tag("X-PER") == ("", "X-PER")
    assert split_tag("B-") == ("", "B-")
