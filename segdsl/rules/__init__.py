"""The API's rules: what a condition becomes in JSON, and how a rule is read back."""
