"""Data that programs exchange: JSON, YAML, XML, and notebooks."""
