"""Work on several processes and machines through Ray, which is imported only where `--ray` asks for it."""
