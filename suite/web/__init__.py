"""The generated page: a static folder that runs an exported model in a browser."""
