"""Tables, collections and faults of series as examples: what is read, what is named, and that no part sees the next one."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from pipelines.forecasting import data
from pipelines.forecasting.config import Settings
from suite.data.reading import with_parts
from suite.errors import UserError

PIPELINE = SimpleNamespace(assign_parts=data.assign_parts, check_parts=lambda examples, settings, assets: examples)
DAYS = [str(np.datetime64("2024-01-01") + day) for day in range(60)]
ROWS = [f"{day},{place % 7}" for place, day in enumerate(DAYS)]


def read(tmp_path, lines, name="a.csv", **settings):
    (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return data.read(tmp_path / name, Settings(**settings))


def only(examples):
    assert len(examples.items) == 1 and not examples.problems
    return examples.items[0].input.series


def test_long_and_wide_tables_and_parquet_hold_the_same_series(tmp_path):
    generator = np.random.default_rng(0)
    times = pd.date_range("2024-03-01", periods=50, freq="15min")
    wide = pd.DataFrame({"a": generator.normal(size=50), "b": generator.normal(size=50)}, index=times).round(3)
    wide.to_csv(tmp_path / "wide.csv", index_label="time")
    wide.reset_index(names="time").to_parquet(tmp_path / "wide.parquet")
    long = wide.reset_index(names="ds").melt("ds", var_name="unique_id", value_name="y")
    long.sort_values(["ds", "unique_id"]).to_csv(tmp_path / "long.csv", index=False)
    series = only(data.read(tmp_path / "wide.csv", Settings()))
    assert (series.name, series.channels, series.frequency.code) == ("wide", ("a", "b"), "15min")
    np.testing.assert_array_equal(series.times, times.to_numpy().astype("datetime64[s]"))
    np.testing.assert_array_equal(series.values, wide.to_numpy(np.float32))
    assert only(data.read(tmp_path / "wide.parquet", Settings())).digest == series.digest
    items = data.read(tmp_path / "long.csv", Settings()).items
    assert [example.group for example in items] == ["a", "b"]
    np.testing.assert_array_equal(np.hstack([example.input.series.values for example in items]), series.values)


def test_series_of_other_lengths_and_starts_and_columns_by_setting(tmp_path):
    lines = ["shop,day,sold,promo"] + [f"x,{day},{n},{n % 2}" for n, day in enumerate(DAYS[:30])]
    lines += [f"y,{day},{n},1" for n, day in enumerate(DAYS[10:])]
    names = {"id_column": "shop", "target_columns": ("sold",), "past_covariates": ("promo",)}
    first, second = (example.input.series for example in read(tmp_path, lines, **names).items)
    assert (len(first), len(second)) == (30, 50) and str(second.times[0])[:10] == DAYS[10]
    assert first.past[:3, 0].tolist() == [0, 1, 0] and first.channels == ("sold",)


def test_rows_behind_the_last_target_say_what_is_known_ahead(tmp_path):
    lines = ["ds,y,promo"] + [f"{day},{n if n < 50 else ''},{n}" for n, day in enumerate(DAYS)]
    series = only(read(tmp_path, lines, future_covariates=("promo",)))
    assert (len(series), series.future.shape, series.future[-1, 0]) == (50, (60, 1), 59)


UNSORTED = [*ROWS[:10], *ROWS[20:30], *ROWS[10:20], *ROWS[30:]]
IRREGULAR = [f"{np.datetime64('2024-01-01T00:00:00') + 37 * n * n},{n}" for n in range(50)]
FAULTS = [
    (
        UNSORTED,
        {},
        r"a.csv:22: a: expected times in order. Received: 2024-01-11 below 2024-01-30; --set sort_rows=true",
    ),
    ([*ROWS[:10], *ROWS[9:]], {}, r"a.csv:12: .*2024-01-10 twice, also at a.csv:11; --set duplicates=first"),
    ([f"{day}," for day in DAYS], {}, "all 60 values are missing"),
    (ROWS, {"horizon": 60}, "expected more rows than the horizon of 60. Received: 60"),
    (ROWS, {"future_covariates": ("promo",)}, "expected a column 'promo'; --set future_covariates"),
    (IRREGULAR, {}, "expected times a regular step apart. Received: 98% .*--set frequency=row"),
    (ROWS[:2], {}, "the frequency cannot be told from 2 rows"),
    (ROWS, {"frequency": "h"}, "expected a row for most steps"),
    (
        [*ROWS[:20], *ROWS[25:]],
        {"missing": "fail"},
        "5 of 60 steps of D have no row, the first between 2024-01-20 and 2024-01-26",
    ),
    ([*ROWS[:5], f"{DAYS[5]},", *ROWS[6:]], {"missing": "fail"}, "1 of 60 values are missing; --set missing=mask"),
    (ROWS, {"time_zone": "Berlin"}, "did you mean Europe/Berlin"),
    ([f"2024-01-01T00:00:0{n // 10}.{n % 10},{n}" for n in range(60)], {}, "less than a second apart, as .*0.2"),
    (ROWS, {"target_columns": "z"}, "expected a column 'z'; --set target_columns"),
]


@pytest.mark.parametrize(("rows", "settings", "message"), FAULTS)
def test_faults_of_a_whole_series_are_named(tmp_path, rows, settings, message):
    with pytest.raises(UserError, match=message):
        read(tmp_path, ["ds,y", *rows], **settings)


def test_numbers_that_float32_takes_for_one_are_named(tmp_path):
    problems = read(tmp_path, ["ds,y", *(f"{day},{10**12 + n}" for n, day in enumerate(DAYS))]).problems
    assert [problem.message for problem in problems] == [
        "column 'y': expected numbers that float32 tells apart; subtract their level. Received: 1000000000000 to 1000000000059"
    ]


def test_faults_of_rows_and_of_single_series_leave_the_others(tmp_path):
    lines = ["unique_id,ds,y", *(f"a,{row}" for row in ROWS), *(f"b,{row}" for row in ROWS[:3]), f"b,{DAYS[2]},1"]
    lines[4], lines[6] = f"a,{DAYS[3]},much", f"a,{DAYS[5]},inf"
    examples = read(tmp_path, lines)
    assert [example.group for example in examples.items] == ["a"]
    assert [problem.name for problem in examples.problems] == ["a.csv:5", "a.csv:7", "a.csv:65"]
    assert np.isnan(examples.items[0].input.series.values[[3, 5], 0]).all()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({"duplicates": "first"}, 2), ({"duplicates": "last"}, 100), ({"duplicates": "mean"}, 51)],
)
def test_doubles_and_disorder_are_mended_by_setting(tmp_path, settings, expected):
    lines = ["ds,y", *UNSORTED, f"{DAYS[9]},100"]
    series = only(read(tmp_path, lines, sort_rows=True, **settings))
    assert len(series) == 60 and series.values[9, 0] == expected and (np.diff(series.times).astype(int) == 86400).all()


def test_gaps_are_masked_or_filled_by_setting_and_counted(tmp_path):
    lines = ["ds,y", *ROWS[:20], *ROWS[25:]]
    masked = read(tmp_path, lines)
    assert np.isnan(only(masked).values[20:25]).all() and "5 of 60 steps of D have no row" in masked.notes[0]
    assert only(read(tmp_path, lines, missing="forward")).values[20:25, 0].tolist() == [5] * 5
    np.testing.assert_allclose(
        only(read(tmp_path, lines, missing="interpolate")).values[20:25, 0], 5 - np.arange(1, 6) / 6
    )


def test_a_constant_series_and_newest_first_are_noted(tmp_path):
    assert any("never changes" in note for note in read(tmp_path, ["ds,y", *(f"{day},5" for day in DAYS)]).notes)
    examples = read(tmp_path, ["ds,y", *ROWS[::-1]])
    assert "newest first" in examples.notes[0] and only(examples).digest == only(read(tmp_path, ["ds,y", *ROWS])).digest


def local(start, minutes, count, form="%Y-%m-%d %H:%M"):
    zone = ZoneInfo("Europe/Berlin")
    times = [(start + timedelta(minutes=minutes * step)).astimezone(zone) for step in range(count)]
    return ["ds,y"] + [
        f"{time.isoformat() if form == 'iso' else time.strftime(form)},{n}" for n, time in enumerate(times)
    ]


@pytest.mark.parametrize("minutes", [15, 30, 60])
def test_daylight_saving_is_named_and_a_zone_mends_it(tmp_path, minutes):
    start = datetime(2023, 10, 27, tzinfo=UTC)
    lines = local(start, minutes, 6000 // minutes)
    with pytest.raises(UserError, match="as where clocks change; --set time_zone=NAME"):
        read(tmp_path, lines)
    series = only(read(tmp_path, lines, time_zone="Europe/Berlin"))
    np.testing.assert_array_equal(
        series.times, np.datetime64("2023-10-27", "s") + np.arange(len(series)) * np.timedelta64(60 * minutes, "s")
    )
    with_offsets = read(tmp_path, local(start, minutes, 6000 // minutes, "iso"))
    np.testing.assert_array_equal(only(with_offsets).times, series.times)
    assert "2 offsets from UTC (+1 h, +2 h)" in with_offsets.notes[0]
    spring = local(datetime(2024, 3, 29, tzinfo=UTC), minutes, 6000 // minutes)
    assert "clocks change" in read(tmp_path, spring).notes[0]
    assert not np.isnan(only(read(tmp_path, spring, time_zone="Europe/Berlin")).values).any()


def test_times_with_and_without_offsets_are_not_mixed(tmp_path):
    lines = local(datetime(2024, 6, 1, tzinfo=UTC), 60, 40)
    lines[2] = local(datetime(2024, 6, 1, tzinfo=UTC), 60, 40, "iso")[2]
    with pytest.raises(UserError, match=r"a.csv:2: expected an offset from UTC"):
        read(tmp_path, lines)
    assert len(only(read(tmp_path, lines, time_zone="Europe/Berlin"))) == 40


def test_clocks_in_columns_and_columns_that_are_no_numbers(tmp_path):
    lines = ["No,year,month,day,hour,pm,wind"]
    lines += [f"{n + 1},2024,2,{28 + n // 24 if n < 48 else 1},{n % 24},{n},NW" for n in range(48)]
    examples = read(tmp_path, lines)
    assert only(examples).channels == ("pm",) and str(only(examples).times[-1]) == "2024-02-29T23:00:00"
    assert {
        "'wind' of a.csv: not read, since it holds texts.",
        "'No' of a.csv: not read, since it numbers the rows.",
    } <= set(examples.notes)


def test_times_in_digits_are_told_whatever_their_column_is_called(tmp_path):
    compact = [f"{day.replace('-', '')},{n}" for n, day in enumerate(DAYS)]
    stamps = [f"{1_700_000_000 + 900 * n},{n}" for n in range(60)]
    for lines, code in ((compact, "D"), (stamps, "15min")):
        series = only(read(tmp_path, ["when,load", *lines]))
        assert (series.frequency.code, series.channels) == (code, ("load",))
    counts = [f"{20_500_000 + 7 * n},{n % 5}" for n in range(60)]  # months 0 to 99: no dates
    assert only(read(tmp_path, ["visits,load", *counts])).channels == ("visits", "load")


def test_series_without_times_are_numbered_and_their_season_is_found(tmp_path):
    values = np.sin(2 * np.pi * np.arange(200) / 8)
    series = only(read(tmp_path, ["load", *(f"{value:.4f}" for value in values)]))
    assert (series.frequency.code, series.frequency.season, series.frequency.written(series.times[17])) == (
        "row",
        8,
        "17",
    )


@pytest.mark.parametrize(
    ("settings", "seen"),
    [({}, 162), ({"train_until": "90"}, 90), ({"score_from": 70}, 70), ({"test_fraction": 0.5}, 90)],
)
def test_the_season_is_told_from_training_rows_alone(tmp_path, settings, seen):
    generator, rows = np.random.default_rng(0), np.arange(200)
    values = np.sin(2 * np.pi * rows / 8)
    values[seen:] = 5 * np.sin(2 * np.pi * rows[seen:] / 13) + generator.normal(size=200 - seen)
    first = read(tmp_path, ["load", *values.astype(str)], **settings).items[0].input.series
    values[seen:] = generator.permutation(values[seen:])
    assert read(tmp_path, ["load", *values.astype(str)], **settings).items[0].input.series.frequency == first.frequency
    assert first.frequency.season == 8


def test_jsonl_of_rows_and_of_series(tmp_path):
    rows = [json.dumps({"unique_id": "a", "ds": day, "y": n}) for n, day in enumerate(DAYS)]
    assert only(read(tmp_path, rows, "rows.jsonl")).values[:3, 0].tolist() == [0, 1, 2]
    objects = [
        {"item_id": "q", "start": "2024-01-01", "freq": "1H", "target": [1, 2, None, *range(30)]},
        {"target": ["x"]},
    ]
    examples = read(tmp_path, map(json.dumps, objects), "series.jsonl")
    series = examples.items[0].input.series
    assert (series.name, series.frequency.code, str(series.times[5])) == ("q", "h", "2024-01-01T05:00:00")
    assert [problem.name for problem in examples.problems] == ["series.jsonl:2"]


def test_m4_takes_the_test_file_beside_it_as_the_test_part(tmp_path):
    (tmp_path / "Hourly-train.csv").write_text(
        '"V1","V2","V3"\n' + "".join(f'"H{k}",' + ",".join(map(str, range(k, 200 + 9 * k))) + ",,\n" for k in (1, 2))
    )
    plain = with_parts(PIPELINE, data.read(tmp_path / "Hourly-train.csv", Settings()), Settings())
    assert plain.format == "m4" and not plain.named_parts and plain.sizes == {"train": 2, "dev": 2, "test": 2}
    (tmp_path / "Hourly-test.csv").write_text('"V1","V2"\n"H1",7,8\n"H2",9,10\n')
    examples = with_parts(PIPELINE, data.read(tmp_path, Settings(horizon=2)), Settings(horizon=2))
    test = examples.part("test")[0].input
    assert test.series.values[test.start : test.stop, 0].tolist() == [7, 8] and test.series.frequency.season == 24
    assert test.start == len(range(1, 209)) == examples.part("dev")[0].input.stop


def test_collections_of_anomalies_mark_their_rows(tmp_path):
    times = [str(np.datetime64("2024-01-01T00:00:00") + 300 * n).replace("T", " ") for n in range(100)]
    folder = tmp_path / "nab" / "data" / "real"
    folder.mkdir(parents=True)
    (folder / "x.csv").write_text("timestamp,value\n" + "".join(f"{time},{n}\n" for n, time in enumerate(times)))
    windows = {"real/x.csv": [[f"{times[10]}.000000", f"{times[19]}.000000"]]}
    (tmp_path / "nab" / "combined_windows.json").write_text(json.dumps(windows))
    for path in (tmp_path / "nab", folder / "x.csv"):
        examples = data.read(path, Settings())
        assert examples.format == "nab" and np.flatnonzero(only(examples).anomalies).tolist() == list(range(10, 20))
    run = tmp_path / "skab" / "valve1"
    run.mkdir(parents=True)
    (run / "0.csv").write_text(
        "datetime;a;anomaly;changepoint\n" + "".join(f"{time};{n};{n > 90:d};0\n" for n, time in enumerate(times))
    )
    examples = data.read(tmp_path / "skab", Settings())
    assert examples.format == "skab" and only(examples).channels == ("a",) and only(examples).anomalies.sum() == 9
    for part, count in (("train", 40), ("test", 50)):
        (tmp_path / "smap" / part).mkdir(parents=True)
        np.savez(
            tmp_path / "smap" / part / "P-1.npz", values=np.ones((count, 3), np.float32) * np.arange(count)[:, None]
        )
    (tmp_path / "smap" / "labeled_anomalies.csv").write_text('chan_id,anomaly_sequences\nP-1,"[[5, 7]]"\n')
    examples = data.read(tmp_path / "smap", Settings())
    series = examples.items[0].input.series
    assert [example.part for example in examples.items] == ["train", "test"] and series.values.shape == (90, 1)
    assert np.flatnonzero(series.anomalies).tolist() == [45, 46, 47]


def spans(examples):
    return [(example.part, example.input.start, example.input.stop) for example in examples.items]


def test_parts_lie_one_after_another_in_time_and_keep_the_fingerprint(tmp_path):
    undivided = read(tmp_path, ["ds,y", *ROWS])
    cut = with_parts(PIPELINE, undivided, Settings(horizon=5))
    assert spans(cut) == [("train", 0, 49), ("dev", 49, 54), ("test", 54, 60)]
    assert cut.fingerprint == undivided.fingerprint and not cut.named_parts
    by_time = with_parts(PIPELINE, undivided, Settings(train_until="2024-02-01", dev_until="2024-02-11"))
    assert spans(by_time) == [("train", 0, 31), ("dev", 31, 41), ("test", 41, 60)]
    assert by_time.fingerprint == cut.fingerprint and by_time.parts_fingerprint != cut.parts_fingerprint
    assert spans(with_parts(PIPELINE, undivided, Settings(train_until="40", dev_until="50"))) == [
        ("train", 0, 40),
        ("dev", 40, 50),
        ("test", 50, 60),
    ]
    only_dev = with_parts(PIPELINE, undivided, Settings(dev_until="50", horizon=5))
    assert spans(only_dev) == [("train", 0, 45), ("dev", 45, 50), ("test", 50, 60)]
    only_train = with_parts(PIPELINE, undivided, Settings(train_until="40"))
    assert spans(only_train) == [("train", 0, 40), ("dev", 40, 50), ("test", 50, 60)]
    assert spans(with_parts(PIPELINE, undivided, Settings(dev_fraction=0, test_fraction=0))) == [("train", 0, 60)]
    assert spans(with_parts(PIPELINE, undivided, Settings(horizon=25))) == [("train", 0, 60)]  # too short for more
    for example in cut.items:  # views of one array
        assert example.input.series is undivided.items[0].input.series
    long = read(tmp_path, ["ds,y", *(f"{np.datetime64('1999-01-01') + day},{day % 7}" for day in range(2000))])
    for border, row in (("2001", 731), ("1500", 1500)):  # a year that the series has, and a row
        assert spans(with_parts(PIPELINE, long, Settings(train_until=border)))[0] == ("train", 0, row)
    with pytest.raises(UserError, match="'train_until': expected a time"):
        with_parts(PIPELINE, undivided, Settings(train_until="soon"))


def test_rows_from_a_row_on_are_scored_whatever_the_parts(tmp_path):
    undivided = read(tmp_path, ["ds,y", *ROWS], score_from=45)
    cut = with_parts(PIPELINE, undivided, Settings(split_by="content", score_from=45))
    assert cut.part("test")[0].input.start == 45 and cut.named_parts == {"train", "test"}


def test_whole_series_are_drawn_where_that_is_asked_for(tmp_path):
    lines = ["unique_id,ds,y"] + [f"s{k},{day},{k + n}" for k in range(30) for n, day in enumerate(DAYS[:20])]
    settings = Settings(split_by="content")
    cut = with_parts(PIPELINE, read(tmp_path, lines), settings)
    assert len(cut.items) == 30 and all(cut.sizes[part] for part in ("train", "dev", "test"))


@pytest.mark.parametrize("refit", [True, False])
def test_folds_are_rolling_origins(tmp_path, refit):
    settings = Settings(horizon=5, fold_refit=refit)
    cut = with_parts(PIPELINE, read(tmp_path, ["ds,y", *ROWS]), settings)
    folds = data.folds(cut, 3, settings)
    origins = [fold.part("dev")[0].input for fold in folds]
    assert [(stretch.start, stretch.stop) for stretch in origins] == [(27, 36), (36, 45), (45, 54)]
    assert [fold.part("train")[0].input.stop for fold in folds] == ([27, 36, 45] if refit else [27] * 3)
    assert all(fold.part("test")[0].input.start == 54 and fold.fingerprint == cut.fingerprint for fold in folds)
    steps = data.folds(cut, 3, Settings(horizon=5, fold_step=2))
    assert [fold.part("dev")[0].input.start for fold in steps] == [45, 47, 49]
    for count, message in ((1, "at least 2"), (40, "long enough for 40 origins")):
        with pytest.raises(UserError, match=message):
            data.folds(cut, count, settings)


def test_files_named_after_parts_are_one_series_where_they_go_on(tmp_path):
    for name, rows in (("train", ROWS[:40]), ("test", ROWS[40:])):
        (tmp_path / f"{name}.csv").write_text("\n".join(["ds,y", *rows]))
    cut = with_parts(PIPELINE, data.read(tmp_path, Settings(horizon=5)), Settings(horizon=5))
    assert spans(cut) == [("train", 0, 35), ("dev", 35, 40), ("test", 40, 60)]
