"""Reference data: what is known of values, tags, names and techniques, in a folder of its own.

A set is built from upstream's layout (`build`), written beside the one in use, and taken into use
by replacing one small file (`folder`), so that a reader sees the old set or the new one whole.
"""
