"""Imports point down, as docs/architecture.md says and its picture shows."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
specification = importlib.util.spec_from_file_location("picture_of_imports", ROOT / "docs" / "imports.py")
picture = importlib.util.module_from_spec(specification)
specification.loader.exec_module(picture)


def test_no_package_imports_one_on_a_higher_floor():
    floors = {package: height for height, floor in enumerate(picture.FLOORS) for package in floor}
    floors[picture.PIPELINES] = floors["runs"] + 0.5
    at_top, inside = picture.count_imports(ROOT)
    assert len(at_top) > 40  # something was read
    assert not [pair for pair in {*at_top, *inside} if floors[pair[0]] > floors[pair[1]]]


def test_a_module_may_belong_to_no_floor_but_not_name_a_pipeline():
    named = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "suite").rglob("*.py"))
        if picture.PIPELINES in set().union(*picture.imports_of(path))
    ]
    assert named == []  # the registry has them as text


def test_the_picture_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(picture, "PICTURE", tmp_path / "imports.svg")
    monkeypatch.setattr(picture, "ROOT", tmp_path)
    monkeypatch.setattr(picture, "count_imports", lambda root: ({("runs", "config"): 3}, {("commands", "runs")}))
    picture.main()
    drawn = (tmp_path / "imports.svg").read_bytes()
    picture.main()
    assert drawn == (tmp_path / "imports.svg").read_bytes() and b"config" in drawn
