"""Teaching a reader to rank: pages and sets -> groups -> a model that ranks; see README.md."""
