"""A search over settings: many short runs of one task, one study that several processes share, the best settings at its end."""
