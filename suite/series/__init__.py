"""Numbers over time: series, their frequency and calendar, figures of forecasts and of anomalies. No TensorFlow."""
