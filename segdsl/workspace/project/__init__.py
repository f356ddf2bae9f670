"""A project: `segdsl.toml`, and the schema and the lock of each target."""
