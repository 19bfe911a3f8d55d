"""What an index costs, and how that grows with the number of its passages."""
