"""Voices of espeak-ng, of which none speaks in two parts of a data set."""

# Voices with breath (`breath` in their files) are not among these: their noise is new in every process.
VOICES = {
    "train": {
        "adam": "en-us+adam",
        "andy": "en-us+Andy",
        "annie": "en-gb-x-rp+Annie",
        "announcer": "en-us+announcer",
        "aunty": "en-us+aunty",
        "belinda": "en-us+belinda",
        "david": "en-gb-x-rp+david",
        "edward": "en-us+edward",
        "f1": "en-us+f1",
        "f4": "en-us+f4",
        "gustave": "en-us+gustave",
        "john": "en-us+john",
        "lee": "en-us+Lee",
        "m3": "en-us+m3",
        "m4": "en-us+m4",
        "m7": "en-us+m7",
        "marcelo": "en-us+marcelo",
        "max": "en-us+max",
        "michel": "en-us+michel",
        "norbert": "en-us+norbert",
        "quincy": "en-us+quincy",
        "robert": "en-us+robert",
        "steph": "en-us+steph",
        "zac": "en-us+zac",
    },
    "dev": {"benjamin": "en-us+benjamin", "linda": "en-us+linda", "travis": "en-us+travis"},
    "test": {"grandma": "en-us+grandma", "michael": "en-us+Michael", "shelby": "en-us+shelby"},
}
