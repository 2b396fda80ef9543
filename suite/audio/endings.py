"""What the names of sound files end in."""

# Those without loss first: of two files that differ in their ending alone, the earlier one is taken.
AUDIO_ENDINGS = (
    *(".wav", ".flac", ".aiff", ".aif", ".aifc", ".au", ".w64", ".rf64", ".caf"),
    *(".ogg", ".oga", ".opus", ".m4a", ".mp4", ".aac", ".webm", ".weba", ".mka", ".3gp", ".amr", ".wma", ".mp3"),
)
