"""Input kinds: what a person may type or point at, and how a host brings it to a model."""
