"""A project's targets: what `segdsl.toml` names, and the way to whoever answers."""
