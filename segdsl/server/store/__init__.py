"""What the local Audience API keeps: records of segments, folders and queries in one file."""
