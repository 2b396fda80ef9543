"""The one exception that means: the user's input, data or settings are at fault."""


class UserError(Exception):
    """Input, data or settings that the user can mend.

    The message is one or two lines: which file, line or key; what was expected; what was received.
    The command line shows it without a traceback and ends with status 2.
    """
