"""Train the extractive reader, with torch and transformers; using a reader does not need this.

`python -m training --help` lists the commands; `training/README.md` says how to reproduce a reader.
"""
