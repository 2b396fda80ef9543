"""`suite predict --ray`: the answers of `suite predict`, in shards, gone on with where they stopped."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.cluster
ROOT = Path(__file__).resolve().parents[2]
TEXTS = 300


def predict(folder: Path, *words: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "suite", "predict", *map(str, words)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def rows_of(folder: Path) -> list[dict]:
    return [json.loads(line) for path in sorted(folder.glob("part-*.jsonl")) for line in path.read_text().splitlines()]


def test_actors_answer_what_one_process_does_and_go_on_where_they_stopped(trained, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install '.[cluster]'")
    texts = [f"a film of number {number}, slow but good" for number in range(TEXTS)]
    (tmp_path / "texts.csv").write_text("text\n" + "\n".join(f'"{text}"' for text in texts) + "\n")
    words = [trained.model_dir, "texts.csv", "no-such-file.csv", "--output", "answers.jsonl", "--ray", "--actors", 2]
    done = predict(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    answers = tmp_path / "answers.jsonl"
    whole = rows_of(answers)
    assert [row["input"] for row in whole] == [*texts, "no-such-file.csv"]

    plain = predict(tmp_path, trained.model_dir, *texts[:20], "--json")
    for line, row in zip(plain.stdout.splitlines(), whole, strict=False):
        expected = json.loads(line)
        assert (row["input"], row["label"]) == (expected["input"], expected["label"])
        assert row["scores"] == pytest.approx(expected["scores"], abs=1e-6)

    parts = sorted(answers.glob("part-*.jsonl"))
    assert len(parts) >= 8
    kept = parts[0].stat().st_mtime_ns
    parts[3].unlink()
    done = predict(tmp_path, *words)
    assert done.returncode == 0 and "are answered already" in done.stderr, done.stderr
    assert rows_of(answers) == whole and parts[0].stat().st_mtime_ns == kept
