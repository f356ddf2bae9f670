"""HTTP of the local Audience API: the application, requests, and what all kinds' shapes share."""
