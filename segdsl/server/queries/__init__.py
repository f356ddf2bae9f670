"""Queries of the local Audience API: rules read, checked and counted on the engine."""
