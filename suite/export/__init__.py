"""From a saved model to `.tflite` files: trace, convert in a child process, inspect, check, report."""
