"""`suite predict --ray`: the answers of `suite predict`, in shards, gone on with where they stopped."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.cluster
TEXTS = 300


def rows_of(*paths: Path) -> list[dict]:
    return [json.loads(line) for path in sorted(paths) for line in path.read_text(encoding="utf-8").splitlines()]


def test_actors_answer_what_one_process_does_and_go_on_where_they_stopped(
    trained, suite, workdir: Path, ray_here
) -> None:
    rows = [{"text": f"a film of number {number}, slow but good" if number % 7 else number} for number in range(TEXTS)]
    (workdir / "texts.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    words = ["predict", trained.model_dir, "texts.jsonl", "--output"]
    assert suite(*words, "plain.jsonl").status == 2, "a number is no text"
    expected = rows_of(workdir / "plain.jsonl")
    assert suite(*words, "answers.jsonl", "--ray", "--actors", 2).status == 2
    parts = sorted((workdir / "answers.jsonl").glob("part-*.jsonl"))
    whole = rows_of(*parts)
    assert len(parts) >= 8 and {row["input"] for row in whole} == {f"texts.jsonl:{line + 1}" for line in range(TEXTS)}
    for row, plain in zip(whole, expected, strict=True):
        assert (
            row["input"] == plain["input"]
            and row.get("error") == plain.get("error")
            and row.get("label") == plain.get("label")
        )
        assert row.get("scores", {}) == pytest.approx(plain.get("scores", {}), abs=1e-6)

    kept = parts[0].stat().st_mtime_ns
    parts[3].unlink()
    again = suite(*words, "answers.jsonl", "--ray", "--actors", 1)
    assert "are answered already" in again.err and rows_of(*parts) == whole and parts[0].stat().st_mtime_ns == kept
    assert suite(*words, "answers.jsonl", "--ray").status == 2, "nothing is left to answer, and some answers are errors"

    other = suite(*words[:2], "another text", "--output", "answers.jsonl", "--ray")
    assert other.status == 2 and "answers to other inputs" in other.err


def test_actors_score_what_one_process_does(trained, suite, workdir: Path, reviews: Path, ray_here) -> None:
    words = ["evaluate", trained.model_dir, "--data", reviews, "--split", "all", "--json"]
    expected = suite(*words).json
    spread = suite(*words, "--ray", "--actors", 2).json
    assert spread.pop("metrics") == pytest.approx(expected.pop("metrics"), abs=1e-6) and spread == expected
    refused = suite(*words, "--actors", 2)
    assert refused.status == 2 and "--ray" in refused.err


@pytest.mark.parametrize("words", [[], ["--output", "answers", "--json"], ["--output", "answers", "-"]])
def test_what_makes_no_sense_with_ray_is_refused(words: list[str], trained, suite, workdir: Path) -> None:
    refused = suite("predict", trained.model_dir, "a text", "--ray", *words)
    assert refused.status == 2 and "--ray" in refused.err
