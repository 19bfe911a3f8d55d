"""The interface of OpenAI's API, for programs that speak it."""
