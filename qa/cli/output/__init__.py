"""What the command prints: answers, reports, progress and tables."""
