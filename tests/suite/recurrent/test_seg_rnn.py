"""SegRNN: against its equations with Keras' own GRU, and a file without a loop."""

import keras
import numpy as np
import pytest

from suite.recurrent import SegRNN
from tests.suite.recurrent.files import answer, convert, noise, ops_of

SLOW_CELLS = ("lstm", "cifg_projected", "rg_lru", "min_gru")


def by_hand(layer, series, segment):
    """One forecast after the other: each channel alone, Keras' layer for reading and for each step of decoding."""
    horizon, units = layer.horizon, layer.units
    (w, b), (v, d) = layer.embedding.get_weights(), layer.output_product.get_weights()
    gru = keras.layers.GRU(units)
    gru.build((None, None, units))
    gru.set_weights(layer.recurrent.get_weights())
    forecast = np.zeros((len(series), horizon, series.shape[2]), np.float32)
    for row, channel in np.ndindex(len(series), series.shape[2]):
        past = series[row, :, channel] - series[row, -1, channel]
        past = np.concatenate([np.full(-len(past) % segment, past[0]), past])
        read = gru(np.maximum(past.reshape(1, -1, segment) @ w + b, 0))
        for place in range(-(-horizon // segment)):
            fed = layer.positions.numpy()[place]
            if series.shape[2] > 1:
                fed = np.concatenate([fed, layer.channels.numpy()[channel]])
            values = (np.asarray(gru(fed.reshape(1, 1, units), initial_state=read)) @ v + d)[0] + series[
                row, -1, channel
            ]
            begin = place * segment
            forecast[row, begin : begin + segment, channel] = values[: horizon - begin]
    return forecast


@pytest.mark.parametrize(("time", "horizon", "channels"), [(12, 8, 1), (10, 6, 3)])
def test_equals_the_equations(time, horizon, channels):
    layer, series = SegRNN(horizon, 4, 6), noise(2, time, channels)
    np.testing.assert_allclose(layer(series), by_hand(layer, series, 4), atol=1e-5)


def test_what_is_missing_is_not_read():
    plain, masked, series = SegRNN(8, 4, 6, centered=False), SegRNN(8, 4, 6, centered=False), noise(2, 12, 2)
    plain(series)
    longer = np.concatenate([noise(2, 4, 2) * 0, series], axis=1)
    observed = np.ones(longer.shape, np.float32)
    observed[:, :4] = 0
    masked(longer, observed=observed)
    weights = plain.get_weights()
    for variable, twin in zip(masked.weights, plain.weights, strict=True):
        value = twin.numpy()
        # The rows of the embedding behind those of the values say which are missing.
        variable.assign(
            value if value.shape == tuple(variable.shape) else np.concatenate([value, variable.numpy()[len(value) :]])
        )
    np.testing.assert_allclose(masked(longer, observed=observed), plain(series), atol=1e-5)
    observed[:, 9] = 0
    assert not np.allclose(masked(longer, observed=observed), plain(series), atol=1e-3)
    assert len(weights) == len(masked.weights)


def test_what_is_known_of_the_horizon_counts_for_its_steps_and_several_numbers_are_given():
    layer, series, known = SegRNN(6, 4, 6, outputs=3, centered=False), noise(2, 10, 2), noise(2, 16, 5)
    forecast = layer(series, known=known).numpy()
    assert forecast.shape == (2, 6, 2, 3) == layer.compute_output_shape(series.shape)
    known[:, 14:] += 1  # of the second segment of the horizon alone
    other = layer(series, known=known).numpy()
    np.testing.assert_array_equal(other[:, :4], forecast[:, :4])
    assert np.abs(other[:, 4:] - forecast[:, 4:]).max() > 1e-4
    twin = SegRNN.from_config(layer.get_config())
    assert twin.outputs == 3 and not twin.centered


def test_what_is_added_to_a_series_is_added_to_its_forecast():
    layer, series, level = SegRNN(6, 4, 6), noise(2, 12, 2), np.float32([5, -3])
    np.testing.assert_allclose(layer(series + level), layer(series) + level, atol=1e-5)


@pytest.mark.parametrize(
    "cell",
    ["gru", *(pytest.param(cell, marks=pytest.mark.slow) for cell in ("lstm", "cifg_projected", "rg_lru", "min_gru"))],
)
def test_every_cell_trains_and_its_file_has_no_loop(cell, tmp_path):
    layer, series = SegRNN(6, 4, 8, cell=cell, dropout=0.1), noise(1, 20, 3)
    model = keras.Sequential([keras.Input((20, 3)), layer])
    model.compile("adam", "mae")
    before = model.get_weights()
    model.fit(noise(4, 20, 3), noise(4, 6, 3), verbose=0)
    assert sum(np.any(a != b) for a, b in zip(before, model.get_weights(), strict=True)) >= 0.9 * len(before)
    content = convert(layer, (20, 3), tmp_path, form="fused")
    ops = ops_of(content)
    assert "WHILE" not in ops and not any("LSTM" in op or op.startswith("Flex") for op in ops)
    np.testing.assert_allclose(answer(content, sequences=series)["outputs"], layer(series), atol=1e-5)


@pytest.mark.parametrize(
    "options", [{"horizon": 0}, {"horizon": 4, "cell": "mamba"}, {"horizon": 4, "units": 1}], ids=str
)
def test_what_cannot_be_is_refused(options):
    with pytest.raises(ValueError, match="Received: "):
        SegRNN(**options)
