"""What activations and templates have in common: what is sent, where to, and when."""
