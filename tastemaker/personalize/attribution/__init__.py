"""Metric attribution: what the events of a dataset group amount to, by metric and by who recommended the item."""
