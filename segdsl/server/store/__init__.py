"""The store of the local Audience API: one SQLite file, which kinds fill with their tables."""
