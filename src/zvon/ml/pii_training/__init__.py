"""Training of the tagger of `ml.pii`; needs scipy (the extra `train`)."""
