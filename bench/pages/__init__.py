"""Pages that we wrote for the measurement of the pipeline: kits and honest pages, by family."""
