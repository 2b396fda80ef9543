"""Answer kinds: how outputs become what a person gets, and how they are scored, drawn and compared."""
