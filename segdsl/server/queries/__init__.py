"""Rules as clients send them, and their counts on the engine; independent of stored kinds."""
