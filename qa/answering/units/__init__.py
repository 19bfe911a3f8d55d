"""From the units that search brings to those that are said, and how."""
