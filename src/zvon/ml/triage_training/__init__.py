"""Training of `ml.triage`; needs scikit-learn (the extra `train`)."""
