"""Training of the tagger of `ml.attack`; needs scikit-learn (the extra `train`)."""
