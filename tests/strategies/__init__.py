"""Generators for the property tests."""
