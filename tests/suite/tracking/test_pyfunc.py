"""What MLflow's pyfunc takes: tables by the name of the column, lists, arrays; of every task; and what it refuses."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import suite
from suite.errors import UserError
from suite.registry import PIPELINES, load_pipeline
from suite.runtime.loaded import plain
from suite.tracking.pyfunc import SavedModel, raw_inputs

TEXTS = ["a quiet film", "never dull , but clumsy"]


@pytest.fixture(scope="module")
def model(trained, tracking_uri):
    import mlflow

    mlflow.set_tracking_uri(tracking_uri)
    return mlflow.pyfunc.load_model(f"runs:/{trained.run_id}/model")


TABLE = pd.DataFrame({"id": ["r1", "r2"], "text": TEXTS}, index=[7, 9])


@pytest.mark.parametrize(
    "given",
    [
        TABLE,
        TABLE[["text", "id"]],
        TABLE.assign(id=[1, 2]),
        TABLE.astype("string"),
        TABLE[["text"]].rename(columns={"text": "review"}),
        TABLE.assign(id=[1, 2]).rename(columns={"text": "review"}),
        TABLE["text"],
        TABLE["text"].rename("review"),
        TABLE["text"].to_numpy(),
        np.array(TEXTS),
        np.array(TEXTS)[:, None],
        TABLE.to_dict("records"),
        TABLE.to_dict("list"),
        tuple(TEXTS),
        TEXTS,
    ],
    ids=lambda given: type(given).__name__,
)
def test_every_shape_of_input_gives_the_answers_of_its_texts(model, trained, given):
    answers = [plain(answer) for answer in suite.load(trained.model_dir).predict(TEXTS)]
    got = model.predict(given)
    assert [answer["label"] for answer in got] == [answer["label"] for answer in answers]
    assert np.allclose(*([list(answer["scores"].values()) for answer in side] for side in (got, answers)), atol=1e-6)


def test_options_go_through(model):
    (answer,) = model.predict("a quiet film", params={"explain": True})
    assert [token["text"] for token in answer["tokens"]] == ["a", "quiet", "film"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["a", None], "input 2 of 2: expected a text. Received: None"),
        (pd.Series(["a", np.nan]), "input 2 of 2: expected a text. Received: nan"),
        (TABLE.assign(text=["a", None]), "input 2 of 2: expected a text. Received: (None|nan)"),
        ([1.5], "input 1 of 1: expected a text. Received: 1.5"),
        (np.array(["a", None], object), "input 2 of 2: expected a text. Received: None"),
        ([["a", "b"]], "input 1 of 1: expected a text. Received: \\['a', 'b'\\]"),
        (TABLE.rename(columns={"text": "review"}), "expected a column 'text', .* Received: columns id, review"),
        ([{"id": "r1", "review": "a"}], "expected a column 'text', .* Received: columns id, review"),
        (pd.DataFrame({"id": [1], "stars": [2]}), "expected a column 'text', .* Received: columns id, stars"),
    ],
)
def test_what_is_no_input_is_refused_in_one_sentence(model, given, message):
    with pytest.raises(UserError, match=f"^{message}$"):
        model.predict(given)


@pytest.mark.parametrize("task", PIPELINES)
def test_each_task_takes_its_own_column(task):
    pipeline = load_pipeline(task)
    settings = pipeline.Settings()
    column = getattr(settings, pipeline.INPUT.column)
    artifact = SimpleNamespace(pipeline=pipeline, settings=settings)
    echo = SavedModel(SimpleNamespace(artifact=artifact, predict=lambda inputs, **_: [{"input": x} for x in inputs]))
    table = pd.DataFrame({"note": ["x", "y"], column: ["clips/1", "clips/2"], "more": ["u", "v"]}, index=[3, 1])
    assert echo.predict(table) == [{"input": "clips/1"}, {"input": "clips/2"}]
    with pytest.raises(UserError, match=f"expected a column '{column}'"):
        echo.predict(table.rename(columns={column: "other"}))


def test_an_array_of_numbers_is_one_input_and_paths_are_inputs():
    samples = np.zeros(8000, np.float32)
    (got,) = raw_inputs(samples, "audio", "path")
    assert got is samples
    assert raw_inputs([samples, Path("a.wav")], "audio", "path") == [samples, Path("a.wav")]
    assert raw_inputs(pd.DataFrame({"audio": [Path("a.wav")]}), "audio", "path") == [Path("a.wav")]


def test_a_table_of_which_mlflow_hands_on_the_first_column_alone_is_refused():
    artifact = SimpleNamespace(pipeline=load_pipeline("sentiment"), settings=load_pipeline("sentiment").Settings())
    stub = SimpleNamespace(artifact=artifact, predict=lambda inputs, **_: [{"input": x} for x in inputs])
    model = SavedModel(stub, first_column_alone=True)
    assert model.predict(TABLE[["text"]]) == model.predict(pd.DataFrame(TEXTS)) == [{"input": text} for text in TEXTS]
    with pytest.raises(
        UserError, match=r"expected the input in a column 'text'\. Received: 'id'; .* table\[\['text'\]\]"
    ):
        model.predict(TABLE[["id"]])
