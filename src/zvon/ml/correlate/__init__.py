"""Correlation of alerts: alerts into groups, groups into incidents, with a reason for each link."""
