"""What a segment says in words, what is wrong with it, and what it probably does not mean."""
