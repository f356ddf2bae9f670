"""What a parent segment has: its schema, and the file that keeps it in a workspace."""
