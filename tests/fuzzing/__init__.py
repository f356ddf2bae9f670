"""Random texts, rules and folders, what they are put through, and a corpus of what was found."""
