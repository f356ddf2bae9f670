"""The local Audience API with its kinds, in this process or on a port."""
