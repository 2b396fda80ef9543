import pytest

from pipelines.sentiment.config import Settings
from suite.config import TrainingSettings, describe_settings, load_settings
from suite.errors import UserError


def test_set_wins_over_file_and_file_over_defaults(tmp_path):
    config = tmp_path / "settings.yaml"
    config.write_text("units: 32\nlayers: 2\n")
    settings = load_settings(Settings, config, ["units=16"])
    assert (settings.units, settings.layers, settings.cell) == (16, 2, "lstm")


def test_values_are_yaml():
    settings = load_settings(
        Settings, None, ["ngrams=[2, 3]", "deterministic=false", "group_pattern=null", "text_column=a b"]
    )
    assert settings.ngrams == (2, 3)
    assert settings.deterministic is False
    assert settings.group_pattern is None
    assert settings.text_column == "a b"


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("epoch=3", ["unknown setting 'epoch'", "did you mean 'epochs'"]),
        ("pooling=sum", ["'pooling'", "'attention', 'max_mean', 'last'", "'sum'"]),
        ("units=0", ["'units'", "greater than or equal to 1", "Received: 0"]),
        ("units=many", ["'units'", "integer", "'many'"]),
        ("dropout=1", ["'dropout'", "less than 1"]),
        ("units", ["KEY=VALUE", "'units'"]),
    ],
)
def test_a_fault_names_key_allowed_values_and_what_came(assignment, words):
    with pytest.raises(UserError) as fault:
        load_settings(Settings, None, [assignment])
    assert all(word in str(fault.value) for word in words), fault.value


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"units: [1\n", ["settings.yaml:2", "YAML"]),
        (b"- units\n", ["mapping", "list"]),
        (b"units: \xe9\n", ["UTF-8", "0xe9"]),
        (b"unit: 3\n", ["settings.yaml", "'unit'", "'units'"]),
        (b"!!python/object/apply:os.system [echo]\n", ["settings.yaml", "YAML"]),
    ],
)
def test_a_fault_in_the_file_names_the_file(tmp_path, content, words):
    config = tmp_path / "settings.yaml"
    config.write_bytes(content)
    with pytest.raises(UserError) as fault:
        load_settings(Settings, config)
    assert all(word in str(fault.value) for word in words), fault.value


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"none\.yaml.*No such file"):
        load_settings(Settings, tmp_path / "none.yaml")


def test_every_setting_has_a_meaning():
    rows = describe_settings(Settings)
    assert {row["name"] for row in rows} == set(Settings.model_fields)
    assert all(row["meaning"] for row in rows)
    assert set(TrainingSettings.model_fields) < set(Settings.model_fields)


def test_settings_survive_their_own_file(tmp_path):
    from suite.artifact import write_settings

    settings = load_settings(Settings, None, ["units=7", "ngrams=[]", "dev_groups=[a, b]"])
    write_settings(tmp_path / "settings.yaml", settings)
    assert load_settings(Settings, tmp_path / "settings.yaml") == settings
