"""Questions to go on with, and what else the documents hold."""
