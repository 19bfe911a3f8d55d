"""Whether long tests run whole, or as a sample: `FOOTNOTE_TESTS=whole pytest …` runs them whole."""

import os

WHOLE = os.environ.get("FOOTNOTE_TESTS") == "whole"
