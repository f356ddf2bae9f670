"""Reference semantics: two evaluators that share no code but the calendar and the data."""
