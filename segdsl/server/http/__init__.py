"""HTTP of the local Audience API: requests, handlers, responses, and how it is served."""
