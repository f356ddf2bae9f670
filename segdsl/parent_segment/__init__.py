"""The configuration of a parent segment: where its profiles, attributes and behaviors come from.

`model` is what it says, `file` reads and writes `parent_segment.toml`, `bodies` makes the API's
JSON of it and reads it, `changes` compares two.
"""
