"""Seeds, determinism and dtype of a training process."""

from suite.config import TrainingSettings


def prepare_process(settings: TrainingSettings) -> None:
    """Seed Python, NumPy and TensorFlow; choose determinism and the dtype policy of the layers.

    Op determinism (`tf.config.experimental.enable_op_determinism`) is process-wide and cannot be switched off again.
    """
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(settings.seed)
    if settings.deterministic:
        tf.config.experimental.enable_op_determinism()
    keras.config.set_dtype_policy(settings.precision)


def hardware() -> dict[str, str]:
    """Return what the process computes on, for the record of a run."""
    import os
    import platform

    import tensorflow as tf

    gpus = [device.name for device in tf.config.list_physical_devices("GPU")]
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpu_cores": str(os.cpu_count()),
        "gpus": ", ".join(gpus) or "none",
    }
