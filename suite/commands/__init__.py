"""The commands, one file each: options in, one function called, result shown."""
