import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import pipelines.video.sample_data
from pipelines.video.config import Settings
from pipelines.video.sample_data import CLASSES, FRAMES, SIDE, SIZES, WRITERS, _move, make_clips, make_sample
from suite.errors import UserError
from suite.vision.read import read_clip
from tests.reading import reader

read = reader("video")


@pytest.fixture(scope="module")
def clips():
    return make_clips(0)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return make_sample(tmp_path_factory.mktemp("sample") / "folders")


def test_classes_are_even_and_clips_differ_in_length(clips):
    for part, own in clips.items():
        labels = [label for _, label in own]
        assert len(own) == SIZES[part] and {labels.count(label) for label in CLASSES} == {SIZES[part] // len(CLASSES)}
    lengths = {len(frames) for own in clips.values() for frames, _ in own}
    assert (min(lengths), max(lengths)) == FRAMES
    assert len({frames.tobytes() for own in clips.values() for frames, _ in own}) == sum(SIZES.values())


def test_the_label_follows_from_the_path():
    generator = np.random.default_rng(0)
    for label in CLASSES:
        for _ in range(20):
            steps = np.diff(_move(generator, label, 16), axis=0)
            steps = (steps + SIDE // 2) % SIDE - SIDE // 2  # over the joined edges
            if label in ("clockwise", "anticlockwise"):
                turned = np.sum(steps[:-2, 0] * steps[2:, 1] - steps[:-2, 1] * steps[2:, 0])
                assert (turned > 0) == (label == "clockwise")  # y grows downwards
            else:
                x, y = steps.sum(axis=0)
                assert {"left": x < 0 == y, "right": x > 0 == y, "up": y < 0 == x, "down": y > 0 == x}[label]


@pytest.mark.parametrize("label", CLASSES)
def test_in_every_frame_the_moving_shape_is_anywhere(label):
    generator = np.random.default_rng(1)
    places = np.stack([_move(generator, label, 12) for _ in range(4000)])
    for frame in (0, 5, 11):
        counts = np.histogram2d(*places[:, frame].T, bins=4, range=[[0, SIDE]] * 2)[0]
        assert np.abs(counts - 250).max() < 75  # five deviations


def test_a_single_frame_says_nothing(clips):
    def middle(part):
        return np.stack([frames[len(frames) // 2, ::2, ::2].reshape(-1) for frames, _ in clips[part]]), [
            y for _, y in clips[part]
        ]

    (train, labels), (test, truth) = middle("train"), middle("test")
    scaler = StandardScaler().fit(train)
    model = LogisticRegression(max_iter=200, C=1e-3).fit(scaler.transform(train), labels)
    assert model.score(scaler.transform(test), truth) < 0.35


@pytest.fixture
def few(monkeypatch):
    """Less of everything."""
    sizes = {part: size // 5 for part, size in SIZES.items()}
    monkeypatch.setattr(pipelines.video.sample_data, "SIZES", sizes)
    return sizes


def test_the_seed_decides(few):
    one, same, other = (make_clips(seed)["dev"] for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for (a, _), (b, _) in zip(one, same, strict=True))
    assert not any(np.array_equal(a, b) for (a, _), (b, _) in zip(one, other, strict=True))


def test_every_format_reads_back_as_the_same_examples(few, tmp_path):
    fingerprints = set()
    for format in WRITERS:
        examples = read(make_sample(tmp_path / format, format=format), Settings())
        assert examples.format == format and examples.problems == ()
        assert [note.partition(":")[0] for note in examples.notes] == (
            ["Split by group (42 groups)"] if format == "ucf101" else []
        )
        assert examples.sizes == few or (format == "ucf101" and examples.sizes["test"] == few["test"])
        fingerprints.add(examples.fingerprint)
    assert len(fingerprints) == 1
    assert examples.items[0].group  # ucf101


def test_the_set_is_small(folders):
    assert sum(path.stat().st_size for path in folders.rglob("*.avi")) < 16_000_000


def test_what_is_written_is_what_was_drawn(clips, folders):
    frames, label = clips["test"][7]
    read_back = read_clip(folders / "test" / label / "007.avi").frames
    assert read_back.shape == frames.shape
    assert np.abs(read_back.astype(int) - frames).mean() < 8


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match=r"expected a new or empty folder. Received: one with files in it"):
        make_sample(tmp_path)
    with pytest.raises(UserError, match=r"mine\.txt: expected a new or empty folder. Received: a file"):
        make_sample(tmp_path / "mine.txt")
    with pytest.raises(UserError, match=r"--format: expected one of folders, manifest, ucf101. Received: 'xml'"):
        make_sample(tmp_path / "new", format="xml")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
