.PHONY: help
help:
	@echo placeholder
