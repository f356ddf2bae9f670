"""What is live on an Audience API: counted, created, listed. All speak through the client."""
