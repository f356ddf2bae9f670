"""The language: text, syntax tree and condition tree, and what becomes of one in another."""
